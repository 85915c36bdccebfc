"""Who may work at the desk: login and logout."""

from __future__ import annotations

import re
import secrets
from functools import cache

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user  # type: ignore[import-untyped]
from werkzeug.security import check_password_hash, generate_password_hash

from . import forms
from .extensions import db, login_manager
from .models import User

blueprint = Blueprint("login", __name__)
forms.protect(blueprint)

# One slash, then neither a second nor a backslash, which browsers read as one; no blanks and controls,
# which they drop before they read on.
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def _find_user(name: str) -> User | None:
    user: User | None = db.session.scalar(db.select(User).where(User.name == name))
    return user


@cache
def _no_password() -> str:
    # Made when it is first needed: a hash takes as long to make as to check.
    return generate_password_hash(secrets.token_hex())


def is_local_path(target: str) -> bool:
    """Whether a browser stays on this site when it is sent there."""
    return _LOCAL_PATH.fullmatch(target) is not None


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_user(name: str) -> User | None:
    """The user of a session."""
    return _find_user(name)


@blueprint.get("/login")
def form() -> ResponseReturnValue:
    """The login page."""
    if current_user.is_authenticated:
        return redirect(_destination())
    return render_template("login.html", next=request.args.get("next", ""))


@blueprint.post("/login")
def log_in() -> ResponseReturnValue:
    """Log in and go on to where the visitor wanted to go."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    user = _find_user(name)
    # An unknown name takes as long as a wrong password.
    known = user.has_password(password) if user else check_password_hash(_no_password(), password)
    if user is None or not known:
        page = render_template(
            "login.html", next=request.form.get("next", ""), name=name, problem="Name or password is wrong."
        )
        return page, 401
    session.pop(forms.TOKEN, None)
    login_user(user)
    return redirect(_destination())


@blueprint.post("/logout")
def log_out() -> ResponseReturnValue:
    """Log out."""
    logout_user()
    session.clear()
    return redirect(url_for("pages.home"))


def _destination() -> str:
    wanted = request.values.get("next", "")
    return wanted if is_local_path(wanted) else url_for("orders.list_orders")
