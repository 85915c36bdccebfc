"""What the recipient would see of a message: its parts, how long they are, and what a phone leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...api.schemas import interactive_limits as limits
from ...api.schemas.free_form import LARGEST_TEXT
from ...api.schemas.sources import LARGEST_CAPTION
from ...content import (
    CallToAction,
    Carousel,
    Catalog,
    Contacts,
    Content,
    Document,
    Flow,
    Interactive,
    InteractiveHeader,
    ListMessage,
    Location,
    Media,
    Native,
    Product,
    ProductList,
    Reaction,
    ReplyButtons,
    Text,
    VoiceCall,
)
from ...messaging.templates.filling import LONGEST_BODY, LONGEST_CARD_BODY
from ...messaging.templates.previews import Preview, PreviewPart


@dataclass(frozen=True)
class Counter:
    """How long a part is. :param most: characters that it may have."""

    label: str
    used: int
    most: int

    @property
    def is_over(self) -> bool:
        """Whether it is too long."""
        return self.used > self.most


@dataclass(frozen=True)
class Bubble:
    """A message as it is shown, or one of its cards.

    :param medium: what stands in for a picture, a film, a file, a map.
    :param lines: choices and cards of people: a title, and what stands below it.
    :param notes: what the phone does with it that the parts do not tell.
    """

    medium: str | None = None
    header: str | None = None
    body: str | None = None
    lines: tuple[tuple[str, str | None], ...] = ()
    footer: str | None = None
    buttons: tuple[str, ...] = ()
    cards: tuple[Bubble, ...] = ()
    counters: tuple[Counter, ...] = ()
    notes: tuple[str, ...] = field(default=())


def bubble_of(content: Content) -> Bubble:
    """A free-form message."""
    match content:
        case Text():
            return Bubble(body=content.body, counters=_counted(("Text", content.body, LARGEST_TEXT)))
        case Media():
            caption = getattr(content, "caption", None)
            return Bubble(
                medium=_medium(content),
                body=caption,
                counters=_counted(("Caption", caption, LARGEST_CAPTION)),
            )
        case Location():
            return _place(content)
        case Contacts():
            cards = ((card.name.formatted_name, _phones(card.phones)) for card in content.contacts)
            return Bubble(lines=tuple(cards))
        case Reaction():
            note = "It is shown on the message that it reacts to."
            taken_back = "An empty emoji takes the reaction back."
            return Bubble(body=content.emoji or None, notes=(note if content.emoji else taken_back,))
        case Interactive():
            return _interactive(content)
        case Native():
            return _native(content)
        case _:
            return Bubble(notes=(f"There is no preview of messages of type {content.message_type}.",))


def bubble_of_template(shown: Preview) -> Bubble:
    """A template with its values in place."""
    cards = tuple(_part(card, LONGEST_CARD_BODY) for card in shown.cards)
    return replace(_part(shown, LONGEST_BODY), cards=cards)


def _part(part: PreviewPart, most: int) -> Bubble:
    medium = part.header_format if part.header_format not in {None, "TEXT"} else None
    return Bubble(
        medium=medium and medium.capitalize(),
        header=part.header,
        body=part.body,
        footer=part.footer,
        buttons=tuple(button.text or button.type.replace("_", " ").capitalize() for button in part.buttons),
        counters=_counted(("Body", part.body, most)),
    )


def _interactive(content: Interactive) -> Bubble:
    header: InteractiveHeader | str | None = getattr(content, "header", None)
    above = header.text if isinstance(header, InteractiveHeader) else header
    body, footer = getattr(content, "body", None), getattr(content, "footer", None)
    shown = Bubble(
        medium=_header_medium(header),
        header=above,
        body=body,
        footer=footer,
        buttons=tuple(_buttons(content)),
        counters=_counted(
            ("Header", above, limits.LARGEST_HEADER),
            ("Body", body, LARGEST_TEXT if isinstance(content, ListMessage) else limits.LARGEST_BODY),
            ("Footer", footer, limits.LARGEST_FOOTER),
        ),
    )
    if isinstance(content, ListMessage):
        rows = ((row.title, row.description) for section in content.sections for row in section.rows)
        return replace(shown, lines=tuple(rows), notes=("The choices open when the button is touched.",))
    if isinstance(content, ProductList):
        sections = ((item.title or "Products", _products(item)) for item in content.sections)
        return replace(shown, lines=tuple(sections))
    if isinstance(content, Product):
        return replace(shown, medium=f"Product {content.product_retailer_id}")
    if isinstance(content, Carousel):
        return replace(shown, cards=tuple(map(_card, content.cards)))
    return shown


def _buttons(content: Interactive) -> Iterable[str]:
    match content:
        case ReplyButtons():
            yield from (button.title for button in content.buttons)
        case ListMessage():
            yield content.button
        case CallToAction():
            yield content.display_text
        case Flow():
            yield content.flow_cta
        case Catalog() | ProductList():
            yield "View the products"
        case Product():
            yield "View the product"
        case VoiceCall():
            yield content.display_text or "Call"
        case Carousel():
            return
        case _:
            yield content.kind.replace("_", " ").capitalize()


def _card(card: Any) -> Bubble:
    buttons = [card.display_text] if card.display_text else [button.title for button in card.buttons]
    return Bubble(
        medium=_medium(card.image or card.video),
        body=card.body,
        buttons=tuple(buttons),
        counters=_counted(("Card", card.body, limits.LARGEST_CARD_BODY)),
    )


def _native(content: Native) -> Bubble:
    """Words and buttons that stand in every object of that kind; the rest is the network's own."""
    given = content.members.get(content.kind)
    note = f"The object of type {content.kind} goes to the provider unchanged; this shows what is text in it."
    if not isinstance(given, Mapping):
        return Bubble(notes=(note,))
    words = {name: _words(given.get(name)) for name in ("header", "body", "footer")}
    action = given.get("action")
    buttons = action.get("buttons") if isinstance(action, Mapping) else None
    titles = [_words(button.get("reply")) for button in _objects(buttons)]
    place = _words(given.get("name"))
    return Bubble(
        medium=content.kind.capitalize() if given.get("link") or given.get("id") else None,
        header=words["header"] or place,
        body=words["body"] or _words(given.get("caption")) or _words(given.get("address")),
        footer=words["footer"],
        buttons=tuple(title for title in titles if title),
        notes=(note,),
    )


