"""A template and its values: whether they fit, what is sent, what it reads like.

Pure functions over a :class:`TemplateDefinition`; every fault is found in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...content import Button, Header, LimitedTimeOffer, Template, TemplateCard, Variable
from ...errors import Fault
from ...plugins.provider import TemplateDefinition
from .filling import (
    LONGEST_BODY,
    LONGEST_CARD_BODY,
    LONGEST_OFFER_BODY,
    Manner,
    Part,
    Values,
    fill_part,
    match_offer,
)
from .text import AUTHENTICATION, TemplateText, is_named, read

VERBATIM = "/*"
"""Ends the place of a member below which everything stands as it does in the friendly form."""


@dataclass(frozen=True)
class CardDraft:
    """One card as it was asked for; its members are those of :class:`TemplateDraft`."""

    variables: Values = ()
    header: Header | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class TemplateDraft:
    """A template message as it was asked for, before the template has been looked up.

    :param variables: values by placeholder name, or in the order of the placeholders.
    :param cards: in the order of the template's cards.
    :param native: Meta's own template object, where it was asked for in that form: it is what is sent.
    :param places: JSON pointers to where members of the friendly form stand in the request, where it has
        another form.
    :param unsound: members that have been refused already: no other fault is told of them.
    """

    name: str
    language: str
    variables: Values = ()
    header: Header | None = None
    buttons: tuple[Button, ...] = ()
    limited_time_offer: LimitedTimeOffer | None = None
    cards: tuple[CardDraft, ...] = ()
    native: Mapping[str, Any] | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    unsound: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filled:
    """A template with its variables in place.

    :param text: what the recipient reads, part by part, one per line; then each card with its number.
    """

    content: Template
    text: str
    faults: tuple[Fault, ...] = ()


def fill(definition: TemplateDefinition, draft: TemplateDraft) -> Filled:
    """Put the draft's values into the template; the faults name everything that does not fit."""
    text = read(definition)
    manner = Manner(
        named=is_named(definition),
        by_component=draft.native is not None,
        is_password=definition.category.upper() == AUTHENTICATION,
    )
    longest = LONGEST_BODY if text.offer is None else LONGEST_OFFER_BODY
    part = fill_part(text, draft.variables, draft.header, draft.buttons, manner, longest=longest)
    cards, card_faults = _fill_cards(text, draft.cards, manner)
    content = Template(
        draft.name,
        draft.language,
        part.body,
        part.header,
        part.buttons,
        draft.limited_time_offer,
        tuple(TemplateCard(card.body, card.header, card.buttons) for card in cards),
    )
    faults = (*part.faults, *match_offer(text, draft.limited_time_offer), *card_faults)
    untold = tuple(fault for fault in faults if fault.pointer.split("/")[1] not in draft.unsound)
    return Filled(content, _text(part.lines, [card.lines for card in cards]), untold)


def fill_unchecked(draft: TemplateDraft) -> Filled:
    """The draft as it is, for a template that only the provider knows.

    Variables that are named ``1``, ``2`` ... go by position, others by name.
    """
    body = _unchecked(draft.variables)
    cards = tuple(TemplateCard(_unchecked(card.variables), card.header, card.buttons) for card in draft.cards)
    content = Template(
        draft.name, draft.language, body, draft.header, draft.buttons, draft.limited_time_offer, cards
    )
    lines = [variable.value for variable in body]
    return Filled(content, _text(lines, [[variable.value for variable in card.body] for card in cards]))


def placed(faults: Iterable[Fault], places: Mapping[str, str]) -> list[Fault]:
    """The faults with pointers to where the caller wrote the members.

    :param places: of the draft; a member that has no place of its own stands at that of the one around it.
    """
    return [replace(fault, pointer=_place(fault.pointer, places)) for fault in faults]


def _place(pointer: str, places: Mapping[str, str]) -> str:
    around, rest = pointer, ""
    while around and around not in places:
        around, _, name = around.rpartition("/")
        rest = f"/{name}{rest}"
    place = places.get(around, VERBATIM)
    return place.removesuffix(VERBATIM) + rest if place.endswith(VERBATIM) else place


def _fill_cards(
    text: TemplateText, given: Sequence[CardDraft], manner: Manner
) -> tuple[list[Part], list[Fault]]:
    faults = []
    if len(given) != len(text.cards):
        problem = f"The template has {len(text.cards)} cards, {len(given)} were given."
        faults.append(Fault("/cards", problem, f"{len(text.cards)} cards" if text.cards else "no cards"))
    cards = []
    for place, (card, asked) in enumerate(zip(text.cards, given, strict=False)):
        part = fill_part(
            card, asked.variables, asked.header, asked.buttons, manner, longest=LONGEST_CARD_BODY
        )
        cards.append(part)
        faults += [replace(fault, pointer=f"/cards/{place}{fault.pointer}") for fault in part.faults]
    return cards, faults


def _unchecked(variables: Values) -> tuple[Variable, ...]:
    if isinstance(variables, Mapping):
        positional = all(re.fullmatch(r"[1-9][0-9]{0,3}", name) for name in variables)
        ordered = sorted(variables, key=int) if positional else list(variables)
        named = [(None if positional else name, variables[name]) for name in ordered]
    else:
        named = [(None, value) for value in variables]
    return tuple(
        replace(value, name=name) if isinstance(value, Variable) else Variable(value, name)
        for name, value in named
    )


def _text(lines: Iterable[str], cards: Iterable[Iterable[str]]) -> str:
    said = (" ".join(card) for card in cards)
    numbered = (f"{number}. {words}" for number, words in enumerate(said, start=1) if words)
    return "\n".join([*lines, *numbered])
