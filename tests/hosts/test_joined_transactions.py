"""A message in the host's transaction shares its fate, and never harms it, on each database."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from factories import RECIPIENT, RECORDING, SAMPLE_VARIABLES, World
from flask_waapi import SentMessage, ValidationFailed, WaApiError
from flask_waapi.errors import ProviderUnavailable, StorageBusy, TemplateNotFound
from flask_waapi.plugins.provider_errors import Retryable
from flask_waapi.work import loop
from host_apps import Purchase, titles

MakeHost = Callable[..., World]


def send(world: World, text: str = "Hello", **options: Any) -> SentMessage:
    """A text in the transaction of the host's session."""
    return world.waapi.send_text(RECIPIENT, text, session=world.db.session, **options)


def send_template(world: World, **options: Any) -> SentMessage:
    """The sample template in the transaction of the host's session."""
    given: dict[str, Any] = {"language": "en", "variables": SAMPLE_VARIABLES} | options
    given.setdefault("session", world.db.session)
    return world.waapi.send_template(RECIPIENT, "order_confirmation", **given)


def send_media(world: World) -> SentMessage:
    """An image in the transaction of the host's session."""
    link = "https://example.com/a.jpg"
    return world.waapi.send_media(RECIPIENT, "image", link=link, session=world.db.session)


def buy(world: World, title: str = "tea") -> None:
    """A row of the host's, flushed and not committed."""
    world.db.session.add(Purchase(title=title))
    world.db.session.flush()


def statuses(world: World) -> list[str]:
    """The messages that are committed, as another connection sees them."""
    return [message.status for message in world.messages()]


@pytest.mark.parametrize("call", [send, send_template, send_media])
def test_row_and_message_are_committed_together_and_the_message_is_sent_then(
    joined: World, call: Callable[[World], SentMessage]
) -> None:
    buy(joined)
    sent = call(joined)
    assert (titles(joined), statuses(joined)) == ([], [])

    joined.db.session.commit()
    assert (titles(joined), statuses(joined)) == (["tea"], ["queued"])
    assert joined.events(sent.message_uuid) == ["queued"]
    joined.work()

    assert [message.uuid for message in joined.script.sent] == [sent.message_uuid]
    assert joined.waapi.get_message(sent.message_uuid).status == "sent"


def test_it_is_queued_and_known_by_its_id_at_once(joined: World) -> None:
    sent = send(joined, reference="ORD-1")

    assert (sent.status, sent.to, sent.simulated) == ("queued", RECIPIENT, False)
    joined.db.session.commit()
    assert joined.message(sent.message_uuid).reference == "ORD-1"


@pytest.mark.parametrize("flushed", [True, False])
@pytest.mark.parametrize("call", [send, send_template])
def test_rolled_back_with_the_host_it_never_was(
    joined: World, call: Callable[[World], SentMessage], flushed: bool
) -> None:
    if flushed:
        buy(joined)
    call(joined)

    joined.db.session.rollback()
    joined.work()

    assert (titles(joined), statuses(joined), joined.script.sent) == ([], [], [])


def test_a_session_that_is_closed_without_a_commit_sends_nothing(joined: World) -> None:
    send(joined)
    joined.db.session.remove()

    assert statuses(joined) == []


def test_the_hosts_unflushed_work_stays_unflushed(joined: World) -> None:
    purchase = Purchase(title="tea")
    joined.db.session.add(purchase)

    send_template(joined)

    assert list(joined.db.session.new) == [purchase]
    joined.db.session.commit()
    assert (titles(joined), statuses(joined)) == (["tea"], ["queued"])


def test_two_messages_in_one_transaction_are_sent_in_their_order(joined: World) -> None:
    first = send(joined, "one")
    joined.clock.advance(0.001)
    second = send(joined, "two")
    joined.db.session.commit()
    joined.work()

    assert [message.uuid for message in joined.script.sent] == [first.message_uuid, second.message_uuid]


def test_each_transaction_of_a_session_has_its_own_messages(joined: World) -> None:
    send(joined, "one")
    joined.db.session.rollback()
    kept = send(joined, "two")
    joined.db.session.commit()
    send(joined, "three")
    joined.db.session.rollback()
    joined.work()

    assert [message.uuid for message in joined.script.sent] == [kept.message_uuid]


