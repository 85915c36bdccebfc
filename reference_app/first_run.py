"""The first steps with the app, and which of them have been taken: told by what is there, not by a memory."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_login import current_user  # type: ignore[import-untyped]

from . import history
from .extensions import db, waapi
from .models import Order
from .start import KEY_NAME


@dataclass(frozen=True)
class Step:
    """One thing to do. :param url: where it is done. :param action: what the link there says."""

    title: str
    text: str
    url: str
    action: str
    is_done: bool


def steps(dashboard_url: str) -> list[Step]:
    """The steps in their order; what is in the account shows only to those who have logged in."""
    known = current_user.is_authenticated
    own = [key for key in waapi.services.keys.list(history.ACCOUNT) if _is_own(key.name)] if known else []
    query = db.select(Order.id).where(Order.is_demo.is_(False)).limit(1)
    return [
        Step(
            "Log in",
            "Name and password stand in the terminal in which the app was started.",
            url_for("login.form", next=url_for("pages.home")),
            "Log in",
            known,
        ),
        Step(
            "Place an order",
            "It is stored, then its confirmation is sent. Watch it being delivered and read.",
            url_for("orders.new_order"),
            "New order",
            known and db.session.scalar(query) is not None,
        ),
        Step(
            "Make an API key",
            "It lets a program send. Its secret is shown once; the playground does not need it.",
            f"{dashboard_url}keys/new",
            "Create a key",
            bool(own),
        ),
        Step(
            "Simulate a message",
            "Choose the key in the playground and run a request: every gate is real, nothing is sent.",
            f"{dashboard_url}playground",
            "Open the playground",
            any(key.last_used_at for key in own),
        ),
    ]


def _is_own(name: str) -> bool:
    return not name.startswith((history.PREFIX, f"{KEY_NAME} "))
