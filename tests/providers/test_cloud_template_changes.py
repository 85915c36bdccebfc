"""Making, changing and deleting templates at Meta: the bodies, and what the answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from cloud_world import cloud_provider, cloud_world
from flask_waapi import (
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Retryable,
    TemplateChange,
    TemplateDefinition,
    UnsupportedFeature,
)
from flask_waapi.testing.graph_double import Close, ErrorAnswer, Fault, GraphDouble, RawAnswer
from waapi_cloud import CloudProvider

World = tuple[GraphDouble, CloudProvider]
EDGE = "message_templates"
COMPONENTS = [{"type": "BODY", "text": "Grüße, {{1}}!", "example": {"body_text": [["Ann"]]}}]
CHANGE = TemplateChange("opening", "en", "UTILITY", COMPONENTS, ttl=timedelta(minutes=5))


@pytest.fixture
def world() -> Iterator[World]:
    with cloud_world(new_template_status="PENDING") as (double, provider):
        yield double, provider


def answer(value: Any) -> RawAnswer:
    return RawAnswer(200, json.dumps(value).encode(), "application/json")


def sample(provider: CloudProvider, name: str = "order_confirmation") -> TemplateDefinition:
    return next(template for template in provider.list_templates() if template.name == name)


def test_a_template_is_made_with_what_is_given_and_nothing_else(world: World) -> None:
    double, provider = world

    made = provider.create_template(CHANGE)

    (request,) = double.requests
    assert (request.method, request.path) == (
        "POST",
        f"/v23.0/{double.account.business_account_id}/message_templates",
    )
    assert request.json == {
        "name": "opening",
        "language": "en",
        "category": "UTILITY",
        "components": COMPONENTS,
        "message_send_ttl_seconds": 300,
    }
    assert made == sample(provider, "opening")
    assert made.status == "PENDING"


def test_what_meta_says_of_a_new_template_counts(world: World) -> None:
    double, provider = world
    double.fail_next(answer({"id": 7, "status": "REJECTED", "category": "MARKETING"}), edge=EDGE)

    made = provider.create_template(CHANGE)

    assert (made.provider_template_id, made.status, made.category) == ("7", "REJECTED", "MARKETING")


@pytest.mark.parametrize(
    ("category", "ttl", "expected"),
    [
        ("UTILITY", timedelta(days=30), -1),
        ("AUTHENTICATION", timedelta(days=30), -1),
        ("MARKETING", timedelta(days=30), 2_592_000),
        ("UTILITY", timedelta(hours=12), 43_200),
    ],
)
def test_thirty_days_have_a_word_of_their_own_where_they_are_beyond_the_range(
    world: World, category: str, ttl: timedelta, expected: int
) -> None:
    double, provider = world

    provider.create_template(TemplateChange("opening", "en", category, COMPONENTS, ttl=ttl))

    assert double.requests[0].json["message_send_ttl_seconds"] == expected


def test_an_edit_names_what_changes_alone_and_reads_what_has_become_of_it(world: World) -> None:
    double, provider = world
    template = sample(provider)

    edited = provider.edit_template(template, TemplateChange(template.name, "en", components=COMPONENTS))

    _, change, look = double.requests
    assert (change.method, change.path) == ("POST", f"/v23.0/{template.provider_template_id}")
    assert change.json == {"components": COMPONENTS}
    assert (look.method, look.path) == ("GET", change.path)
    assert edited == sample(provider)
    assert (edited.status, edited.components) == ("PENDING", COMPONENTS)


def test_an_edit_is_made_though_nobody_can_look_at_it(world: World) -> None:
    double, provider = world
    template = sample(provider)
    identifier = str(template.provider_template_id)
    double.fail_next(answer({"success": True}), edge=identifier)
    double.fail_next(ErrorAnswer(2), edge=identifier)

    edited = provider.edit_template(template, TemplateChange(template.name, "en", components=COMPONENTS))

    assert (edited.status, edited.components) == ("PENDING", COMPONENTS)
    assert edited.provider_template_id == identifier


def test_one_language_is_deleted_by_its_id(world: World) -> None:
    double, provider = world

    provider.delete_template("order_confirmation", sample(provider))
    provider.delete_template("shipping_update")

    queries = [request.query for request in double.requests if request.method == "DELETE"]
    assert queries == [
        {"name": "order_confirmation", "hsm_id": "900000000000001"},
        {"name": "shipping_update"},
    ]
    assert {"order_confirmation", "shipping_update"}.isdisjoint(
        template.name for template in provider.list_templates()
    )


@pytest.mark.parametrize("identifier", [None, "", "12/messages", "../1", "²"])
def test_a_template_without_a_usable_id_is_not_asked_for(world: World, identifier: str | None) -> None:
    double, provider = world
    template = TemplateDefinition("a", "en", "APPROVED", "UTILITY", "NAMED", [], identifier)

    with pytest.raises(Rejected, match="read the templates anew"):
        provider.edit_template(template, CHANGE)
    with pytest.raises(Rejected, match="read the templates anew"):
        provider.delete_template("a", template)

    assert double.requests == ()


CALLS: dict[str, tuple[str, Callable[[CloudProvider, TemplateDefinition], object]]] = {
    "create": (EDGE, lambda provider, _: provider.create_template(CHANGE)),
    "edit": ("900000000000001", lambda provider, template: provider.edit_template(template, CHANGE)),
    "delete": (EDGE, lambda provider, template: provider.delete_template(template.name, template)),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (ErrorAnswer(100, subcode=2388299), Rejected),
        (ErrorAnswer(2388019), Rejected),
        (ErrorAnswer(190), Misconfigured),
        (ErrorAnswer(10), Misconfigured),
        (ErrorAnswer(100, subcode=33), Misconfigured),
        (ErrorAnswer(80007, retry_after=30), Retryable),
    ],
    ids=["parameter", "quota", "token", "permission", "account", "rate"],
)
def test_a_refusal_has_its_kind(world: World, call: str, fault: Fault, kind: type[Exception]) -> None:
    double, provider = world
    template = sample(provider)
    edge, ask = CALLS[call]
    double.fail_next(fault, edge=edge)

    with pytest.raises(kind):
        ask(provider, template)

    assert len(double.requests) == 2


@pytest.mark.parametrize("call", ["create", "edit"])
@pytest.mark.parametrize("fault", [Close(accepted=True), RawAnswer(502), answer({"odd": 1})], ids=repr)
def test_silence_after_the_body_leaves_the_outcome_unknown(world: World, call: str, fault: Fault) -> None:
    double, provider = world
    template = sample(provider)
    edge, ask = CALLS[call]
    double.fail_next(fault, edge=edge)

    with pytest.raises(OutcomeUnknown):
        ask(provider, template)

    assert len(double.requests) == 2


def test_a_delete_whose_answer_says_nothing_is_unknown(world: World) -> None:
    double, provider = world
    double.fail_next(answer({"success": False}), edge=EDGE)

    with pytest.raises(OutcomeUnknown):
        provider.delete_template("order_confirmation")


def test_the_words_that_explain_a_refusal_are_told(world: World) -> None:
    double, provider = world
    error = {
        "message": "Invalid parameter",
        "code": 100,
        "error_subcode": 2388299,
        "error_user_title": "Message template cannot be created",
        "error_user_msg": "Variables cannot be at the start or end of the template.",
    }
    double.fail_next(RawAnswer(400, json.dumps({"error": error}).encode(), "application/json"), edge=EDGE)

    with pytest.raises(Rejected, match="Variables cannot be at the start"):
        provider.create_template(CHANGE)


def test_an_instance_with_the_account_s_id_says_that_it_makes_templates(world: World) -> None:
    assert world[1].makes_templates


def test_without_the_account_s_id_nothing_is_made_or_deleted(world: World) -> None:
    double, _ = world
    provider = cloud_provider(double, business_account_id=None)

    assert not provider.makes_templates
    with pytest.raises(UnsupportedFeature, match="business_account_id"):
        provider.create_template(CHANGE)
    with pytest.raises(UnsupportedFeature, match="business_account_id"):
        provider.delete_template("a")
