"""The limits of a template that is to be made or changed, checked before the provider is asked.

Cloud API, message templates. Pure functions; every fault is found in one pass, with its JSON pointer into
``components`` as Meta takes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ...errors import Fault
from ...plugins.provider import TemplateChange
from .buttons import button_faults, kind_of
from .placeholders import edge_faults, example_faults, placeholder_faults, placeholder_names, text_faults

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
FORMATS = ("NAMED", "POSITIONAL")
KINDS = (
    "HEADER",
    "BODY",
    "FOOTER",
    "BUTTONS",
    "LIMITED_TIME_OFFER",
    "CAROUSEL",
    "CALL_PERMISSION_REQUEST",
)
HEADER_FORMATS = ("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "GIF", "LOCATION", "PRODUCT")
MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT", "GIF")
AUTHENTICATION_KINDS = ("BODY", "FOOTER", "BUTTONS")
CARD_KINDS = ("HEADER", "BODY", "BUTTONS")
CARD_FORMATS = ("IMAGE", "VIDEO", "PRODUCT")

LONGEST_HEADER = 60
LONGEST_BODY = 1_024
LONGEST_BODY_WITH_OFFER = 600
LONGEST_BODY_OF_CARD = 160
LONGEST_FOOTER = 60
LONGEST_OFFER = 16
LONGEST_CODE_MINUTES = 90
FEWEST_CARDS = 2
MOST_CARDS = 10
"""Characters, minutes and counts."""

TTL_SECONDS = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}
"""For how long an undelivered message may be kept."""

LONGEST_TTL = timedelta(days=30)
"""What authentication and utility templates may have as well, beyond their ranges."""

EDITABLE = ("APPROVED", "PAUSED", "REJECTED")
"""The statuses in which a template can be changed."""

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")

Faults = Iterator[Fault]


@dataclass(frozen=True)
class _Scope:
    """What surrounds a component. :param longest_body: characters."""

    category: str
    named: bool
    longest_body: int = LONGEST_BODY
    has_offer: bool = False


def identity_faults(change: TemplateChange) -> Faults:
    """What is wrong with the name, the language, the category and the format of a new template."""
    if not _NAME.fullmatch(change.name):
        expected = "1 to 512 lower-case letters, digits and underscores"
        yield Fault("/name", f"{change.name[:64]!r} cannot be the name of a template.", expected)
    if not _LANGUAGE.fullmatch(change.language):
        expected = "a code such as en, en_US or pt_BR"
        yield Fault("/language", f"{change.language[:64]!r} is no code of a language.", expected)
    if change.category not in CATEGORIES:
        yield Fault("/category", "The category is not one that there is.", f"one of {', '.join(CATEGORIES)}")
    if change.components is None:
        yield Fault("/components", "The template has no components.", "a body at least")


def change_faults(change: TemplateChange, category: str, parameter_format: str) -> Faults:
    """What is wrong with the components and the time to live.

    :param category: which the template will have.
    :param parameter_format: likewise; ``NAMED`` or ``POSITIONAL``.
    """
    if change.ttl is not None:
        yield from _ttl_faults(change.ttl, category)
    if change.components is not None:
        yield from component_faults(change.components, category, named=parameter_format == "NAMED")


def component_faults(components: Sequence[Mapping[str, Any]], category: str, *, named: bool) -> Faults:
    """What is wrong with a template's components."""
    kinds = [kind_of(part) for part in components]
    has_offer = "LIMITED_TIME_OFFER" in kinds
    scope = _Scope(category, named, LONGEST_BODY_WITH_OFFER if has_offer else LONGEST_BODY, has_offer)
    if "BODY" not in kinds:
        yield Fault("/components", "The template has no body.", "a component of type BODY")
    is_authentication = category == "AUTHENTICATION"
    if is_authentication and "BUTTONS" not in kinds:
        yield Fault("/components", "The template has no button for its code.", "a button of type OTP")
    yield from _kind_faults("/components", kinds, AUTHENTICATION_KINDS if is_authentication else KINDS)
    for index, part in enumerate(components):
        yield from _part_faults(f"/components/{index}", part, scope)


