"""Every kind of template is sent to the Graph double, in the friendly form and with Meta's own object."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from answers import data, error, pointers
from factories import RECIPIENT
from flask_waapi import PreferenceUpdate
from flask_waapi.content import Native, from_json
from graph_world import GraphWorld, graph_world
from reports import apply
from template_kinds import END, KINDS, LINK, Kind, body, button, header, texts

PASSWORD = KINDS["one-time password"]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphWorld]:
    with graph_world(tmp_path_factory.mktemp("kinds")) as graph:
        yield graph


kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@kinds
def test_the_friendly_form_reaches_meta_in_its_own_words(graph: GraphWorld, kind: Kind) -> None:
    template = graph.received("template", kind.friendly)["template"]

    assert template == {
        "name": kind.template,
        "language": {"code": kind.language},
        "components": kind.components,
    }


@kinds
def test_metas_own_object_reaches_meta_unchanged(graph: GraphWorld, kind: Kind) -> None:
    given = copy.deepcopy(kind.native)

    received = graph.received("template", given)

    assert received["type"] == "template"
    assert received["template"] == kind.native["template"]


@kinds
@pytest.mark.parametrize("form", ["friendly", "native"])
def test_the_text_and_the_template_are_kept_with_the_message(
    graph: GraphWorld, kind: Kind, form: str
) -> None:
    sent = data(graph.send("template", getattr(kind, form)), 201)

    stored = graph.world.message(sent["message_uuid"])
    assert (stored.type, stored.template_name, stored.template_language) == (
        "template",
        kind.template,
        kind.language,
    )
    assert stored.rendered == sent["text"] == kind.text
    assert isinstance(from_json(stored.type, stored.content), Native) is (form == "native")


@pytest.mark.parametrize("name", ["carousel", "offer that ends", "several products", "money and a moment"])
def test_python_sends_the_same(graph: GraphWorld, name: str) -> None:
    kind = KINDS[name]
    values = dict(kind.values)
    if "limited_time_offer" in values:
        values["limited_time_offer"] = {"expiration": datetime.fromisoformat(END)}

    with graph.world.app.app_context():
        graph.world.waapi.send_template(RECIPIENT, kind.template, kind.language, **values)
        graph.world.waapi.send_template(RECIPIENT, template=kind.native["template"])

    friendly, native = graph.double.messages[-2:]
    assert friendly.body["template"] == native.body["template"] == kind.native["template"]


def test_the_members_of_metas_example_may_stand_beside_the_object(graph: GraphWorld) -> None:
    kind = KINDS["coupon"]
    beside = {"messaging_product": "whatsapp", "recipient_type": "individual", "type": "template"}

    assert graph.received("template", {**beside, **kind.native})["template"] == kind.native["template"]


def test_capitals_numbers_and_what_we_do_not_know_pass_unchanged(graph: GraphWorld) -> None:
    template = {
        "name": "shipping_update",
        "language": {"code": "en_US", "policy": "deterministic"},
        "components": [
            {"type": "HEADER", "parameters": texts("ORD-1")},
            {"type": "Body", "parameters": texts("John", "Friday")},
            {"type": "BUTTON", "sub_type": "URL", "index": 0, "parameters": texts("ORD-1")},
            {
                "type": "tap_target_configuration",
                "parameters": [{"type": "tap_target_configuration", "tap_target_configuration": []}],
            },
        ],
    }

    assert graph.received("template", {"template": template})["template"] == template


def test_the_other_code_on_the_button_is_refused(graph: GraphWorld) -> None:
    given = {**PASSWORD.friendly, "buttons": [{"index": 0, "type": "url", "value": "654321"}]}

    assert pointers(graph.send("template", given)) == {"/buttons/0/value"}


def test_the_same_code_on_the_button_is_taken(graph: GraphWorld) -> None:
    given = {**PASSWORD.friendly, "buttons": [{"index": 0, "type": "url", "value": "123456"}]}

    assert graph.received("template", given)["template"]["components"] == PASSWORD.components


def test_a_one_time_password_does_not_go_to_a_user_id(graph: GraphWorld) -> None:
    for given in (PASSWORD.friendly, PASSWORD.native):
        assert pointers(graph.send("template", {"to": "US.13491208655302741918", **given})) == {"/to"}


def test_a_template_of_another_status_is_refused_where_metas_object_names_it(graph: GraphWorld) -> None:
    template = {"name": "paused_example", "language": {"code": "en"}}

    assert pointers(graph.send("template", {"template": template})) == {"/template/name"}


def test_an_unknown_template_is_a_404_in_metas_form_too(graph: GraphWorld) -> None:
    template = {"name": "nothing", "language": {"code": "en"}}

    error(graph.send("template", {"template": template}), 404, "TEMPLATE_NOT_FOUND")


def native(name: str, *components: Any, language: str = "en") -> dict[str, Any]:
    """A send with Meta's own object."""
    return {"template": {"name": name, "language": {"code": language}, "components": list(components)}}