@pytest.mark.parametrize("moment", ["before_commit", "after_flush"])
def test_it_can_be_sent_from_a_hosts_event_of_the_session(joined: World, moment: str) -> None:
    def confirm(*given: object) -> None:
        send(joined)

    session = joined.db.session()
    session.add(Purchase(title="tea"))
    sa.event.listen(session, moment, confirm)
    session.commit()

    assert (titles(joined), statuses(joined)) == (["tea"], ["queued"])


class TestNested:
    """Savepoints of the host's."""

    def test_of_a_savepoint_that_is_rolled_back_nothing_is_left(self, joined: World) -> None:
        buy(joined)
        with suppress(ZeroDivisionError), joined.db.session.begin_nested():
            buy(joined, "cake")
            send(joined)
            raise ZeroDivisionError
        joined.db.session.commit()

        assert (titles(joined), statuses(joined)) == (["tea"], [])

    def test_a_savepoint_that_is_released_is_not_the_commit(self, joined: World) -> None:
        buy(joined)
        with joined.db.session.begin_nested():
            send(joined)
        assert statuses(joined) == []

        joined.db.session.commit()
        assert statuses(joined) == ["queued"]

    @pytest.mark.parametrize("depth", [1, 2])
    def test_a_savepoint_that_comes_first_of_all_is_not_the_commit_either(
        self, joined: World, depth: int
    ) -> None:
        """SQLite's driver begins no transaction for it."""
        savepoints = [joined.db.session.begin_nested() for _ in range(depth)]
        send(joined)
        for savepoint in reversed(savepoints):
            savepoint.commit()
        assert statuses(joined) == []

        joined.db.session.rollback()
        assert statuses(joined) == []

    def test_a_message_before_a_savepoint_outlives_it(self, joined: World) -> None:
        kept = send(joined, "kept")
        nested = joined.db.session.begin_nested()
        send(joined, "gone")
        nested.rollback()
        joined.db.session.commit()

        assert [message.id for message in joined.messages()] == [kept.message_uuid]


