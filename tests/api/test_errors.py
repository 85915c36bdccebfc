"""The table of codes: one request for each, its exact status, its exact shape."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from answers import error
from factories import (
    MESSAGES,
    RECIPIENT,
    RECORDING,
    TEMPLATE_SEND,
    TEMPLATES,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import (
    AccountUpdate,
    Image,
    Misconfigured,
    PreferenceUpdate,
    Rejected,
    Retryable,
    WaApiError,
    WindowClosed,
    errors,
)
from flask_waapi.storage.models import StoredTemplate
from recorder import ORDER_CONFIRMATION
from reports import apply

Request = Callable[[World], TestResponse]

CASES: dict[str, tuple[int, Request]] = {}


def case(code: str, status: int) -> Callable[[Request], Request]:
    """Note a request that must be answered so."""

    def note(request: Request) -> Request:
        CASES[code] = (status, request)
        return request

    return note


@case("MALFORMED_REQUEST", 400)
def _(world: World) -> TestResponse:
    return world.post_raw(TEXT_SEND, b'{"to": ')


@case("MISSING_API_KEY", 401)
def _(world: World) -> TestResponse:
    return world.get(MESSAGES, key=None)


@case("INVALID_API_KEY", 401)
def _(world: World) -> TestResponse:
    return world.get(MESSAGES, key="wak_live_nonsense")


@case("KEY_INACTIVE", 401)
def _(world: World) -> TestResponse:
    key = world.key()
    world.services.keys.set_enabled("default", "shop", False, actor="test")
    return world.get(MESSAGES, key)


@case("KEY_EXPIRED", 401)
def _(world: World) -> TestResponse:
    key = world.issue_key(expires_at=world.clock() + timedelta(seconds=1))
    world.clock.advance(1)
    return world.get(MESSAGES, key)


@case("INVALID_SIGNATURE", 401)
def _(world: World) -> TestResponse:
    return world.client.post("/api/v1/callbacks/recorder", data=b"{}")


@case("PERMISSION_DENIED", 403)
def _(world: World) -> TestResponse:
    return world.get(MESSAGES, world.issue_key(permissions=["send_text"]))


@case("IP_NOT_ALLOWED", 403)
def _(world: World) -> TestResponse:
    return world.get(MESSAGES, world.issue_key(allowed_networks=["203.0.113.0/24"]))


@case("NOT_FOUND", 404)
def _(world: World) -> TestResponse:
    return world.get(f"{MESSAGES}/{uuid4()}")


@case("TEMPLATE_NOT_FOUND", 404)
def _(world: World) -> TestResponse:
    return world.get(f"{TEMPLATES}/nothing")


@case("METHOD_NOT_ALLOWED", 405)
def _(world: World) -> TestResponse:
    return world.get(TEMPLATE_SEND)


@case("IDEMPOTENCY_IN_PROGRESS", 409)
def _(world: World) -> TestResponse:
    answers = []

    def ask_again(message: object) -> object:
        answers.append(world.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "k"}))
        raise Rejected("This is not about the first answer.")

    world.script.outcomes.append(ask_again)  # type: ignore[arg-type]
    world.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "k"})
    (answer,) = answers
    return answer


@case("MESSAGE_NOT_QUEUED", 409)
def _(world: World) -> TestResponse:
    uuid = world.send().get_json()["data"]["message_uuid"]
    return world.delete(f"{MESSAGES}/{uuid}")


@case("SERVICE_WINDOW_CLOSED", 409)
def _(world: World) -> TestResponse:
    world.script.outcomes.append(WindowClosed("24 hours have passed."))
    return world.post(TEXT_SEND, text_body())


@case("RECIPIENT_OPTED_OUT", 409)
def _(world: World) -> TestResponse:
    world.script.templates = [replace(ORDER_CONFIRMATION, category="MARKETING")]
    apply(world, "recorder", PreferenceUpdate(RECIPIENT, False, world.clock()))
    return world.send()


@case("ACCOUNT_RESTRICTED", 409)
def _(world: World) -> TestResponse:
    told = AccountUpdate("restriction", "Restricted.", world.clock(), stops=frozenset({"template"}))
    apply(world, "recorder", told)
    return world.send()


@case("PAYLOAD_TOO_LARGE", 413)
def _(world: World) -> TestResponse:
    return world.post_raw(TEXT_SEND, b" " * 262_145)


@case("UNSUPPORTED_MEDIA_TYPE", 415)
def _(world: World) -> TestResponse:
    return world.post_raw(TEXT_SEND, b"{}", content_type="text/plain")


@case("VALIDATION_ERROR", 422)
def _(world: World) -> TestResponse:
    return world.post(TEXT_SEND, text_body(to="12"))


@case("UNSUPPORTED_FEATURE", 422)
def _(world: World) -> TestResponse:
    world.services.providers["recorder"].content_types = frozenset({Image})
    return world.post(TEXT_SEND, text_body())


@case("IDEMPOTENCY_MISMATCH", 422)
def _(world: World) -> TestResponse:
    world.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "k"})
    return world.post(TEXT_SEND, text_body(text="Other"), headers={"Idempotency-Key": "k"})


@case("MESSAGE_REJECTED", 422)
def _(world: World) -> TestResponse:
    world.script.outcomes.append(Rejected("No such number.", code="131026"))
    return world.post(TEXT_SEND, text_body())


@case("RATE_LIMIT_EXCEEDED", 429)
def _(world: World) -> TestResponse:
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)
    return world.get(MESSAGES, key)


@case("DAILY_LIMIT_EXCEEDED", 429)
def _(world: World) -> TestResponse:
    key = world.issue_key(daily_limit=1)
    world.get(MESSAGES, key)
    return world.get(MESSAGES, key)


@case("PROVIDER_ERROR", 502)
def _(world: World) -> TestResponse:
    world.script.outcomes.append(Misconfigured("The token has expired.", code="190"))
    return world.post(TEXT_SEND, text_body())


@case("PROVIDER_UNAVAILABLE", 503)
def _(world: World) -> TestResponse:
    world.script.outcomes.append(Retryable("The network is overloaded."))
    return world.post(TEXT_SEND, text_body())


@case("STORAGE_BUSY", 503)
def _(world: World) -> TestResponse:
    key = world.key()
    path = sa.make_url(world.app.config["SQLALCHEMY_DATABASE_URI"]).database
    with closing(sqlite3.connect(str(path))) as other:
        other.execute("BEGIN IMMEDIATE")
        return world.get(MESSAGES, key)


@case("MESSAGE_NOT_RECEIVED", 409)
def _(world: World) -> TestResponse:
    sent = world.post(TEXT_SEND, text_body()).get_json()["data"]
    return world.post(f"{MESSAGES}/{sent['message_uuid']}/read", {})


@case("STORAGE_UNAVAILABLE", 503)
def _(world: World) -> TestResponse:
    key = world.key()
    path = Path(str(sa.make_url(world.app.config["SQLALCHEMY_DATABASE_URI"]).database))
    world.services.store.engine.dispose()
    with world.app.app_context():
        world.db.engine.dispose()
    path.rename(path.with_suffix(".away"))
    # SQLite would make a new file; in the place of a file it cannot open a folder.
    path.mkdir()
    return world.get(MESSAGES, key)


@case("INTERNAL_ERROR", 500)
def _(world: World) -> TestResponse:
    key = world.key()
    drop_templates(world)
    return world.get(TEMPLATES, key)


def drop_templates(world: World) -> None:
    """Take a table away under the app's feet."""
    table = StoredTemplate.metadata.tables[StoredTemplate.__tablename__]
    table.drop(world.services.store.engine)


