"""Every route of ours is in one table that says who may use it; a route that is not fails the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.routing import Rule

from answers import error
from factories import ALL_PERMISSIONS, close_app, migrated
from flask_waapi import Access, Viewer, WaApi
from flask_waapi.access.key_fields import KeyFields
from flask_waapi.services import EXTENSION, Services

PUBLIC, SESSION, MANAGER = "public", "session", "manager"

SENDING = ("send_template", "send_text", "send_media")

KEYED: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", "waapi.send_template"): ("send_template",),
    ("POST", "waapi.send_text"): ("send_text",),
    ("POST", "waapi.send_media"): ("send_media",),
    ("POST", "waapi.send_interactive"): ("send_text",),
    ("POST", "waapi.send_location"): ("send_text",),
    ("POST", "waapi.send_contacts"): ("send_text",),
    ("POST", "waapi.send_reaction"): ("send_text",),
    ("POST", "waapi.mark_read"): ("send_text",),
    # And that of each message's type.
    ("POST", "waapi.send_raw"): SENDING,
    ("POST", "waapi.send_batch"): SENDING,
    ("POST", "waapi.check_message"): SENDING,
    ("DELETE", "waapi.cancel_message"): SENDING,
    ("GET", "waapi.get_message"): ("view_messages",),
    ("GET", "waapi.list_events"): ("view_messages",),
    ("GET", "waapi.list_messages"): ("view_messages",),
    ("GET", "waapi.list_templates"): ("view_templates",),
    ("GET", "waapi.get_template"): ("view_templates",),
    ("POST", "waapi.preview_template"): ("view_templates",),
    ("POST", "waapi.upload_media"): ("send_media",),
    ("GET", "waapi.get_medium"): ("send_media", "view_messages"),
    ("GET", "waapi.get_medium_content"): ("send_media", "view_messages"),
    ("DELETE", "waapi.delete_medium"): ("send_media",),
}
"""The permissions of which each operation of the API needs one."""

OPEN = {
    ("GET", "waapi.openapi"),
    ("GET", "waapi.docs"),
    ("GET", "waapi.static"),
    # Guarded by the provider's signature and its verify token.
    ("GET", "waapi.callback"),
    ("POST", "waapi.callback"),
    # Style sheets and scripts, which hold nothing of anyone.
    ("GET", "waapi_dashboard.static"),
    *((method, "waapi.unknown_path") for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE")),
}
"""Routes for everyone."""

VIEWERS = {
    ("GET", "waapi_dashboard.overview"),
    ("GET", "waapi_dashboard.counters"),
    ("GET", "waapi_dashboard.keys"),
    ("GET", "waapi_dashboard.key"),
    ("GET", "waapi_dashboard.templates"),
    ("GET", "waapi_dashboard.template"),
    ("GET", "waapi_dashboard.messages"),
    ("GET", "waapi_dashboard.message"),
    ("GET", "waapi_dashboard.message_life"),
    ("GET", "waapi_dashboard.webhooks"),
    ("GET", "waapi_dashboard.callbacks"),
    ("GET", "waapi_dashboard.webhook"),
    ("GET", "waapi_dashboard.webhook_delivery"),
    ("GET", "waapi_dashboard.webhook_delivery_life"),
    ("GET", "waapi_dashboard.playground"),
    ("POST", "waapi_dashboard.use_playground"),
    ("POST", "waapi_dashboard.playground_draft"),
    ("POST", "waapi_dashboard.share_playground"),
    ("POST", "waapi_dashboard.save_recipe"),
    ("GET", "waapi_dashboard.playground_runs"),
    ("GET", "waapi_dashboard.compare_playground_runs"),
    ("POST", "waapi_dashboard.forget_playground_runs"),
    ("GET", "waapi_dashboard.playground_run"),
    ("GET", "waapi_dashboard.save_run_as_recipe"),
    ("GET", "waapi_dashboard.playground_form"),
    ("GET", "waapi_dashboard.overview_live"),
    ("GET", "waapi_dashboard.requests"),
    ("GET", "waapi_dashboard.template_preview"),
    ("GET", "waapi_dashboard.message_changes"),
    ("GET", "waapi_dashboard.export_messages"),
    ("GET", "waapi_dashboard.api_reference"),
    ("GET", "waapi_dashboard.unknown_page"),
    ("GET", "waapi_dashboard.error_codes"),
    ("GET", "waapi_dashboard.error_code"),
}
"""Pages for whoever the host lets in."""

MANAGERS = {
    ("GET", "waapi_dashboard.new_key"),
    ("POST", "waapi_dashboard.create_key"),
    ("GET", "waapi_dashboard.edit_key"),
    ("POST", "waapi_dashboard.update_key"),
    ("GET", "waapi_dashboard.confirm_rotate_key"),
    ("POST", "waapi_dashboard.rotate_key"),
    ("GET", "waapi_dashboard.new_template"),
    ("POST", "waapi_dashboard.create_template"),
    ("POST", "waapi_dashboard.look_at_template"),
    ("GET", "waapi_dashboard.edit_template"),
    ("POST", "waapi_dashboard.update_template"),
    ("GET", "waapi_dashboard.confirm_delete_template"),
    ("POST", "waapi_dashboard.delete_template"),
    ("POST", "waapi_dashboard.set_key_enabled"),
    ("GET", "waapi_dashboard.confirm_delete_key"),
    ("POST", "waapi_dashboard.delete_key"),
    ("POST", "waapi_dashboard.sync_templates"),
    ("POST", "waapi_dashboard.retry_message"),
    ("POST", "waapi_dashboard.cancel_message"),
    ("POST", "waapi_dashboard.step_message"),
    ("POST", "waapi_dashboard.playground_webhook_test"),
    ("GET", "waapi_dashboard.new_webhook"),
    ("POST", "waapi_dashboard.create_webhook"),
    ("POST", "waapi_dashboard.replay_callback"),
    ("GET", "waapi_dashboard.edit_webhook"),
    ("POST", "waapi_dashboard.update_webhook"),
    ("POST", "waapi_dashboard.pause_webhook"),
    ("POST", "waapi_dashboard.resume_webhook"),
    ("POST", "waapi_dashboard.enable_webhook"),
    ("GET", "waapi_dashboard.confirm_rotate_webhook"),
    ("POST", "waapi_dashboard.rotate_webhook"),
    ("GET", "waapi_dashboard.confirm_delete_webhook"),
    ("POST", "waapi_dashboard.delete_webhook"),
    ("POST", "waapi_dashboard.test_webhook"),
    ("POST", "waapi_dashboard.rehearse_webhook"),
    ("POST", "waapi_dashboard.go_on_rehearsing_webhook"),
    ("POST", "waapi_dashboard.replay_webhook_since"),
    ("POST", "waapi_dashboard.replay_webhook_delivery"),
}
"""Pages for those who may change something."""

TABLE: dict[tuple[str, str], object] = {
    **KEYED,
    **dict.fromkeys(OPEN, PUBLIC),
    **dict.fromkeys(VIEWERS, SESSION),
    **dict.fromkeys(MANAGERS, MANAGER),
}


class Door:
    """The host's word on who is there."""

    viewer: Viewer | None = None

    def __call__(self) -> Viewer | None:
        return self.viewer


