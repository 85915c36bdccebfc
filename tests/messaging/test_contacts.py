"""Who wants marketing: the newest wish counts, in whatever order and however often it is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import RECIPIENT, TEXT_SEND, World, text_body
from flask_waapi import PreferenceUpdate, Refusal, StatusUpdate
from flask_waapi.storage.inbound_models import Contact
from flask_waapi.storage.webhook_models import WebhookEvent
from incoming import contact
from reports import apply


def wish(world: World, wants_marketing: bool, seconds: int = 0, number: str = RECIPIENT) -> PreferenceUpdate:
    """What a recipient has asked for, so many seconds from now."""
    return PreferenceUpdate(number, wants_marketing, world.clock() + timedelta(seconds=seconds))


def has_stopped(world: World) -> bool:
    """Whether the usual recipient wants no marketing."""
    known = contact(world)
    assert known is not None
    return known.marketing_stopped


def test_a_wish_is_kept_and_told(any_recording: World) -> None:
    tally = apply(any_recording, "recorder", wish(any_recording, False))

    assert has_stopped(any_recording)
    (event,) = tally.events
    assert (event.type, event.account) == ("contact.updated", "default")
    assert event.data == {"number": RECIPIENT, "marketing": "stopped", "provider": "recorder"}


def test_a_wish_is_told_to_the_accounts_that_have_written_to_who_has_it_and_to_no_other(
    any_recording: World,
) -> None:
    later = (any_recording.clock() + timedelta(days=1)).isoformat()
    sends = {
        "first": text_body(),
        "second": text_body(),
        "stranger": text_body(to="+4915112345678"),
        "planning": text_body(send_at=later),
    }
    for account, body in sends.items():
        with any_recording.app.app_context():
            any_recording.waapi.webhooks.create("https://example.com/hook", ["*"], account=account)
        any_recording.post(TEXT_SEND, body, any_recording.issue_key(account, account=account))

    tally = apply(any_recording, "recorder", wish(any_recording, False))

    assert [event.account for event in tally.events] == ["first", "second"]
    with any_recording.services.store.read() as session:
        told = sa.select(WebhookEvent.account).where(WebhookEvent.type == "contact.updated")
        assert sorted(session.scalars(told)) == ["first", "second"]


def test_an_account_whose_marketing_failed_over_a_wish_is_told_of_it(recording: World) -> None:
    recording.post(TEXT_SEND, text_body(), recording.issue_key("shop", account="shop"))
    failed = StatusUpdate("failed", recording.clock(), "recorder-1", refusal=Refusal("131050", "Stopped."))

    tally = apply(recording, "recorder", failed, wish(recording, False))

    assert {event.account for event in tally.events} == {"shop"}


def test_a_wish_can_be_taken_back(any_recording: World) -> None:
    apply(any_recording, "recorder", wish(any_recording, False))

    tally = apply(any_recording, "recorder", wish(any_recording, True, 1))

    assert not has_stopped(any_recording)
    assert [event.data["marketing"] for event in tally.events] == ["allowed"]


def test_a_wish_that_changes_nothing_is_not_told(recording: World) -> None:
    tally = apply(recording, "recorder", wish(recording, True), wish(recording, True, 1))

    assert (tally.applied, tally.events) == (2, [])


def test_the_same_wish_from_eight_threads_is_told_once(any_recording: World) -> None:
    told = wish(any_recording, False)

    with ThreadPoolExecutor(8) as pool:
        tallies = list(pool.map(lambda _: apply(any_recording, "recorder", told), range(8)))

    assert [tally.parked for tally in tallies] == [[]] * 8
    assert sum(len(tally.events) for tally in tallies) == 1


def test_a_wish_told_to_one_instance_says_nothing_to_another(any_recording: World) -> None:
    apply(any_recording, "recorder", wish(any_recording, False))

    assert contact(any_recording, provider="simulation") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(told=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=8), data=st.data())
def test_the_newest_wish_counts_in_any_order_and_repetition(
    shared_recording: World, told: list[tuple[int, bool]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(told + told[:2]))
    with shared_recording.services.store.begin() as session:
        session.execute(sa.delete(Contact))

    for seconds, wants_marketing in shuffled:
        apply(shared_recording, "recorder", wish(shared_recording, wants_marketing, seconds))

    newest = max(seconds for seconds, _ in told)
    wishes = {wants_marketing for seconds, wants_marketing in told if seconds == newest}
    assert has_stopped(shared_recording) == (False in wishes)
