"""An idempotency key in the host's transaction: taken with it, given back with it, one message for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from factories import RECIPIENT, World
from flask_waapi import SentMessage, WaApiError
from flask_waapi.errors import IdempotencyMismatch, StorageBusy
from flask_waapi.identifiers import uuid7
from flask_waapi.storage.models import IdempotencyRecord
from host_apps import Purchase, titles
from lock_waits import wait_until_waiting

LIFETIME = timedelta(days=1)

on_servers = pytest.mark.parametrize(
    "recording_host",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)


def send(world: World, key: str = "k", text: str = "Hello", **options: Any) -> SentMessage:
    """A text under a key, in the transaction of the host's session unless told otherwise."""
    given: dict[str, Any] = {"session": world.db.session, "idempotency_key": key} | options
    return world.waapi.send_text(RECIPIENT, text, **given)


def test_a_key_twice_in_one_transaction_is_one_message(joined: World) -> None:
    joined.db.session.add(Purchase(title="tea"))
    joined.db.session.flush()
    first, second = send(joined), send(joined)
    joined.db.session.commit()
    joined.work()

    assert first == second
    assert [message.uuid for message in joined.script.sent] == [first.message_uuid]


def test_a_repetition_finds_the_message_as_it_stands(joined: World) -> None:
    first = send(joined)
    joined.db.session.commit()
    assert (send(joined), joined.waapi.send_text(RECIPIENT, "Hello", idempotency_key="k")) == (first, first)
    joined.db.session.commit()
    joined.work()

    again = send(joined)

    assert (again.message_uuid, again.status) == (first.message_uuid, "sent")


def test_a_key_that_was_taken_outside_is_known_inside(joined: World) -> None:
    first = send(joined, session=None)

    assert send(joined) == first
    assert len(joined.messages()) == 1


@pytest.mark.parametrize("whole", [True, False])
def test_a_key_that_was_rolled_back_is_free(joined: World, whole: bool) -> None:
    part = joined.db.session() if whole else joined.db.session.begin_nested()
    send(joined)
    part.rollback()

    kept = send(joined, text="other")
    joined.db.session.commit()

    assert [message.id for message in joined.messages()] == [kept.message_uuid]


@pytest.mark.parametrize("committed", [True, False])
def test_other_arguments_are_refused_and_harm_nothing(joined: World, committed: bool) -> None:
    first = send(joined)
    if committed:
        joined.db.session.commit()
    joined.db.session.add(Purchase(title="tea"))
    joined.db.session.flush()

    with pytest.raises(IdempotencyMismatch):
        send(joined, text="other")
    joined.db.session.commit()

    assert titles(joined) == ["tea"]
    assert [message.id for message in joined.messages()] == [first.message_uuid]


def test_a_key_that_has_been_forgotten_is_free(joined: World) -> None:
    first = send(joined)
    joined.db.session.commit()
    joined.clock.advance(LIFETIME)

    second = send(joined)
    joined.db.session.commit()

    assert first.message_uuid != second.message_uuid
    assert joined.count(IdempotencyRecord) == 1


