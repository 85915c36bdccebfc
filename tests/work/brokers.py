"""Real brokers for Celery: with queues of a test's own, behind a gateway that can refuse and hang."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import services
from reliability.gateway import HOST, Gateway

if TYPE_CHECKING:
    from celery import Celery

KINDS = ("rabbitmq", "redis")
REDIS_DATABASE = "/13"
PORTS = {"rabbitmq": 5672, "redis": 6379}


@dataclass(frozen=True)
class Broker:
    """A broker of one test.

    :param gateway: the only way to it at :attr:`uri`.
    :param queue: the name of a queue that nobody else uses.
    """

    kind: str
    gateway: Gateway
    direct_uri: str
    queue: str

    @property
    def uri(self) -> str:
        """Where it is, behind the gateway."""
        parts = urlsplit(self.direct_uri)
        user = parts.netloc.rpartition("@")[0]
        place = f"{HOST}:{self.gateway.port}"
        return urlunsplit(parts._replace(netloc=f"{user}@{place}" if user else place))

    def celery(self, **conf: Any) -> Celery:
        """A Celery app on it, behind the gateway."""
        return make_celery(self.uri, self.queue, **conf)

    def waiting(self, queue: str = "") -> int:
        """How many tasks wait in the queue."""
        with make_celery(self.direct_uri, self.queue).connection_for_write() as connection:
            channel = connection.default_channel
            try:
                count = channel.queue_declare(queue or self.queue, passive=True).message_count
            except connection.channel_errors:
                return 0  # there is no such queue yet
            return int(count)


def make_celery(uri: str, queue: str, **conf: Any) -> Celery:
    """A Celery app with a queue of its own, that leaves nothing else on the broker."""
    from celery import Celery

    celery = Celery("tests", broker=uri, set_as_current=False)
    celery.conf.update(
        task_default_queue=queue,
        broker_connection_retry_on_startup=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        **conf,
    )
    return celery


@contextmanager
def broker(kind: str) -> Iterator[Broker]:
    """A broker, or the calling test is left out; its queues are deleted at the end."""
    uri = services.require(kind)
    if kind == "redis":
        uri = urlunsplit(urlsplit(uri)._replace(path=REDIS_DATABASE))
    parts = urlsplit(uri)
    queue = f"waapi-test-{secrets.token_hex(6)}"
    with Gateway(parts.hostname or HOST, parts.port or PORTS[kind]) as gateway:
        try:
            yield Broker(kind, gateway, uri, queue)
        finally:
            for name in (queue, other_queue(queue)):
                _delete(uri, name)


def other_queue(queue: str) -> str:
    """The name of a second queue of the same test."""
    return f"{queue}-other"


def _delete(uri: str, queue: str) -> None:
    with make_celery(uri, queue).connection_for_write() as connection:
        for remove in ("queue_delete", "exchange_delete"):
            with suppress(*connection.channel_errors), connection.channel() as channel:
                getattr(channel, remove)(queue)
        if connection.transport.driver_type == "redis":
            client = connection.default_channel.client
            client.delete(queue, f"_kombu.binding.{queue}", f"_kombu.binding_permanent.{queue}")
