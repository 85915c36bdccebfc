"""Templates made, changed, deleted and read anew at Meta's double, on each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from answers import data, error
from factories import TEMPLATES, MakeWorld, World
from flask_waapi import (
    Misconfigured,
    OutcomeUnknown,
    TemplateDefinition,
)
from flask_waapi.errors import (
    FeatureUnsupported,
    ProviderFailed,
    ProviderUnavailable,
    TemplateNotFound,
    TemplateRejected,
    ValidationFailed,
)
from flask_waapi.storage.models import TemplateSync
from flask_waapi.testing.graph_double import Close, ErrorAnswer, GraphDouble

BODY = {
    "type": "BODY",
    "text": "Hi {{name}}, we are open.",
    "example": {"body_text_named_params": [{"param_name": "name", "example": "Ann"}]},
}


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    """Meta's side, which reviews what is new."""
    with GraphDouble(new_template_status="PENDING") as double:
        yield double


@pytest.fixture
def cloud(double: GraphDouble, make_world: MakeWorld, migrated_uri: str) -> World:
    """An app that sends to the double, once for each kind of database."""
    return cloud_app(make_world, double, database_uri=migrated_uri)


@pytest.fixture
def one_cloud(double: GraphDouble, make_world: MakeWorld) -> World:
    """The same on SQLite alone."""
    return cloud_app(make_world, double)


def cloud_app(make_world: MakeWorld, double: GraphDouble, **options: Any) -> World:
    providers = {"main": {"type": "cloud", **double.provider_settings}}
    return make_world(WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="main", **options)


def create(world: World, name: str = "opening", **members: Any) -> TemplateDefinition:
    """Make a template by the Python call."""
    values: dict[str, Any] = {"body": BODY["text"], "examples": {"name": "Ann"}} | members
    with world.app.app_context():
        return world.waapi.templates.create(name, "en", "UTILITY", **values)


def edit(world: World, name: str, **members: Any) -> TemplateDefinition:
    with world.app.app_context():
        return world.waapi.templates.edit(name, "en", **members)


def delete(world: World, name: str, language: str | None = None) -> int:
    with world.app.app_context():
        return world.waapi.templates.delete(name, language)


def sync(world: World) -> int:
    return world.services.catalogue.sync("main")


def known(world: World, name: str) -> TemplateDefinition:
    """A template of the catalogue, without a look at the provider."""
    return world.services.catalogue.find("main", name, "en", refresh=False)


def writes(double: GraphDouble) -> list[str]:
    return [request.method for request in double.requests if request.method != "GET"]


def is_stale(world: World) -> bool:
    with world.services.store.read() as session:
        return session.get_one(TemplateSync, "main").stale_at is not None


def upstream(double: GraphDouble, name: str, **members: Any) -> None:
    """Change a template at Meta, behind our back."""
    templates = double.templates.all()
    double.templates.clear()
    double.templates.add(*(item | members if item["name"] == name else item for item in templates))


def listed(name: str, **members: Any) -> dict[str, Any]:
    """A template as the double keeps it."""
    return {
        "id": "1",
        "name": name,
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [BODY],
    } | members


def test_a_new_template_is_in_the_catalogue_at_once_as_meta_has_taken_it(
    cloud: World, double: GraphDouble
) -> None:
    sync(cloud)

    made = create(cloud)

    (kept,) = [item for item in double.templates.all() if item["name"] == "opening"]
    assert kept["components"] == [BODY]
    assert (made.status, made.provider_template_id) == ("PENDING", kept["id"])
    assert known(cloud, "opening") == replace(made, components=[BODY])
    refused = cloud.send(template_name="opening", variables={"name": "Ann"})
    assert "PENDING" in error(refused, 422, "VALIDATION_ERROR")["message"]


def test_the_first_template_is_shown_while_another_process_reads_the_list(cloud: World) -> None:
    create(cloud)
    assert [due.provider for due in cloud.services.catalogue.readings.claim_due({})] == ["main"]

    assert "opening" in [template.name for template in cloud.services.catalogue.list("main")]


def test_an_approved_template_can_be_sent_after_the_next_sync(cloud: World, double: GraphDouble) -> None:
    create(cloud)
    upstream(double, "opening", status="APPROVED")
    sync(cloud)

    assert cloud.send(template_name="opening", variables={"name": "Ann"}).status_code == 201


def test_an_edit_replaces_the_components_and_has_the_status_of_the_provider(
    cloud: World, double: GraphDouble
) -> None:
    double.templates.add(listed("opening"))

    edited = edit(cloud, "opening", body="We are closed.", parameter_format="NAMED")

    (kept,) = [item for item in double.templates.all() if item["name"] == "opening"]
    assert kept["components"] == [{"type": "BODY", "text": "We are closed."}]
    assert edited.status == "PENDING"
    assert known(cloud, "opening") == edited


def test_a_deleted_template_is_gone_at_once(cloud: World, double: GraphDouble) -> None:
    double.templates.add(listed("opening"), listed("opening", id="2", language="de"))
    sync(cloud)

    assert delete(cloud, "opening", "de") == 1
    assert [item["language"] for item in double.templates.all() if item["name"] == "opening"] == ["en"]
    assert known(cloud, "opening").language == "en"

    assert delete(cloud, "opening") == 1
    with pytest.raises(TemplateNotFound):
        known(cloud, "opening")


def test_one_that_does_not_exist_is_refused_without_asking_for_the_change(
    one_cloud: World, double: GraphDouble
) -> None:
    with pytest.raises(TemplateNotFound):
        delete(one_cloud, "nothing")
    with pytest.raises(TemplateNotFound):
        delete(one_cloud, "order_confirmation", "de")
    with pytest.raises(TemplateNotFound):
        edit(one_cloud, "nothing", ttl=60)

    assert writes(double) == []


