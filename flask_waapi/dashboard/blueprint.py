"""The dashboard's blueprint."""

from __future__ import annotations

from flask import Blueprint

from .access import Access


def create_blueprint(access: Access) -> Blueprint:
    """A blueprint for one app."""
    return Blueprint("waapi_dashboard", __name__)
