"""How the tests fetch links from the servers of this machine, and what those answer."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from flask_waapi.outgoing import fetching
from flask_waapi.outgoing.bounded import Deadline
from flask_waapi.outgoing.fetching import Fetched, LinkUnavailable, LinkUnusable

from .client import local
from .servers import trusting

CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 2_000
LARGEST = len(CONTENT)


def fetch(url: str, into: io.BytesIO | None = None, **options: Any) -> Fetched:
    """A link of an app in development."""
    usual: dict[str, Any] = {
        "largest": LARGEST,
        "deadline": Deadline(timedelta(seconds=30)),
        "allow_http": True,
        "allow_loopback": True,
        "lookup": local,
        "tls": trusting(),
    }
    return fetching.fetch(url, into or io.BytesIO(), **usual | options)


def refused(url: str, **options: Any) -> LinkUnusable:
    """Why a link will never do."""
    with pytest.raises(LinkUnusable) as raised:
        fetch(url, **options)
    return raised.value


def unavailable(url: str, **options: Any) -> LinkUnavailable:
    """Why a link does not do now."""
    with pytest.raises(LinkUnavailable) as raised:
        fetch(url, **options)
    return raised.value


def whole(content: bytes = CONTENT, headers: bytes = b"") -> bytes:
    """An answer with this content."""
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (headers, len(content), content)


def chunked(content: bytes = CONTENT, size: int = 1_000) -> bytes:
    """The same in chunks."""
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def redirect(location: str, status: int = 302) -> bytes:
    """An answer that leads elsewhere."""
    return b"HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, location.encode())
