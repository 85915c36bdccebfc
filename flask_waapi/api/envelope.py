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
    described: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details is not None:
        described["details"] = error.details
    described["request_id"] = request_id
    return {"success": False, "error": described}


def json_response(body: dict[str, Any], status: int) -> Response:
    """The answer. Not written by Flask's JSON provider, which the host may have changed."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text + "\n", status=status, mimetype="application/json")
