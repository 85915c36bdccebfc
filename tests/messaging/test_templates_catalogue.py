"""The catalogue: what the provider last listed, asked for as seldom as will do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from answers import error
from factories import RECORDING, MakeWorld, World
from flask_waapi import Misconfigured, Retryable, UnsupportedFeature
from flask_waapi.errors import FeatureUnsupported, ProviderFailed, ProviderUnavailable, TemplateNotFound
from flask_waapi.messaging.templates.catalogue import Catalogue
from flask_waapi.messaging.templates.sync import SyncState
from flask_waapi.storage.models import StoredTemplate
from recorder import ORDER_CONFIRMATION


def catalogue(world: World) -> Catalogue:
    """The app's catalogue."""
    return world.services.catalogue


def names(world: World) -> list[str]:
    """The templates as they are known."""
    return [item.name for item in catalogue(world).list("recorder")]


def test_a_template_is_kept_whole(any_recording: World) -> None:
    full = replace(
        ORDER_CONFIRMATION,
        provider_template_id="12345678901234567890",
        category="MARKETING",
        components=[{"type": "BODY", "text": "Grüße 💥", "example": {"body_text": [["a", None, 1.5, True]]}}],
    )
    any_recording.script.templates = [full]

    assert catalogue(any_recording).sync("recorder") == 1
    assert catalogue(any_recording).list("recorder") == [full]


def test_a_new_reading_replaces_the_old_one(any_recording: World) -> None:
    any_recording.script.templates = [replace(ORDER_CONFIRMATION, name=name) for name in ("a", "b", "c")]
    catalogue(any_recording).sync("recorder")
    any_recording.script.templates = [replace(ORDER_CONFIRMATION, name=name) for name in ("c", "d")]

    assert catalogue(any_recording).sync("recorder") == 2
    assert names(any_recording) == ["c", "d"]


def test_names_and_languages_are_told_apart_to_the_letter(any_recording: World) -> None:
    pairs = [("a", "en"), ("a", "en_US"), ("a", "EN"), ("A", "en"), ("á", "en")]
    any_recording.script.templates = [
        replace(ORDER_CONFIRMATION, name=name, language=language) for name, language in pairs
    ]

    catalogue(any_recording).sync("recorder")

    found = {(item.name, item.language) for item in catalogue(any_recording).list("recorder")}
    assert found == set(pairs)


def test_a_template_listed_twice_is_kept_once(any_recording: World) -> None:
    paused = replace(ORDER_CONFIRMATION, status="PAUSED")
    any_recording.script.templates = [ORDER_CONFIRMATION, paused]

    catalogue(any_recording).sync("recorder")

    assert catalogue(any_recording).list("recorder") == [paused]


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [(Misconfigured("Wrong token."), ProviderFailed), (Retryable("Away."), ProviderUnavailable)],
)
def test_a_reading_that_fails_leaves_the_old_list_and_says_why(
    any_recording: World, fault: Exception, refusal: type[Exception]
) -> None:
    catalogue(any_recording).sync("recorder")
    read_at = any_recording.clock()
    any_recording.script.template_error = fault
    any_recording.clock.advance(60)

    with pytest.raises(refusal, match=str(fault)):
        catalogue(any_recording).sync("recorder")

    assert names(any_recording) == ["order_confirmation"]
    assert catalogue(any_recording).state("recorder") == SyncState(any_recording.clock(), read_at, str(fault))


def test_a_success_clears_the_problem(any_recording: World) -> None:
    any_recording.script.template_error = Retryable("Away.")
    with pytest.raises(ProviderUnavailable):
        catalogue(any_recording).sync("recorder")
    any_recording.script.template_error = None

    catalogue(any_recording).sync("recorder")

    now = any_recording.clock()
    assert catalogue(any_recording).state("recorder") == SyncState(now, now, None)


def test_it_is_read_when_it_is_first_asked_for(recording: World) -> None:
    assert catalogue(recording).state("recorder") is None
    assert catalogue(recording).count_approved("recorder") == 0

    assert names(recording) == ["order_confirmation"]
    assert catalogue(recording).count_approved("recorder") == 1
    assert recording.script.listings == 1


def test_an_unknown_template_is_asked_for_once_within_the_interval(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_TEMPLATE_SYNC_INTERVAL=60, **RECORDING)

    def look() -> None:
        with pytest.raises(TemplateNotFound):
            catalogue(world).find("recorder", "nothing", "en", refresh=True)

    for _ in range(5):
        look()
    assert world.script.listings == 1
    world.clock.advance(timedelta(seconds=59))
    look()
    assert world.script.listings == 1
    world.clock.advance(timedelta(seconds=1))
    look()
    assert world.script.listings == 2


