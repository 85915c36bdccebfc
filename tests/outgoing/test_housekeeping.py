"""What is done by the hour: the old log is forgotten, keys that expire are told of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from flask_waapi.access.key_fields import KeyFields
from flask_waapi.access.key_views import KeyView
from flask_waapi.access.keys import Keys
from flask_waapi.outgoing import forgetting
from flask_waapi.outgoing.expiring_keys import tell_expiring
from flask_waapi.storage.webhook_models import WebhookAttempt, WebhookDelivery, WebhookEvent
from flask_waapi.testing import ManualClock

from .desk import URL, Desk, answer, opened

DAY = timedelta(days=1)


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


def rows(desk: Desk) -> list[int | None]:
    """How many events, deliveries and attempts there are."""
    with desk.store.read() as session:
        return [
            session.scalar(sa.select(sa.func.count()).select_from(model))
            for model in (WebhookEvent, WebhookDelivery, WebhookAttempt)
        ]


def forget(desk: Desk, before: datetime) -> int:
    """What the job does."""
    return desk.store.write(lambda session: forgetting.forget(session, before))


class TestForget:
    """The log of webhooks"""

    def test_what_is_older_goes_with_its_deliveries_and_attempts(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish_many(3)
        desk.deliver_all()
        desk.clock.advance(1)
        desk.publish()
        desk.deliver_all()

        assert forget(desk, desk.clock()) == 3
        assert rows(desk) == [1, 1, 1]

    def test_what_is_yet_to_be_delivered_stays(self, desk: Desk) -> None:
        desk.internet.answers[URL] = answer(500)
        desk.endpoint()
        desk.publish()
        desk.deliver_all()

        assert forget(desk, desk.clock() + DAY) == 0
        assert rows(desk) == [1, 1, 1]

    def test_it_goes_in_batches(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(forgetting, "BATCH", 2)
        desk.endpoint()
        desk.publish_many(5)
        desk.deliver_all()
        later = desk.clock() + DAY

        assert [forget(desk, later) for _ in range(4)] == [2, 2, 1, 0]


class TestExpiringKeys:
    """``key.expiring``"""

    @staticmethod
    def issue(desk: Desk, expires_at: datetime | None, name: str = "shop") -> KeyView:
        """Make a key."""
        fields = KeyFields(name, expires_at=expires_at)
        return Keys(desk.store, desk.settings, desk.clock).issue(fields, account="default", actor="tests").key

    @staticmethod
    def look(desk: Desk) -> int:
        """What the job does."""
        return tell_expiring(desk.store, desk.clock, desk.told.append)

    def test_a_key_is_told_of_a_week_before_its_end_and_once(self, desk: Desk) -> None:
        desk.endpoint(URL, ["key.expiring"])
        key = self.issue(desk, desk.clock() + 8 * DAY)
        assert self.look(desk) == 0
        desk.clock.advance(DAY)

        assert [self.look(desk), self.look(desk)] == [1, 0]
        (event,) = desk.told
        assert (event.type, event.account) == ("key.expiring", "default")
        assert event.data == {
            "key_id": str(key.id),
            "name": "shop",
            "masked": key.masked,
            "expires_at": "2026-01-09T00:00:00.000000Z",
        }
        assert desk.deliver_all() == 1

    def test_it_is_told_once_though_no_endpoint_listens(self, desk: Desk) -> None:
        self.issue(desk, desk.clock() + DAY)

        assert [self.look(desk), self.look(desk)] == [1, 0]
        assert rows(desk) == [1, 0, 0]

    def test_a_key_that_is_off_or_expired_or_never_expires_is_not_told_of(self, desk: Desk) -> None:
        off = self.issue(desk, desk.clock() + 2 * DAY, "off")
        Keys(desk.store, desk.settings, desk.clock).set_enabled("default", str(off.id), False, actor="tests")
        self.issue(desk, desk.clock() + DAY, "expired")
        self.issue(desk, None, "for ever")
        desk.clock.advance(DAY)

        assert self.look(desk) == 0

    def test_what_was_told_is_not_forgotten_while_it_could_be_found_again(self, desk: Desk) -> None:
        self.issue(desk, desk.clock() + 7 * DAY)
        self.look(desk)
        desk.clock.advance(7 * DAY - timedelta(seconds=1))

        assert forget(desk, desk.clock() - timedelta(hours=1)) == 0
        assert self.look(desk) == 0
        desk.clock.advance(3 * DAY)
        assert forget(desk, desk.clock() - timedelta(hours=1)) == 1

    def test_of_two_processes_one_tells(self, desk: Desk) -> None:
        for number in range(5):
            self.issue(desk, desk.clock() + DAY, f"key {number}")
        start = threading.Barrier(2)

        def look(_: int) -> int:
            start.wait()
            return self.look(desk)

        with ThreadPoolExecutor(2) as pool:
            counts = list(pool.map(look, range(2)))

        assert sum(counts) == 5
        assert len({UUID(event.data["key_id"]) for event in desk.told}) == len(desk.told) == 5
