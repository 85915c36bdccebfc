"""A host with a stock flask-smorest Api of its own, which answers every error of the app in its JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_smorest  # type: ignore[import-untyped]
import marshmallow as ma

from answers import data, error
from factories import MESSAGES, TEMPLATE_SEND, TEXT_SEND, World, text_body
from host_apps import Order

MakeHost = Callable[..., World]


class PurchaseSchema(ma.Schema):
    """A schema of the host's."""

    title = ma.fields.String(required=True)


class MessageSchema(ma.Schema):
    """A schema whose name is also the name of one of ours."""

    word = ma.fields.String()


def smorest(world: World) -> None:
    """An API of the host's, with a document of its own."""
    api = flask_smorest.Api(world.app)
    blueprint = flask_smorest.Blueprint("purchases", "purchases", url_prefix="/purchases")

    @blueprint.route("/", methods=["POST"])  # type: ignore[untyped-decorator]
    @blueprint.arguments(PurchaseSchema)  # type: ignore[untyped-decorator]
    @blueprint.response(200, MessageSchema)  # type: ignore[untyped-decorator]
    def buy(given: dict[str, Any]) -> dict[str, Any]:
        return {"word": given["title"]}

    api.register_blueprint(blueprint)


SETTINGS = {
    "API_TITLE": "The host's",
    "API_VERSION": "v7",
    "OPENAPI_VERSION": "3.0.2",
    "OPENAPI_URL_PREFIX": "/documents",
}


def test_the_hosts_api_answers_as_without_us(make_host: MakeHost, order: Order) -> None:
    world = make_host(smorest, order=order, **SETTINGS)

    assert world.client.post("/purchases/", json={"title": "tea"}).get_json() == {"word": "tea"}
    assert world.client.post("/purchases/", json={}).get_json()["errors"] == {
        "json": {"title": ["Missing data for required field."]}
    }
    assert world.client.get("/nothing").get_json() == {"code": 404, "status": "Not Found"}


def test_our_errors_stay_ours(make_host: MakeHost, order: Order) -> None:
    world = make_host(smorest, order=order, **SETTINGS)

    error(world.get(MESSAGES, key=None), 401, "MISSING_API_KEY")
    error(world.get("/api/v1/external/nothing"), 404, "NOT_FOUND")
    error(world.get(TEMPLATE_SEND), 405, "METHOD_NOT_ALLOWED")
    error(world.post(TEXT_SEND, {}), 422, "VALIDATION_ERROR")
    data(world.post(TEXT_SEND, text_body()), 201)


def test_each_document_holds_its_own_paths(make_host: MakeHost, order: Order) -> None:
    world = make_host(smorest, order=order, **SETTINGS)

    hosts = world.client.get("/documents/openapi.json").get_json()
    ours = world.client.get("/api/v1/openapi.json").get_json()

    assert (hosts["openapi"], hosts["info"]["title"], set(hosts["paths"])) == (
        "3.0.2",
        "The host's",
        {"/purchases/"},
    )
    assert ours["openapi"] == "3.1.0"
    assert "/messages/text/send" in ours["paths"]
    assert "/purchases/" not in ours["paths"]


def test_both_command_groups_are_there(make_host: MakeHost, order: Order) -> None:
    world = make_host(smorest, order=order, **SETTINGS)

    assert {"openapi", "waapi"} <= set(world.app.cli.commands)
