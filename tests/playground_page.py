"""Reading the playground's page, and pressing its button."""

from __future__ import annotations

import html
import json
import re
import shlex
from typing import Any

from werkzeug.test import TestResponse

from dashboard_host import Host
from flask_waapi import IssuedKey

TEXT = {"to": "+491701234567", "text": "Hello"}


def payload_on(page: str) -> str:
    """The payload in the form."""
    found = re.search(r'<textarea id="payload".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def answer_on(page: str) -> Any:
    """The body that the API answered with."""
    found = re.search(r'<code id="answer-body">(.*?)</code>', page, re.DOTALL)
    assert found
    return json.loads(html.unescape(found[1]))


def curl_on(page: str) -> list[str]:
    """The words of the line for a shell."""
    found = re.search(r'<code id="code-text-curl">(.*?)</code>', page, re.DOTALL)
    assert found
    return shlex.split(html.unescape(found[1]).replace("\\\n", " "))


def run(
    host: Host, issued: IssuedKey, operation: str = "send_text", payload: Any = None, **form: Any
) -> TestResponse:
    """Press the button."""
    given = payload if isinstance(payload, str) else json.dumps(TEXT if payload is None else payload)
    fields = {
        "action": "run",
        "key": str(issued.key.id),
        "operation": operation,
        "payload": given,
        "run_id": "1",
    }
    return host.post("/playground", **{**fields, **form})


def messages(host: Host) -> list[dict[str, Any]]:
    """The account's messages, through the API."""
    reader = host.services.keys.list("default")
    issued = host.key(f"reader {len(reader)}")
    found: list[dict[str, Any]] = host.call(issued).get_json()["data"]
    return found
