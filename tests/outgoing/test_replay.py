"""Deliveries made again on request, and the log that shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from flask_waapi.errors import NotFound, ValidationFailed
from flask_waapi.outgoing import replay as replay_module
from flask_waapi.testing import ManualClock

from .desk import OTHER_URL, URL, Desk, answer, opened

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


class TestOneDelivery:
    """``replay``"""

    def test_it_is_made_again_with_the_same_id_and_as_many_attempts_as_a_new_one(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        desk.deliver_all()

        replayed = desk.replays.replay("default", desk.delivery().id)

        assert (replayed.state, replayed.attempts, replayed.due_at) == ("pending", 0, desk.clock())
        desk.deliver_all()
        first, second = desk.internet.calls
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body

    def test_the_attempts_from_before_stay_in_the_log(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        desk.deliver_all()
        desk.clock.advance(1)
        desk.replays.replay("default", desk.delivery().id)
        desk.deliver_all()

        assert [attempt.attempt for attempt in desk.log.attempts("default", desk.delivery().id)] == [1, 1]

    def test_what_waits_for_its_next_attempt_is_tried_now(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(503, retry_after=HOUR)
        desk.endpoint()
        desk.publish()
        desk.deliver()

        desk.replays.replay("default", desk.delivery().id)

        assert desk.deliver() == 1

    def test_what_is_in_hand_stays_there(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()
        (claimed,) = desk.claim()

        desk.replays.replay("default", claimed.id)

        assert desk.claim() == []

    def test_that_of_another_account_is_unknown(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish()

        for delivery_id in (desk.delivery().id, uuid4(), "nonsense"):
            with pytest.raises(NotFound, match="There is no webhook delivery"):
                desk.replays.replay("other", delivery_id)

    def test_to_a_disabled_endpoint_it_is_refused(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(410)
        desk.endpoint()
        desk.publish()
        desk.deliver()

        with pytest.raises(ValidationFailed, match="answered 410 Gone"):
            desk.replays.replay("default", desk.delivery().id)


class TestSinceAMoment:
    """``replay_since``"""

    def test_what_was_delivered_failed_or_never_made_is_on_its_way(self, desk: Desk) -> None:
        desk.endpoint(OTHER_URL)
        since = desk.clock()
        missed = desk.publish()
        endpoint = desk.endpoint(URL)
        got = desk.publish()
        desk.deliver_all()
        desk.internet.calls.clear()

        replayed = desk.replays.replay_since("default", endpoint.id, since)

        assert (replayed.count, replayed.continue_from) == (2, None)
        desk.deliver_all()
        assert sorted(call.number for call in desk.internet.calls_to(URL)) == [missed, got]
        assert desk.internet.calls_to(OTHER_URL) == []

    def test_what_is_from_before_is_left_out(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish()
        desk.deliver_all()
        since = desk.clock.advance(1)
        desk.publish()
        desk.deliver_all()

        assert desk.replays.replay_since("default", endpoint.id, since).count == 1

    def test_what_is_pending_is_left_alone(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        since = desk.clock()
        desk.publish()

        assert desk.replays.replay_since("default", endpoint.id, since).count == 0

    def test_what_it_does_not_listen_to_is_left_out(self, desk: Desk) -> None:
        desk.endpoint(OTHER_URL)
        endpoint = desk.endpoint(URL, ["message.failed"])
        since = desk.clock()
        desk.publish("message.sent")
        desk.publish("message.failed")
        desk.deliver_all()

        assert desk.replays.replay_since("default", endpoint.id, since).count == 1

    def test_the_order_of_a_message_holds_for_what_was_never_made_too(self, desk: Desk) -> None:
        message = uuid4()
        desk.endpoint(OTHER_URL)
        since = desk.clock()
        desk.publish(message=message)
        endpoint = desk.endpoint(URL)
        desk.publish(message=message)
        desk.deliver_all()
        desk.internet.calls.clear()

        desk.replays.replay_since("default", endpoint.id, since)
        desk.deliver_all()

        assert [call.number for call in desk.internet.calls_to(URL)] == [1, 2]

    def test_no_more_than_a_bound_are_set_on_their_way_and_the_rest_can_follow(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(replay_module, "BATCH", 2)
        monkeypatch.setattr(replay_module, "MOST_REPLAYED", 4)
        endpoint = desk.endpoint()
        since = desk.clock()
        for _ in range(7):
            desk.publish()
            desk.clock.advance(1)
        desk.deliver_all()

        replayed = desk.replays.replay_since("default", endpoint.id, since)

        assert (replayed.count, replayed.continue_from) == (4, since + timedelta(seconds=4))
        assert replayed.continue_from is not None
        rest = desk.replays.replay_since("default", endpoint.id, replayed.continue_from)
        assert (rest.count, rest.continue_from) == (3, None)

    def test_a_moment_needs_its_zone(self, desk: Desk) -> None:
        endpoint = desk.endpoint()

        with pytest.raises(ValidationFailed, match="has no time zone"):
            desk.replays.replay_since("default", endpoint.id, datetime(2026, 1, 1))  # noqa: DTZ001

    def test_the_endpoint_of_another_account_is_unknown(self, desk: Desk) -> None:
        endpoint = desk.endpoint()

        with pytest.raises(NotFound):
            desk.replays.replay_since("other", endpoint.id, desk.clock())


class TestSendTest:
    """``send_test``"""

    def test_it_goes_to_that_endpoint_alone_whatever_it_listens_to(self, desk: Desk) -> None:
        endpoint = desk.endpoint(URL, ["key.expiring"])
        desk.endpoint(OTHER_URL)

        sent = desk.replays.send_test("default", endpoint.id)
        desk.deliver_all()

        (call,) = desk.internet.calls
        assert call.url == URL
        assert json.loads(call.body)["type"] == sent.event_type == "test"

    def test_it_is_not_replayed(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        since = desk.clock()
        desk.replays.send_test("default", endpoint.id)
        desk.deliver_all()

        assert desk.replays.replay_since("default", endpoint.id, since).count == 0

    def test_to_a_disabled_endpoint_it_is_refused(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(410)
        endpoint = desk.endpoint()
        desk.publish()
        desk.deliver()

        with pytest.raises(ValidationFailed, match="disabled"):
            desk.replays.send_test("default", endpoint.id)


class TestTheLog:
    """``log``"""

    def test_pages_are_newest_first_and_without_gaps(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish_many(7)
        pages: list[list[UUID]] = []
        cursor = None
        while not pages or cursor is not None:
            page = desk.log.page("default", endpoint.id, limit=3, cursor=cursor)
            pages.append([delivery.id for delivery in page.deliveries])
            cursor = page.next_cursor
            desk.publish()

        assert [len(page) for page in pages] == [3, 3, 1]
        found = [delivery_id for page in pages for delivery_id in page]
        assert all(later > earlier for later, earlier in pairwise(found))

    def test_a_state_can_be_asked_for(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish()
        desk.deliver_all()
        desk.publish("message.read")

        page = desk.log.page("default", endpoint.id, state="pending")

        assert [delivery.event_type for delivery in page.deliveries] == ["message.read"]

    def test_all_that_is_wrong_with_a_request_is_told(self, desk: Desk) -> None:
        endpoint = desk.endpoint()

        with pytest.raises(ValidationFailed) as refused:
            desk.log.page("default", endpoint.id, state="lost", limit=0, cursor="x")

        assert [fault.pointer for fault in refused.value.faults] == ["/state", "/limit", "/cursor"]

    def test_another_account_sees_nothing(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish()
        delivery = desk.delivery()

        with pytest.raises(NotFound):
            desk.log.page("other", endpoint.id)
        with pytest.raises(NotFound):
            desk.log.attempts("other", delivery.id)
        with pytest.raises(NotFound):
            desk.log.get("other", delivery.id)
        assert desk.log.get("default", delivery.id).event_type == "message.sent"
