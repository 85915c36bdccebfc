"""The status of a message is a fold that ignores order and repetition and never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import World, add_messages
from flask_waapi import StatusUpdate
from flask_waapi.messaging.status import MEANINGS, RECEIVED, STATUSES, Fact, rank
from flask_waapi.messaging.status import fold as fold_facts
from reports import apply

statuses = st.lists(st.sampled_from(STATUSES))
anything = st.lists(st.sampled_from(STATUSES) | st.text(max_size=12))


def fold(given_statuses: list[str]) -> str:
    """The fold of events of one round."""
    return fold_facts([Fact(1, status) for status in given_statuses])


@given(anything, st.randoms())
def test_order_does_not_matter(given_statuses: list[str], random: object) -> None:
    shuffled = list(given_statuses)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert fold(shuffled) == fold(given_statuses)


@given(anything)
def test_repetition_does_not_matter(given_statuses: list[str]) -> None:
    assert fold(given_statuses * 3) == fold(given_statuses)


@given(anything, anything)
def test_folding_in_batches_is_folding_at_once(first: list[str], second: list[str]) -> None:
    assert fold([fold(first), fold(second)]) == fold(first + second)


@given(statuses, st.sampled_from(STATUSES))
def test_one_more_event_never_takes_a_status_back(before: list[str], event: str) -> None:
    assert rank(fold([*before, event])) >= rank(fold(before))


@given(statuses, st.text().filter(lambda status: status not in STATUSES))
def test_an_unknown_status_changes_nothing(before: list[str], unknown: str) -> None:
    assert fold([*before, unknown]) == fold(before)


def test_nothing_is_queued() -> None:
    assert fold([]) == "queued"


@pytest.mark.parametrize(
    ("events", "status"),
    [
        (["queued"], "queued"),
        (["queued", "sent"], "sent"),
        (["queued", "unconfirmed"], "unconfirmed"),
        (["unconfirmed", "sent"], "sent"),
        (["unconfirmed", "failed"], "failed"),
        (["sent", "failed"], "failed"),
        (["failed", "sent"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["read", "delivered", "sent"], "read"),
        (["read"], "read"),
        (["played", "read"], "played"),
    ],
)
def test_the_highest_status_holds(events: list[str], status: str) -> None:
    assert fold(events) == status


def test_every_status_has_its_meaning() -> None:
    assert set(MEANINGS) == {*STATUSES, RECEIVED}
    assert sorted(STATUSES, key=rank) == list(STATUSES)


REPORTS = [
    StatusUpdate(status, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second), "")
    for second, status in enumerate(["sent", "delivered", "read", "failed"])
]


@settings(max_examples=20)
@given(st.permutations(REPORTS * 2), st.integers(1, 8))
def test_in_the_database_too_order_repetition_and_batching_do_not_matter(
    shared: World, order: list[StatusUpdate], batch: int
) -> None:
    (uuid,) = add_messages(shared, 1)
    ranks = []
    for start in range(0, len(order), batch):
        reports = [
            StatusUpdate(report.status, report.occurred_at, f"for {uuid}", message_uuid=uuid)
            for report in order[start : start + batch]
        ]
        assert apply(shared, "simulation", *reports).applied == len(reports)
        ranks.append(rank(shared.message(uuid).status))

    assert shared.message(uuid).status == "read"
    assert sorted(shared.events(uuid)) == ["delivered", "failed", "read", "sent"]
    assert ranks == sorted(ranks)
