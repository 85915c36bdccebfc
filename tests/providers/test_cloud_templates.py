"""The list of templates: whole or not at all, in pages, with values nobody has met yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cloud_world import cloud_world
from flask_waapi import Misconfigured, Retryable, TemplateDefinition
from flask_waapi.testing.graph_double import Close, ErrorAnswer, Fault, GraphDouble, RawAnswer
from waapi_cloud import CloudProvider

World = tuple[GraphDouble, CloudProvider]
EDGE = "message_templates"


@pytest.fixture
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


def page(items: Any, paging: Any = None) -> RawAnswer:
    body = {"data": items} | ({} if paging is None else {"paging": paging})
    return RawAnswer(200, json.dumps(body).encode(), "application/json")


def listed(name: str = "any", **members: Any) -> dict[str, Any]:
    return {"id": "1", "name": name, "language": "en", "status": "APPROVED", **members}


def asked_pages(double: GraphDouble) -> list[str | None]:
    return [request.query.get("after") for request in double.requests]


def test_the_samples_of_the_double_are_listed(world: World) -> None:
    _, provider = world
    templates = {template.name: template for template in provider.list_templates()}
    assert set(templates) >= {
        "order_confirmation",
        "shipping_update",
        "seasonal_offer",
        "hello_world",
        "paused_example",
        "login_code",
        "summer_carousel",
    }
    assert templates["order_confirmation"].parameter_format == "NAMED"
    assert templates["shipping_update"].parameter_format == "POSITIONAL"
    assert templates["paused_example"].status == "PAUSED"
    assert templates["login_code"].category == "AUTHENTICATION"
    assert templates["seasonal_offer"].components[0]["format"] == "IMAGE"
    assert templates["hello_world"].provider_template_id == "900000000000004"


def test_the_fields_are_asked_for_by_name(world: World) -> None:
    double, provider = world
    provider.list_templates()
    (request,) = double.requests
    assert request.path == f"/v23.0/{double.account.business_account_id}/message_templates"
    fields = "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
    assert request.query["fields"] == fields


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1_000])
def test_every_template_is_listed_once_over_all_pages(world: World, count: int) -> None:
    double, provider = world
    double.templates.clear()
    double.templates.add(
        *(listed(f"template_{number}", category="UTILITY", components=[]) for number in range(count))
    )
    names = [template.name for template in provider.list_templates()]
    assert names == [f"template_{number}" for number in range(count)]
    assert len(double.requests) == max(1, -(-count // 100))


def test_a_short_page_is_not_the_last_one(world: World) -> None:
    double, provider = world
    following = {"next": "https://graph.facebook.com/x?after=b", "cursors": {"after": "b"}}
    for fault in (page([listed("a")], following), page([], following | {"cursors": {"after": "c"}})):
        double.fail_next(fault, edge=EDGE)
    double.fail_next(page([listed("z")]), edge=EDGE)
    assert [template.name for template in provider.list_templates()] == ["a", "z"]
    assert asked_pages(double) == [None, "b", "c"]


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "http://elsewhere.invalid/v23.0/1/message_templates?after=b&limit=1"},
        {"next": "http://elsewhere.invalid/", "cursors": {"after": "b"}},
    ],
    ids=["position in the link", "position beside the link"],
)
def test_a_next_link_to_another_host_is_not_dialled(world: World, paging: dict[str, Any]) -> None:
    double, provider = world
    double.fail_next(page([listed("a")], paging), edge=EDGE)
    double.fail_next(page([listed("b")]), edge=EDGE)
    assert [template.name for template in provider.list_templates()] == ["a", "b"]
    assert asked_pages(double) == [None, "b"]


def test_a_cursor_without_a_next_link_ends_the_list(world: World) -> None:
    double, provider = world
    double.fail_next(page([listed("a")], {"cursors": {"before": "a", "after": "b"}}), edge=EDGE)
    assert len(provider.list_templates()) == 1
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    "paging",
    [
        {"next": "https://graph.facebook.com/x"},
        {"next": "https://[bad"},
        {"next": 7},
        {"next": "https://graph.facebook.com/x", "cursors": []},
    ],
    ids=repr,
)
def test_a_next_page_without_a_position_fails_the_list(world: World, paging: Any) -> None:
    double, provider = world
    double.fail_next(page([listed()], paging), edge=EDGE)
    with pytest.raises(Retryable):
        provider.list_templates()


def test_a_list_that_turns_in_a_circle_fails(world: World) -> None:
    double, provider = world
    circle = {"next": "https://graph.facebook.com/x", "cursors": {"after": "b"}}
    double.fail_next(page([listed()], circle), edge=EDGE, times=10)
    with pytest.raises(Retryable):
        provider.list_templates()
    assert len(double.requests) == 2


def test_values_of_tomorrow_are_passed_on(world: World) -> None:
    double, provider = world
    component = {"type": "HOLOGRAM", "depth": 3}
    item = listed(status="ARCHIVED", category="NEWS", parameter_format="TENSOR", components=[component])
    double.fail_next(page([item | {"id": 7, "colour": "blue"}]), edge=EDGE)
    assert list(provider.list_templates()) == [
        TemplateDefinition("any", "en", "ARCHIVED", "NEWS", "TENSOR", [component], "7")
    ]


def test_a_template_without_optional_members_is_listed(world: World) -> None:
    double, provider = world
    double.fail_next(page([{"name": "any", "language": "en", "components": None}]), edge=EDGE)
    assert list(provider.list_templates()) == [
        TemplateDefinition("any", "en", "UNKNOWN", "UNKNOWN", "POSITIONAL", [], None)
    ]


@pytest.mark.parametrize("poison", [None, "any", [], {}, {"name": "x"}, {"name": 1, "language": 2}])
def test_an_item_that_is_no_template_is_told_to_the_log(
    world: World, poison: Any, caplog: pytest.LogCaptureFixture
) -> None:
    double, provider = world
    double.fail_next(page([listed("a"), poison, listed("b")]), edge=EDGE)
    assert [template.name for template in provider.list_templates()] == ["a", "b"]
    assert "left out of the list" in caplog.text


@pytest.mark.parametrize("fault", [Close(accepted=False), RawAnswer(503), RawAnswer(200), page(7)], ids=repr)
def test_a_page_that_cannot_be_read_fails_the_whole_list(world: World, fault: Fault) -> None:
    double, provider = world
    following = {"next": "https://graph.facebook.com/x", "cursors": {"after": "b"}}
    double.fail_next(page([listed()], following), edge=EDGE)
    double.fail_next(fault, edge=EDGE)
    with pytest.raises(Retryable):
        provider.list_templates()


def test_an_account_the_token_cannot_see_is_misconfigured(world: World) -> None:
    double, provider = world
    double.fail_next(ErrorAnswer(100, subcode=33), edge=EDGE)
    with pytest.raises(Misconfigured):
        provider.list_templates()
