"""Every limit of a template to make, each refused with the member that is at fault."""

from __future__ import annotations

from typing import Any

import pytest

from flask_waapi import ValidationFailed
from flask_waapi.messaging.templates.form import read_new
from template_forms import app, body, buttons, card, carousel, form, link, offer, otp, password, reply, whole


def refused(values: Any) -> set[str]:
    """Where the faults are."""
    with pytest.raises(ValidationFailed) as caught:
        read_new(values)
    return {fault.pointer for fault in caught.value.faults}


GOOD: dict[str, dict[str, Any]] = {
    "the longest name": form(name="a" * 512),
    "the longest body": form(body="x" * 1024),
    "the longest header": form(header="x" * 60),
    "the longest footer": form(footer="x" * 60),
    "ten quick replies": form(buttons=[str(number) for number in range(10)]),
    "the longest label": form(buttons=["x" * 25]),
    "two addresses": whole(body(), buttons(link(), link())),
    "the longest address": whole(body(), buttons(link("https://example.com/" + "x" * 1980))),
    "a number": whole(
        body(), buttons({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12345678901"})
    ),
    "a code": whole(body(), buttons({"type": "COPY_CODE", "example": "x" * 15})),
    "a flow": whole(body(), buttons({"type": "FLOW", "text": "Go", "flow_id": "1"})),
    "a place": whole({"type": "HEADER", "format": "LOCATION"}, body()),
    "an offer": whole(offer("x" * 16), body("x" * 600), category="MARKETING"),
    "two cards": whole(body(), carousel(card(), card())),
    "ten cards": whole(body(), carousel(*[card("x" * 160)] * 10)),
    "a password": password(ttl=30),
    "a password for an app": password(
        {"type": "body"},
        {"type": "footer", "code_expiration_minutes": 90},
        {"type": "buttons", "buttons": [otp(otp_type="ONE_TAP", supported_apps=[app()] * 5)]},
        ttl=900,
    ),
    "a password that is taken silently": password(
        {"type": "BODY"},
        buttons(otp(otp_type="ZERO_TAP", supported_apps=[app()], zero_tap_terms_accepted=True)),
    ),
    "a utility for twelve hours": form(ttl=43_200),
    "a utility for thirty days": form(ttl=-1),
    "a marketing template for thirty days": form(category="MARKETING", ttl=2_592_000),
}


@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD.keys())
def test_what_meta_takes_is_taken(values: dict[str, Any]) -> None:
    assert read_new(values).name == values["name"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no name": (form(name=None), "/name"),
    "a capital in the name": (form(name="Order"), "/name"),
    "a name that is too long": (form(name="a" * 513), "/name"),
    "a name that is no text": (form(name=7), "/name"),
    "a language with a dash": (form(language="en-US"), "/language"),
    "an unknown category": (form(category="NEWS"), "/category"),
    "an unknown format": (form(parameter_format="TENSOR"), "/parameter_format"),
    "an unknown member": (form(bodies="x"), "/bodies"),
    "no components": (form(body=None), "/components"),
    "components and parts": (form(components=[body()]), "/body"),
    "components that are no list": (form(body=None, components={}), "/components"),
    "no body": (form(body=None, footer="Bye"), "/body"),
    "an empty body": (form(body=" "), "/body"),
    "a body that is too long": (form(body="x" * 1025), "/body"),
    "a body with a tab": (form(body="a\tb"), "/body"),
    "a body with five spaces": (form(body="a     b"), "/body"),
    "a placeholder at the start": (form(body="{{1}} it is.", examples=["x"]), "/body"),
    "a placeholder at the end": (form(body="It is {{1}}", examples=["x"]), "/body"),
    "placeholders side by side": (form(body="It {{1}}{{2}} is.", examples=["x", "y"]), "/body"),
    "a gap in the numbers": (form(body="It {{1}} and {{3}} is.", examples=["x", "y"]), "/body"),
    "numbers from zero": (form(body="It {{0}} is.", examples=["x"]), "/body"),
    "a name with a capital": (form(body="It {{Name}} is.", examples={"Name": "x"}), "/body"),
    "a name among positions": (
        form(body="It {{1}} and {{b}} is.", examples=["x", "y"], parameter_format="POSITIONAL"),
        "/body",
    ),
    "braces that are open": (form(body="It {{1 is."), "/body"),
    "an example too few": (form(body="It {{1}} and {{2}} is.", examples=["x"]), "/examples"),
    "an example too many": (form(body="It {{1}} is.", examples=["x", "y"]), "/examples"),
    "examples of nothing": (form(examples=["x"]), "/examples"),
    "no examples": (form(body="It {{name}} is."), "/examples"),
    "an example of nothing": (form(body="It {{a}} is.", examples={"a": "x", "b": "y"}), "/examples/b"),
    "an empty example": (form(body="It {{a}} is.", examples={"a": ""}), "/examples/a"),
    "an example that is no text": (form(body="It {{1}} is.", examples=[7]), "/examples/0"),
    "a header that is too long": (form(header="x" * 61), "/header"),
    "a header of two placeholders": (
        form(header="{{a}} to {{b}}", examples={"a": "x", "b": "y"}),
        "/header",
    ),
    "a header without its example": (form(header={"text": "Order {{1}}"}), "/header/example"),
    "a picture without its example": (form(header={"format": "IMAGE"}), "/header/example"),
    "an unknown header": (form(header={"format": "SMELL"}), "/header/format"),
    "a header of unknown form": (form(header={"image": {}}), "/header"),
    "a footer that is too long": (form(footer="x" * 61), "/footer"),
    "a footer with a placeholder": (form(footer="Bye {{1}}."), "/footer"),
    "eleven buttons": (form(buttons=[str(number) for number in range(11)]), "/buttons"),
    "no buttons in a list": (form(buttons=[]), "/buttons"),
    "a label that is too long": (form(buttons=["x" * 26]), "/buttons/0/text"),
    "a button without a type": (form(buttons=[{"text": "x"}]), "/buttons/0/type"),
    "three addresses": (form(buttons=[link(), link(), link()]), "/buttons"),
    "an address that is too long": (
        form(buttons=[link("https://example.com/" + "x" * 1981)]),
        "/buttons/0/url",
    ),
    "an address open in its middle": (
        form(buttons=[link("https://example.com/{{1}}/x", example="https://example.com/a/x")]),
        "/buttons/0/url",
    ),
    "an address without its example": (
        form(buttons=[link("https://example.com/{{1}}")]),
        "/buttons/0/example",
    ),
    "two numbers": (
        form(buttons=[{"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1234"}] * 2),
        "/buttons",
    ),
    "two codes": (form(buttons=[{"type": "COPY_CODE", "example": "A"}] * 2), "/buttons"),
    "a code that is too long": (
        form(buttons=[{"type": "COPY_CODE", "example": "x" * 16}]),
        "/buttons/0/example",
    ),
    "quick replies apart": (form(buttons=["Yes", link(), "No"]), "/buttons"),
    "a button for passwords": (form(buttons=[otp()]), "/buttons/0/type"),
    "a button of two flows": (
        form(buttons=[{"type": "FLOW", "text": "Go", "flow_id": "1", "flow_name": "x"}]),
        "/buttons/0",
    ),
    "an unknown component": (whole(body(), {"type": "SMELL"}), "/components/1/type"),
    "a component twice": (whole(body(), body()), "/components/1/type"),
    "an offer of a utility": (whole(offer(), body()), "/components/0/type"),
    "an offer that is too long": (
        whole(offer("x" * 17), body(), category="MARKETING"),
        "/components/0/limited_time_offer/text",
    ),
    "an offer and a long body": (
        whole(offer(), body("x" * 601), category="MARKETING"),
        "/components/1/text",
    ),
    "an offer and a footer": (
        whole(offer(), body(), {"type": "FOOTER", "text": "Bye"}, category="MARKETING"),
        "/components/2",
    ),
    "one card": (whole(body(), carousel(card())), "/components/1/cards"),
    "eleven cards": (whole(body(), carousel(*[card()] * 11)), "/components/1/cards"),
    "a card with a long body": (
        whole(body(), carousel(card(), card("x" * 161))),
        "/components/1/cards/1/components/1/text",
    ),
    "a card unlike the first": (
        whole(body(), carousel(card(), {"components": card()["components"][:2]})),
        "/components/1/cards/1/components",
    ),
    "a card that is nothing": (
        whole(body(), carousel(card(), None)),
        "/components/1/cards/1/components",
    ),
    "a password with words": (password(body(), buttons(otp())), "/components/0/text"),
    "a password with a header": (
        password({"type": "HEADER", "format": "TEXT", "text": "Hi"}, {"type": "BODY"}, buttons(otp())),
        "/components/0/type",
    ),
    "a password without a button": (password({"type": "BODY"}), "/components"),
    "a password with a reply": (password({"type": "BODY"}, buttons(reply())), "/components/1/buttons"),
    "a password that lasts too long": (
        password({"type": "BODY"}, {"type": "FOOTER", "code_expiration_minutes": 91}, buttons(otp())),
        "/components/1/code_expiration_minutes",
    ),
    "a password without its app": (
        password({"type": "BODY"}, buttons(otp(otp_type="ONE_TAP"))),
        "/components/1/buttons/0/supported_apps",
    ),
    "a signature that is too long": (
        password(
            {"type": "BODY"},
            buttons(otp(otp_type="ONE_TAP", supported_apps=[app(signature_hash="x" * 12)])),
        ),
        "/components/1/buttons/0/supported_apps/0/signature_hash",
    ),
    "terms that nobody accepted": (
        password({"type": "BODY"}, buttons(otp(otp_type="ZERO_TAP", supported_apps=[app()]))),
        "/components/1/buttons/0/zero_tap_terms_accepted",
    ),
    "a password kept too briefly": (password(ttl=29), "/ttl"),
    "a password kept too long": (password(ttl=901), "/ttl"),
    "a utility kept too long": (form(ttl=43_201), "/ttl"),
    "a marketing template kept too briefly": (form(category="MARKETING", ttl=43_199), "/ttl"),
    "a time beyond thirty days": (form(category="MARKETING", ttl=2_592_001), "/ttl"),
    "a time that is no number": (form(ttl="1 day"), "/ttl"),
}


@pytest.mark.parametrize(("values", "pointer"), BAD.values(), ids=BAD.keys())
def test_what_meta_refuses_is_refused_with_the_member_at_fault(values: dict[str, Any], pointer: str) -> None:
    assert refused(values) == {pointer}


def test_all_faults_are_told_at_once() -> None:
    values = form(name="Big", header="x" * 61, body="{{1}}", footer="{{1}}", buttons=["x" * 26], ttl=1)

    assert refused(values) == {"/name", "/header", "/body", "/examples", "/footer", "/buttons/0/text", "/ttl"}
