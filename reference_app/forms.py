"""Forms of this app carry a token that another site cannot know."""

from __future__ import annotations

import hmac
import secrets

from flask import Blueprint, Flask, abort, request, session

TOKEN = "csrf_token"


def init_app(app: Flask) -> None:
    """Give the templates ``csrf_token()``."""
    app.jinja_env.globals["csrf_token"] = csrf_token


def csrf_token() -> str:
    """The token of this session."""
    if TOKEN not in session:
        session[TOKEN] = secrets.token_urlsafe(32)
    token: str = session[TOKEN]
    return token


def protect(blueprint: Blueprint) -> None:
    """Refuse forms without the token in a blueprint of ours; other blueprints have their own ways."""
    blueprint.before_request(_check_token)


def _check_token() -> None:
    if request.method != "POST":
        return
    expected, given = session.get(TOKEN, ""), request.form.get(TOKEN, "")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        abort(400, "This form is no longer valid. Go back, load the page again and send it once more.")
