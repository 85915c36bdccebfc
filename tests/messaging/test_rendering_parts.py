"""Offers, cards, products, flows and passwords: what is sent of a template, and what it reads like."""

from __future__ import annotations

from typing import Any

import pytest

from flask_waapi import (
    Button,
    Currency,
    Header,
    HeaderProduct,
    Image,
    LimitedTimeOffer,
    TemplateCard,
    TemplateDefinition,
    Variable,
)
from flask_waapi.errors import Fault
from flask_waapi.messaging.templates.examples import example_draft
from flask_waapi.messaging.templates.rendering import CardDraft, TemplateDraft, fill, fill_unchecked, placed
from flask_waapi.testing.graph_double.samples import sample_templates
from waapi_simulation.samples import SAMPLES

OTP = {"type": "OTP", "otp_type": "COPY_CODE"}


def template(
    *components: dict[str, Any], category: str = "UTILITY", named: bool = False
) -> TemplateDefinition:
    """A template of these components."""
    return TemplateDefinition(
        "sample", "en", "APPROVED", category, "NAMED" if named else "POSITIONAL", components
    )


def buttons(*kinds: dict[str, Any]) -> dict[str, Any]:
    """The component of these buttons."""
    return {"type": "BUTTONS", "buttons": list(kinds)}


def told(definition: TemplateDefinition, draft: TemplateDraft) -> list[tuple[str, str]]:
    """The faults: where, and what."""
    return [(fault.pointer, fault.message) for fault in fill(definition, draft).faults]


BODY = {"type": "BODY", "text": "Hi {{1}}."}


def test_an_amount_and_a_moment_read_as_their_words() -> None:
    text = {"type": "BODY", "text": "Pay {{1}} by {{2}}."}
    values = [Variable("9 EUR", currency=Currency("EUR", 9000)), Variable("Friday", is_date_time=True)]

    filled = fill(template(text), TemplateDraft("sample", "en", values))

    assert filled.text == "Pay 9 EUR by Friday."
    assert filled.content.body == tuple(values)


def test_an_amount_in_a_named_place_gets_its_name() -> None:
    text = {"type": "BODY", "text": "Pay {{total}}."}
    amount = Variable("9 EUR", currency=Currency("EUR", 9000))

    filled = fill(template(text, named=True), TemplateDraft("sample", "en", {"total": amount}))

    assert filled.content.body == (Variable("9 EUR", "total", Currency("EUR", 9000)),)


def test_the_words_of_an_offer_stand_above_the_text() -> None:
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends!", "has_expiration": True}}
    draft = TemplateDraft("sample", "en", ["John"], limited_time_offer=LimitedTimeOffer(5))

    filled = fill(template(BODY, offer), draft)

    assert filled.text == "Ends!\nHi John."
    assert filled.content.limited_time_offer == LimitedTimeOffer(5)


def test_cards_are_told_by_their_numbers_and_those_without_words_are_not() -> None:
    card = {"components": [{"type": "BODY", "text": "Get {{1}}."}]}
    silent = {"components": [{"type": "HEADER", "format": "PRODUCT"}]}
    product = Header(product=HeaderProduct("1", "2"))
    draft = TemplateDraft(
        "sample", "en", ["John"], cards=(CardDraft(["a"]), CardDraft(header=product), CardDraft(["b"]))
    )

    filled = fill(template(BODY, {"type": "CAROUSEL", "cards": [card, silent, card]}), draft)

    assert filled.text == "Hi John.\n1. Get a.\n3. Get b."
    assert filled.content.cards == (
        TemplateCard((Variable("a"),)),
        TemplateCard(header=product),
        TemplateCard((Variable("b"),)),
    )


def test_a_flow_is_opened_though_nothing_was_said_of_it() -> None:
    filled = fill(template(BODY, buttons({"type": "FLOW"})), TemplateDraft("sample", "en", ["John"]))

    assert filled.content.buttons == (Button(0, "flow"),)