class TestTwoTransactions:
    """The same key from two transactions that are open at once."""

    def buy_and_send(
        self, world: World, level: str | None, before: Callable[[], object], title: str, key: str = "k"
    ) -> SentMessage | WaApiError:
        """A whole transaction of a host's: a row, a message, the commit."""
        options = {} if level is None else {"isolation_level": level}
        with world.app.app_context(), Session(world.db.engine.execution_options(**options)) as session:
            # From here on the higher isolation levels see what was there now.
            session.scalars(sa.select(Purchase)).all()
            before()
            session.add(Purchase(title=title))
            session.flush()
            try:
                return send(world, key, session=session)
            except WaApiError as error:
                return error
            finally:
                session.commit()

    def beside(
        self, joined: World, level: str | None, end: str
    ) -> tuple[SentMessage, Future[SentMessage | WaApiError]]:
        """A first transaction, and a second one that has begun before the first one's end."""
        has_begun, has_sent = threading.Event(), threading.Event()

        def wait() -> None:
            has_begun.set()
            has_sent.wait(10)

        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(self.buy_and_send, joined, level, wait, "cake")
            has_begun.wait(10)
            joined.db.session.add(Purchase(title="tea"))
            joined.db.session.flush()
            first = send(joined)
            has_sent.set()
            # The second one waits for the first one's end by now.
            time.sleep(0.3)
            assert not second.done()
            getattr(joined.db.session, end)()
        return first, second

    @on_servers
    def test_several_that_wait_keep_what_else_they_have_written(self, joined: World) -> None:
        # MariaDB chooses the index of the keys once there are some whose time is over.
        old = joined.clock() - LIFETIME - timedelta(minutes=30)
        known = {"account": "default", "route": "send", "request_digest": bytes(32), "created_at": old}
        with joined.services.store.begin() as own:
            for number in range(2_000):
                taken = {"id": uuid7(old), "idempotency_key": f"old{number}", "subject_id": uuid7(old)}
                own.add(IdempotencyRecord(**known, **taken))

        first = send(joined)
        with ThreadPoolExecutor(3) as pool:
            others = [
                pool.submit(self.buy_and_send, joined, None, lambda: None, title)
                for title in ("cake", "milk", "tea")
            ]
            wait_until_waiting(joined.services.store, 3)
            joined.db.session.commit()

        assert [other.result() for other in others] == [first] * 3
        assert sorted(titles(joined)) == ["cake", "milk", "tea"]

    @pytest.mark.parametrize("level", [None, "REPEATABLE READ"])
    def test_the_second_waits_and_gets_the_first_ones_message(self, joined: World, level: str | None) -> None:
        if joined.db.engine.dialect.name == "sqlite":
            level = None
        first, second = self.beside(joined, level, "commit")

        assert second.result() == first
        assert sorted(titles(joined)) == ["cake", "tea"]
        assert len(joined.messages()) == 1

    @pytest.mark.parametrize("level", [None, "REPEATABLE READ"])
    def test_if_the_first_is_rolled_back_the_second_is_the_first(
        self, joined: World, level: str | None
    ) -> None:
        if joined.db.engine.dialect.name == "sqlite":
            level = None
        first, second = self.beside(joined, level, "rollback")

        kept = second.result()
        assert isinstance(kept, SentMessage)
        assert kept.message_uuid != first.message_uuid
        assert titles(joined) == ["cake"]
        assert [message.id for message in joined.messages()] == [kept.message_uuid]

    @on_servers
    def test_different_keys_do_not_wait_for_each_other(self, joined: World) -> None:
        """MariaDB's standard isolation level locks gaps, and the table is empty."""
        both_have_begun = threading.Barrier(2, timeout=60)

        def both(name: str) -> list[SentMessage | WaApiError]:
            return [
                self.buy_and_send(joined, None, both_have_begun.wait, name, f"{name}{number}")
                for number in range(10)
            ]

        with ThreadPoolExecutor(2) as pool:
            sent = [pool.submit(both, name) for name in ("tea", "cake")]

        results = [result for future in sent for result in future.result()]
        assert [result for result in results if isinstance(result, WaApiError)] == []
        assert len(joined.messages()) == len(titles(joined)) == 20

    @on_servers
    @pytest.mark.parametrize("in_a_session", [True, False])
    def test_whoever_would_wait_for_itself_is_told(self, joined: World, in_a_session: bool) -> None:
        def ask_again() -> SentMessage:
            with Session(joined.db.engine) as another, another.begin():
                return send(joined, session=another if in_a_session else None)

        def ask_twice() -> tuple[SentMessage, SentMessage]:
            with joined.app.app_context(), Session(joined.db.engine) as session:
                first = send(joined, session=session)
                assert send(joined, session=session) == first
                with pytest.raises(StorageBusy, match="commit that first"):
                    ask_again()
                session.commit()
                return first, ask_again()

        with ThreadPoolExecutor(1) as pool:
            first, again = pool.submit(ask_twice).result(timeout=30)

        assert again.message_uuid == first.message_uuid

    @on_servers
    def test_two_keys_each_in_two_open_transactions(self, joined: World) -> None:
        with Session(joined.db.engine) as one, Session(joined.db.engine) as other:
            for key in range(5):
                send(joined, f"a{key}", session=one)
                send(joined, f"b{key}", session=other)
            other.commit()
            one.commit()

        assert len(joined.messages()) == 10
