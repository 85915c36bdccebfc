"""How the tests send webhooks to the servers of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_waapi.outgoing import safe_http
from flask_waapi.outgoing.safe_http import Answer

from .servers import trusting

BODY = '{"text":"Grüße"}'.encode()


def local(_host: str, _port: int) -> Sequence[str]:
    """Leads every name to the servers of these tests."""
    return ["127.0.0.1"]


def post(url: str, headers: dict[str, str] | None = None, *, body: bytes = BODY, **options: Any) -> Answer:
    """A webhook of an app in development."""
    usual: dict[str, Any] = {"allow_http": True, "allow_loopback": True, "lookup": local, "tls": trusting()}
    return safe_http.post(url, body, headers or {}, **usual | options)
