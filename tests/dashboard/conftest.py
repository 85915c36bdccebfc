"""Hosts with a dashboard, closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard_host import Host
from dashboard_host import make_host as open_host
from factories import close_app

MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    """Makes hosts, each with a database of its own; takes what :func:`dashboard_host.make_host` takes."""
    hosts: list[Host] = []

    def make(*arguments: Any, **config: Any) -> Host:
        uri = f"sqlite:///{tmp_path / f'host{len(hosts)}.sqlite'}"
        hosts.append(open_host(uri, *arguments, **config))
        return hosts[-1]

    yield make
    for host in hosts:
        close_app(host.app)


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host on the simulation."""
    return make_host()


@pytest.fixture
def real_host(make_host: MakeHost) -> Host:
    """A host whose messages go to a provider that is not simulated."""
    return make_host(WAAPI_PROVIDERS={"recorder": {}})
