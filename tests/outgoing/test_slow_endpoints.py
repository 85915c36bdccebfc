"""Endpoints that hold their answers back, or fail, leave room for the others: of their account and of any."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from flask_waapi.outgoing.deliveries import ClaimedDelivery
from flask_waapi.outgoing.endpoints import MOST_ENDPOINTS, EndpointView
from flask_waapi.outgoing.fairness import MOST_IN_HAND, QUICK, Speeds
from flask_waapi.outgoing.safe_http import Answer
from flask_waapi.testing import ManualClock
from flask_waapi.work.senders import Senders, of_webhooks

from .desk import URL, Desk, answer, opened

PATIENCE = 60.0
HALF, QUARTER = MOST_IN_HAND // 2, MOST_IN_HAND // 4
SLOWLY = replace(answer(200), duration=QUICK + timedelta(milliseconds=1))


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


def endpoints(desk: Desk, count: int, account: str, said: Answer) -> list[EndpointView]:
    """So many endpoints of an account, each of which has been tried and has answered this."""
    made = []
    for _ in range(count):
        url = f"https://example.com/{len(desk.internet.answers)}"
        desk.internet.answers[url] = said
        made.append(desk.endpoint(url, account=account))
    for _ in range(3):
        desk.publish(account=account)
        desk.deliver_all()
    return made


def claim_all(desk: Desk, held: Sequence[ClaimedDelivery] = ()) -> list[ClaimedDelivery]:
    """What is taken in hand until no more is, none of it being done."""
    taken: list[ClaimedDelivery] = []
    while claimed := desk.claim(Counter(item.group for item in [*held, *taken])):
        taken += claimed
    return taken


def test_an_account_whose_endpoints_hold_their_answers_back_leaves_room_for_another(desk: Desk) -> None:
    released = threading.Event()

    def held() -> Answer:
        assert released.wait(PATIENCE)
        return SLOWLY

    for number in range(MOST_ENDPOINTS):
        url = f"https://example.com/{number}"
        desk.internet.answers[url] = held
        desk.endpoint(url, account="slow")
    desk.endpoint(URL, account="live")
    desk.publish_many(3, account="slow")
    crew = Senders(lambda: None).employ(of_webhooks(desk.waiting, desk.deliverer, 4))
    while crew.take_up():
        pass
    desk.publish_many(60, account="live")

    end = time.monotonic() + PATIENCE
    while len(desk.internet.calls_to(URL)) < 60 and time.monotonic() < end:
        crew.take_up()
    delivered = len(desk.internet.calls_to(URL))
    states = set(desk.states())
    released.set()
    crew.finish()

    assert delivered == 60
    assert "pending" in states


def test_an_account_has_half_of_the_slots_at_most(desk: Desk) -> None:
    endpoints(desk, 5, "one", answer(200))
    endpoints(desk, 5, "other", answer(200))
    desk.publish_many(5, account="one")

    held = claim_all(desk)
    desk.publish_many(5, account="other")

    assert len(held) == HALF
    assert len(claim_all(desk, held)) == HALF


def test_slots_are_divided_by_account_before_they_are_by_endpoint(desk: Desk) -> None:
    endpoints(desk, 8, "one", answer(200))
    (alone,) = endpoints(desk, 1, "other", answer(200))
    desk.publish_many(5, account="one")
    desk.publish_many(5, account="other")

    assert sum(item.endpoint_id == alone.id for item in desk.claim({"elsewhere": MOST_IN_HAND - 6})) == 3


def test_what_one_endpoint_leaves_of_its_share_falls_to_others(desk: Desk) -> None:
    endpoints(desk, 1, "one", answer(200))
    endpoints(desk, 5, "other", answer(200))
    desk.publish(account="one")
    desk.publish_many(5, account="other")

    assert len(desk.claim()) == 1 + HALF


def test_the_account_that_was_served_least_recently_goes_first(desk: Desk) -> None:
    endpoints(desk, 5, "one", answer(200))
    endpoints(desk, 5, "other", answer(200))
    desk.publish_many(5, account="one")
    desk.publish_many(5, account="other")
    only_one_free = {"elsewhere": MOST_IN_HAND - 1}
    accounts = {view.id: view.account for name in ("one", "other") for view in desk.endpoints.list(name)}

    served = [accounts[item.endpoint_id] for _ in range(6) for item in desk.claim(only_one_free)]

    assert served in (["one", "other"] * 3, ["other", "one"] * 3)


@pytest.mark.parametrize("said", [SLOWLY, answer(500)], ids=["slow", "failing"])
def test_an_accounts_endpoints_of_which_little_is_to_be_hoped_have_half_of_its_slots(
    desk: Desk, said: Answer
) -> None:
    (live,) = endpoints(desk, 1, "one", answer(200))
    endpoints(desk, 9, "one", said)
    desk.clock.advance(timedelta(hours=1))
    desk.publish_many(5, account="one")

    claimed = claim_all(desk)

    of_live = [item for item in claimed if item.endpoint_id == live.id]
    assert (len(of_live), len(claimed)) == (4, 4 + QUARTER)


@pytest.mark.parametrize("said", [SLOWLY, answer(500)], ids=["slow", "failing"])
def test_all_endpoints_of_which_little_is_to_be_hoped_have_half_of_the_slots(
    desk: Desk, said: Answer
) -> None:
    accounts = ["one", "two", "three", "four"]
    for account in accounts:
        endpoints(desk, 5, account, said)
    desk.clock.advance(timedelta(hours=1))
    for account in accounts:
        desk.publish_many(5, account=account)

    assert len(claim_all(desk)) == HALF


def test_of_one_that_was_not_tried_yet_nobody_knows_that_it_is_quick(desk: Desk) -> None:
    for number in range(5):
        desk.endpoint(f"https://example.com/{number}")
    desk.publish_many(5)

    assert len(claim_all(desk)) == QUARTER


def test_one_that_answers_quickly_again_is_as_good_as_any(desk: Desk) -> None:
    for made in endpoints(desk, 5, "one", SLOWLY):
        desk.internet.answers[made.url] = answer(200)
    desk.publish(account="one")
    desk.deliver_all()
    desk.publish_many(5, account="one")

    assert len(claim_all(desk)) == HALF


def test_one_that_is_paused_while_it_holds_slots_counts_still(desk: Desk) -> None:
    made = endpoints(desk, 5, "one", answer(200))
    desk.publish_many(5, account="one")
    held = desk.claim()
    for endpoint in made[:4]:
        desk.endpoints.pause("one", endpoint.id, actor="tests")

    assert len(held) == HALF
    assert desk.claim(Counter(item.group for item in held)) == []


def test_only_so_many_are_known_to_be_quick(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    monkeypatch.setattr("flask_waapi.outgoing.fairness.MOST_KNOWN", 2)
    speeds, ids = Speeds(), [view.id for view in endpoints(desk, 3, "one", answer(200))]
    for endpoint_id in ids:
        speeds.note(endpoint_id, QUICK)

    assert [endpoint_id in speeds for endpoint_id in ids] == [False, True, True]
