"""Deliveries: claimed by lease, attempted at least once, recorded by whoever holds them, fair between all."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from standardwebhooks import Webhook

from flask_waapi.errors import StorageUnavailable
from flask_waapi.outgoing import fairness
from flask_waapi.outgoing.deliver import Deliverer
from flask_waapi.outgoing.deliveries import LEASE, Deliveries
from flask_waapi.outgoing.fairness import MOST_IN_HAND
from flask_waapi.outgoing.safe_http import UNREACHABLE, Answer
from flask_waapi.storage.webhook_models import WebhookEvent
from flask_waapi.testing import ManualClock
from flask_waapi.work.senders import Senders, of_webhooks

from .desk import OTHER_URL, URL, Desk, answer, opened


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


class TestAnAttempt:
    """What an endpoint gets, and what is kept of its answer."""

    def test_the_official_library_verifies_what_an_endpoint_gets(self, desk: Desk) -> None:
        secret = desk.issue().secret
        desk.publish()
        desk.deliver()

        (call,) = desk.internet.calls
        with desk.store.read() as session:
            body = session.scalars(sa.select(WebhookEvent.body)).one()
        assert call.body == body.encode()
        signed = Webhook(secret).sign(call.headers["webhook-id"], desk.clock(), call.body.decode())
        assert call.headers["webhook-signature"] == signed

    def test_the_headers_say_what_it_is_and_who_sends_it(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        desk.deliver()

        headers = desk.internet.calls[0].headers
        assert headers["content-type"] == "application/json"
        assert headers["user-agent"].startswith("flask-waapi/")
        assert headers["webhook-id"] == str(desk.delivery().event_id)
        assert headers["webhook-timestamp"] == str(int(desk.clock().timestamp()))

    def test_each_endpoint_that_listens_gets_it_and_no_other(self, desk: Desk) -> None:
        desk.endpoint(URL, ["message.sent"])
        desk.endpoint(OTHER_URL, ["message.failed"])
        desk.endpoint("https://example.net/hook", account="other")
        desk.publish("message.sent")

        desk.deliver_all()

        assert [call.url for call in desk.internet.calls] == [URL]

    def test_a_success_ends_it_and_is_in_the_log(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(204, "thanks")
        desk.endpoint()
        desk.publish()
        desk.deliver_all()

        delivery = desk.delivery()
        (attempt,) = desk.log.attempts("default", delivery.id)
        assert (delivery.state, delivery.attempts, delivery.due_at, delivery.claimed_at) == (
            "succeeded",
            1,
            None,
            None,
        )
        assert (attempt.attempt, attempt.attempted_at, attempt.duration_ms) == (1, desk.clock(), 120)
        assert (attempt.status, attempt.answer, attempt.problem) == (204, "thanks", None)

    def test_the_first_4000_characters_of_an_answer_are_kept(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(500, "ä" * 5_000)
        desk.endpoint()
        desk.publish()
        desk.deliver()

        (attempt,) = desk.log.attempts("default", desk.delivery().id)
        assert attempt.answer == "ä" * 4_000

    def test_how_long_it_took_not_to_reach_an_address_is_not_told(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(None, problem=UNREACHABLE, reason="10.0.0.1 is not public")
        desk.endpoint()
        desk.publish()
        desk.deliver()

        (attempt,) = desk.log.attempts("default", desk.delivery().id)
        assert (attempt.duration_ms, attempt.status, attempt.problem) == (0, None, UNREACHABLE)
        assert attempt.answer is None

    @pytest.mark.parametrize("status", [199, 300, 302, 400, 404, 500, 503])
    def test_what_is_not_2xx_is_tried_again(self, desk: Desk, status: int) -> None:
        desk.internet.answers[URL] = answer(status)
        desk.endpoint()
        desk.publish()
        desk.deliver()

        assert desk.states() == ["pending"]

    def test_a_transport_that_breaks_counts_as_an_attempt(self, desk: Desk) -> None:
        def broken() -> Answer:
            raise ValueError("a fault of ours")

        desk.internet.answers[URL] = broken
        desk.endpoint()
        desk.publish()
        desk.deliver()

        (attempt,) = desk.log.attempts("default", desk.delivery().id)
        assert attempt.problem == "The webhook could not be sent."
        assert desk.delivery().attempts == 1


class TestALease:
    """Who has a delivery in hand."""

    def test_nobody_else_gets_what_is_in_hand(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()

        assert len(desk.claim()) == 1
        desk.clock.advance(LEASE - timedelta(microseconds=1))
        assert desk.claim() == []

    def test_what_a_killed_process_had_in_hand_is_attempted_again_at_no_cost(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        desk.claim()
        desk.clock.advance(LEASE)

        desk.deliver_all()

        assert desk.delivery().state == "succeeded"
        assert desk.delivery().attempts == 1

    def test_a_repetition_has_the_same_id(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(500)
        desk.endpoint()
        desk.publish()
        desk.deliver()
        desk.clock.advance(5)
        desk.deliver()

        first, second = desk.internet.calls
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]

    def test_who_was_slow_records_nothing_once_another_has_claimed_it(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        (slow,) = desk.claim()

        def meanwhile() -> Answer:
            desk.internet.answers[URL] = answer(200)
            desk.clock.advance(LEASE)
            desk.deliver()
            return answer(500)

        desk.internet.answers[URL] = meanwhile
        desk.deliverer.attempt(slow)

        assert (desk.delivery().state, desk.delivery().attempts) == ("succeeded", 1)
        assert len(desk.log.attempts("default", desk.delivery().id)) == 1

    def test_who_was_slow_records_nothing_while_another_has_it_in_hand(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        (slow,) = desk.claim()
        desk.clock.advance(LEASE)
        (rival,) = desk.claim()

        desk.internet.answers[URL] = answer(500)
        desk.deliverer.attempt(slow)
        assert desk.deliverer.record_late() == 0
        assert (desk.delivery().state, desk.delivery().attempts) == ("pending", 0)

        desk.internet.answers[URL] = answer(200)
        desk.deliverer.attempt(rival)
        assert (desk.delivery().state, desk.delivery().attempts) == ("succeeded", 1)

    def test_who_was_slow_records_nothing_once_another_has_failed(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        (slow,) = desk.claim()

        def meanwhile() -> Answer:
            desk.internet.answers[URL] = answer(500)
            desk.clock.advance(LEASE)
            desk.deliver()
            return answer(200)

        desk.internet.answers[URL] = meanwhile
        desk.deliverer.attempt(slow)

        assert (desk.delivery().state, desk.delivery().attempts) == ("pending", 1)

    def test_what_is_handed_back_is_there_for_others(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        (claimed,) = desk.claim()
        desk.waiting.hand_back(claimed)

        assert desk.deliver_all() == 1

    def test_two_claims_at_once_get_different_deliveries(self, desk: Desk) -> None:
        for number in range(8):
            desk.endpoint(f"https://example.com/{number}")
        desk.publish_many(6)
        others = Deliveries(desk.store, desk.settings, desk.clock)
        start = threading.Barrier(2)

        def claim(waiting: Deliveries) -> list[Any]:
            start.wait()
            return [item.id for _ in range(4) for item in waiting.claim({})]

        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(claim, [desk.waiting, others])

        assert set(one) & set(other) == set()
        assert len(set(one)) == len(one)
        assert len(one) + len(other) > 0
        while claimed := desk.claim():
            one += [item.id for item in claimed]
        assert len({*one, *other}) == 48

    def test_an_endpoint_that_was_paused_meanwhile_gets_nothing(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish()
        (claimed,) = desk.claim()
        desk.endpoints.pause("default", endpoint.id, actor="tests")

        desk.deliverer.attempt(claimed)

        assert desk.internet.calls == []
        desk.endpoints.resume("default", endpoint.id, actor="tests")
        assert desk.deliver_all() == 1

    def test_an_endpoint_that_was_deleted_meanwhile_gets_nothing(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish()
        (claimed,) = desk.claim()
        desk.endpoints.delete("default", endpoint.id, actor="tests")

        desk.deliverer.attempt(claimed)

        assert desk.internet.calls == []


class TestFairness:
    """How much of what is taken up."""

    def test_no_more_than_the_concurrency_goes_to_one_endpoint(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish_many(10)

        assert len(desk.claim()) == 4
        assert desk.claim({endpoint.id.hex: 4}) == []
        assert len(desk.claim({endpoint.id.hex: 3})) == 1

    def test_an_endpoint_that_keeps_failing_gets_one_at_a_time(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(500)
        endpoint = desk.endpoint()
        desk.publish_many(20)
        desk.deliver()

        assert desk.look(endpoint).failures == 4
        assert len(desk.claim()) == 1
        assert desk.claim({endpoint.id.hex: 1}) == []

    def test_all_endpoints_together_get_no_more_than_there_are_threads(self, desk: Desk) -> None:
        accounts = ["one", "two", "three"]
        for number in range(30):
            desk.endpoint(f"https://example.com/{number}", account=accounts[number % 3])
        for count in (1, 4):
            desk.deliver_all()
            for account in accounts:
                desk.publish_many(count, account=account)

        assert len(desk.claim()) == MOST_IN_HAND
        assert desk.claim({"elsewhere": MOST_IN_HAND}) == []

    def test_endpoints_have_their_turns(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fairness, "MOST_IN_HAND", 8)
        for number in range(5):
            desk.endpoint(f"https://example.com/{number}")
        desk.publish_many(3)

        turns = [{item.endpoint_id for item in desk.claim()} for _ in range(3)]

        assert len(set.union(*turns)) == 5

    def test_ten_thousand_waiting_for_a_dead_endpoint_do_not_hold_up_another(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(None)
        dead = desk.endpoint(URL, ["message.failed"])
        desk.endpoint(OTHER_URL, ["message.sent"])
        desk.pile_up(dead, 10_000)
        desk.publish_many(40, "message.sent")

        for _ in range(10):
            desk.deliver()

        assert len(desk.internet.calls_to(OTHER_URL)) == 40
        assert len(desk.internet.calls_to(URL)) <= 4 + 9


class TestWithoutADatabase:
    """The database goes away while an endpoint is called."""

    @staticmethod
    def unavailable(*_: object) -> object:
        raise StorageUnavailable("The database cannot be reached.")

    def test_an_outcome_is_recorded_when_it_is_back(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.endpoint()
        desk.publish()
        with monkeypatch.context() as away:
            claimed = desk.claim()
            away.setattr(desk.store, "write", self.unavailable)
            desk.deliverer.attempt(claimed[0])
            with pytest.raises(StorageUnavailable):
                desk.deliverer.record_late()

        assert desk.deliverer.record_late() == 1
        assert desk.states() == ["succeeded"]
        assert desk.deliverer.record_late() == 0

    def test_an_outcome_that_is_refused_is_given_up_and_attempted_again(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*_: object) -> object:
            raise IntegrityError("INSERT", {}, Exception("refused"))

        desk.endpoint()
        desk.publish()
        with monkeypatch.context() as refusing:
            claimed = desk.claim()
            refusing.setattr(desk.store, "write", refused)
            desk.deliverer.attempt(claimed[0])
            assert desk.deliverer.record_late() == 1

        desk.clock.advance(LEASE)
        desk.deliver_all()
        assert len(desk.internet.calls) == 2
        assert desk.states() == ["succeeded"]


class TestThreads:
    """The deliverer at work in a process's threads."""

    def test_all_are_delivered_and_never_more_at_once_to_an_endpoint_than_allowed(self, desk: Desk) -> None:
        at_once: Counter[str] = Counter()
        most: Counter[str] = Counter()
        lock = threading.Lock()
        post = desk.internet.post

        def counted(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
            with lock:
                at_once[url] += 1
                most[url] = max(most[url], at_once[url])
            time.sleep(0.002)
            said = post(url, body, headers)
            with lock:
                at_once[url] -= 1
            return said

        desk.endpoint(URL)
        desk.endpoint(OTHER_URL)
        desk.publish_many(30)
        deliverer = Deliverer(desk.store, desk.settings, desk.clock, desk.told.append, counted)
        crew = Senders(lambda: None).employ(of_webhooks(desk.waiting, deliverer, 4))

        end = time.monotonic() + 30
        while "pending" in desk.states() and time.monotonic() < end:
            crew.take_up()
        crew.finish()

        assert desk.states() == ["succeeded"] * 60
        assert len(desk.internet.calls) == 60
        assert max(most.values()) <= 4