@pytest.mark.parametrize("code", CASES)
def test_each_code_has_its_status_and_the_shape_of_the_contract(make_world: MakeWorld, code: str) -> None:
    status, request = CASES[code]
    engine_options = {"connect_args": {"timeout": 0.25}}

    answer = request(make_world(**RECORDING, SQLALCHEMY_ENGINE_OPTIONS=engine_options))

    error(answer, status, code)


def test_every_class_of_error_has_a_request_that_meets_it() -> None:
    def family(kind: type[WaApiError]) -> set[type[WaApiError]]:
        return {kind}.union(*(family(child) for child in kind.__subclasses__()))

    ours = {kind for kind in family(WaApiError) if kind.__module__ == errors.__name__}
    without_a_route = {errors.Unauthenticated, errors.MessageNotFailed, errors.TemplateRejected}
    codes = {(kind.code, kind.status) for kind in ours - without_a_route}

    assert codes == {(code, status) for code, (status, _) in CASES.items()}


def test_the_codes_are_those_of_the_contract() -> None:
    beyond_the_contract = {
        *("STORAGE_BUSY", "STORAGE_UNAVAILABLE", "INVALID_SIGNATURE", "MESSAGE_NOT_QUEUED"),
        *("RECIPIENT_OPTED_OUT", "ACCOUNT_RESTRICTED", "MESSAGE_NOT_RECEIVED"),
    }

    assert set(CASES) - beyond_the_contract == {
        *("MALFORMED_REQUEST", "MISSING_API_KEY", "INVALID_API_KEY", "KEY_INACTIVE", "KEY_EXPIRED"),
        *("PERMISSION_DENIED", "IP_NOT_ALLOWED", "NOT_FOUND", "TEMPLATE_NOT_FOUND", "METHOD_NOT_ALLOWED"),
        *("PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_IN_PROGRESS"),
        *("SERVICE_WINDOW_CLOSED", "VALIDATION_ERROR", "UNSUPPORTED_FEATURE", "IDEMPOTENCY_MISMATCH"),
        *("MESSAGE_REJECTED", "RATE_LIMIT_EXCEEDED", "DAILY_LIMIT_EXCEEDED", "PROVIDER_ERROR"),
        *("PROVIDER_UNAVAILABLE", "INTERNAL_ERROR"),
    }


