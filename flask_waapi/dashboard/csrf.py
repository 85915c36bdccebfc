"""Proof that a form was ours: a token in every form, bound to the session and to the viewer.

The session holds a random word under one name of ours; the token is its signature. Where the host has
Flask-WTF's ``CSRFProtect``, our forms carry its token as well, since it checks every request of the host.
"""

from __future__ import annotations

import secrets

from flask import current_app, request, session
from itsdangerous import Signer
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from ..errors import ConfigurationError, PayloadTooLarge, WaApiError
from ..services import current_services
from .access import Viewer

FIELD = "waapi_csrf"
SESSION_NAME = "_waapi_csrf"
"""Our one name in ``flask.session``."""

_SALT = b"flask-waapi dashboard form"


class FormRefused(WaApiError):
    """The form does not prove that it is ours."""

    status, code = 400, "FORM_REFUSED"


def check_session() -> None:
    """Make sure that there is a session to bind tokens to.

    :raises ConfigurationError: the host has none.
    """
    if current_app.session_interface.is_null_session(session):
        raise ConfigurationError(
            ["SECRET_KEY is not set, so there is no session: the dashboard's forms cannot be protected."]
        )


def token(viewer: Viewer) -> str:
    """The token for this session's forms."""
    word = session.get(SESSION_NAME)
    if not isinstance(word, str):
        word = session[SESSION_NAME] = secrets.token_hex(16)
    return _signer().get_signature(_signed(word, viewer)).decode()


def check(viewer: Viewer) -> None:
    """Refuse a form that is not ours.

    :raises FormRefused: the token is missing, or of another session or viewer.
    :raises PayloadTooLarge: the form is longer than may be.
    """
    word = session.get(SESSION_NAME)
    try:
        given = request.form.get(FIELD, "")
    except RequestEntityTooLarge:
        raise PayloadTooLarge(_too_long()) from None
    if isinstance(word, str) and given.isascii() and _signer().verify_signature(_signed(word, viewer), given):
        return
    raise FormRefused(
        "Nothing was changed: the page was too old, or did not come from this dashboard."
        " Go back, reload it and try again."
    )


def fields(viewer: Viewer) -> Markup:
    """The hidden fields of every form."""
    field = Markup('<input type="hidden" name="{}" value="{}">')
    hosts_token = current_app.jinja_env.globals.get("csrf_token")
    if hosts_token is None:
        return field.format(FIELD, token(viewer))
    hosts_name = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return field.format(FIELD, token(viewer)) + field.format(hosts_name, hosts_token())  # type: ignore[operator]


def _too_long() -> str:
    most = request.max_content_length
    if most is not None and (request.content_length is None or request.content_length > most):
        limit = f"{most:,} bytes with its file"
    else:
        limit = f"{request.max_form_memory_size:,} bytes without its file"
    return f"Nothing was changed: the form may have up to {limit}. Go back, where what you typed still is."


def _signer() -> Signer:
    # The peppers are there even where the host keeps its sessions without a SECRET_KEY; newest is last.
    return Signer([*reversed(current_services().settings.peppers)], salt=_SALT)


def _signed(word: str, viewer: Viewer) -> str:
    return f"{word}\n{viewer.account}\n{viewer.name}"
