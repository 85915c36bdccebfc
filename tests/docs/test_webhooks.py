"""The page on webhooks says what the code does, and its receiver works."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from doc_pages import ROOT, blocks
from flask_waapi import WaApi
from flask_waapi.outgoing.schedule import SCHEDULE
from flask_waapi.outgoing.signing import sign, to_text
from flask_waapi.plugins.events import EVENT_TYPES

PAGE = ROOT / "docs" / "webhooks.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECRET = b"a secret of 32 bytes for testing"
BODY = '{"type":"test","timestamp":"2026-01-01T00:00:00Z","data":{"text":"Grüße"}}'.encode()


def section(title: str) -> str:
    """The text below a heading."""
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_type_of_event_is_on_the_page_with_its_meaning() -> None:
    assert dict(re.findall(r"^\| `([a-z.]+)` \| (.+) \|$", section("Events"), re.MULTILINE)) == EVENT_TYPES


def test_the_schedule_is_on_the_page() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+):(\d+):(\d+) \|$", section("Retries"), re.MULTILINE)

    assert [int(attempt) for attempt, *_ in rows] == list(range(1, len(SCHEDULE) + 1))
    assert [timedelta(hours=int(h), minutes=int(m), seconds=int(s)) for _, h, m, s in rows] == list(SCHEDULE)


def test_the_version_in_the_request_that_is_shown_is_ours() -> None:
    assert f"\nUser-Agent: flask-waapi/{version('flask-waapi')}\n" in section("What arrives")


def test_the_calls_from_python_run(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = [block for block in blocks(PAGE, "python") if block.mark == "fragment"]
    app = Flask("example")
    app.config.update(
        SECRET_KEY="example", SQLALCHEMY_DATABASE_URI="sqlite://", WAAPI_BACKGROUND_THREAD=False
    )

    exec(compile(block.code, str(PAGE), "exec"), {"app": app, "db": SQLAlchemy(app), "WaApi": WaApi})

    assert capsys.readouterr().out.startswith("whsec_")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of the receiver that the page shows."""
    monkeypatch.setenv("WEBHOOK_SECRET", to_text(SECRET))
    (block,) = [block for block in blocks(PAGE, "python") if block.mark == "receiver"]
    space: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(block.code, str(PAGE), "exec"), space)
    client: FlaskClient = space["app"].test_client()
    return client


def test_the_receiver_accepts_what_we_sign(receiver: FlaskClient) -> None:
    headers = sign([b"another secret", SECRET], "event-1", datetime.now(UTC), BODY)

    assert receiver.post("/hook", data=BODY, headers=headers).status_code == 204


@pytest.mark.parametrize("signature", ["", "v1", "v1,!", "v1,a,b", "v1,aGFsbG8="])
def test_the_receiver_refuses_what_is_not_signed(receiver: FlaskClient, signature: str) -> None:
    headers = sign([SECRET], "event-1", datetime.now(UTC), BODY) | {"webhook-signature": signature}

    assert receiver.post("/hook", data=BODY, headers=headers).status_code == 401