def test_a_list_that_was_never_read_is_asked_for_again_after_what_retry_after_tells(
    any_recording: World,
) -> None:
    script = any_recording.script
    script.template_error = Retryable("Away.")
    for _ in range(2):
        answer = any_recording.send()
        error(answer, 503, "PROVIDER_UNAVAILABLE")
        assert answer.headers["Retry-After"] == "5"
    assert script.listings == 1
    script.template_error = None

    any_recording.clock.advance(timedelta(seconds=5))

    assert any_recording.send().status_code == 201
    assert script.listings == 2


def test_wrong_credentials_are_told_as_such_to_who_has_the_list_read_for_the_first_time(
    recording: World,
) -> None:
    recording.script.template_error = Misconfigured("The access token is invalid.")

    for _ in range(2):
        assert "access token is invalid" in error(recording.send(), 502, "PROVIDER_ERROR")["message"]
        recording.clock.advance(timedelta(seconds=5))


def test_a_known_template_is_never_asked_for_again(recording: World) -> None:
    for _ in range(3):
        catalogue(recording).find("recorder", "order_confirmation", "en", refresh=True)
        recording.clock.advance(timedelta(days=1))

    assert recording.script.listings == 1


def test_without_leave_to_refresh_nothing_is_asked(recording: World) -> None:
    with pytest.raises(TemplateNotFound):
        catalogue(recording).find("recorder", "order_confirmation", "en", refresh=False)
    assert catalogue(recording).list("recorder", refresh=False) == []

    assert recording.script.listings == 0


def test_a_failing_provider_is_not_asked_again_within_the_interval_and_sends_go_on(recording: World) -> None:
    catalogue(recording).sync("recorder")
    recording.script.template_error = Retryable("Away.")
    recording.clock.advance(timedelta(hours=1))

    for _ in range(3):
        error(recording.send(template_name="new"), 404, "TEMPLATE_NOT_FOUND")
    assert recording.script.listings == 2
    assert recording.send().status_code == 201


def test_a_provider_without_templates_sends_what_it_is_given(recording: World) -> None:
    recording.script.template_error = UnsupportedFeature("No templates here.")

    with pytest.raises(FeatureUnsupported):
        catalogue(recording).sync("recorder")
    answer = recording.send(template_name="anything", variables=["a"])

    assert answer.status_code == 201
    assert recording.script.sent[0].content.name == "anything"  # type: ignore[attr-defined]


def test_the_other_languages_are_named(recording: World) -> None:
    with pytest.raises(TemplateNotFound) as missing:
        catalogue(recording).find("recorder", "order_confirmation", "de", refresh=True)

    assert missing.value.details == {"languages": ["en"]}


def test_only_approved_ones_are_listed_where_that_is_asked(recording: World) -> None:
    recording.script.templates = [
        replace(ORDER_CONFIRMATION, name=status.lower(), status=status)
        for status in ("APPROVED", "PAUSED", "REJECTED", "PENDING", "SOMETHING_NEW")
    ]

    assert [item.name for item in catalogue(recording).list("recorder", only_approved=True)] == ["approved"]
    assert catalogue(recording).count_approved("recorder") == 1
    assert len(names(recording)) == 5


def test_two_instances_have_catalogues_of_their_own(make_world: MakeWorld) -> None:
    providers = {"recorder": {}, "second": {"type": "recorder"}}
    world = make_world(WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="recorder")
    catalogue(world).sync("recorder")
    world.script.templates = []
    catalogue(world).sync("second")

    assert names(world) == ["order_confirmation"]
    assert catalogue(world).list("second") == []


def test_readings_at_the_same_time_leave_one_whole_list(any_recording: World) -> None:
    any_recording.script.templates = [replace(ORDER_CONFIRMATION, name=f"t{number}") for number in range(20)]

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: catalogue(any_recording).sync("recorder"), range(4)))

    assert counts == [20] * 4
    assert any_recording.count(StoredTemplate) == 20


def test_readings_that_fail_at_the_same_time_all_say_why(any_recording: World) -> None:
    any_recording.script.template_error = Retryable("Away.")

    def attempt(_: int) -> str:
        with pytest.raises(ProviderUnavailable) as refused:
            catalogue(any_recording).sync("recorder")
        return refused.value.message

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(attempt, range(4))) == {"The templates could not be read: Away."}
