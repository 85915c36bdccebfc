"""No secret is in the database file; no secret, text or whole phone number is in a log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from factories import (
    MEDIA_SEND,
    MESSAGES,
    TEMPLATES,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import (
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Retryable,
    Text,
    WindowClosed,
    message_status_changed,
)

RECIPIENT = "+4915112345678"
WORDS = "The rabbit leaves at midnight"
VARIABLE = "Wolfgang Amadeus"


def walk_everything(world: World) -> None:
    """Use every endpoint, fail in every way, and let the background work."""
    key = world.key()
    world.script.outcomes.extend(
        [
            Rejected("No such number.", code="131026"),
            Misconfigured("Wrong token."),
            Retryable("Overloaded."),
            OutcomeUnknown("Lost."),
            WindowClosed("Too late."),
        ]
    )
    for number in range(7):
        world.post(TEXT_SEND, text_body(to=RECIPIENT, text=WORDS, reference=f"r-{number}"), key)
    idempotent = {"Idempotency-Key": "order-1"}
    for _ in range(2):
        body = template_body(
            to=RECIPIENT, variables={"customer_name": VARIABLE, "order_id": "1", "total": "1"}
        )
        world.post("/api/v1/external/messages/template/send", body, key, headers=idempotent)
    caption = {"to": RECIPIENT, "type": "image", "link": "https://example.com/a", "caption": WORDS}
    world.post(MEDIA_SEND, caption, key)
    world.post(TEXT_SEND, text_body(to=RECIPIENT + "x", text=WORDS), key)
    world.post(TEXT_SEND, text_body(to=RECIPIENT, text=WORDS, simulate=True), key)
    for path in (
        MESSAGES,
        TEMPLATES,
        f"{MESSAGES}?to=%2B{RECIPIENT[1:]}",
        f"{MESSAGES}/{world.messages()[0].id}",
    ):
        world.get(path, key)
    world.get(MESSAGES, key[:-1] + "-")
    limited = world.issue_key("limited", rate_limit=1)
    for _ in range(3):
        world.get(MESSAGES, limited)
    with world.app.app_context():
        world.waapi.send_text(RECIPIENT, WORDS)
    world.clock.advance(3_600)
    world.work()
    runner = world.app.test_cli_runner()
    for command in ("keys list", "keys show shop", "keys disable shop --json", "keys list --json"):
        runner.invoke(args=["waapi", *command.split()])
    world.get(MESSAGES, key)


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything logged at DEBUG, but for SQLAlchemy's echo, which shows what it is told to."""
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.WARNING, "sqlalchemy"):
        yield caplog


@pytest.mark.parametrize("own_engine", [False, True], ids=["the host's engine", "an engine of our own"])
def test_an_issued_secret_is_nowhere_in_the_database_files(
    make_world: MakeWorld, sqlite_uri: str, own_engine: bool
) -> None:
    config = {"WAAPI_DATABASE_URI": sqlite_uri} if own_engine else {}
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, **config)

    walk_everything(world)

    path = Path(str(sa.make_url(sqlite_uri).database))
    files = {file.name: file.read_bytes() for file in path.parent.glob(path.name + "*")}
    assert ("waapi.sqlite-wal" in files) is own_engine
    assert WORDS.encode() in b"".join(files.values())
    for secret in world.secrets.values():
        for name, content in files.items():
            assert secret.encode() not in content, name
            assert secret[9:41].encode() not in content, name


def test_no_log_line_holds_a_secret_a_text_or_a_whole_number(
    recording: World, logs: pytest.LogCaptureFixture
) -> None:
    walk_everything(recording)

    assert "Wrong token." in logs.text
    for hidden in (*recording.secrets.values(), WORDS, VARIABLE, RECIPIENT, RECIPIENT[1:]):
        assert hidden not in logs.text


def test_a_database_that_breaks_logs_no_values(recording: World, logs: pytest.LogCaptureFixture) -> None:
    recording.key()
    with recording.services.store.begin() as session:
        session.execute(sa.text("DROP TABLE waapi_message_events"))

    answer = recording.post(TEXT_SEND, text_body(to=RECIPIENT, text=WORDS))

    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in logs.text
    assert "OperationalError" in logs.text
    for hidden in (recording.key(), WORDS, RECIPIENT[1:]):
        assert hidden not in logs.text
        assert hidden not in answer.text


def test_a_secret_stands_in_the_one_answer_that_makes_it(world: World) -> None:
    runner = world.app.test_cli_runner()
    made = runner.invoke(args=["waapi", "keys", "create", "--name", "cli", "--json"])
    secret = made.output.split('"key": "')[1].split('"')[0]

    for command in ("keys list", "keys list --json", "keys show cli", "keys show cli --json", "settings"):
        assert secret not in runner.invoke(args=["waapi", *command.split()]).output


def test_the_signal_of_a_change_carries_ids_and_statuses_alone(recording: World) -> None:
    heard: list[dict[str, object]] = []

    def hear(sender: object, **values: object) -> None:
        heard.append(values)

    with message_status_changed.connected_to(hear, recording.app):
        recording.post(TEXT_SEND, text_body(to=RECIPIENT, text=WORDS))

    assert [set(values) for values in heard] == [{"message_uuid", "status", "previous"}]


def test_a_provider_is_given_the_words_and_no_key(recording: World) -> None:
    recording.post(TEXT_SEND, text_body(to=RECIPIENT, text=WORDS))

    (outbound,) = recording.script.sent
    assert outbound.content == Text(WORDS)
    assert recording.key() not in repr(outbound)
