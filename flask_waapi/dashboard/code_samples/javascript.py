"""For JavaScript: the ``fetch`` of Node, Deno and Bun."""

from __future__ import annotations

from .call import KEY_VARIABLE, Call
from .literals import indented, is_exact_in_javascript, json_text, string


def with_fetch(call: Call) -> str:
    """A module."""
    headers = [f'"X-API-Key": process.env.{KEY_VARIABLE}']
    lines = []
    if call.idempotency_key is not None:
        lines += [
            "// One for each message: a second try with the same one sends nothing twice.",
            "const idempotencyKey = crypto.randomUUID();",
        ]
        headers.append('"Idempotency-Key": idempotencyKey')
    if call.has_body:
        headers.append('"Content-Type": "application/json"')
    lines += [
        f"const response = await fetch({string(call.url)}, {{",
        f'  method: "{call.method}",',
        "  headers: {",
        *(f"    {header}," for header in headers),
        "  },",
        *([f"  body: {indented(_body(call), 2)},"] if call.has_body else []),
        "});",
        "console.log(response.status, await response.json());",
    ]
    return "\n".join(lines)


def _body(call: Call) -> str:
    if is_exact_in_javascript(call.body):
        return f"JSON.stringify({json_text(call.body)})"
    return string(json_text(call.body, indent=None))