def _kind_faults(pointer: str, kinds: Sequence[str], known: Sequence[str]) -> Faults:
    for index, kind in enumerate(kinds):
        if kind not in known:
            expected = f"one of {', '.join(known)}"
            yield Fault(f"{pointer}/{index}/type", "There is no such component here.", expected)
        elif kind in kinds[:index]:
            yield Fault(f"{pointer}/{index}/type", f"There is a {kind} already.", "each component once")


def _part_faults(pointer: str, part: Mapping[str, Any], scope: _Scope) -> Faults:
    kind = kind_of(part)
    if scope.category == "AUTHENTICATION" and kind != "BUTTONS":
        yield from _AUTHENTICATION.get(kind, _nothing)(pointer, part)
    elif kind == "HEADER":
        yield from _header(pointer, part, scope, HEADER_FORMATS)
    elif kind == "BODY":
        yield from _body(pointer, part, scope)
    elif kind == "FOOTER":
        yield from _footer(pointer, part, scope)
    elif kind == "BUTTONS":
        yield from button_faults(f"{pointer}/buttons", part.get("buttons"), scope.category)
    elif kind == "LIMITED_TIME_OFFER":
        yield from _offer(pointer, part, scope)
    elif kind == "CAROUSEL":
        yield from _carousel(pointer, part, scope)


def _header(pointer: str, header: Mapping[str, Any], scope: _Scope, formats: Sequence[str]) -> Faults:
    shape = str(header.get("format")).upper()
    if shape not in formats:
        yield Fault(f"{pointer}/format", "There is no such header here.", f"one of {', '.join(formats)}")
    elif shape == "TEXT":
        yield from _header_text(pointer, header, scope)
    elif shape in MEDIA_FORMATS:
        example = header.get("example")
        handles = example.get("header_handle") if isinstance(example, Mapping) else None
        if not isinstance(handles, list) or not (handles and isinstance(handles[0], str) and handles[0]):
            expected = "the handle of an uploaded example, in a list"
            yield Fault(f"{pointer}/example/header_handle", "The header has no example.", expected)


def _header_text(pointer: str, header: Mapping[str, Any], scope: _Scope) -> Faults:
    text, names = header.get("text"), placeholder_names(header.get("text"))
    yield from text_faults(f"{pointer}/text", "header", text, LONGEST_HEADER)
    yield from placeholder_faults(f"{pointer}/text", text, named=scope.named)
    if len(names) > 1:
        yield Fault(f"{pointer}/text", f"The header has {len(names)} placeholders.", "at most one")
    yield from example_faults(
        f"{pointer}/example", header.get("example"), "header_text", names, named=scope.named
    )


def _body(pointer: str, body: Mapping[str, Any], scope: _Scope) -> Faults:
    text, place = body.get("text"), f"{pointer}/text"
    yield from text_faults(place, "body", text, scope.longest_body)
    yield from placeholder_faults(place, text, named=scope.named)
    yield from edge_faults(place, text)
    if isinstance(text, str) and re.search(r"\t| {5}", text):
        yield Fault(place, "The body has a tab or more than four spaces in a row.", "text without them")
    yield from example_faults(
        f"{pointer}/example", body.get("example"), "body_text", placeholder_names(text), named=scope.named
    )


def _footer(pointer: str, footer: Mapping[str, Any], scope: _Scope) -> Faults:
    if scope.has_offer:
        yield Fault(pointer, "A template with a limited-time offer has no footer.", "no footer")
    yield from text_faults(f"{pointer}/text", "footer", footer.get("text"), LONGEST_FOOTER)
    if placeholder_names(footer.get("text")):
        yield Fault(f"{pointer}/text", "The footer takes no placeholders.", "plain text")


def _offer(pointer: str, part: Mapping[str, Any], scope: _Scope) -> Faults:
    if scope.category != "MARKETING":
        yield Fault(f"{pointer}/type", "Only marketing templates have a limited-time offer.", "no offer")
    offer, place = part.get("limited_time_offer"), f"{pointer}/limited_time_offer"
    if not isinstance(offer, Mapping):
        yield Fault(place, "The offer is missing.", '{"text": "...", "has_expiration": true}')
        return
    yield from text_faults(f"{place}/text", "offer", offer.get("text"), LONGEST_OFFER)
    if not isinstance(offer.get("has_expiration", False), bool):
        yield Fault(f"{place}/has_expiration", "It is neither true nor false.", "true or false")


