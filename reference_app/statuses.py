"""What becomes of the messages: kept in the desk's own table whenever flask-waapi tells."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask

from flask_waapi import message_status_changed

from .extensions import db
from .models import MessageStatus


def connect(app: Flask) -> None:
    """Listen for this app's messages."""
    message_status_changed.connect(keep_status, sender=app)


def keep_status(sender: Flask, *, message_uuid: UUID, status: str, **_: Any) -> None:
    """Keep the newest status of a message. Called in an app context of its own, after the commit."""
    db.session.merge(MessageStatus(message_uuid=message_uuid, status=status))
    db.session.commit()
