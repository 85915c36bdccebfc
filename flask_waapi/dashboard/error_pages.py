"""The pages of the error codes: all of them, and each alone."""

from __future__ import annotations

from flask import Response

from ..errors import NotFound
from .access import current_viewer
from .error_codes import ERROR_CODES, FAILURE_CODES
from .presentation import page


def index() -> Response:
    """All codes."""
    return page("error_codes.html", current_viewer(), codes=ERROR_CODES.values(), chosen=None)


def show(code: str) -> Response:
    """One code."""
    chosen = ERROR_CODES.get(code)
    if chosen is None:
        raise NotFound("There is no such code.")
    is_of_messages = code in FAILURE_CODES
    return page(
        "error_codes.html", current_viewer(), codes=(chosen,), chosen=chosen, is_of_messages=is_of_messages
    )