def test_a_password_fills_a_body_whose_words_are_not_listed() -> None:
    body = {"type": "BODY", "add_security_recommendation": True}
    definition = template(body, buttons(OTP), category="AUTHENTICATION")

    filled = fill(definition, TemplateDraft("sample", "en", ["123456"]))

    assert filled.faults == ()
    assert filled.content.body == (Variable("123456"),)
    assert filled.content.buttons == (Button(0, "url", "123456"),)


@pytest.mark.parametrize("code", ["1" * 16, "https://a.b/c", "WWW.a.example", "a\nb", " "])
def test_what_is_no_password_is_refused(code: str) -> None:
    definition = template(BODY, buttons(OTP), category="AUTHENTICATION")

    assert [pointer for pointer, _ in told(definition, TemplateDraft("sample", "en", [code]))] == [
        "/variables/0"
    ]


def test_a_password_that_is_missing_is_told_once() -> None:
    definition = template(BODY, buttons(OTP), category="AUTHENTICATION")

    assert told(definition, TemplateDraft("sample", "en")) == [
        ("/variables/0", "The variable '1' is missing.")
    ]


def test_a_password_is_told_the_same_everywhere() -> None:
    definition = template(BODY, buttons(OTP), category="AUTHENTICATION")
    draft = TemplateDraft("sample", "en", ["123456"], buttons=(Button(0, "url", "654321"),))

    assert told(definition, draft) == [
        ("/buttons/0/value", "The button tells another one-time password than the text.")
    ]


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        (Header(variable=Variable("7", "number")), []),
        (
            Header(variable=Variable("7")),
            [("/header", "The variable of the template's header goes by the name 'number'.")],
        ),
        (Header(image=Image("x")), [("/header", "The template's header needs its variable.")]),
        (None, [("/header", "The template's header needs its variable.")]),
    ],
)
def test_in_metas_form_a_named_header_has_its_own_value(header: Header | None, faults: Any) -> None:
    definition = template(
        {"type": "HEADER", "format": "TEXT", "text": "Order {{number}}"},
        {"type": "BODY", "text": "Hi {{name}}."},
        named=True,
    )

    assert told(definition, TemplateDraft("sample", "en", {"name": "John"}, header, native={})) == faults


def test_nothing_more_is_told_of_what_was_refused_already() -> None:
    draft = TemplateDraft("sample", "en", unsound=frozenset({"variables"}))

    assert told(template(BODY, buttons(OTP)), draft) == [
        ("/buttons", "The template's button 0 needs its value.")
    ]


def test_cards_of_an_unknown_template_are_handed_over_as_they_are() -> None:
    draft = TemplateDraft("sample", "en", ["John"], cards=(CardDraft({"1": "a"}), CardDraft({"b": "b"})))

    filled = fill_unchecked(draft)

    assert filled.text == "John\n1. a\n2. b"
    assert filled.content.cards == (TemplateCard((Variable("a"),)), TemplateCard((Variable("b", "b"),)))


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/variables/0", "/template/components/1/parameters/0"),
        ("/variables/9", "/template/components/1/parameters"),
        ("/header/image/link", "/template/components/0/parameters/0/image/link"),
        ("/cards", "/template"),
        ("", "/template"),
    ],
)
def test_a_fault_is_placed_where_its_member_or_the_one_around_it_stands(pointer: str, expected: str) -> None:
    places = {
        "": "/template",
        "/variables": "/template/components/1/parameters",
        "/variables/0": "/template/components/1/parameters/0",
        "/header/image": "/template/components/0/parameters/0/image/*",
    }

    assert placed([Fault(pointer, "m", "e")], places) == [Fault(expected, "m", "e")]
    assert placed([Fault(pointer, "m", "e")], {}) == [Fault(pointer, "m", "e")]


@pytest.mark.parametrize("sample", [*SAMPLES, *sample_templates()], ids=lambda sample: str(sample["name"]))
def test_the_example_of_every_sample_fits(sample: dict[str, Any]) -> None:
    names = ("name", "language", "status", "category", "parameter_format", "components")
    definition = TemplateDefinition(**{name: sample[name] for name in names})

    assert fill(definition, example_draft(definition)).faults == ()
