"""Every limit of a template send: what reaches it is sent, what is one more is refused and not stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from answers import data, pointers
from graph_world import GraphWorld, graph_world
from template_kinds import KINDS, LINK
from template_limits import LIMITS, Limit, cards, carousel_of

MOST_CARDS, LEAST_CARDS = 10, 2


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphWorld]:
    with graph_world(tmp_path_factory.mktemp("limits")) as graph:
        counts = (LEAST_CARDS - 1, LEAST_CARDS, MOST_CARDS, MOST_CARDS + 1)
        graph.double.templates.add(*map(carousel_of, counts))
        yield graph


limits = pytest.mark.parametrize("limit", LIMITS.values(), ids=list(LIMITS))


def refused(graph: GraphWorld, body: dict[str, Any]) -> set[str]:
    """Where the faults are of a body that must be refused, with nothing stored."""
    stored = len(graph.world.messages())
    found = pointers(graph.send("template", body))
    assert len(graph.world.messages()) == stored
    return found


@limits
def test_what_reaches_the_limit_is_sent(graph: GraphWorld, limit: Limit) -> None:
    friendly, native = limit.make(limit.most)

    assert graph.received("template", friendly)["template"]["components"]
    assert graph.received("template", native)["template"] == native["template"]


@limits
def test_one_more_is_refused_where_it_stands(graph: GraphWorld, limit: Limit) -> None:
    friendly, native = limit.make(limit.most + 1)

    assert refused(graph, friendly) == {limit.friendly}
    assert refused(graph, native) == {limit.native}


@pytest.mark.parametrize("count", [LEAST_CARDS, MOST_CARDS])
def test_as_many_cards_as_there_may_be_are_sent(graph: GraphWorld, count: int) -> None:
    for body in cards(count):
        assert len(graph.received("template", body)["template"]["components"][0]["cards"]) == count


@pytest.mark.parametrize("count", [LEAST_CARDS - 1, MOST_CARDS + 1])
def test_fewer_or_more_cards_are_refused(graph: GraphWorld, count: int) -> None:
    friendly, native = cards(count)

    assert refused(graph, friendly) == {"/cards"}
    assert refused(graph, native) == {"/template/components/0/cards"}


def friendly(kind: str, **members: Any) -> dict[str, Any]:
    """A send of a kind with other members; ``None`` leaves one out."""
    return {name: value for name, value in {**KINDS[kind].friendly, **members}.items() if value is not None}


def one_button(**members: Any) -> list[dict[str, Any]]:
    """The first button with these members."""
    return [{"index": 0, **members}]


CARDS = KINDS["carousel"].values["cards"]

WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no visible character": (friendly("catalog by itself", variables=[" "]), {"/variables/0"}),
    "a tab": (friendly("catalog by itself", variables=["a\tb"]), {"/variables/0"}),
    "five spaces": (friendly("catalog by itself", variables=["a     b"]), {"/variables/0"}),
    "a line break in a header": (
        friendly("text header and address", header={"text": "a\nb"}),
        {"/header/text"},
    ),
    "a line break in an address": (
        friendly("text header and address", buttons=one_button(type="url", value="a\nb")),
        {"/buttons/0/value"},
    ),
    "a line break in an amount": (
        friendly(
            "money and a moment",
            variables=[
                {"currency": {"fallback_value": "a\nb", "code": "EUR", "amount_1000": 1}},
                {"date_time": {"fallback_value": "a\nb"}},
            ],
        ),
        {"/variables/0/currency/fallback_value", "/variables/1/date_time/fallback_value"},
    ),
    "a currency that is none": (
        friendly(
            "money and a moment",
            variables=[{"currency": {"fallback_value": "x", "code": "eur", "amount_1000": 1.5}}, "x"],
        ),
        {"/variables/0/currency/code", "/variables/0/currency/amount_1000"},
    ),
    "an amount without members": (
        friendly("money and a moment", variables=[{"currency": {}}, {"date_time": 7}]),
        {
            "/variables/0/currency/fallback_value",
            "/variables/0/currency/code",
            "/variables/0/currency/amount_1000",
            "/variables/1/date_time",
        },
    ),
    "an amount and a moment": (
        friendly("money and a moment", variables=[{"currency": {}, "date_time": {}}, "x"]),
        {"/variables/0"},
    ),
    "a text and a moment": (
        friendly("money and a moment", variables=["x", {"text": "Friday"}]),
        {"/variables/1"},
    ),
    "a coupon with a sign": (
        friendly("coupon", buttons=[{"index": 1, "type": "copy_code", "value": "SAVE-20"}]),
        {"/buttons/0/value"},
    ),
    "a button without a value": (friendly("coupon", buttons=one_button(type="url")), {"/buttons/0/value"}),
    "a flow with a value": (
        friendly("flow", buttons=one_button(type="flow", value="x", flow_action_data={})),
        {"/buttons/0/value", "/buttons/0/flow_action_data"},
    ),
    "products without sections": (
        friendly("several products", buttons=one_button(type="mpm", flow_token="x")),
        {"/buttons/0/sections", "/buttons/0/thumbnail_product_retailer_id", "/buttons/0/flow_token"},
    ),
    "sections without a title": (
        friendly(
            "several products",
            buttons=one_button(
                type="mpm",
                thumbnail_product_retailer_id="1",
                sections=[{"product_retailer_ids": ["1"]}, {"product_retailer_ids": []}],
            ),
        ),
        {"/buttons/0/sections/1/product_retailer_ids"},
    ),
    "a button of no type": (friendly("flow", buttons=one_button(type="dance")), {"/buttons/0/type"}),
    "eleven buttons": (
        friendly("coupon", buttons=[{"index": 1, "type": "copy_code", "value": "A"}] * 11),
        {"/buttons"},
    ),
    "the eleventh button": (
        friendly("coupon", buttons=[{"index": 10, "type": "copy_code", "value": "A"}]),
        {"/buttons/0/index"},
    ),
    "the same button twice": (
        friendly("coupon", buttons=[{"index": 1, "type": "copy_code", "value": "A"}] * 2),
        {"/buttons"},
    ),
    "a product without its catalog": (
        friendly("one product", header={"product": {"product_retailer_id": "1"}}),
        {"/header/product/catalog_id"},
    ),
    "a picture instead of a product": (
        friendly("one product", header={"image": {"link": LINK}}),
        {"/header"},
    ),
    "two headers": (
        friendly("one product", header={"text": "x", "image": {"link": LINK}}),
        {"/header"},
    ),
    "no end of the offer": (friendly("offer that ends", limited_time_offer=None), {"/limited_time_offer"}),
    "an end that is no moment": (
        friendly("offer that ends", limited_time_offer={"expiration": "tomorrow"}),
        {"/limited_time_offer/expiration"},
    ),
    "an end of no offer": (
        friendly("coupon", limited_time_offer={"expiration": "2030-01-01T00:00:00Z"}),
        {"/limited_time_offer"},
    ),
    "a card too few": (friendly("carousel", cards=CARDS[:2]), {"/cards"}),
    "a card too many": (friendly("carousel", cards=[*CARDS, CARDS[0]]), {"/cards"}),
    "no cards": (friendly("carousel", cards=None), {"/cards"}),
    "cards where there are none": (friendly("coupon", cards=CARDS), {"/cards"}),
    "cards that lack something": (
        friendly("carousel", cards=[{}, {**CARDS[1], "header": {"video": {"link": LINK}}}, CARDS[2]]),
        {"/cards/0/variables/0", "/cards/0/header", "/cards/0/buttons", "/cards/1/header"},
    ),
    "a card with other members": (
        friendly("carousel", cards=[{**CARDS[0], "body": "x"}, *CARDS[1:]]),
        {"/cards/0/body"},
    ),
    "an address as a password": (friendly("one-time password", variables=["http://a.b"]), {"/variables/0"}),
    "an amount as a password": (
        friendly("one-time password", variables=[{"date_time": {"fallback_value": "1"}}]),
        {"/variables/0"},
    ),
    "faults everywhere": (
        friendly(
            "carousel",
            variables=[],
            header={"text": "x"},
            buttons=one_button(type="url", value="x"),
            limited_time_offer={"expiration": "2030-01-01T00:00:00Z"},
            cards=CARDS[:2],
        ),
        {"/variables/0", "/header", "/buttons/0", "/limited_time_offer", "/cards"},
    ),
}


@pytest.mark.parametrize(("body", "expected"), WRONG.values(), ids=list(WRONG))
def test_what_meta_would_refuse_is_refused_before(
    graph: GraphWorld, body: dict[str, Any], expected: set[str]
) -> None:
    assert refused(graph, body) == expected


def test_a_batch_takes_both_forms(graph: GraphWorld) -> None:
    kind = KINDS["carousel"]
    items = [{"to": "+1234567890", **given} for given in (kind.friendly, kind.native)]
    wrong = {"to": "+1234567890", **friendly("carousel", cards=CARDS[:2])}

    answer = graph.world.post("/api/v1/external/messages/batch", {"messages": [*items, wrong]})

    results = data(answer, 202)
    assert [result["success"] for result in results] == [True, True, False]
    (fault,) = results[2]["error"]["details"]
    assert fault["pointer"] == "/messages/2/cards"
    graph.world.work()
    assert [message.body["template"] for message in graph.double.messages[-2:]] == [
        kind.native["template"]
    ] * 2