def _carousel(pointer: str, part: Mapping[str, Any], scope: _Scope) -> Faults:
    cards, place = part.get("cards"), f"{pointer}/cards"
    if not isinstance(cards, list) or not FEWEST_CARDS <= len(cards) <= MOST_CARDS:
        count = len(cards) if isinstance(cards, list) else "no"
        yield Fault(place, f"The carousel has {count} cards.", f"{FEWEST_CARDS} to {MOST_CARDS} cards")
    if not isinstance(cards, list):
        return
    inner = _Scope(scope.category, scope.named, LONGEST_BODY_OF_CARD)
    for index, card in enumerate(cards):
        yield from _card(f"{place}/{index}", card, inner)
        if index > 0 and _layout(card) != _layout(cards[0]):
            expected = "the same components and buttons as the first card"
            yield Fault(f"{place}/{index}/components", "The card differs from the first.", expected)


def _card(pointer: str, card: Any, scope: _Scope) -> Faults:
    components, place = _components(card), f"{pointer}/components"
    if not components:
        yield Fault(place, "The card has no components.", f"a list of {', '.join(CARD_KINDS)}")
        return
    kinds = [kind_of(part) for part in components]
    yield from _kind_faults(place, kinds, CARD_KINDS)
    if "HEADER" not in kinds:
        yield Fault(place, "The card has no header.", f"one of {', '.join(CARD_FORMATS)}")
    for index, part in enumerate(components):
        if kinds[index] == "HEADER":
            yield from _header(f"{place}/{index}", part, scope, CARD_FORMATS)
        elif kinds[index] in CARD_KINDS:
            yield from _part_faults(f"{place}/{index}", part, scope)


def _components(card: Any) -> list[Mapping[str, Any]]:
    found = card.get("components") if isinstance(card, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(part, Mapping) for part in found):
        return []
    return found


def _layout(card: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted(
        (
            kind_of(part),
            str(part.get("format")).upper(),
            tuple(map(kind_of, buttons)) if isinstance(buttons := part.get("buttons"), list) else (),
        )
        for part in _components(card)
    )


def _authentication_body(pointer: str, body: Mapping[str, Any]) -> Faults:
    yield from _no_text(pointer, body, '{"type": "BODY", "add_security_recommendation": true}')
    if not isinstance(body.get("add_security_recommendation", False), bool):
        place = f"{pointer}/add_security_recommendation"
        yield Fault(place, "It is neither true nor false.", "true or false")


def _authentication_footer(pointer: str, footer: Mapping[str, Any]) -> Faults:
    yield from _no_text(pointer, footer, '{"type": "FOOTER", "code_expiration_minutes": 10}')
    minutes = footer.get("code_expiration_minutes")
    if minutes is not None and not (type(minutes) is int and 1 <= minutes <= LONGEST_CODE_MINUTES):
        place = f"{pointer}/code_expiration_minutes"
        expected = f"a whole number from 1 to {LONGEST_CODE_MINUTES}"
        yield Fault(place, "The code cannot expire then.", expected)


def _no_text(pointer: str, part: Mapping[str, Any], expected: str) -> Faults:
    if part.get("text") is not None:
        yield Fault(f"{pointer}/text", "An authentication template has Meta's own text.", expected)


def _nothing(_pointer: str, _part: Mapping[str, Any]) -> Faults:
    # That there is such a component at all is a fault already.
    yield from ()


_AUTHENTICATION = {
    "BODY": _authentication_body,
    "FOOTER": _authentication_footer,
}


def _ttl_faults(ttl: timedelta, category: str) -> Faults:
    if category not in TTL_SECONDS or (ttl == LONGEST_TTL and category != "MARKETING"):
        return
    low, high = TTL_SECONDS[category]
    if not timedelta(seconds=low) <= ttl <= timedelta(seconds=high):
        beyond = "" if category == "MARKETING" else ", or -1 for 30 days"
        expected = f"{low:,} to {high:,} seconds{beyond}"
        yield Fault("/ttl", f"A template of category {category} cannot be kept so long or short.", expected)
