"""Endpoints that are changed, switched off or deleted while events are published to them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from disconnections import on_servers
from flask_waapi.identifiers import uuid7
from flask_waapi.outgoing import outbox
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.storage.webhook_models import WebhookDelivery
from flask_waapi.testing import ManualClock
from lock_waits import wait_until_waiting
from waiting import PATIENCE

from .desk import URL, Desk, answer, opened


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


def event_of(desk: Desk, number: int = 1) -> AccountEvent:
    """Something to publish."""
    return AccountEvent("message.sent", desk.clock(), {"number": number}, "default")


@pytest.mark.parametrize(
    "migrated_uri", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_a_change_does_not_wait_for_transactions_that_have_published(desk: Desk) -> None:
    endpoint = desk.endpoint()
    with ThreadPoolExecutor(1) as pool, desk.store.begin() as session:
        outbox.publish(session, event_of(desk), desk.clock())
        pausing = pool.submit(desk.endpoints.pause, "default", endpoint.id, actor="ann")

        assert pausing.result(PATIENCE).state == "paused"


@on_servers
def test_a_deletion_waits_for_transactions_that_are_publishing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_meanwhile(*given: Any) -> UUID | None:
        last = last_of(*given)
        deletions.append(pool.submit(desk.endpoints.delete, "default", endpoint.id, actor="ann"))
        wait_until_waiting(desk.store)
        return last

    endpoint, last_of, deletions = desk.endpoint(), outbox._last_of, list[Future[None]]()
    monkeypatch.setattr(outbox, "_last_of", delete_meanwhile)
    with ThreadPoolExecutor(1) as pool:
        desk.publish(message=uuid7(desk.clock()))
        deletions[0].result(PATIENCE)

    assert desk.deliveries() == []
    assert desk.endpoints.list("default") == []


def test_however_much_is_pending_has_failed_when_an_endpoint_is_switched_off(desk: Desk) -> None:
    endpoint = desk.endpoint()
    desk.pile_up(endpoint, 2_500)
    desk.internet.answers[URL] = answer(410)
    desk.deliver()

    assert set(desk.states()) == {"failed"}


def test_what_was_published_while_an_endpoint_was_switched_off_fails_too(desk: Desk) -> None:
    endpoint = desk.endpoint()
    desk.internet.answers[URL] = answer(410)
    desk.publish()
    desk.deliver()
    # By a transaction that had read it as active.
    desk.pile_up(endpoint, 3)

    assert desk.deliverer.give_up() == 3
    assert set(desk.states()) == {"failed"}


def test_what_is_gathered_is_written_in_its_order_at_the_end(desk: Desk) -> None:
    desk.endpoint()
    with desk.store.begin() as session:
        with outbox.gathered(session):
            for number in range(3):
                outbox.publish(session, event_of(desk, number), desk.clock())
            assert session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery)) == 3
    desk.deliver_all()

    assert [call.number for call in desk.internet.calls] == [0, 1, 2]
