"""What ``python -m reference_app`` does before it serves, and what it then tells."""

from __future__ import annotations

import json
import secrets
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate  # type: ignore[import-untyped]
from flask import Flask

from flask_waapi import Permission, WaApiError

from . import history, hooks, own_templates
from .extensions import db, waapi
from .instance import kept_secret
from .models import User

ACCOUNT = "default"
DEMO_USER = "demo"
KEY_NAME = "curl"
KEY_DESCRIPTION = "Made by the start of the reference app; the next start deletes it."
EXAMPLE = {
    "to": "+1234567890",
    "template_name": "order_confirmation",
    "language": "en",
    "variables": {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"},
    "reference": "my-order-123",
}


@dataclass(frozen=True)
class Prepared:
    """What a person needs to know to use the app.

    :param secret: of the API key made for this start.
    :param notes: what did not go well, without hindering the start.
    """

    password: str
    secret: str
    provider: str
    simulated: bool
    api_prefix: str
    dashboard_prefix: str
    notes: tuple[str, ...] = ()


def prepare(app: Flask, address: str | None = None) -> Prepared:
    """Bring the tables up to date, and see to it that there are a user, a key, templates and a history.

    :param address: where the app will answer, if webhooks may be sent there.
    """
    upgrade_tables(app)
    own_templates.keep(app)
    if history.is_wanted(app):
        print("Making a month of history by simulation; this takes some seconds, once.", flush=True)
        history.make(app, datetime.now(UTC), address)
    with app.app_context():
        if address is not None:
            hooks.connect(address)
        password = _demo_password(app)
        secret = _fresh_key()
        notes = _read_templates()
        services = waapi.services
        name = services.providers.default
        prepared = Prepared(
            password=password,
            secret=secret,
            provider=name,
            simulated=services.providers[name].simulated,
            api_prefix=services.settings.url_prefix,
            dashboard_prefix=services.settings.dashboard_url_prefix,
            notes=notes,
        )
        # The serving process is forked off this one and must not share its connections.
        db.session.remove()
        db.engine.dispose()
        services.store.engine.dispose()
    return prepared


def upgrade_tables(app: Flask) -> None:
    """Bring the order desk's own tables up to date, then those of flask-waapi."""
    with app.app_context():
        flask_migrate.upgrade()
        waapi.upgrade_tables()


def welcome(prepared: Prepared, address: str) -> str:
    """What is printed once the app answers at ``address``."""
    messages = f"{address}{prepared.api_prefix}/external/messages"
    key = f"-H 'X-API-Key: {prepared.secret}'"
    body = shlex.quote(json.dumps(EXAMPLE))
    provider = f"{prepared.provider}: " + (
        "nothing leaves this machine"
        if prepared.simulated
        else "messages are sent for real, charges may apply"
    )
    lines = [
        "",
        "flask-waapi reference app: an order desk that confirms its orders by WhatsApp",
        "",
        f"  Order desk      {address}/",
        f"  API management  {address}{prepared.dashboard_prefix}/",
        f"  API reference   {address}{prepared.api_prefix}/docs",
        f"  Login           {DEMO_USER}",
        f"  Password        {prepared.password}",
        f"  Provider        {provider}",
        "",
        *(f"  Note: {note}\n" for note in prepared.notes),
        "READY. Send a message with a key made for this start:",
        "",
        f"curl -sS {messages}/template/send {key} -H 'Content-Type: application/json' -d {body}",
        "",
        "Read what became of it, by your reference or by the message_uuid of the answer:",
        "",
        f"curl -sS '{messages}?reference={EXAMPLE['reference']}&limit=1' {key}",
        f"curl -sS {messages}/MESSAGE_UUID {key}",
        "",
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)


def _demo_password(app: Flask) -> str:
    password = kept_secret(Path(app.instance_path) / "demo-password", lambda: secrets.token_urlsafe(12))
    user = db.session.scalar(db.select(User).where(User.name == DEMO_USER))
    if user is None:
        user = User(name=DEMO_USER, password_hash="")
        db.session.add(user)
    if not user.password_hash or not user.has_password(password):
        user.set_password(password)
    db.session.commit()
    return password


def _fresh_key() -> str:
    keys = waapi.services.keys
    for key in keys.list(ACCOUNT):
        if key.description == KEY_DESCRIPTION:
            keys.delete(ACCOUNT, str(key.id), actor="reference app")
    issued = waapi.create_key(
        f"{KEY_NAME} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        description=KEY_DESCRIPTION,
        permissions=list(Permission),
        rate_limit=60,
        daily_limit=10_000,
        account=ACCOUNT,
    )
    return issued.secret


def _read_templates() -> tuple[str, ...]:
    try:
        waapi.services.catalogue.sync(waapi.services.providers.default)
    except WaApiError as error:
        return (error.message,)
    return ()