def test_an_unexpected_fault_is_in_the_log_under_its_request_id_and_not_in_the_answer(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(**RECORDING)
    world.get(TEMPLATES)
    drop_templates(world)

    with caplog.at_level(logging.ERROR):
        answer = world.get(TEMPLATES, headers={"X-Request-Id": "find-me"})

    assert error(answer, 500, "INTERNAL_ERROR")["request_id"] == "find-me"
    assert "waapi_templates" not in answer.text
    assert "find-me" in caplog.text
    assert "OperationalError" in caplog.text


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        (TEMPLATE_SEND, "GET", "POST"),
        (TEMPLATE_SEND, "DELETE", "POST"),
        (TEXT_SEND, "PUT", "POST"),
        (MESSAGES, "POST", "GET, HEAD"),
        (MESSAGES, "PATCH", "GET, HEAD"),
        (TEMPLATES, "POST", "GET, HEAD"),
        (f"{TEMPLATES}/order_confirmation", "DELETE", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(
    shared: World, path: str, method: str, allowed: str
) -> None:
    answer = shared.client.open(path, method=method)

    error(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/external/",
        "/api/v1/external/nothing",
        "/api/v1/external/messages/",
        "/api/v1/external/messages/template",
        "/api/v1/external/messages/template/send/",
        "/api/v1/external/messages/template/send/more",
        "/api/v1/external/keys",
        "/api/v1/external/%F0%9F%92%A5",
        "/api/v1/external/a%00b",
        "/api/v1/external/" + "x" * 3000,
    ],
)
def test_a_path_of_ours_that_leads_nowhere_is_a_json_404(shared: World, path: str, method: str) -> None:
    error(shared.client.open(path, method=method), 404, "NOT_FOUND")


def test_a_head_request_is_answered_as_the_get_without_its_body(shared: World) -> None:
    answer = shared.client.head(MESSAGES, headers={"X-API-Key": shared.key()})

    assert (answer.status_code, answer.data) == (200, b"")
    assert shared.client.head(MESSAGES).status_code == 401


def test_template_send_reports_the_providers_code_and_reason(recording: World) -> None:
    recording.script.outcomes.append(Rejected("Number of parameters does not match.", code="132000"))

    details = error(recording.post(TEMPLATE_SEND, template_body()), 422, "MESSAGE_REJECTED")["details"]

    assert details["provider_code"] == "132000"
    assert details["reason"] == "Number of parameters does not match."
    assert details["message_uuid"] == str(recording.message().id)
