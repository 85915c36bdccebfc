"""The two JSON shapes of every answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import Response

from ..errors import WaApiError


def timestamp(moment: datetime | None) -> str | None:
    """A moment as the API writes it: RFC 3339, UTC, ``2027-01-01T00:00:00.000000Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def success_body(data: Any, meta: dict[str, Any] | None = None) -> dict[str, Any]:
    """``{"success": true, "data": ...}``, with ``meta`` beside it where there is any."""
    body = {"success": True, "data": data}
    if meta is not None:
        body["meta"] = meta
    return body


def error_body(error: WaApiError, request_id: str) -> dict[str, Any]:
    """``{"success": false, "error": {"code", "message", ...}}``."""
    return {"success": False, "error": error_members(error) | {"request_id": request_id}}


def error_members(error: WaApiError) -> dict[str, Any]:
    """What an error says: code, message, and details where it has any."""
    members: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details is not None:
        members["details"] = error.details
    return members


def json_response(body: dict[str, Any], status: int) -> Response:
    """The answer. Not written by Flask's JSON provider, which the host may have changed."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text + "\n", status=status, mimetype="application/json")
