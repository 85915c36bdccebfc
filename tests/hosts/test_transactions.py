"""The host's session and its transaction are after a call of ours what they were before, on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from factories import World, close
from flask_waapi import ValidationFailed, message_status_changed
from flask_waapi.errors import StorageBusy
from flask_waapi.storage.models import Base
from host_apps import Purchase, make_app, make_host, titles

MakeHost = Callable[..., World]

Call = Callable[[World], object]


def send(world: World) -> object:
    """A message that is sent."""
    return world.waapi.send_text("+1234567890", "Hello")


def be_refused(world: World) -> None:
    """A message that fails a gate."""
    with pytest.raises(ValidationFailed):
        world.waapi.send_text("nobody", "Hello")


def make_a_key(world: World) -> object:
    """A key that is made."""
    return world.waapi.create_key("shop")


def make_a_key_twice(world: World) -> None:
    """A key whose name is taken: our own transaction is rolled back."""
    world.waapi.create_key("shop")
    with pytest.raises(ValidationFailed):
        world.waapi.create_key("shop")


CALLS = (send, be_refused, make_a_key, make_a_key_twice)


SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(scope="module", params=["sqlite", *SERVERS])
def hosted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A host on each kind of database, for all tests of this file."""
    if request.param == "sqlite":
        uri = f"sqlite:///{tmp_path_factory.mktemp('hosted') / 'host.sqlite'}"
    else:
        database = request.getfixturevalue(f"{request.param}_database")
        database.empty()
        uri = database.uri
    world = make_host(uri)
    yield world
    close(world)


@pytest.fixture
def any_host(hosted: World) -> Iterator[World]:
    """The same, without rows and within an app context."""
    with hosted.services.store.begin() as session:
        for table in (*reversed(Base.metadata.sorted_tables), Purchase.__table__):
            session.execute(sa.delete(table))
    with hosted.app.app_context():
        yield hosted


with_several_writers = pytest.mark.parametrize("hosted", SERVERS, indirect=True)
"""On the databases that take more than one writer; SQLite is tested on its own below."""


@pytest.mark.parametrize("call", CALLS)
def test_work_not_yet_flushed_is_neither_flushed_nor_lost(any_host: World, call: Call) -> None:
    purchase = Purchase(title="tea")
    any_host.db.session.add(purchase)

    call(any_host)

    assert list(any_host.db.session.new) == [purchase]
    assert titles(any_host) == []
    any_host.db.session.commit()
    assert titles(any_host) == ["tea"]


@pytest.mark.parametrize("call", CALLS)
def test_work_not_yet_flushed_can_still_be_rolled_back(any_host: World, call: Call) -> None:
    any_host.db.session.add(Purchase(title="tea"))

    call(any_host)
    any_host.db.session.rollback()

    assert not any_host.db.session.new
    assert titles(any_host) == []


@with_several_writers
@pytest.mark.parametrize("call", CALLS)
def test_flushed_work_is_not_committed_by_us(any_host: World, call: Call) -> None:
    any_host.db.session.add(Purchase(title="tea"))
    any_host.db.session.flush()

    call(any_host)

    assert titles(any_host) == []
    any_host.db.session.commit()
    assert titles(any_host) == ["tea"]


@with_several_writers
@pytest.mark.parametrize("call", CALLS)
def test_flushed_work_can_still_be_rolled_back(any_host: World, call: Call) -> None:
    any_host.db.session.add(Purchase(title="tea"))
    any_host.db.session.flush()

    call(any_host)
    any_host.db.session.rollback()

    assert titles(any_host) == []


@pytest.mark.parametrize("call", CALLS)
def test_what_we_did_stays_when_the_host_rolls_back(any_host: World, call: Call) -> None:
    any_host.db.session.add(Purchase(title="tea"))
    call(any_host)
    messages, keys = len(any_host.messages()), len(any_host.services.keys.list("default"))

    any_host.db.session.rollback()

    assert len(any_host.messages()) == messages == (1 if call is send else 0)
    assert len(any_host.services.keys.list("default")) == keys == ("key" in call.__name__)


def test_the_hosts_objects_stay_loaded_and_its_session_the_same(any_host: World) -> None:
    any_host.db.session.add(Purchase(title="tea"))
    any_host.db.session.commit()
    purchase = any_host.db.session.scalars(sa.select(Purchase)).one()
    session = any_host.db.session()

    send(any_host)

    assert any_host.db.session() is session
    assert purchase in session
    assert not sa.inspect(purchase).expired
    assert session.in_transaction()