PLACES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no object": ({"template": 7}, {"/template"}),
    "no name, no language": (
        {"template": {}},
        {"/template/name", "/template/language"},
    ),
    "no code": ({"template": {"name": "a", "language": {}}}, {"/template/language/code"}),
    "a long name": (native("x" * 513), {"/template/name"}),
    "components that are none": (
        {"template": {"name": "a", "language": {"code": "en"}, "components": [7, {"type": 8}]}},
        {"/template/components/0", "/template/components/1/type"},
    ),
    "parameters that are none": (
        native("coupon_code", {"type": "body", "parameters": ["x", {}]}),
        {"/template/components/0/parameters/0", "/template/components/0/parameters/1/type"},
    ),
    "both forms": (
        {**native("hello_world", language="en_US"), "template_name": "hello_world"},
        {"/template_name"},
    ),
    "missing variables": (
        native("payment_due", body("9.99")),
        {"/template/components/0/parameters"},
    ),
    "no body at all": (native("payment_due"), {"/template/components"}),
    "a variable too many": (
        native("our_catalog", body("John", "Jane")),
        {"/template/components/0/parameters/1"},
    ),
    "a line break": (
        native("our_catalog", body("John\nDoe")),
        {"/template/components/0/parameters/0"},
    ),
    "a text that is none": (
        native("our_catalog", {"type": "body", "parameters": [{"type": "text", "text": 7}]}),
        {"/template/components/0/parameters/0"},
    ),
    "a bad amount": (
        native(
            "payment_due",
            {
                "type": "body",
                "parameters": [
                    {"type": "currency", "currency": {"fallback_value": "x", "code": "EURO"}},
                    {"type": "date_time", "date_time": {"fallback_value": "a\tb"}},
                ],
            },
        ),
        {
            "/template/components/0/parameters/0/currency/code",
            "/template/components/0/parameters/0/currency/amount_1000",
        },
    ),
    "a moment on two lines": (
        native(
            "payment_due",
            {
                "type": "body",
                "parameters": [
                    *texts("9.99"),
                    {"type": "date_time", "date_time": {"fallback_value": "a\tb"}},
                ],
            },
        ),
        {"/template/components/0/parameters/1/date_time/fallback_value"},
    ),
    "names where positions are": (
        native("our_catalog", {"type": "body", "parameters": [{**texts("John")[0], "parameter_name": "1"}]}),
        {"/template/components/0/parameters"},
    ),
    "positions where names are": (
        native("order_confirmation", body("John", "ORD-1", "9.99")),
        {"/template/components/0/parameters"},
    ),
    "a name that is missing": (
        native(
            "order_confirmation",
            {"type": "body", "parameters": [*texts("x"), {**texts("y")[0], "parameter_name": "total"}]},
        ),
        {"/template/components/0/parameters/0/parameter_name"},
    ),
    "another name": (
        native(
            "named_header",
            {"type": "header", "parameters": [{**texts("ORD-1")[0], "parameter_name": "number"}]},
            {"type": "body", "parameters": [{**texts("John")[0], "parameter_name": "first/name"}]},
        ),
        {
            "/template/components/0/parameters/0",
            "/template/components/1/parameters",
            "/template/components/1/parameters/0",
        },
    ),
    "two bodies": (
        native("our_catalog", body("John"), body("John")),
        {"/template/components/1/type"},
    ),
    "another header": (
        native("order_invoice", header("image", {"link": LINK}), body("May")),
        {"/template/components/0/parameters/0"},
    ),
    "a header from two places": (
        native("order_invoice", header("document", {"link": LINK, "id": "1"}), body("May")),
        {"/template/components/0/parameters/0/document/id"},
    ),
    "a header from nowhere": (
        native("order_invoice", header("document", {"link": "nowhere"}), body("May")),
        {"/template/components/0/parameters/0/document/link"},
    ),
    "two headers in one": (
        native("order_invoice", {"type": "header", "parameters": texts("a", "b")}, body("May")),
        {"/template/components/0/parameters"},
    ),
    "a place off the earth": (
        native("order_location", header("location", {"latitude": 91, "longitude": 0}), body("ORD-1")),
        {"/template/components/0/parameters/0/location/latitude"},
    ),
    "a button that is missing": (native("coupon_code", body("John")), {"/template/components"}),
    "a button of no index": (
        native("coupon_code", body("John"), {**button(1, "copy_code", {}), "index": "one"}),
        {"/template/components/1/index", "/template/components/1/parameters/0/type"},
    ),
    "a button without type": (
        native("coupon_code", body("John"), {"type": "button", "index": 1}),
        {"/template/components/1/sub_type"},
    ),
    "a button of another type": (
        native("coupon_code", body("John"), button(1, "url", texts("x")[0])),
        {"/template/components/1/parameters/0"},
    ),
    "a parameter of another type": (
        native("coupon_code", body("John"), button(1, "copy_code", texts("x")[0])),
        {"/template/components/1/parameters/0/type"},
    ),
    "no parameter": (
        native("coupon_code", body("John"), {**button(1, "copy_code", {}), "parameters": []}),
        {"/template/components/1/parameters"},
    ),
    "no action": (
        native("sign_up", button(0, "flow", {"type": "action"})),
        {"/template/components/0/parameters/0/action"},
    ),
    "no moment": (
        native(
            "ending_offer",
            header("image", {"link": LINK}),
            {"type": "limited_time_offer", "parameters": [{"type": "limited_time_offer"}]},
            *KINDS["offer that ends"].components[2:],
        ),
        {"/template/components/1/parameters/0/limited_time_offer/expiration_time_ms"},
    ),
    "an offer without its end": (
        native("ending_offer", header("image", {"link": LINK}), *KINDS["offer that ends"].components[2:]),
        {"/template/components"},
    ),
}


