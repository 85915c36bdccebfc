"""Every documented limit: what is exactly at it is sent, what breaks it by one is refused before sending."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from answers import pointers
from content_bodies import BODIES, FAMILIES
from content_limits import GONE, KEPT, LIMITS, Limit
from contents import CONTENTS, words
from factories import RECIPIENT
from flask_waapi import Content, Interactive, Native, OutboundMessage, Template
from flask_waapi.content import to_json
from graph_world import GraphWorld, graph_world
from waapi_cloud.wire import message_body

few = settings(deadline=None, max_examples=6)
"""Each example is a request and an HTTP call."""

FRIENDLY = [found for found in CONTENTS if found not in {Template, Native}]
"""Templates are drawn from a catalogue, and what is native has no other form."""

every_type = pytest.mark.parametrize("content_type", FRIENDLY, ids=lambda found: found.__name__)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphWorld]:
    with graph_world(tmp_path_factory.mktemp("limits")) as graph:
        yield graph


def changed(limit: Limit, value: Any) -> dict[str, Any]:
    """A good message of the type with one member changed."""
    ours, metas = BODIES[limit.type]
    body = copy.deepcopy(ours if limit.form == "ours" else metas)
    if limit.form == "ours" and limit.type not in FAMILIES:
        body["type"] = limit.type
    *parents, last = [int(step) if step.isdigit() else step for step in limit.where.split("/")[1:]]
    target: Any = body
    for step in parents:
        target = target[step]
    if value is GONE:
        target.pop(last, None)
    elif value is not KEPT:
        target[last] = value
    return body


def family_of(limit: Limit) -> str:
    return FAMILIES.get(limit.type, "interactive")


def name_of(limit: Limit) -> str:
    return f"{limit.type} {limit.form} {limit.where} {str(limit.over)[:10]}"


@pytest.mark.parametrize("limit", LIMITS, ids=name_of)
def test_what_is_exactly_at_a_limit_is_sent(graph: GraphWorld, limit: Limit) -> None:
    graph.received(family_of(limit), changed(limit, limit.at))


@pytest.mark.parametrize("limit", LIMITS, ids=name_of)
def test_what_breaks_a_limit_by_one_is_refused_with_the_pointer_of_the_field(
    graph: GraphWorld, limit: Limit
) -> None:
    before = len(graph.double.requests)
    answer = graph.send(family_of(limit), changed(limit, limit.over))
    assert pointers(answer) == {limit.fault or limit.where}
    assert len(graph.double.requests) == before


SCREEN = {"screen": "A", "data": {"a": 1}}


@pytest.mark.parametrize("form", [0, 1], ids=["ours", "metas"])
def test_a_flow_has_a_first_screen_only_where_it_goes_there(graph: GraphWorld, form: int) -> None:
    body = copy.deepcopy(BODIES["flow"][form]) | ({"type": "interactive"} if form else {"type": "flow"})
    flow = body["interactive"]["action"]["parameters"] if form else body
    flow |= {"flow_action": "navigate"} | ({"flow_action_payload": SCREEN} if form else SCREEN)
    received = graph.received("interactive", body)["interactive"]["action"]["parameters"]
    assert received["flow_action_payload"] == SCREEN

    flow["flow_action"] = "data_exchange"
    place = "/interactive/action/parameters/flow_action_payload"
    assert pointers(graph.send("interactive", body)) == ({place} if form else {"/screen", "/data"})


def in_our_form(content: Content) -> dict[str, Any]:
    """The content as a caller writes it."""
    body = to_json(content)
    if isinstance(content, Interactive):
        body["type"] = body.pop("kind")
    elif content.type in FAMILIES and FAMILIES[content.type] == "media":
        body["type"] = content.type
    elif content.type == "text":
        body["text"] = body.pop("body")
    return body


@every_type
@given(data=st.data())
@few
def test_any_valid_content_in_our_form_reaches_meta(
    graph: GraphWorld, content_type: type[Content], data: st.DataObject
) -> None:
    content = data.draw(CONTENTS[content_type])
    received = graph.received(FAMILIES.get(content.type, "interactive"), in_our_form(content))
    assert received["type"] == content.type


@every_type
@given(data=st.data())
@few
def test_any_valid_content_in_metas_form_reaches_meta_unchanged(
    graph: GraphWorld, content_type: type[Content], data: st.DataObject
) -> None:
    content = data.draw(CONTENTS[content_type])
    message = OutboundMessage(UUID(int=0), RECIPIENT, content)
    members = json.loads(json.dumps(message_body(message)))[content.type]
    received = graph.received(FAMILIES.get(content.type, "interactive"), {content.type: members})
    assert received[content.type] == members


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each list or object of a value, with each of its keys."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from leaves(inner)


BEYOND_JUDGEMENT = {"type", "media_id", "message_id", "parameters", "data", "validation_errors"}
"""Members whose values only Meta knows, and the one that chooses the schema."""

ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["", " ", " x", "x\n" * 4, 0, -1, True, None, [], {}, ["x"]]),
    st.sampled_from([21, 25, 31, 61, 73, 161, 201, 257, 1025, 4097]).map("x".__mul__),
    words(30),
)


@every_type
@given(data=st.data())
@few
def test_whatever_our_api_takes_meta_takes(
    graph: GraphWorld, content_type: type[Content], data: st.DataObject
) -> None:
    """Of a valid content one member is changed, doubled or taken away."""
    body = in_our_form(data.draw(CONTENTS[content_type]))
    places = [(holder, key) for holder, key in leaves(body) if key not in BEYOND_JUDGEMENT]
    assume(places)
    holder, key = places[data.draw(st.integers(0, len(places) - 1))]
    match data.draw(st.sampled_from(["change", "double", "remove"])):
        case "change":
            holder[key] = data.draw(ODD)
        case "double" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case _:
            del holder[key]
    answer = graph.send(FAMILIES.get(content_type.type, "interactive"), body)
    assert answer.status_code in {201, 422}, answer.text
