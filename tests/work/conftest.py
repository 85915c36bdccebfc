"""What the tests of the work share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .brokers import KINDS, Broker
from .brokers import broker as open_broker


@pytest.fixture(params=[pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in KINDS])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker with a queue of this test, once for each kind."""
    with open_broker(request.param) as opened:
        yield opened


@pytest.fixture
def rabbitmq() -> Iterator[Broker]:
    """RabbitMQ with a queue of this test."""
    with open_broker("rabbitmq") as opened:
        yield opened