@pytest.fixture(scope="module")
def door() -> Door:
    """Lets no one in until it is told to."""
    return Door()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, door: Access) -> Iterator[Flask]:
    """An app with the API and the dashboard."""
    uri = migrated(f"sqlite:///{tmp_path_factory.mktemp('routes') / 'waapi.sqlite'}")
    app = Flask("routes_host", root_path=str(Path(__file__).parent), static_folder=None)
    app.config.update(
        SECRET_KEY="routes",
        SQLALCHEMY_DATABASE_URI=uri,
        WAAPI_BACKGROUND_THREAD=False,
        WAAPI_WRONG_KEY_LIMIT=10_000,
    )
    WaApi(app, db=SQLAlchemy(app), dashboard_access=door)
    yield app
    close_app(app)


def routes(app: Flask) -> dict[tuple[str, str], Rule]:
    """The app's rules by method and endpoint."""
    return {
        (method, rule.endpoint): rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def path_of(rule: Rule) -> str:
    """An address that the rule takes."""
    ids = {name: uuid4() for name in ("message_uuid", "key_id", "endpoint_id", "delivery_id", "callback_id")}
    values = {**ids, "provider_name": "simulation", "filename": "x"}
    built = rule.build({name: values.get(name, "x") for name in rule.arguments})
    assert built is not None
    return built[1]


def test_every_route_is_in_the_table_and_the_table_has_no_other(app: Flask) -> None:
    assert set(routes(app)) == set(TABLE)


@pytest.mark.parametrize("route", sorted(KEYED))
def test_an_operation_of_the_api_needs_a_key_with_its_permission_and_no_other(
    app: Flask, route: tuple[str, str]
) -> None:
    services: Services = app.extensions[EXTENSION]
    path = path_of(routes(app)[route])
    others = [permission for permission in ALL_PERMISSIONS if permission not in KEYED[route]]
    fields = KeyFields(f"all but for {route}", permissions=others)
    key = services.keys.issue(fields, account="default", actor="test").secret
    client = app.test_client()

    error(client.open(path, method=route[0]), 401, "MISSING_API_KEY")
    refused = error(client.open(path, method=route[0], headers={"X-API-Key": key}), 403, "PERMISSION_DENIED")

    one, *more = KEYED[route]
    expected = {"required_permissions": [one, *more]} if more else {"required_permission": one}
    assert refused["details"] == expected


@pytest.mark.parametrize("route", sorted(KEYED))
def test_being_logged_in_at_the_host_opens_nothing_of_the_api(
    app: Flask, door: Door, route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "viewer", Viewer("default", "someone"))
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "1"

    answer = client.open(path_of(routes(app)[route]), method=route[0])

    error(answer, 401, "MISSING_API_KEY")


@pytest.mark.parametrize("route", sorted(VIEWERS | MANAGERS))
def test_a_page_does_not_exist_for_whom_the_host_does_not_let_in(app: Flask, route: tuple[str, str]) -> None:
    answer = app.test_client().open(path_of(routes(app)[route]), method=route[0])

    assert answer.status_code == 404


@pytest.mark.parametrize("route", sorted(VIEWERS | MANAGERS))
def test_an_api_key_opens_no_page(app: Flask, route: tuple[str, str]) -> None:
    services: Services = app.extensions[EXTENSION]
    fields = KeyFields(f"page {route}", permissions=ALL_PERMISSIONS)
    key = services.keys.issue(fields, account="default", actor="test").secret
    path = path_of(routes(app)[route])

    answer = app.test_client().open(path, method=route[0], headers={"X-API-Key": key})

    assert answer.status_code == 404


@pytest.mark.parametrize("route", sorted(MANAGERS))
def test_who_may_only_look_changes_nothing(
    app: Flask, door: Door, route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "viewer", Viewer("default", "an onlooker", may_manage=False))

    answer = app.test_client().open(path_of(routes(app)[route]), method=route[0])

    assert answer.status_code in {400, 403}


def test_without_an_access_callable_there_is_no_dashboard(tmp_path: Path) -> None:
    app = Flask("no_dashboard", static_folder=None)
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'x.sqlite'}")
    WaApi(app, db=SQLAlchemy(app))

    assert {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules()} == {"waapi"}
    assert app.test_client().get("/waapi/").status_code == 404
    close_app(app)