def test_what_is_beyond_a_limit_never_reaches_the_provider(one_cloud: World, double: GraphDouble) -> None:
    with pytest.raises(ValidationFailed) as caught:
        create(one_cloud, "Opening", body="{{name}}", footer="x" * 61)

    assert {fault.pointer for fault in caught.value.faults} == {"/name", "/body", "/footer"}
    assert writes(double) == []


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (ErrorAnswer(100, details="Bad words."), TemplateRejected),
        (ErrorAnswer(190), ProviderFailed),
        (ErrorAnswer(4), ProviderUnavailable),
        (Close(accepted=False), ProviderFailed),
    ],
    ids=["rejected", "misconfigured", "throttled", "unknown"],
)
def test_a_refusal_is_told_and_never_repeated(
    one_cloud: World, double: GraphDouble, fault: Any, refusal: type[Exception]
) -> None:
    sync(one_cloud)
    double.fail_next(fault, edge="message_templates")

    with pytest.raises(refusal):
        create(one_cloud)

    one_cloud.clock.advance(60)
    one_cloud.work()
    assert writes(double) == ["POST"]
    with pytest.raises(TemplateNotFound):
        known(one_cloud, "opening")


def test_the_words_of_the_provider_reach_the_caller(one_cloud: World, double: GraphDouble) -> None:
    create(one_cloud)

    with pytest.raises(TemplateRejected) as caught:
        create(one_cloud)

    assert "There is content in this language already." in caught.value.message
    assert caught.value.details is not None
    assert caught.value.details["provider_code"] == "100"


def test_a_change_of_unknown_outcome_has_the_list_read_again(one_cloud: World, double: GraphDouble) -> None:
    sync(one_cloud)
    one_cloud.clock.advance(60)
    double.fail_next(Close(accepted=True), edge="message_templates")
    with pytest.raises(ProviderFailed, match="templates sync"):
        create(one_cloud)
    double.templates.add(listed("opening"))

    one_cloud.work()

    assert known(one_cloud, "opening").status == "APPROVED"
    assert not is_stale(one_cloud)


def test_a_list_asked_for_before_does_not_lose_a_template_made_since(
    one_cloud: World, double: GraphDouble
) -> None:
    sync(one_cloud)
    create(one_cloud)
    (new,) = [item for item in double.templates.all() if item["name"] == "opening"]
    double.templates.delete({"name": "opening"})

    sync(one_cloud)
    assert known(one_cloud, "opening").provider_template_id == new["id"]

    one_cloud.clock.advance(timedelta(seconds=61))
    one_cloud.work()
    with pytest.raises(TemplateNotFound):
        known(one_cloud, "opening")


@pytest.mark.parametrize(
    "call",
    [
        create,
        lambda world: edit(world, "order_confirmation", ttl=60),
        lambda world: delete(world, "order_confirmation"),
    ],
    ids=["create", "edit", "delete"],
)
def test_a_provider_that_cannot_says_so(recording: World, call: Callable[[World], object]) -> None:
    with pytest.raises(FeatureUnsupported):
        call(recording)


class TestSync:
    """What changes at Meta, and the next reading"""

    def test_a_thousand_templates_are_read_in_one_go(self, cloud: World, double: GraphDouble) -> None:
        double.templates.clear()
        double.templates.add(*(listed(f"t{number:04}", id=str(number)) for number in range(1_000)))

        assert sync(cloud) == 1_000

        found = data(cloud.get(TEMPLATES))
        assert [item["name"] for item in found] == [f"t{number:04}" for number in range(1_000)]
        assert [request.path.rsplit("/", 1)[1] for request in double.requests] == ["message_templates"] * 10

    def test_an_edit_upstream_shows_after_the_next_sync(self, cloud: World, double: GraphDouble) -> None:
        double.templates.add(listed("opening"))
        sync(cloud)
        upstream(double, "opening", components=[{"type": "BODY", "text": "Closed."}], category="MARKETING")

        sync(cloud)

        (found,) = data(cloud.get(f"{TEMPLATES}/opening"))
        assert (found["components"], found["category"]) == (
            [{"type": "BODY", "text": "Closed."}],
            "MARKETING",
        )
        assert found["variables"] == []

    def test_a_template_deleted_upstream_is_refused_on_send(self, cloud: World, double: GraphDouble) -> None:
        sync(cloud)
        assert cloud.send().status_code == 201
        double.templates.delete({"name": "order_confirmation"})

        sync(cloud)

        error(cloud.send(), 404, "TEMPLATE_NOT_FOUND")
        assert len(cloud.messages()) == 1

    def test_components_are_kept_whole(self, cloud: World, double: GraphDouble) -> None:
        odd = [BODY, {"type": "SOMETHING_NEW", "depth": {"a": [1, None, "ü"]}}]
        double.templates.add(listed("opening", components=odd))
        sync(cloud)

        assert list(known(cloud, "opening").components) == odd


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [(OutcomeUnknown("Broken."), ProviderFailed), (Misconfigured("Wrong token."), ProviderFailed)],
)
def test_a_delete_that_fails_leaves_the_template(
    recording: World, monkeypatch: pytest.MonkeyPatch, fault: Exception, refusal: type[Exception]
) -> None:
    def delete_template(*_: Any) -> None:
        raise fault

    provider = recording.services.providers["recorder"]
    monkeypatch.setattr(provider, "delete_template", delete_template)

    with pytest.raises(refusal):
        delete(recording, "order_confirmation")

    assert recording.send().status_code == 201
