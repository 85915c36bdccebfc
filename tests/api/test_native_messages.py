"""Whatever request Meta publishes for sending: one call to our API produces it, member for member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from factories import RECIPIENT
from graph_world import GraphWorld, graph_world
from native_interactives import UPLOADED, Request
from native_requests import FREE_FORM
from native_templates import MARKETING, TEMPLATES

OURS = {"messaging_product", "biz_opaque_callback_data"}
"""Members that are our own affair."""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphWorld]:
    with graph_world(tmp_path_factory.mktemp("native")) as graph:
        assert graph.media_id == UPLOADED
        graph.world.services.catalogue.sync("main")
        yield graph


def expected_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """What Meta should receive of a request in its own form."""
    members = {"recipient_type": "individual", "to": RECIPIENT, **body}
    members |= members.pop("raw", {})
    if "recipient" in members:
        del members["to"]
    elif members["recipient_type"] == "individual":
        members["to"] = "".join(filter(str.isdigit, members["to"]))
    if "type" not in members:
        (members["type"],) = {"text", "interactive"} & members.keys()
    return {name: value for name, value in members.items() if name not in OURS}


def unchanged(received: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in received.items() if name not in OURS}


@pytest.mark.parametrize("request_", FREE_FORM.values(), ids=list(FREE_FORM))
def test_meta_receives_its_own_message_unchanged(graph: GraphWorld, request_: Request) -> None:
    family, body = request_
    assert unchanged(graph.received(family, body)) == expected_of(body)


@pytest.mark.parametrize("body", TEMPLATES.values(), ids=list(TEMPLATES))
def test_meta_receives_its_own_template_unchanged(graph: GraphWorld, body: dict[str, Any]) -> None:
    assert unchanged(graph.received("template", body)) == expected_of(body)


@pytest.mark.parametrize("body", MARKETING.values(), ids=list(MARKETING))
def test_a_marketing_message_goes_by_its_own_endpoint(graph: GraphWorld, body: dict[str, Any]) -> None:
    assert unchanged(graph.received("template", body)) == expected_of(body)
    assert graph.double.requests[-1].path.endswith("/marketing_messages")


def test_our_own_data_come_back_behind_our_id(graph: GraphWorld) -> None:
    received = graph.received("text", {"text": {"body": "Hi"}, "biz_opaque_callback_data": "order-1"})
    message = graph.world.messages()[-1]
    assert received["biz_opaque_callback_data"] == f"{message.id} order-1"


def test_what_meta_may_add_tomorrow_goes_raw(graph: GraphWorld) -> None:
    raw = {"type": "text", "text": {"body": "Hi"}, "some_new_member": {"a": [1]}}
    assert unchanged(graph.received("raw", {"raw": raw})) == expected_of({"raw": raw})
