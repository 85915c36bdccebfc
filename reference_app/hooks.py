"""The desk as a receiver of webhooks: what becomes of its messages, told by them, checked and shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required  # type: ignore[import-untyped]
from sqlalchemy.exc import IntegrityError
from standardwebhooks import Webhook, WebhookVerificationError

from .extensions import db, waapi
from .instance import kept_secret
from .models import ReceivedEvent

ACCOUNT = "default"
DESCRIPTION = "The order desk itself"
EVENTS = ("message.sent", "message.delivered", "message.read", "message.failed", "message.received")
RECEIVER = "/hooks/messages"
SHOWN = 25
KEPT = 200

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


def connect(address: str, events: Sequence[str] = EVENTS) -> None:
    """Let the events of the account come to this app; needs an app context.

    :param address: where the app answers now.
    """
    url = f"{address}{RECEIVER}"
    for endpoint in waapi.webhooks.list(account=ACCOUNT):
        if endpoint.description == DESCRIPTION:
            waapi.webhooks.update(endpoint.id, url=url, events=events, account=ACCOUNT)
            return
    issued = waapi.webhooks.create(url, events, description=DESCRIPTION, account=ACCOUNT)
    path = _secret_path()
    path.unlink(missing_ok=True)
    kept_secret(path, lambda: issued.secret)


@blueprint.post("/messages")
def receive() -> ResponseReturnValue:
    """Take an event in. It may come twice, and not everybody who sends one is who they say."""
    path = _secret_path()
    if not path.exists():
        abort(404)
    try:
        event = Webhook(path.read_text().strip()).verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError as error:
        return {"error": str(error)}, 400
    except ValueError:
        # The library reads the headers as if they were well-formed.
        return {"error": "The request is malformed."}, 400
    data = event["data"]
    received = ReceivedEvent(
        webhook_id=request.headers["webhook-id"],
        received_at=datetime.now(UTC),
        type=event["type"],
        message_uuid=data.get("message_uuid"),
        reference=data.get("reference"),
    )
    db.session.add(received)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        return "", 204
    db.session.execute(db.delete(ReceivedEvent).where(ReceivedEvent.id <= received.id - KEPT))
    db.session.commit()
    return "", 204


@blueprint.get("/")
@login_required  # type: ignore[untyped-decorator]
def show() -> ResponseReturnValue:
    """The events that came in last."""
    query = db.select(ReceivedEvent).order_by(ReceivedEvent.id.desc()).limit(SHOWN)
    return render_template("hooks.html", events=db.session.scalars(query).all(), receiver=RECEIVER)


def _secret_path() -> Path:
    return Path(current_app.instance_path) / "webhook-secret"
