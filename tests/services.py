"""The servers and programs some tests need: are they there, where, and what to do if not.

A test names its need by a marker (``@pytest.mark.redis``) or by ``services.require("redis")``.
When the service does not answer, the test is left out with the reason, unless
``WAAPI_TEST_REQUIRE`` says that it must run: ``all``, or a list such as ``postgresql,redis``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

PATIENCE = 1.0  # seconds a service has to answer, so that a missing one costs next to nothing


@dataclass(frozen=True)
class Service:
    """One thing outside this process that tests talk to."""

    name: str
    variable: str  # the environment variable that names another place
    default: str
    modules: tuple[str, ...]  # Python packages without which the service is of no use
    extra: str
    start: str
    probe: Callable[[str], None]  # raises when the service does not answer


def _probe_database(uri: str) -> None:
    host_and_port = sa.make_url(uri)
    _connect(host_and_port.host or "127.0.0.1", host_and_port.port or 0)
    with _admin_engine(uri).connect() as connection:
        connection.execute(sa.text("SELECT 1"))


def _probe_redis(uri: str) -> None:
    _converse(uri, 6379, b"PING\r\n", b"+PONG")


def _probe_rabbitmq(uri: str) -> None:
    # A broker answers the protocol header with Connection.Start: a method frame on channel 0.
    _converse(uri, 5672, b"AMQP\x00\x00\x09\x01", b"\x01\x00\x00")


def _probe_program(path: str) -> None:
    if shutil.which(path) is None:
        raise FileNotFoundError(f"no program {path}")


def _connect(host: str, port: int) -> None:
    socket.create_connection((host, port), timeout=PATIENCE).close()


def _converse(uri: str, default_port: int, question: bytes, answer: bytes) -> None:
    parts = urlsplit(uri)
    address = (parts.hostname or "127.0.0.1", parts.port or default_port)
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(question)
        heard = connection.recv(64)
    if not heard.startswith(answer):
        raise ConnectionError(f"it answered {heard[:20]!r}")


SERVICES = {
    service.name: service
    for service in (
        Service(
            name="postgresql",
            variable="WAAPI_TEST_POSTGRESQL_URI",
            default="postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
            modules=("psycopg",),
            extra="postgresql",
            start="start a PostgreSQL server, for instance: pg_ctlcluster 15 main start",
            probe=_probe_database,
        ),
        Service(
            name="mariadb",
            variable="WAAPI_TEST_MARIADB_URI",
            default="mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4",
            modules=("pymysql",),
            extra="mysql",
            start="start a MariaDB or MySQL server, for instance: mariadbd --user=mysql",
            probe=_probe_database,
        ),
        Service(
            name="redis",
            variable="WAAPI_TEST_REDIS_URI",
            default="redis://127.0.0.1:6379/15",
            modules=("redis",),
            extra="redis",
            start="start a Redis server: redis-server",
            probe=_probe_redis,
        ),
        Service(
            name="rabbitmq",
            variable="WAAPI_TEST_RABBITMQ_URI",
            default="amqp://guest:guest@127.0.0.1:5672//",
            modules=("celery",),
            extra="celery",
            start="start a RabbitMQ server: rabbitmq-server -detached",
            probe=_probe_rabbitmq,
        ),
        Service(
            name="browser",
            variable="WAAPI_TEST_CHROMIUM",
            default="/usr/bin/chromium",
            modules=("playwright", "axe_playwright_python"),
            extra="test",
            start="install Chromium: scripts/install-debian-packages",
            probe=_probe_program,
        ),
        Service(
            name="curl",
            variable="WAAPI_TEST_CURL",
            default="curl",
            modules=(),
            extra="test",
            start="install curl",
            probe=_probe_program,
        ),
        Service(
            name="node",
            variable="WAAPI_TEST_NODE",
            default="node",
            modules=(),
            extra="test",
            start="install Node 18 or newer",
            probe=_probe_program,
        ),
        Service(
            name="php",
            variable="WAAPI_TEST_PHP",
            default="php",
            modules=(),
            extra="test",
            start="install PHP with its curl extension: scripts/install-debian-packages",
            probe=_probe_program,
        ),
        Service(
            name="go",
            variable="WAAPI_TEST_GO",
            default="go",
            modules=(),
            extra="test",
            start="install Go: scripts/install-debian-packages",
            probe=_probe_program,
        ),
        Service(
            name="httpx",
            variable="WAAPI_TEST_PYTHON",
            default=sys.executable,
            modules=("httpx",),
            extra="test",
            start="install httpx",
            probe=_probe_program,
        ),
        Service(
            name="httpie",
            variable="WAAPI_TEST_HTTPIE",
            default=str(Path(sys.executable).with_name("http")),
            modules=("httpie",),
            extra="test",
            start="install HTTPie",
            probe=_probe_program,
        ),
    )
}


def location(name: str) -> str:
    """The URI (for the browser: the path) at which tests reach a service."""
    service = SERVICES[name]
    return os.environ.get(service.variable) or service.default


@cache
def missing(name: str) -> str | None:
    """Why a service cannot be used and what to do about it; None when it can. Asked once a run."""
    service = SERVICES[name]
    for module in service.modules:
        if find_spec(module) is None:
            install = f'pip install "flask-waapi[{service.extra}]"'
            return f"needs {name}: the Python package {module} is not installed ({install})"
    try:
        service.probe(location(name))
    except (OSError, sa.exc.SQLAlchemyError) as error:
        fault = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return f"needs {name}: {fault}; {service.start}, or set {service.variable}"
    return None


def must_run(name: str) -> bool:
    """Whether ``WAAPI_TEST_REQUIRE`` makes a missing service a failure."""
    wanted = {part.strip() for part in os.environ.get("WAAPI_TEST_REQUIRE", "").split(",")}
    return "all" in wanted or name in wanted


def require(name: str) -> str:
    """The location of a service that answers; otherwise the calling test is left out, or fails."""
    reason = missing(name)
    if reason is None:
        return location(name)
    if must_run(name):
        pytest.fail(f"{reason} (WAAPI_TEST_REQUIRE does not let it be left out)", pytrace=False)
    pytest.skip(reason)


class ThrowAwayDatabase:
    """A database of this test run alone on a PostgreSQL or MariaDB server."""

    def __init__(self, admin_uri: str) -> None:
        self._admin_uri = admin_uri
        self._is_postgresql = admin_uri.startswith("postgresql")
        self.name = f"waapi_test_{secrets.token_hex(6)}"
        url = sa.make_url(admin_uri).set(database=self.name)
        self.uri = url.render_as_string(hide_password=False)
        self._create()

    def empty(self) -> None:
        """Removes all tables, after ending the connections that earlier tests left open."""
        if self._is_postgresql:
            # A new schema costs a tenth of a new database.
            with _admin_engine(self.uri).connect() as connection:
                self._end_connections(connection)
                connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                connection.execute(sa.text("CREATE SCHEMA public"))
        else:
            self.drop()
            self._create()

    def drop(self) -> None:
        """Removes the database."""
        with _admin_engine(self._admin_uri).connect() as connection:
            self._end_connections(connection)
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {self.name}"))

    def _create(self) -> None:
        charset = "ENCODING 'UTF8' TEMPLATE template0" if self._is_postgresql else "CHARSET utf8mb4"
        with _admin_engine(self._admin_uri).connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {self.name} {charset}"))

    def _end_connections(self, connection: sa.Connection) -> None:
        if self._is_postgresql:
            end = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = :name AND pid <> pg_backend_pid()"
            )
            connection.execute(sa.text(end), {"name": self.name})
            return
        find = "SELECT id FROM information_schema.processlist WHERE db = :name"
        for number in connection.scalars(sa.text(find), {"name": self.name}).all():
            with suppress(sa.exc.DBAPIError):  # it may have ended by itself in between
                connection.execute(sa.text(f"KILL {int(number)}"))


def _admin_engine(uri: str) -> sa.Engine:
    patience = max(1, int(PATIENCE))
    return sa.create_engine(
        uri,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"connect_timeout": patience},
    )
