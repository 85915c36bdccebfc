"""The API reference within the dashboard."""

from __future__ import annotations

from flask import Response

from ..api.blueprint import openapi_document
from ..api.reference import read_document
from .access import current_viewer
from .presentation import page


def show() -> Response:
    """The same content as the API's own page of documentation."""
    return page("api_reference.html", current_viewer(), reference=read_document(openapi_document()))
