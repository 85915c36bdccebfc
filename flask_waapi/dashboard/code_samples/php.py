"""For PHP, with its curl extension."""

from __future__ import annotations

from .call import KEY_VARIABLE, Call
from .literals import json_text


def with_curl(call: Call) -> str:
    """A script."""
    headers = [f"'X-API-Key: ' . getenv('{KEY_VARIABLE}')"]
    lines = ["<?php", ""]
    if call.idempotency_key is not None:
        lines += [
            "// One for each message: a second try with the same one sends nothing twice.",
            "$idempotencyKey = bin2hex(random_bytes(16));",
        ]
        headers.append("'Idempotency-Key: ' . $idempotencyKey")
    if call.has_body:
        headers.append("'Content-Type: application/json'")
        # No line of laid out JSON begins with the word that ends the text.
        lines += ["$payload = <<<'JSON'", json_text(call.body), "JSON;"]
    lines += [
        f"$request = curl_init({_single_quoted(call.url)});",
        "curl_setopt_array($request, [",
        f"    CURLOPT_CUSTOMREQUEST => '{call.method}',",
        "    CURLOPT_HTTPHEADER => [",
        *(f"        {header}," for header in headers),
        "    ],",
        *(["    CURLOPT_POSTFIELDS => $payload,"] if call.has_body else []),
        "    CURLOPT_RETURNTRANSFER => true,",
        "    CURLOPT_TIMEOUT => 30,",
        "]);",
        "$answer = curl_exec($request);",
        "echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $answer, PHP_EOL;",
    ]
    return "\n".join(lines)


def _single_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
