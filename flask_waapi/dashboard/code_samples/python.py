"""For Python: requests and httpx, which are called alike."""

from __future__ import annotations

from .call import KEY_VARIABLE, Call
from .literals import python_value, string


def with_requests(call: Call) -> str:
    """A script with requests."""
    return _script(call, "requests")


def with_httpx(call: Call) -> str:
    """A script with httpx."""
    return _script(call, "httpx")


def _script(call: Call, library: str) -> str:
    imports = ["import os"]
    headers = [f'"X-API-Key": os.environ["{KEY_VARIABLE}"]']
    if call.idempotency_key is not None:
        imports.append("import uuid")
        headers.append('"Idempotency-Key": idempotency_key')
    lines = [*imports, "", f"import {library}", ""]
    if call.idempotency_key is not None:
        lines += [
            "# One for each message: a second try with the same one sends nothing twice.",
            "idempotency_key = str(uuid.uuid4())",
        ]
    if call.has_body:
        lines += [f"payload = {python_value(call.body)}"]
    lines += [
        f"response = {library}.{call.method.lower()}(",
        f"    {string(call.url)},",
        f"    headers={{{', '.join(headers)}}},",
        *(["    json=payload,"] if call.has_body else []),
        "    timeout=30,",
        ")",
        "print(response.status_code, response.json())",
    ]
    return "\n".join(lines)
