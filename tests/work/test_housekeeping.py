"""What is older than its lifetime goes, however much there is of it, and in small pieces."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from factories import World
from flask_waapi.identifiers import uuid7
from flask_waapi.outgoing import outbox
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.storage.inbound_models import StoredCallback
from flask_waapi.storage.models import IdempotencyRecord
from flask_waapi.storage.webhook_models import WebhookDelivery, WebhookEndpoint

MANY = 1_200
"""More than twice what is deleted in one transaction."""

LONG_AGO = timedelta(days=40)


def add_callbacks(world: World, count: int) -> None:
    """Store callbacks that were applied at this moment."""
    now = world.clock()
    rows = [
        {"id": uuid7(now), "provider": "simulation", "received_at": now, "body": "", "due_at": None}
        | dict.fromkeys(("attempts", "applied", "unmatched", "parked"), 0)
        for _ in range(count)
    ]
    with world.services.store.begin() as session:
        session.execute(sa.insert(StoredCallback), rows)


def add_idempotency_keys(world: World, count: int) -> None:
    """Take idempotency keys at this moment."""
    now = world.clock()
    rows = [
        {
            "id": uuid7(now),
            "account": "default",
            "route": "live:text",
            "idempotency_key": str(number),
            "request_digest": bytes(32),
            "subject_id": uuid7(now),
            "created_at": now,
        }
        for number in range(count)
    ]
    with world.services.store.begin() as session:
        session.execute(sa.insert(IdempotencyRecord), rows)


def test_all_that_is_old_goes_at_once_and_what_is_not_stays(any_world: World) -> None:
    add_callbacks(any_world, MANY)
    add_idempotency_keys(any_world, MANY)
    any_world.clock.advance(LONG_AGO)
    add_callbacks(any_world, 1)

    any_world.work()

    assert any_world.count(StoredCallback) == 1
    assert any_world.count(IdempotencyRecord) == 0


def test_one_look_deletes_only_a_piece_so_that_other_jobs_have_their_turn(world: World) -> None:
    add_callbacks(world, MANY)
    add_idempotency_keys(world, MANY)
    world.clock.advance(LONG_AGO)

    world.services.worker.run_once()

    assert world.count(StoredCallback) == MANY - 500
    assert world.count(IdempotencyRecord) == MANY - 500


def test_where_nothing_is_old_it_is_looked_for_by_the_hour(world: World) -> None:
    add_callbacks(world, 1)
    world.clock.advance(timedelta(days=30))
    world.work()
    assert world.count(StoredCallback) == 1

    world.clock.advance(timedelta(minutes=59))
    world.work()
    assert world.count(StoredCallback) == 1

    world.clock.advance(timedelta(minutes=1))
    world.work()
    assert world.count(StoredCallback) == 0


def test_what_is_left_pending_at_a_disabled_endpoint_has_failed_in_the_end(any_world: World) -> None:
    webhooks, store, now = any_world.services.webhooks, any_world.services.store, any_world.clock()
    webhooks.endpoints.create("https://example.com/hook", ["*"], account="default", actor="ann")
    with store.begin() as session:
        outbox.publish(session, AccountEvent("message.sent", now, {}, "default"), now)
        session.execute(sa.update(WebhookEndpoint).values(state=outbox.DISABLED))

    any_world.work()

    with store.read() as session:
        assert session.scalars(sa.select(WebhookDelivery.state)).all() == ["failed"]
