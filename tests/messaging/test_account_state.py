"""What providers say of their accounts: kept by subject, the newest report counting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from answers import data, error
from factories import RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import AccountUpdate
from flask_waapi.messaging.incoming.account_state import SEVERITIES, account_states, notices
from flask_waapi.storage.inbound_models import ProviderState
from reports import apply


def update(world: World, seconds: int = 0, **members: Any) -> AccountUpdate:
    """A report of so many seconds from now."""
    told = {"subject": "restriction", "summary": "The account is restricted."} | members
    return AccountUpdate(occurred_at=world.clock() + timedelta(seconds=seconds), **told)


def summaries(world: World) -> list[str]:
    """What is known, newest first."""
    return [state.summary for state in account_states(world.services.store)]


def test_what_an_account_may_not_send_is_refused_until_it_may_again(any_recording: World) -> None:
    any_recording.services.catalogue.sync("recorder")
    stopped = update(any_recording, 1, severity="critical", stops=frozenset({"template"}))
    apply(any_recording, "recorder", stopped)

    refused = error(any_recording.send(), 409, "ACCOUNT_RESTRICTED")
    data(any_recording.post(TEXT_SEND, text_body()), 201)
    apply(any_recording, "recorder", update(any_recording, 2, summary="All is well."))

    assert "The account is restricted." in refused["message"]
    data(any_recording.send(), 201)


def test_a_restriction_ends_by_itself(any_recording: World) -> None:
    ends = any_recording.clock() + timedelta(hours=1)
    restricted = update(any_recording, stops=frozenset({"free_form"}), severity="critical", until=ends)
    apply(any_recording, "recorder", restricted)

    error(any_recording.post(TEXT_SEND, text_body()), 409, "ACCOUNT_RESTRICTED")
    any_recording.clock.advance(timedelta(hours=1))

    data(any_recording.post(TEXT_SEND, text_body()), 201)
    states = account_states(any_recording.services.store)
    assert notices(states, any_recording.clock()) == []


def test_a_simulated_message_is_not_stopped(recording: World) -> None:
    apply(recording, "recorder", update(recording, stops=frozenset({"free_form"})))

    data(recording.post(TEXT_SEND, text_body(simulate=True)), 201)


def test_each_change_is_told_to_every_account(any_recording: World) -> None:
    restricted = update(any_recording, severity="critical", stops=frozenset({"template", "free_form"}))

    (told,) = apply(any_recording, "recorder", restricted, restricted).events

    assert (told.type, told.account) == ("account.updated", None)
    assert told.data["stops"] == ["free_form", "template"]
    assert apply(any_recording, "recorder", restricted).events == []


def test_what_is_harmless_is_no_notice(recording: World) -> None:
    apply(
        recording,
        "recorder",
        update(recording, subject="quality", summary="Fine."),
        update(recording, subject="alert", summary="Look.", severity="warning"),
    )

    states = account_states(recording.services.store, "recorder")
    assert [state.summary for state in notices(states, recording.clock())] == ["Look."]
    assert account_states(recording.services.store, "simulation") == []


REPORTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "seconds": st.integers(0, 3),
        "severity": st.sampled_from(["info", "warning", "critical"]),
        "summary": st.sampled_from(["one", "another"]),
        "stops": st.sampled_from([frozenset[str](), frozenset({"template"})]),
        "details": st.sampled_from([{}, {"a": 1}, {"a": [None]}]),
    }
)


@settings(max_examples=60)
@given(st.lists(REPORTS, min_size=1, max_size=5), st.data())
def test_the_newest_report_counts_in_any_order_and_repetition(
    shared_recording: World, told: list[dict[str, Any]], data: st.DataObject
) -> None:
    ends = []
    for order in (told, data.draw(st.permutations(told + told[:2]))):
        with shared_recording.services.store.begin() as session:
            session.execute(sa.delete(ProviderState))
        for members in order:
            apply(shared_recording, "recorder", update(shared_recording, **members))
        again = [update(shared_recording, **members) for members in told]
        assert apply(shared_recording, "recorder", *again).events == []
        (state,) = account_states(shared_recording.services.store)
        ends.append((state.occurred_at, state.severity, state.summary, state.stops, state.details))

    assert ends[0] == ends[1]
    newest = [members for members in told if members["seconds"] == max(each["seconds"] for each in told)]
    assert ends[0][1] == max((members["severity"] for members in newest), key=SEVERITIES.index)


def test_the_gravest_notice_comes_first(recording: World) -> None:
    for second, severity in enumerate(["critical", "warning", "info"]):
        told = update(recording, second, subject=severity, summary=severity, severity=severity)
        apply(recording, "recorder", told)

    states = account_states(recording.services.store)
    assert [state.summary for state in states] == ["info", "warning", "critical"]
    assert [state.summary for state in notices(states, recording.clock())] == ["critical", "warning"]


def test_two_processes_that_hear_of_something_new_at_once_keep_it_once(
    make_world: MakeWorld, migrated_uri: str
) -> None:
    worlds = [make_world(database_uri=migrated_uri, **RECORDING) for _ in range(4)]

    for round_ in range(5):
        told = [update(worlds[0], 0, subject=f"subject {round_} {index}") for index in range(5)]
        with ThreadPoolExecutor(4) as pool:
            tallies = list(pool.map(lambda world, told=told: apply(world, "recorder", *told), worlds))
        assert [tally.parked for tally in tallies] == [[]] * 4

    assert len(summaries(worlds[0])) == 25


def test_odd_words_of_a_provider_fit(any_recording: World) -> None:
    odd = update(
        any_recording,
        subject="s" * 500 + "\0",
        summary="\0" + "x" * 5_000,
        severity="unheard of",
        details={"nul": "\0"},
    )

    assert apply(any_recording, "recorder", odd).parked == []
    (state,) = account_states(any_recording.services.store)
    assert (len(state.subject), len(state.summary), state.severity) == (64, 2_000, "warning")
