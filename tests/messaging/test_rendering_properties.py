"""Filling of any template: what fits has no fault; each thing that lacks or is too much is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given

from flask_waapi import Button
from flask_waapi.content import from_json, to_json
from flask_waapi.messaging.templates.rendering import CardDraft, TemplateDraft, fill
from template_cases import BUTTONS, HEADERS, OFFER, Case, cases

Part = TemplateDraft | CardDraft


def components_of(case: Case) -> list[list[dict[str, Any]]]:
    """The components of the template, and of each of its cards."""
    top: list[dict[str, Any]] = [dict(part) for part in case.definition.components]
    carousel = [part for part in top if part["type"] == "CAROUSEL"]
    return [top, *(card["components"] for part in carousel for card in part["cards"])]


def changed(case: Case, place: int, part: Part) -> TemplateDraft:
    """The draft with another part: 0 for itself, from 1 for its cards."""
    if isinstance(part, TemplateDraft):
        return part
    cards = list(case.draft.cards)
    cards[place - 1] = part
    return replace(case.draft, cards=tuple(cards))


def lacking(part: Part, components: list[dict[str, Any]]) -> Iterator[tuple[Part, str]]:
    """The part without each thing that it needs, and where that is told."""
    if isinstance(part.variables, Mapping):
        for name in part.variables:
            left = {other: value for other, value in part.variables.items() if other != name}
            yield replace(part, variables=left), f"/variables/{name}"
    elif part.variables:
        last = len(part.variables) - 1
        yield replace(part, variables=list(part.variables)[:-1]), f"/variables/{last}"
    if part.header is not None:
        yield replace(part, header=None), "/header"
    needed = {kind["type"] for kind, _, is_needed in BUTTONS.values() if is_needed}
    kinds = [kind for part in components if part["type"] == "BUTTONS" for kind in part["buttons"]]
    for button in part.buttons:
        if kinds[button.index]["type"] in needed:
            left_buttons = tuple(other for other in part.buttons if other != button)
            yield replace(part, buttons=left_buttons), "/buttons"


def exceeding(part: Part, components: list[dict[str, Any]]) -> Iterator[tuple[Part, str]]:
    """The part with one thing too much, and where that is told."""
    if isinstance(part.variables, Mapping):
        yield replace(part, variables={**part.variables, "fourth": "x"}), "/variables/fourth"
    elif part.variables:
        yield replace(part, variables=[*part.variables, "x"]), f"/variables/{len(part.variables)}"
    if part.header is None:
        yield replace(part, header=HEADERS["IMAGE"]), "/header"
    beyond = replace(part, buttons=(*part.buttons, Button(9, "quick_reply", "x")))
    yield beyond, f"/buttons/{len(part.buttons)}"
    kinds = [kind for part in components if part["type"] == "BUTTONS" for kind in part["buttons"]]
    for index, kind in enumerate(kinds):
        if kind["type"] == "PHONE_NUMBER":
            more = (*part.buttons, Button(index, "url", "x"))
            yield replace(part, buttons=more), f"/buttons/{len(part.buttons)}"


def all_parts(case: Case) -> Iterator[tuple[int, str, Part, list[dict[str, Any]]]]:
    """The draft and its cards, each with the start of its pointers and its components."""
    inner = components_of(case)
    yield 0, "", case.draft, inner[0]
    for place, card in enumerate(case.draft.cards, start=1):
        yield place, f"/cards/{place - 1}", card, inner[place]


def told(case: Case, draft: TemplateDraft) -> list[str]:
    """Where the faults are."""
    return [fault.pointer for fault in fill(case.definition, draft).faults]


@given(cases())
def test_what_fits_has_no_fault_and_survives_storage(case: Case) -> None:
    filled = fill(case.definition, case.draft)

    assert filled.faults == ()
    assert from_json("template", to_json(filled.content)) == filled.content
    assert len(filled.content.cards) == len(case.draft.cards)


@given(cases())
def test_each_single_thing_that_is_missing_is_named(case: Case) -> None:
    for place, start, part, components in all_parts(case):
        for less, pointer in lacking(part, components):
            assert told(case, changed(case, place, less)) == [start + pointer]
    if case.draft.limited_time_offer is not None:
        assert told(case, replace(case.draft, limited_time_offer=None)) == ["/limited_time_offer"]
    if case.draft.cards:
        assert told(case, replace(case.draft, cards=case.draft.cards[:-1])) == ["/cards"]


@given(cases())
def test_each_single_thing_that_is_too_much_is_named(case: Case) -> None:
    for place, start, part, components in all_parts(case):
        for more, pointer in exceeding(part, components):
            assert told(case, changed(case, place, more)) == [start + pointer]
    if case.draft.limited_time_offer is None:
        assert told(case, replace(case.draft, limited_time_offer=OFFER)) == ["/limited_time_offer"]
    assert told(case, replace(case.draft, cards=(*case.draft.cards, CardDraft()))) == ["/cards"]
