"""A queue on RabbitMQ that belongs to one run."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import services


@contextmanager
def queue_of_this_run() -> Iterator[str]:
    """A name for a queue; what has that name is deleted afterwards."""
    name = f"waapi-test-{secrets.token_hex(6)}"
    try:
        yield name
    finally:
        delete(name)


def delete(name: str) -> None:
    """Delete the queue, and the exchange that Celery makes beside it."""
    from celery import Celery
    from kombu.exceptions import OperationalError

    broker = Celery("reliability", broker=services.location("rabbitmq"))
    with suppress(OperationalError, OSError), broker.connection_for_write(connect_timeout=5) as connection:
        for remove in ("queue_delete", "exchange_delete"):
            # A closed channel is how RabbitMQ tells that there is no such queue.
            with suppress(*connection.channel_errors), connection.channel() as channel:
                getattr(channel, remove)(name)
