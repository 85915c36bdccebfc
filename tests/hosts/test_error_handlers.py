"""A host with handlers for everything that can go wrong: its errors stay its own, ours stay ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from answers import error
from factories import MESSAGES, TEMPLATE_SEND, TEXT_SEND, World, text_body
from host_apps import Order

MakeHost = Callable[..., World]

HANDLED_CODES = (400, 401, 403, 404, 405, 413, 415, 422, 429, 500)


def by_code(world: World) -> None:
    """A handler for each code."""
    for code in HANDLED_CODES:
        world.app.register_error_handler(code, _host_error)


def by_class(world: World) -> None:
    """One handler for all HTTP errors."""
    world.app.register_error_handler(HTTPException, _host_error)


def for_everything(world: World) -> None:
    """One handler for whatever is raised."""
    world.app.register_error_handler(Exception, _host_error)


def _host_error(raised: Exception) -> tuple[str, int]:
    code = raised.code if isinstance(raised, HTTPException) else 500
    return f"HOST: {code}", code or 500


Request = Callable[[World], TestResponse]

REQUESTS: dict[str, tuple[int, Request]] = {
    "MALFORMED_REQUEST": (400, lambda world: world.post_raw(TEXT_SEND, b"{")),
    "MISSING_API_KEY": (401, lambda world: world.get(MESSAGES, key=None)),
    "PERMISSION_DENIED": (403, lambda world: world.get(MESSAGES, world.issue_key(permissions=[]))),
    "NOT_FOUND": (404, lambda world: world.get("/api/v1/external/nothing")),
    "METHOD_NOT_ALLOWED": (405, lambda world: world.get(TEMPLATE_SEND)),
    "PAYLOAD_TOO_LARGE": (413, lambda world: world.post_raw(TEXT_SEND, b" " * 300_000)),
    "UNSUPPORTED_MEDIA_TYPE": (
        415,
        lambda world: world.post_raw(TEXT_SEND, b"{}", content_type="text/plain"),
    ),
    "VALIDATION_ERROR": (422, lambda world: world.post(TEXT_SEND, {})),
    "RATE_LIMIT_EXCEEDED": (429, lambda world: _over_the_limit(world)),
    "INTERNAL_ERROR": (500, lambda world: _broken(world)),
}


def _over_the_limit(world: World) -> TestResponse:
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)
    return world.get(MESSAGES, key)


def _broken(world: World) -> TestResponse:
    world.services.pipeline.submit = None  # type: ignore[method-assign, assignment]
    return world.post(TEXT_SEND, text_body())


@pytest.mark.parametrize("habit", [by_code, by_class, for_everything])
@pytest.mark.parametrize("code", REQUESTS)
def test_the_hosts_handlers_leave_our_errors_alone(
    make_host: MakeHost, habit: Callable[[World], None], code: str, order: Order
) -> None:
    world = make_host(habit, order=order)
    status, request = REQUESTS[code]

    error(request(world), status, code)


@pytest.mark.parametrize("habit", [by_code, by_class, for_everything])
def test_a_callback_that_is_refused_is_answered_in_our_form(
    make_host: MakeHost, habit: Callable[[World], None], order: Order
) -> None:
    world = make_host(habit, order=order, WAAPI_PROVIDERS={"recorder": {}})

    error(world.client.post("/api/v1/callbacks/recorder", data=b"{}"), 401, "INVALID_SIGNATURE")
    error(world.client.post("/api/v1/callbacks/nobody", data=b"{}"), 404, "NOT_FOUND")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_callback_that_is_too_long_is_answered_in_our_form(
    make_host: MakeHost, chunked: bool, order: Order
) -> None:
    world = make_host(by_code, order=order, WAAPI_PROVIDERS={"recorder": {}})
    size = 3 * 1024 * 1024 + 2
    environment = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "" if chunked else str(size)}

    answer = world.client.post("/api/v1/callbacks/recorder", data=b" " * size, environ_overrides=environment)

    error(answer, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("habit", [by_code, by_class, for_everything])
def test_a_provider_that_breaks_over_a_callback_is_answered_in_our_form(
    make_host: MakeHost, habit: Callable[[World], None], order: Order
) -> None:
    world = make_host(habit, order=order, WAAPI_PROVIDERS={"recorder": {}})

    def break_down(request: object) -> None:
        raise ZeroDivisionError

    world.services.providers["recorder"].verify_callback = break_down  # type: ignore[method-assign]

    answer = world.client.post("/api/v1/callbacks/recorder", headers={"X-Signature": "good"})

    error(answer, 500, "INTERNAL_ERROR")


@pytest.mark.parametrize("habit", [by_code, by_class, for_everything])
@pytest.mark.parametrize("code", HANDLED_CODES)
def test_the_hosts_errors_reach_the_hosts_handlers(
    make_host: MakeHost, habit: Callable[[World], None], code: int, order: Order
) -> None:
    world = make_host(habit, order=order)

    answer = world.client.get(f"/refused/{code}")

    assert (answer.status_code, answer.text) == (code, f"HOST: {code}")


@pytest.mark.parametrize("path", ["/nothing", "/api", "/api/v1", "/api/v1/", "/api/v1/nothing"])
def test_a_page_that_is_nobodys_is_the_hosts_404(make_host: MakeHost, path: str, order: Order) -> None:
    world = make_host(by_code, order=order)

    answer = world.client.get(path)

    assert (answer.status_code, answer.text) == (404, "HOST: 404")


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing"])
def test_without_handlers_the_hosts_404_is_the_one_of_flask(host: World, path: str) -> None:
    answer = host.client.get(path)

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "X-Request-Id" not in answer.headers


def test_a_wrong_method_on_a_page_of_the_host_is_the_hosts_405(make_host: MakeHost, order: Order) -> None:
    world = make_host(by_code, order=order)

    assert world.client.delete("/form").text == "HOST: 405"


def test_a_crash_of_the_host_reaches_the_hosts_handler(make_host: MakeHost, order: Order) -> None:
    world = make_host(for_everything, order=order)

    answer = world.client.get("/crash")

    assert (answer.status_code, answer.text) == (500, "HOST: 500")


@pytest.mark.parametrize("setting", ["TESTING", "PROPAGATE_EXCEPTIONS", "DEBUG"])
def test_where_exceptions_propagate_the_hosts_do_and_ours_are_answered(
    make_host: MakeHost, setting: str
) -> None:
    world = make_host(**{setting: True})

    with pytest.raises(ZeroDivisionError):
        world.client.get("/crash")
    error(_broken(world), 500, "INTERNAL_ERROR")


@pytest.mark.parametrize("setting", ["TRAP_HTTP_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS"])
@pytest.mark.parametrize(
    "code", ["MALFORMED_REQUEST", "NOT_FOUND", "METHOD_NOT_ALLOWED", "PAYLOAD_TOO_LARGE"]
)
def test_a_host_that_traps_http_errors_does_not_trap_ours(
    make_host: MakeHost, setting: str, code: str
) -> None:
    world = make_host(**{setting: True})
    status, request = REQUESTS[code]

    error(request(world), status, code)
