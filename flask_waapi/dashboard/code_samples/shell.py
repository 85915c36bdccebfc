"""For a POSIX shell: curl and HTTPie."""

from __future__ import annotations

from .call import KEY_VARIABLE, Call
from .literals import json_text, shell_word

_NEXT_LINE = " \\\n  "


def curl(call: Call) -> str:
    """A line of curl."""
    # ``--data-raw``: ``-d`` would read a file where the text begins with an @.
    parts = ["curl", *(["--request", "POST"] if _posts_nothing(call) else []), shell_word(call.url)]
    lines = [" ".join(parts), f'--header "X-API-Key: ${KEY_VARIABLE}"']
    if call.idempotency_key is not None:
        lines.append(f"--header {shell_word(f'Idempotency-Key: {call.idempotency_key}')}")
    if call.has_body:
        lines += [
            "--header 'Content-Type: application/json'",
            f"--data-raw {shell_word(json_text(call.body))}",
        ]
    return _NEXT_LINE.join(lines)


def httpie(call: Call) -> str:
    """A line of HTTPie; it must not wait for its input where there is no terminal."""
    lines = [f"http --ignore-stdin {call.method} {shell_word(call.url)}", f'"X-API-Key:${KEY_VARIABLE}"']
    if call.idempotency_key is not None:
        lines.append(shell_word(f"Idempotency-Key:{call.idempotency_key}"))
    if call.has_body:
        lines.append(f"--raw {shell_word(json_text(call.body))}")
    return _NEXT_LINE.join(lines)


def _posts_nothing(call: Call) -> bool:
    return call.method != "GET" and not call.has_body