def _words(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("text") or value.get("title")
    return value if isinstance(value, str) and value else None


def _objects(values: Any) -> Iterable[Mapping[str, Any]]:
    return (value for value in values if isinstance(value, Mapping)) if isinstance(values, list) else ()


def _place(content: Location) -> Bubble:
    is_hidden = content.address is not None and not content.name
    return Bubble(
        medium=f"Map at {content.latitude}, {content.longitude}",
        header=content.name,
        body=None if is_hidden else content.address,
        notes=("A phone shows the address only where there is a name.",) if is_hidden else (),
    )


def _medium(content: Media) -> str:
    name = type(content).__name__
    if isinstance(content, Document) and content.filename:
        name = f"{name} {content.filename}"
    return f"{name}: {content.link or content.media_id}"


def _header_medium(header: InteractiveHeader | str | None) -> str | None:
    if not isinstance(header, InteractiveHeader):
        return None
    medium = header.image or header.video or header.document
    return None if medium is None else _medium(medium)


def _phones(phones: Sequence[Any]) -> str | None:
    return ", ".join(phone.phone for phone in phones if phone.phone) or None


def _products(section: Any) -> str:
    return ", ".join(section.product_retailer_ids)


def _counted(*parts: tuple[str, str | None, int]) -> tuple[Counter, ...]:
    return tuple(Counter(label, len(text), most) for label, text, most in parts if text)