class TestFailingCommits:
    """The host's commit that does not come about."""

    def test_at_the_hosts_last_flush(self, joined: World) -> None:
        send(joined)
        joined.db.session.add(Purchase(title=None))
        with pytest.raises(DBAPIError):
            joined.db.session.commit()
        joined.db.session.rollback()

        assert statuses(joined) == []

    @pytest.mark.parametrize(
        "recording_host",
        ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
        indirect=True,
    )
    def test_at_the_commit_itself(self, joined: World) -> None:
        """MariaDB has no constraints that are checked so late."""
        session = joined.db.session
        parts = (
            "CREATE TABLE IF NOT EXISTS parts (id INTEGER PRIMARY KEY,"
            " part_of INTEGER REFERENCES parts (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        session.execute(sa.text(parts))
        session.commit()
        if joined.db.engine.dialect.name == "sqlite":
            session.execute(sa.text("PRAGMA foreign_keys=ON"))
        session.execute(sa.text("INSERT INTO parts VALUES (1, 2)"))
        send(joined)

        with pytest.raises(IntegrityError):
            session.commit()
        session.rollback()

        assert statuses(joined) == []
        send(joined)
        session.commit()
        assert statuses(joined) == ["queued"]


REFUSALS: dict[str, tuple[Callable[[World], object], type[WaApiError]]] = {
    "recipient": (lambda world: world.waapi.send_text("12", "x", session=world.db.session), ValidationFailed),
    "template": (lambda world: send_template(world, language="xx"), TemplateNotFound),
    "variables": (lambda world: send_template(world, variables={}), ValidationFailed),
    "idempotency key": (lambda world: send(world, idempotency_key="ü"), ValidationFailed),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_leaves_the_transaction_usable(joined: World, refusal: str) -> None:
    buy(joined)
    call, error = REFUSALS[refusal]
    with pytest.raises(error):
        call(joined)

    buy(joined, "cake")
    kept = send(joined)
    joined.db.session.commit()

    assert titles(joined) == ["tea", "cake"]
    assert [message.id for message in joined.messages()] == [kept.message_uuid]


def test_a_provider_that_does_not_tell_its_templates_leaves_it_usable(joined: World) -> None:
    buy(joined)
    joined.script.template_error = Retryable("Away.")
    with pytest.raises(ProviderUnavailable):
        send_template(joined)
    joined.script.template_error = None

    joined.db.session.commit()

    assert titles(joined) == ["tea"]


def test_an_account_that_no_column_holds_is_refused_before_any_statement(joined: World) -> None:
    buy(joined)
    for account in ("", "x" * 65, "a\0b"):
        with pytest.raises(ValueError, match="is not text of 1 to 64 characters"):
            send(joined, account=account)

    joined.db.session.commit()
    assert (titles(joined), statuses(joined)) == (["tea"], [])


def test_a_statement_of_ours_that_fails_takes_back_only_itself(joined: World) -> None:
    """PostgreSQL would refuse every further one of the host's."""
    with joined.db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE waapi_message_events RENAME TO waapi_hidden"))
    try:
        buy(joined)
        with pytest.raises(DBAPIError):
            send(joined)
        buy(joined, "cake")
        joined.db.session.commit()
    finally:
        joined.db.session.rollback()
        with joined.db.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE waapi_hidden RENAME TO waapi_message_events"))

    assert (titles(joined), statuses(joined)) == (["tea", "cake"], [])


class TestTheCatalogue:
    """Templates that the provider has to be asked for first."""

    def test_it_is_read_beside_the_hosts_open_work(self, joined: World) -> None:
        buy(joined)
        send_template(joined)
        send_template(joined)
        joined.db.session.commit()

        assert joined.script.listings == 1
        assert statuses(joined) == ["queued", "queued"]
        assert joined.services.catalogue.count_approved("recorder") == 1

    def test_after_a_rollback_it_can_be_read_again(self, joined: World) -> None:
        buy(joined)
        send_template(joined)
        joined.db.session.rollback()

        send_template(joined)
        joined.db.session.commit()

        assert statuses(joined) == ["queued"]

    @pytest.mark.parametrize("recording_host", ["sqlite"], indirect=True)
    def test_without_the_session_sqlite_still_refuses_in_words(self, joined: World) -> None:
        buy(joined)
        with pytest.raises(StorageBusy, match="holds uncommitted changes"):
            send_template(joined, session=None)

        send_template(joined)
        joined.db.session.commit()
        assert (titles(joined), statuses(joined)) == (["tea"], ["queued"])


class TestWaking:
    """What waits is looked for when the host has committed."""

    @pytest.fixture
    def woken(self, joined: World, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        """For each wake-up the messages that were committed then."""
        calls: list[list[str]] = []
        monkeypatch.setattr(joined.services.pipeline, "_wake", lambda: calls.append(statuses(joined)))
        return calls

    def test_once_after_the_outermost_commit(self, joined: World, woken: list[list[str]]) -> None:
        buy(joined)
        with joined.db.session.begin_nested():
            send(joined)
        send(joined)
        assert woken == []

        joined.db.session.commit()
        assert woken == [["queued", "queued"]]

    def test_not_by_transactions_without_messages(self, joined: World, woken: list[list[str]]) -> None:
        for _ in range(2):
            send(joined)
            joined.db.session.commit()
            buy(joined)
            joined.db.session.commit()

        assert [len(seen) for seen in woken] == [1, 2]

    def test_sessions_are_not_kept_by_it(self, joined: World, woken: list[list[str]]) -> None:
        send(joined)
        session = weakref.ref(joined.db.session())
        joined.db.session.commit()
        joined.db.session.remove()
        gc.collect()

        assert session() is None

    def test_a_resting_background_thread_sends_at_once(
        self, make_host: MakeHost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loop, "IDLE_SECONDS", 60.0)
        world = make_host(WAAPI_BACKGROUND_THREAD=True, **RECORDING)
        with world.app.app_context():
            sent = send(world)
            # It has begun to rest by then.
            time.sleep(0.3)
            assert world.script.sent == []
            world.db.session.commit()
            end = time.monotonic() + 60
            while time.monotonic() < end and world.message(sent.message_uuid).status != "sent":
                time.sleep(0.02)

        assert [message.uuid for message in world.script.sent] == [sent.message_uuid]
