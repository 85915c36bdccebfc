"""What the cards of a carousel must look like."""

from __future__ import annotations

from .errors import GraphError
from .media import MediaShelf
from .parts import Part

FEWEST_CARDS, MOST_CARDS = 2, 10
LONGEST_CARD_BODY = 160
MOST_LINE_BREAKS = 2
LONGEST_BUTTON = 20
LONGEST_BUTTON_ID = 256
MOST_BUTTONS = 10


def check_carousel(action: Part, shelf: MediaShelf) -> None:
    """Check the action of a ``carousel``.

    :raises GraphError: Meta would refuse it.
    """
    action.only("cards")
    cards = action.parts("cards", FEWEST_CARDS, MOST_CARDS)
    kinds = set()
    for index, card in enumerate(cards):
        card.only("card_index", "type", "header", "body", "action")
        card.whole_number("card_index", index, index)
        card.choice("type", "cta_url")
        _check_header(card.part("header"), shelf)
        if "body" in card:
            _check_body(card.part("body"))
        kinds.add(_quick_replies(card.part("action")))
    if len(kinds) > 1:
        raise GraphError(131009, f"{action.place_of('cards')}: all cards have the same buttons.")


def _check_header(header: Part, shelf: MediaShelf) -> None:
    kind = header.choice("type", "image", "video")
    header.only("type", kind)
    header.part(kind).medium(shelf)


def _check_body(body: Part) -> None:
    body.only("text")
    if body.text("text", LONGEST_CARD_BODY).count("\n") > MOST_LINE_BREAKS:
        raise body.wrong("text", f"has at most {MOST_LINE_BREAKS} line breaks")


def _quick_replies(action: Part) -> int:
    """Check a card's buttons; how many quick replies, none where it has a link."""
    if "buttons" not in action:
        action.only("name", "parameters")
        action.choice("name", "cta_url")
        parameters = action.part("parameters")
        parameters.only("display_text", "url")
        parameters.text("display_text", LONGEST_BUTTON)
        parameters.web_address("url")
        return 0
    action.only("buttons")
    buttons = action.parts("buttons", 1, MOST_BUTTONS)
    for button in buttons:
        button.only("type", "quick_reply")
        button.choice("type", "quick_reply")
        reply = button.part("quick_reply")
        reply.only("id", "title")
        reply.text("id", LONGEST_BUTTON_ID)
        reply.text("title", LONGEST_BUTTON)
    return len(buttons)