@pytest.mark.parametrize(("given", "expected"), PLACES.values(), ids=list(PLACES))
def test_a_fault_of_metas_object_is_told_where_it_stands(
    graph: GraphWorld, given: dict[str, Any], expected: set[str]
) -> None:
    stored = len(graph.world.messages())

    assert pointers(graph.send("template", given)) == expected
    assert len(graph.world.messages()) == stored


def carousel(*indexes: Any) -> dict[str, Any]:
    """The carousel with its cards at these positions."""
    given = copy.deepcopy(KINDS["carousel"].native)
    for card, index in zip(given["template"]["components"][1]["cards"], indexes, strict=True):
        card["card_index"] = index
    return given


@pytest.mark.parametrize("indexes", [(0, 0, 1), (0, 1, 3), (0, 1, -1)])
def test_a_card_in_no_place_is_refused(graph: GraphWorld, indexes: tuple[int, ...]) -> None:
    found = pointers(graph.send("template", carousel(*indexes)))

    assert {pointer.rpartition("/")[2] for pointer in found} == {"card_index"}


def test_a_fault_of_a_card_is_told_where_the_card_stands(graph: GraphWorld) -> None:
    given = carousel(0, 1, 2)
    cards = given["template"]["components"][1]["cards"]
    cards[1]["components"][1]["parameters"][0]["text"] = "a\nb"
    cards[2]["components"][3]["parameters"][0]["text"] = "x" * 2001
    del cards[0]["components"][0]

    # What a schema refuses is told before what the template does not fit.
    assert pointers(graph.send("template", given)) == {
        "/template/components/1/cards/2/components/3/parameters/0/text"
    }
    cards[2]["components"][3]["parameters"][0]["text"] = "x"
    assert pointers(graph.send("template", given)) == {
        "/template/components/1/cards/0/components",
        "/template/components/1/cards/1/components/1/parameters/0",
    }


def test_marketing_beside_metas_object_goes_by_the_marketing_endpoint(graph: GraphWorld) -> None:
    given = {**KINDS["coupon"].native, "product_policy": "STRICT", "message_activity_sharing": True}

    stored = graph.world.message(data(graph.send("template", given), 201)["message_uuid"])

    assert stored.options == {"marketing": {"product_policy": "STRICT", "message_activity_sharing": True}}


def test_a_recipient_who_wants_no_marketing_gets_none_in_metas_form_either(graph: GraphWorld) -> None:
    to = "+1234567899"
    apply(graph.world, "main", PreferenceUpdate(to, False, graph.world.clock()))

    error(graph.send("template", {"to": to, **KINDS["coupon"].native}), 409, "RECIPIENT_OPTED_OUT")


def test_categories_give_the_same_priority_in_both_forms(graph: GraphWorld) -> None:
    for kind in (PASSWORD, KINDS["named"], KINDS["coupon"]):
        first, second = (
            graph.world.message(data(graph.send("template", given), 201)["message_uuid"]).priority
            for given in (kind.friendly, kind.native)
        )
        assert first == second
