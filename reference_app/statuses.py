"""What becomes of the messages: kept in the desk's own table whenever flask-waapi tells."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from flask_waapi import message_status_changed

from .extensions import db
from .models import MessageStatus

TRIES = 2
"""Two statuses of a new message may come at the same moment; the second try finds the other's row."""


def connect(app: Flask) -> None:
    """Listen for this app's messages."""
    message_status_changed.connect(keep_status, sender=app)


def keep_status(sender: Flask, *, message_uuid: UUID, status: str, **_: Any) -> None:
    """Keep the newest status of a message. Called in an app context of its own, after the commit.

    A failure is logged and not raised: the message has its status whether the desk can note it or not.
    """
    problems: list[SQLAlchemyError] = []
    while len(problems) < TRIES:
        try:
            db.session.merge(MessageStatus(message_uuid=message_uuid, status=status))
            db.session.commit()
        except SQLAlchemyError as error:
            db.session.rollback()
            problems.append(error)
        else:
            return
    sender.logger.error("Status %s of message %s was not kept: %s", status, message_uuid, problems[-1])
