"""From Meta's report to the customer's endpoint, over real sockets, with the background thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import factories
from callback_tasks import CLOUD, payload, post, status
from factories import World, add_messages, migrated
from flask_waapi.extension import utc_now
from reliability.webhooks import Customer, customer
from waiting import eventually


@contextmanager
def embedded(tmp_path: Path) -> Iterator[World]:
    """An app as it is by default, but for its provider and endpoints on this machine."""
    uri = migrated(f"sqlite:///{tmp_path / 'waapi.sqlite'}")
    settings = CLOUD | {"WAAPI_BACKGROUND_THREAD": True, "WAAPI_WEBHOOK_ALLOW_LOOPBACK": True}
    with factories.opened(uri, clock=utc_now, **settings) as world:
        yield world


def listen(world: World, listening: Customer, *events: str) -> None:
    """Make an endpoint for the customer."""
    with world.app.app_context():
        listening.secret = world.waapi.webhooks.create(listening.url, events or ["*"]).secret


def test_a_customer_hears_of_what_meta_reports(tmp_path: Path) -> None:
    with embedded(tmp_path) as world, customer() as listening:
        listen(world, listening, "message.delivered", "message.read")
        (uuid,) = add_messages(world, 1, provider="main")
        seconds = int(time.time())

        told = [status(name, "wamid.1", seconds, uuid) for name in ("read", "delivered", "sent")]
        assert post(world, payload(told[1:], told[:1])) == 200

        assert eventually(lambda: len(listening.told) == 2)
        assert listening.wrong == []
        assert world.message(uuid).status == "read"


def test_a_dead_endpoint_keeps_no_other_waiting(tmp_path: Path) -> None:
    with embedded(tmp_path) as world, customer() as listening:
        listen(world, listening)
        with world.app.app_context():
            # Nothing listens at port 1.
            world.waapi.webhooks.create("http://127.0.0.1:1/hooks", ["*"])
        uuids = add_messages(world, 20, provider="main")

        told = [status("delivered", f"wamid.{uuid}", int(time.time()), uuid) for uuid in uuids]
        assert post(world, payload(told)) == 200

        assert eventually(lambda: len(listening.told) == 20)

        def dead_one_fails() -> bool:
            with world.app.app_context():
                (dead,) = (found for found in world.waapi.webhooks.list() if ":1/" in found.url)
            return dead.failures > 0

        assert eventually(dead_one_fails)


def test_a_paused_endpoint_hears_afterwards_of_what_it_has_missed(tmp_path: Path) -> None:
    with embedded(tmp_path) as world, customer() as listening, customer() as other:
        listen(world, listening)
        listen(world, other)
        with world.app.app_context():
            endpoint = next(found for found in world.waapi.webhooks.list() if found.url == listening.url)
            world.waapi.webhooks.pause(endpoint.id)
        (uuid,) = add_messages(world, 1, provider="main")
        assert post(world, payload([status("delivered", "wamid.1", int(time.time()), uuid)])) == 200
        assert eventually(lambda: len(other.told) == 1)
        assert listening.told == {}

        with world.app.app_context():
            world.waapi.webhooks.resume(endpoint.id)

        assert eventually(lambda: len(listening.told) == 1)
        assert set(listening.told) == set(other.told)
        assert all(isinstance(event, UUID) for event in listening.told)
