"""The double knows every kind of template, and refuses with Meta's codes what does not fit."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from cloud_world import message
from flask_waapi.messaging.templates.rendering import fill
from flask_waapi.testing.graph_double import GraphDouble
from flask_waapi.testing.graph_double.template_sends import check_template
from flask_waapi.testing.graph_double.templates import TemplateShelf
from graph_client import Client, code_of
from template_cases import Case, cases
from template_kinds import KINDS, LINK, Kind, action, body, button, header, named, texts
from template_limits import LIMITS, Limit
from waapi_cloud.wire import message_body


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with GraphDouble() as double:
        client = Client(double)
        with client.session:
            yield client


def sent(native: dict[str, Any]) -> dict[str, Any]:
    """The whole body of a send."""
    return {"messaging_product": "whatsapp", "to": "1234567890", "type": "template", **native}


def changed(kind: str, *components: Any) -> dict[str, Any]:
    """A send of a kind with these components."""
    template = {**KINDS[kind].native["template"], "components": list(components)}
    return sent({"template": template})


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_kind_is_taken(client: Client, kind: Kind) -> None:
    response = client.send(sent(kind.native))

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("limit", LIMITS.values(), ids=list(LIMITS))
def test_a_limit_is_kept_by_the_double_too(client: Client, limit: Limit) -> None:
    assert client.send(sent(limit.make(limit.most)[1])).status_code == 200
    assert code_of(client.send(sent(limit.make(limit.most + 1)[1]))) == limit.code


def carousel(change: Any) -> dict[str, Any]:
    """The carousel after a change of its list of cards."""
    native = copy.deepcopy(KINDS["carousel"].native)
    change(native["template"]["components"][1]["cards"])
    return sent(native)


def money(**members: Any) -> dict[str, Any]:
    """A payment with this amount."""
    amount = {"fallback_value": "9.99", "code": "EUR", "amount_1000": 9990} | members
    parameters = [{"type": "currency", "currency": amount}, *texts("Friday")]
    return changed("money and a moment", {"type": "body", "parameters": parameters})


OFFER = KINDS["offer that ends"].components
PICTURE = header("image", {"link": LINK})

WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "an unknown component": (changed("coupon", body("John"), {"type": "foot"}), 100),
    "two bodies": (changed("coupon", body("John"), body("John")), 100),
    "another policy": (
        sent({"template": {"name": "a", "language": {"code": "en", "policy": "fallback"}}}),
        131009,
    ),
    "no product": (changed("one product", body("John")), 132012),
    "a product without its catalog": (
        changed("one product", header("product", {"product_retailer_id": "1"}), body("John")),
        131008,
    ),
    "a product with more": (
        changed(
            "one product",
            header("product", {"catalog_id": "1", "product_retailer_id": "1", "x": 1}),
            body("John"),
        ),
        100,
    ),
    "a place off the earth": (
        changed("location", header("location", {"latitude": 91, "longitude": 0}), body("x")),
        131009,
    ),
    "a caption in a header": (
        changed("video", header("video", {"link": LINK, "caption": "x"}), body("x")),
        100,
    ),
    "a currency that is none": (money(code="euro"), 131009),
    "an amount that is none": (money(amount_1000="9990"), 100),
    "an amount that is missing": (money(amount_1000=None), 131008),
    "an amount on two lines": (money(fallback_value="9\n99"), 132018),
    "a moment without words": (
        changed(
            "money and a moment",
            {"type": "body", "parameters": [*texts("x"), {"type": "date_time", "date_time": {}}]},
        ),
        131008,
    ),
    "a coupon with a sign": (
        changed("coupon", body("J"), button(1, "copy_code", {"type": "coupon_code", "coupon_code": "A-1"})),
        131009,
    ),
    "no coupon": (changed("coupon", body("J")), 131008),
    "the same button twice": (
        changed("coupon", body("J"), *KINDS["coupon"].components[1:] * 2),
        131009,
    ),
    "a flow with a text": (changed("flow", button(0, "flow", texts("x")[0])), 132012),
    "a flow with more": (changed("flow", button(0, "flow", action(flow_id="1"))), 100),
    "a flow with data that are none": (
        changed("flow", button(0, "flow", action(flow_action_data="x"))),
        100,
    ),
    "a catalog without its product": (
        changed("catalog", body("J"), button(0, "catalog", action())),
        131008,
    ),
    "no products": (changed("several products", body("J")), 131008),
    "products without sections": (
        changed("several products", body("J"), button(0, "mpm", action(thumbnail_product_retailer_id="1"))),
        131008,
    ),
    "a button that takes nothing": (
        changed(
            "one product",
            header("product", {"catalog_id": "1", "product_retailer_id": "1"}),
            body("J"),
            button(0, "spm", action()),
        ),
        132012,
    ),
    "no end of the offer": (changed("offer that ends", PICTURE, *OFFER[2:]), 131008),
    "an end that is no number": (
        changed(
            "offer that ends",
            PICTURE,
            {
                "type": "limited_time_offer",
                "parameters": [
                    {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": "soon"}}
                ],
            },
            *OFFER[2:],
        ),
        100,
    ),
    "an end of no offer": (changed("coupon", OFFER[1], *KINDS["coupon"].components), 132012),
    "no cards": (changed("carousel", body("John")), 131008),
    "a card too few": (carousel(lambda cards: cards.pop()), 132000),
    "cards in no order": (carousel(lambda cards: cards.reverse()), 131009),
    "a card without its header": (carousel(lambda cards: cards[1]["components"].pop(0)), 132012),
    "a card without its text": (carousel(lambda cards: cards[1]["components"].pop(1)), 132000),
    "a card without its address": (carousel(lambda cards: cards[1]["components"].pop()), 131008),
    "a carousel in a card": (
        carousel(lambda cards: cards[0]["components"].append({"type": "carousel", "cards": []})),
        100,
    ),
    "cards where there are none": (
        changed("coupon", *KINDS["coupon"].components, KINDS["carousel"].components[1]),
        132000,
    ),
    "another code on the button": (
        changed("one-time password", body("1"), button(0, "url", texts("2")[0])),
        132012,
    ),
    "an address as a code": (
        changed("one-time password", body("ftp://a.b"), button(0, "url", texts("ftp://a.b")[0])),
        131009,
    ),
    "another name in the header": (
        changed(
            "named header",
            {"type": "header", "parameters": named(name="x")},
            {"type": "body", "parameters": named(name="John")},
        ),
        132012,
    ),
}


@pytest.mark.parametrize(("native", "code"), WRONG.values(), ids=list(WRONG))
def test_what_does_not_fit_is_refused_with_metas_code(
    client: Client, native: dict[str, Any], code: int
) -> None:
    before = len(client.double.messages)

    assert code_of(client.send(native)) == code
    assert len(client.double.messages) == before


@given(cases())
def test_whatever_is_filled_without_fault_is_taken(case: Case) -> None:
    shelf = TemplateShelf("APPROVED")
    shelf.clear()
    shelf.add(vars(case.definition))
    filled = fill(case.definition, case.draft)

    assert filled.faults == ()
    check_template(message_body(message(filled.content))["template"], shelf, lambda kind, medium: None)
