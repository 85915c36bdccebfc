"""The landing page, the pages for errors, and what every page of the desk has in common."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]
from werkzeug.exceptions import BadRequest, NotFound

from . import first_run
from .extensions import db, waapi
from .models import Order

blueprint = Blueprint("pages", __name__)

OWN_BLUEPRINTS = {"pages", "login", "orders", "hooks", "embedding"}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Join error pages, template helpers and headers to an app."""
    app.register_error_handler(NotFound, _show_error)
    app.register_error_handler(BadRequest, _show_error)
    app.context_processor(_links)
    app.add_template_filter(_money, "money")
    app.after_request(_guard_page)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What this is, and what to do next."""
    providers = waapi.services.providers
    steps = first_run.steps(_links()["dashboard_url"])
    a_demo = db.select(Order.id).where(Order.is_demo).limit(1)
    return render_template(
        "home.html",
        steps=steps,
        done=sum(step.is_done for step in steps),
        has_history=current_user.is_authenticated and db.session.scalar(a_demo) is not None,
        provider=providers.default,
        simulated=providers[providers.default].simulated,
        api_url=url_for("waapi.unknown_path", rest="", _external=True),
    )


def _links() -> dict[str, str]:
    prefix = waapi.services.settings.dashboard_url_prefix
    return {
        "dashboard_url": f"{request.script_root}{prefix}/",
        "api_docs_url": url_for("waapi.docs"),
    }


def _money(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def _show_error(error: NotFound | BadRequest) -> ResponseReturnValue:
    return render_template("error.html", error=error), error.code or 500


def _guard_page(response: Response) -> Response:
    if request.blueprint in OWN_BLUEPRINTS:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
    return response
