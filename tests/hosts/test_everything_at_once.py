"""One host with every habit: flask-smorest, a limiter, CSRF protection, handlers, hooks, session work."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_smorest import Api  # type: ignore[import-untyped]
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]

from answers import data, error
from factories import MESSAGES, TEMPLATE_SEND, TEXT_SEND, World, template_body
from host_apps import Order, Purchase

MakeHost = Callable[..., World]


def everything(world: World) -> None:
    """All that a host may do, with the two lines from our documentation."""
    app = world.app
    Api(app)
    Limiter(get_remote_address, app=app).exempt(world.waapi.api_blueprint)
    CSRFProtect(app).exempt(world.waapi.api_blueprint)
    for code in (401, 404, 405, 413, 422, 429, 500):
        app.register_error_handler(code, lambda raised: (f"HOST: {raised.code}", raised.code))

    @app.before_request
    def begin() -> None:
        session["visited"] = True
        world.db.session.add(Purchase(title="not yet"))

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-Host"] = "yes"
        return response


SETTINGS = {
    "API_TITLE": "The host's",
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.0.2",
    "RATELIMIT_DEFAULT": "3 per minute",
    "RATELIMIT_META": "50 per minute",
    "RATELIMIT_HEADERS_ENABLED": True,
    "RATELIMIT_STORAGE_URI": "memory://",
}


def test_both_sides_behave_as_if_they_were_alone(make_host: MakeHost, order: Order) -> None:
    world = make_host(everything, order=order, **SETTINGS)

    error(world.get(MESSAGES, key=None), 401, "MISSING_API_KEY")
    error(world.get(TEMPLATE_SEND), 405, "METHOD_NOT_ALLOWED")
    error(world.get("/api/v1/external/nothing"), 404, "NOT_FOUND")
    error(world.post(TEXT_SEND, {}), 422, "VALIDATION_ERROR")
    for _ in range(4):
        sent = world.post(TEMPLATE_SEND, template_body())
        assert data(sent, 201)["status"] == "sent"
    key = world.issue_key("one", rate_limit=1)
    world.get(MESSAGES, key)
    over = world.get(MESSAGES, key)
    error(over, 429, "RATE_LIMIT_EXCEEDED")
    assert over.headers.getlist("X-RateLimit-Limit") == ["1"]
    assert over.headers["X-Host"] == "yes"

    statuses = [world.client.get("/").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert world.client.get("/nothing").text == "HOST: 404"
    assert world.client.post("/form").get_json() == {"code": 400, "status": "Bad Request"}
