"""The database away: refused, lost, back again."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from answers import error
from disconnections import cut, on_servers
from factories import MESSAGES, TEXT_SEND, MakeWorld, World, close_app, text_body
from flask_waapi import WaApi
from flask_waapi.errors import StorageBusy, StorageUnavailable
from flask_waapi.storage.models import TemplateSync

KEY = "wak_live_00000000000000000000000000000000"


@pytest.fixture(
    params=[
        pytest.param("postgresql+psycopg", marks=pytest.mark.postgresql),
        pytest.param("mysql+pymysql", marks=pytest.mark.mariadb),
    ]
)
def refusing(request: pytest.FixtureRequest) -> Iterator[World]:
    """An app whose database server is not there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = Flask("bare")
    app.config.update(
        SECRET_KEY="a secret of tests",
        WAAPI_BACKGROUND_THREAD=False,
        WAAPI_DATABASE_URI=f"{request.param}://shop:the-password@127.0.0.1:{port}/shop",
    )
    waapi = WaApi(app)
    yield World(app, waapi, None, None, None)  # type: ignore[arg-type]
    close_app(app)


def key() -> str:
    """A key that is well-formed, so that the database is asked for it."""
    from flask_waapi.access import secrets

    return KEY + secrets._checksum(KEY)


@pytest.mark.parametrize("way", ["read", "begin"])
def test_a_refused_connection_is_told_as_such(refusing: World, way: str) -> None:
    unit: Callable[[], AbstractContextManager[Session]] = getattr(refusing.services.store, way)
    with pytest.raises(StorageUnavailable) as raised, unit() as session:
        session.execute(sa.text("SELECT 1"))

    assert raised.value.retry_after == 5


def test_a_refused_connection_is_not_tried_again_and_again(refusing: World) -> None:
    tries = []

    def note(*given: object) -> None:
        tries.append(given)

    sa.event.listen(refusing.services.store.engine, "do_connect", note)

    with pytest.raises(StorageUnavailable):
        refusing.services.store.write(lambda session: session.execute(sa.text("SELECT 1")))

    assert len(tries) == 1


def test_the_api_answers_503_and_the_log_says_why(refusing: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = refusing.client.get(MESSAGES, headers={"X-API-Key": key()})

    told = error(answer, 503, "STORAGE_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "5"
    assert "refused" not in told["message"]
    assert "refused" in caplog.text
    assert "the-password" not in caplog.text


def test_the_command_line_says_why(refusing: World) -> None:
    for words in (("keys", "list"), ("db", "current")):
        result = refusing.app.test_cli_runner().invoke(args=["waapi", *words])

        assert result.exit_code == 1
        assert "The database cannot be reached." in result.stderr
        assert "refused" in result.stderr
        assert "db upgrade" not in result.stderr
        assert "the-password" not in result.output


@pytest.mark.mariadb
@pytest.mark.parametrize("migrated_uri", ["mariadb"], indirect=True)
def test_the_command_line_tells_a_wrong_password(make_world: MakeWorld, migrated_uri: str) -> None:
    url = sa.make_url(migrated_uri).set(username="nobody-at-all", password="wrong")
    world = make_world(WAAPI_DATABASE_URI=url.render_as_string(hide_password=False))

    result = world.app.test_cli_runner().invoke(args=["waapi", "keys", "list"])

    assert "Access denied for user 'nobody-at-all'" in result.stderr
    assert "wrong" not in result.stderr


@on_servers
class TestCutConnections:
    """Pooled connections that the server has ended."""

    def test_a_write_connects_anew(self, any_world: World) -> None:
        any_world.key()
        assert cut(any_world.services.store) > 0

        any_world.services.keys.set_enabled("default", "shop", False, actor="test")

        assert not any_world.services.keys.get("default", "shop").enabled

    def test_work_is_done_again_from_its_start(self, any_world: World) -> None:
        tries: list[int] = []

        def work(session: Session) -> None:
            tries.append(len(tries))
            session.execute(sa.text("SELECT 1"))
            if len(tries) == 1:
                cut(any_world.services.store)
            session.add(TemplateSync(provider="a", attempted_at=any_world.clock()))
            session.flush()

        any_world.services.store.write(work)

        assert tries == [0, 1]
        assert any_world.count(TemplateSync) == 1

    def test_a_commit_whose_answer_is_lost_is_not_made_again(self, any_world: World) -> None:
        tries: list[int] = []

        def work(session: Session) -> None:
            tries.append(len(tries))
            session.add(TemplateSync(provider="a", attempted_at=any_world.clock()))
            session.flush()
            cut(any_world.services.store)

        with pytest.raises(StorageUnavailable):
            any_world.services.store.write(work)

        assert tries == [0]
        assert any_world.count(TemplateSync) == 0

    def test_a_reader_is_told_and_the_next_one_connects_anew(self, any_world: World) -> None:
        store = any_world.services.store
        with ExitStack() as several:
            for session in [several.enter_context(store.read()) for _ in range(3)]:
                session.execute(sa.text("SELECT 1"))
        assert cut(store) >= 3

        with pytest.raises(StorageUnavailable):
            any_world.services.keys.list("default")
        assert any_world.services.keys.list("default") == []

    def test_a_dead_connection_is_given_back_at_once(self, any_world: World) -> None:
        any_world.key()
        pool = any_world.services.store.engine.pool
        assert cut(any_world.services.store) > 0

        with pytest.raises(StorageUnavailable) as kept:
            any_world.services.keys.list("default")

        # As long as its exception is kept, nothing in its frames is garbage.
        assert kept.value.__traceback__ is not None
        assert isinstance(pool, sa.QueuePool)
        assert pool.checkedout() == 0

    def test_a_request_is_told_to_try_again(self, any_world: World) -> None:
        secret = any_world.key()
        cut(any_world.services.store)

        statuses = [any_world.post(TEXT_SEND, text_body(), secret).status_code for _ in range(2)]

        assert statuses in ([503, 201], [201, 201])
        assert len(any_world.messages()) == statuses.count(201)

    def test_an_engine_of_our_own_looks_before_it_reads(
        self, make_world: MakeWorld, migrated_uri: str
    ) -> None:
        world = make_world(WAAPI_DATABASE_URI=migrated_uri)
        world.services.keys.list("default")
        assert cut(world.services.store) > 0

        assert world.services.keys.list("default") == []


@on_servers
def test_a_pool_without_a_free_connection_is_told_as_such(make_world: MakeWorld, migrated_uri: str) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}
    world = make_world(database_uri=migrated_uri, SQLALCHEMY_ENGINE_OPTIONS=options)

    with world.services.store.read() as session:
        session.execute(sa.text("SELECT 1"))
        with pytest.raises(StorageUnavailable):
            world.services.keys.list("default")


@on_servers
def test_a_lock_that_is_not_given_in_time_is_told_as_such(make_world: MakeWorld, migrated_uri: str) -> None:
    is_postgresql = migrated_uri.startswith("postgresql")
    setting = "SET lock_timeout = '50ms'" if is_postgresql else "SET innodb_lock_wait_timeout = 1"
    world = make_world(database_uri=migrated_uri)
    store = world.services.store
    change = sa.update(TemplateSync).values(problem="x")

    def wait(session: Session) -> None:
        session.execute(sa.text(setting))
        session.execute(change)

    with store.begin() as session:
        session.add(TemplateSync(provider="a", attempted_at=world.clock()))

    with store.begin() as holder:
        holder.execute(change)
        with pytest.raises(StorageBusy) as raised:
            store.write(wait)

    assert raised.value.retry_after == 1