def test_an_open_read_of_the_hosts_does_not_hinder_us(any_host: World) -> None:
    any_host.db.session.scalars(sa.select(Purchase)).all()

    send(any_host)

    assert len(any_host.messages()) == 1


@with_several_writers
def test_a_savepoint_of_the_hosts_stays_open(any_host: World) -> None:
    with any_host.db.session.begin_nested() as savepoint:
        any_host.db.session.add(Purchase(title="tea"))
        any_host.db.session.flush()
        send(any_host)
        assert savepoint.is_active
        savepoint.rollback()
    any_host.db.session.add(Purchase(title="coffee"))
    any_host.db.session.commit()

    assert titles(any_host) == ["coffee"]


def test_a_transaction_of_the_hosts_that_has_failed_does_not_hinder_us(any_host: World) -> None:
    any_host.db.session.add(Purchase(id=1, title="tea"))
    any_host.db.session.commit()
    any_host.db.session.expunge_all()
    any_host.db.session.add(Purchase(id=1, title="coffee"))
    with pytest.raises(IntegrityError):
        any_host.db.session.flush()

    send(any_host)

    assert len(any_host.messages()) == 1


def test_a_receiver_of_our_signal_may_use_a_session_and_leaves_the_hosts_alone(any_host: World) -> None:
    seen: list[str] = []

    def note(sender: Flask, *, status: str, **facts: object) -> None:
        any_host.db.session.add(Purchase(title=status))
        any_host.db.session.commit()
        seen.append(status)

    any_host.db.session.add(Purchase(title="tea"))
    with message_status_changed.connected_to(note, any_host.app):
        send(any_host)

    assert seen == ["sent"]
    assert titles(any_host) == ["sent"]
    any_host.db.session.commit()
    assert sorted(titles(any_host)) == ["sent", "tea"]


class TestOneWriter:
    """SQLite lets one transaction write at a time; if the host's is open, ours would wait for itself."""

    @pytest.fixture
    def writing(self, make_host: MakeHost) -> Iterator[World]:
        """A host that has flushed a row and not committed it."""
        world = make_host()
        with world.app.app_context():
            world.db.session.add(Purchase(title="tea"))
            world.db.session.flush()
            yield world

    @pytest.mark.parametrize("call", [send, make_a_key])
    def test_we_say_so_instead_of_waiting(self, writing: World, call: Call) -> None:
        with pytest.raises(StorageBusy, match=r"db\.session holds uncommitted changes.*commit them before"):
            call(writing)

    @pytest.mark.parametrize("end", ["commit", "rollback"])
    def test_the_hosts_work_can_still_be_ended_either_way(self, writing: World, end: str) -> None:
        with pytest.raises(StorageBusy):
            send(writing)

        getattr(writing.db.session, end)()

        assert titles(writing) == (["tea"] if end == "commit" else [])
        send(writing)
        assert len(writing.messages()) == 1

    def test_reading_does_not_wait(self, writing: World) -> None:
        assert writing.services.keys.list("default") == []

    def test_in_the_api_it_would_be_a_503_in_our_form(self, make_host: MakeHost) -> None:
        def write_first(world: World) -> None:
            @world.app.before_request
            def write() -> None:
                world.db.session.add(Purchase(title="visit"))
                world.db.session.flush()

        world = make_host(write_first)

        answer = world.get("/api/v1/external/messages", world.key())

        assert answer.status_code == 503
        assert answer.get_json()["error"]["code"] == "STORAGE_BUSY"
        assert titles(world) == []

    def test_a_host_with_another_database_for_us_may_write_on(
        self, make_host: MakeHost, tmp_path: Path
    ) -> None:
        world = make_host(WAAPI_DATABASE_URI=f"sqlite:///{tmp_path}/ours.sqlite")
        with world.app.app_context():
            world.waapi.create_all()
            world.db.session.add(Purchase(title="tea"))
            world.db.session.flush()

            send(world)
            world.db.session.commit()

        assert len(world.messages()) == 1


class TestInMemory:
    """A host whose unit tests use SQLite in memory: one connection for everyone."""

    def test_messages_can_be_sent(self) -> None:
        world = make_app("sqlite:///:memory:")
        world.waapi.init_app(world.app)
        with world.app.app_context():
            world.waapi.create_all()
            world.db.create_all()
            send(world)
            world.db.session.add(Purchase(title="tea"))
            world.db.session.flush()
            send(world)
        assert [message.status for message in world.messages()] == ["sent", "sent"]
        close(world)
