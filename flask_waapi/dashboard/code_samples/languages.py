"""The languages, and one request in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...api.operation import Operation
from . import go, javascript, php, python, shell
from .call import Call


@dataclass(frozen=True)
class Language:
    """A language. :param hint: what it takes to run a sample."""

    name: str
    label: str
    hint: str
    file_name: str
    write: Callable[[Call], str]


LANGUAGES = (
    Language("curl", "curl", "In a shell, after export WAAPI_KEY=...", "sample.sh", shell.curl),
    Language("requests", "Python (requests)", "pip install requests", "sample.py", python.with_requests),
    Language("httpx", "Python (httpx)", "pip install httpx", "sample.py", python.with_httpx),
    Language(
        "javascript", "JavaScript", "Node 18 or newer: node sample.mjs", "sample.mjs", javascript.with_fetch
    ),
    Language("php", "PHP", "PHP 8 with its curl extension: php sample.php", "sample.php", php.with_curl),
    Language("go", "Go", "Go 1.19 or newer: go run sample.go", "sample.go", go.with_net_http),
    Language("httpie", "HTTPie", "HTTPie 3 or newer, in a shell", "sample.sh", shell.httpie),
)
"""In the order in which they are offered."""


@dataclass(frozen=True)
class CodeSample:
    """A request in one language."""

    language: Language
    code: str


def code_samples(
    operation: Operation,
    url: str,
    payload: Any = None,
    *,
    simulate: bool,
    idempotency_key: str,
) -> Sequence[CodeSample]:
    """One request in every language, with the key in the environment variable ``WAAPI_KEY``.

    :param url: whole, with its query.
    :param payload: the body as JSON values; left out for an endpoint without a body.
    :param simulate: whether to send to the simulation, where the endpoint can.
    :param idempotency_key: what a shell sends as one, where the endpoint takes one; the programs make
        their own at each run.
    """
    body = payload if operation.request is not None else None
    if simulate and operation.answers_first and isinstance(body, dict):
        body = {**body, "simulate": True}
    key = idempotency_key if operation.idempotent else None
    call = Call(operation.method, url, body, key)
    return [CodeSample(language, language.write(call)) for language in LANGUAGES]
