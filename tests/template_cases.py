"""Any template, and what fits it: strategies for property tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from flask_waapi import (
    Button,
    Document,
    Header,
    HeaderProduct,
    Image,
    LimitedTimeOffer,
    Location,
    ProductSection,
    TemplateDefinition,
    Variable,
    Video,
)
from flask_waapi.messaging.templates.rendering import CardDraft, TemplateDraft

HEADERS: dict[str, Header] = {
    "IMAGE": Header(image=Image("https://example.com/a.jpg")),
    "VIDEO": Header(video=Video("https://example.com/a.mp4")),
    "DOCUMENT": Header(document=Document(media_id="1")),
    "LOCATION": Header(location=Location(1, 2)),
    "PRODUCT": Header(product=HeaderProduct("1", "2")),
}
OPEN_URL = {"type": "URL", "url": "https://example.com/{{1}}"}
BUTTONS: dict[str, tuple[dict[str, Any], Button | None, bool]] = {
    "open address": (OPEN_URL, Button(0, "url", "x"), True),
    "address": ({"type": "URL", "url": "https://example.com/"}, None, False),
    "reply": ({"type": "QUICK_REPLY"}, Button(0, "quick_reply", "x"), False),
    "coupon": ({"type": "COPY_CODE"}, Button(0, "copy_code", "X1"), True),
    "flow": ({"type": "FLOW"}, Button(0, "flow", flow_token="t"), False),
    "catalog": ({"type": "CATALOG"}, Button(0, "catalog"), False),
    "products": (
        {"type": "MPM"},
        Button(0, "mpm", thumbnail_product_retailer_id="1", sections=(ProductSection(("1",)),)),
        True,
    ),
    "call": ({"type": "PHONE_NUMBER", "phone_number": "+1234567890"}, None, False),
}
"""Each as a template has it, what fills it, and whether it must be filled."""

OFFER = LimitedTimeOffer(1)


@dataclass(frozen=True)
class Case:
    """A template and what fits it."""

    definition: TemplateDefinition
    draft: TemplateDraft
    named: bool


values = st.builds(
    lambda text, kind: Variable(text, is_date_time=True) if kind else text,
    st.text("abc é{}1", min_size=1, max_size=8).filter(str.strip),
    st.booleans(),
)


@st.composite
def parts(draw: st.DrawFn, named: bool) -> tuple[list[dict[str, Any]], CardDraft]:
    """The components of a template or a card, and what fills them."""
    count = draw(st.integers(0, 3))
    names = ["first", "second", "third"][:count] if named else ["1", "2", "3"][:count]
    components: list[dict[str, Any]] = [
        {"type": "BODY", "text": " and ".join(["So", *(f"{{{{{name}}}}}" for name in names), "x"])}
    ]
    header = None
    kind = draw(st.sampled_from([None, "fixed", "open", *HEADERS]))
    if kind == "fixed":
        components.append({"type": "HEADER", "format": "TEXT", "text": "Hello"})
    elif kind == "open":
        name = "above" if named else "1"
        components.append({"type": "HEADER", "format": "TEXT", "text": f"Hello {{{{{name}}}}}"})
        header = None if named else Header(variable=Variable("x"))
        names = [*names, name] if named else names
    elif kind is not None:
        components.append({"type": "HEADER", "format": kind})
        header = HEADERS[kind]
    chosen = draw(st.lists(st.sampled_from(list(BUTTONS)), max_size=4))
    if chosen:
        components.append({"type": "BUTTONS", "buttons": [BUTTONS[name][0] for name in chosen]})
    buttons = [(index, BUTTONS[name]) for index, name in enumerate(chosen)]
    filled = [
        replace(button, index=index)
        for index, (_, button, needed) in buttons
        if button is not None and (needed or draw(st.booleans()))
    ]
    drawn = [draw(values) for _ in names]
    variables = dict(zip(names, drawn, strict=True)) if named else drawn
    return components, CardDraft(variables, header, tuple(filled))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any template, and what fits it."""
    named = draw(st.booleans())
    components, own = draw(parts(named))
    offer = draw(st.sampled_from([None, False, True]))
    if offer is not None:
        words = {"text": "Ends soon!", "has_expiration": offer}
        components.append({"type": "LIMITED_TIME_OFFER", "limited_time_offer": words})
    cards = draw(st.lists(parts(named), max_size=3))
    if cards:
        components.append({"type": "CAROUSEL", "cards": [{"components": inner} for inner, _ in cards]})
    definition = TemplateDefinition(
        "any", "en", "APPROVED", "MARKETING", "NAMED" if named else "POSITIONAL", components
    )
    draft = TemplateDraft(
        "any",
        "en",
        own.variables,
        own.header,
        own.buttons,
        OFFER if offer else None,
        tuple(card for _, card in cards),
    )
    return Case(definition, draft, named)
