"""Every code sample is written to a file and run, against an app that is really served."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, request, url_for

import services
from browsing import HOSTILE, serving
from dashboard_host import Host, make_host
from factories import close_app
from flask_waapi.api.blueprint import HARMLESS
from flask_waapi.dashboard.code_samples import LANGUAGES, code_samples
from flask_waapi.dashboard.code_samples.literals import json_text

KEY = "a-key-of-the-test"
RUN: dict[str, Callable[[str], Sequence[str]]] = {
    "curl": lambda file: ["sh", file],
    "requests": lambda file: [sys.executable, file],
    "httpx": lambda file: [services.location("httpx"), file],
    "javascript": lambda file: [services.location("node"), file],
    "php": lambda file: [services.location("php"), file],
    "go": lambda file: [services.location("go"), "run", file],
    "httpie": lambda file: ["sh", file],
}
NEEDS = {"curl": "curl", "httpx": "httpx", "javascript": "node", "php": "php", "go": "go", "httpie": "httpie"}
SENDS_THE_TEXT_ITSELF = {"curl", "php", "httpie"}
MAKES_ITS_OWN_KEY = {"requests", "httpx", "javascript", "php", "go"}
BY_NAME = {operation.name: operation for operation in HARMLESS}
NAMES = [language.name for language in LANGUAGES]

TEXT = {"to": "+1234567890", "text": "Hello"}
QUOTES = 'it\'s "so" `date` $(id) ${HOME} $HOME %PATH% !! \\ \\n \\\\\' {{1}} #{x} </script><!-- ?> */ """'
UNSEEN = (
    "1\n2\r\n\t\x7f\u202e\u2066\ufeff\u200b\u2028\u2029\u200d \U0001f600 \u00e9 e\u0301 \u4e2d \U000e0001"
)
VALUES = {
    "to": "+1234567890",
    "texts": [QUOTES, UNSEEN, HOSTILE, "@/etc/passwd", "JSON;\nJSON\n  JSON", "`", "''", '"', "\\", ""],
    QUOTES: {UNSEEN: [True, False, None, [], {}, [[1]], 0.1, -1.5e-9, 12]},
}
INEXACT = {"to": "+1234567890", "__proto__": {"text": QUOTES + UNSEEN}, "number": 2**60 + 1}


@dataclass
class Seen:
    """A request as the app has received it."""

    endpoint: str
    path_arguments: dict[str, Any]
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Shop:
    """A served app, and what has come in."""

    host: Host
    secret: str
    folder: Path
    address: str
    seen: list[Seen]

    def url(self, operation: str, query: Any = (), **path_arguments: str) -> str:
        """The address of an operation."""
        with self.host.app.test_request_context(base_url=self.address):
            url = url_for(f"waapi.{operation}", _external=True, **path_arguments)
        return f"{url}?{urlencode(query)}" if query else url

    def run(
        self, language: str, operation: str, url: str, payload: Any = None, *, simulate: bool = True
    ) -> Seen:
        """Write a sample to its file and run it: what came in."""
        samples = code_samples(BY_NAME[operation], url, payload, simulate=simulate, idempotency_key=KEY)
        (sample,) = (sample for sample in samples if sample.language.name == language)
        assert self.secret not in sample.code
        file = self.folder / sample.language.file_name
        file.write_text(sample.code, encoding="utf-8")
        self.seen.clear()
        ran = subprocess.run(
            RUN[language](str(file)),
            env={**os.environ, **self._environment()},
            cwd=self.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
        (seen,) = self.seen
        assert b"success" in ran.stdout, "the answer is printed"
        return seen

    def _environment(self) -> dict[str, str]:
        beside = os.pathsep.join([str(Path(services.location("httpie")).parent), os.environ["PATH"]])
        return {
            "WAAPI_KEY": self.secret,
            "PATH": beside,
            "GOCACHE": str(self.folder / "go"),
            "HTTPIE_CONFIG_DIR": str(self.folder),
            "NO_PROXY": "127.0.0.1",
        }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An app that keeps what comes in."""
    folder = tmp_path_factory.mktemp("samples")
    seen: list[Seen] = []

    def listen(app: Flask) -> None:
        @app.before_request
        def keep() -> None:
            seen.append(
                Seen(
                    request.endpoint or "",
                    dict(request.view_args or {}),
                    list(request.args.items(multi=True)),
                    dict(request.headers),
                    request.get_data(),
                )
            )

    host = make_host(f"sqlite:///{folder / 'waapi.sqlite'}", listen)
    secret = host.key(rate_limit=10_000, mode="test").secret
    with serving(host.app) as address:
        yield Shop(host, secret, folder, address, seen)
    close_app(host.app)


@pytest.fixture(params=NAMES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language whose programs are there."""
    if request.param in NEEDS:
        services.require(NEEDS[request.param])
    name: str = request.param
    return name


def test_what_a_sample_sends_is_what_was_written(shop: Shop, language: str) -> None:
    for payload in (TEXT, VALUES, INEXACT):
        seen = shop.run(language, "send_text", shop.url("send_text"), payload)

        wanted = {**payload, "simulate": True}
        assert json.loads(seen.body) == wanted
        assert list(json.loads(seen.body)) == list(wanted)
        if language in SENDS_THE_TEXT_ITSELF:
            assert seen.body.decode() == json_text(wanted)
        assert seen.endpoint == "waapi.send_text"
        assert seen.headers["X-Api-Key"] == shop.secret
        assert seen.headers["Content-Type"].partition(";")[0] == "application/json"


def test_a_sample_asks_where_it_was_to_ask(shop: Shop, language: str) -> None:
    query = [("reference", QUOTES + UNSEEN), ("limit", "5")]
    listed = shop.run(language, "list_messages", shop.url("list_messages", query))
    assert listed.query == query

    name = 'it\'s "a" $HOME `id` \\ {{1}} % ?x=1#y ü \U0001f600'
    found = shop.run(language, "get_template", shop.url("get_template", name=name))
    assert found.path_arguments == {"name": name}

    for seen in (listed, found):
        assert seen.body == b""
        assert seen.headers["X-Api-Key"] == shop.secret
        assert "Idempotency-Key" not in seen.headers


def test_a_sample_of_a_send_has_an_idempotency_key(shop: Shop, language: str) -> None:
    url = shop.url("send_text")
    keys = [shop.run(language, "send_text", url, TEXT).headers["Idempotency-Key"] for _ in range(2)]

    if language in MAKES_ITS_OWN_KEY:
        assert all(re.fullmatch(r"[0-9a-f-]{32,36}", key) for key in keys)
        assert keys[0] != keys[1], "another run is another message"
    else:
        assert keys == [KEY, KEY]


def test_every_operation_has_a_sample_that_runs(shop: Shop) -> None:
    services.require("curl")
    for name, described in BY_NAME.items():
        path_arguments = dict.fromkeys(re.findall(r"<(?:\w+:)?(\w+)>", described.path), "order_confirmation")
        if "message_uuid" in path_arguments:
            path_arguments["message_uuid"] = "00000000-0000-7000-8000-000000000000"

        seen = shop.run("curl", name, shop.url(name, **path_arguments), TEXT)

        assert seen.endpoint == f"waapi.{name}"
        assert ("Idempotency-Key" in seen.headers) is described.idempotent
        assert bool(seen.body) is (described.request is not None)


def test_only_what_can_be_simulated_asks_for_it(shop: Shop) -> None:
    services.require("curl")
    real = shop.run("curl", "send_text", shop.url("send_text"), TEXT, simulate=False)

    assert json.loads(real.body) == TEXT
    code = code_samples(BY_NAME["send_text"], "http://localhost/", [1], simulate=True, idempotency_key=KEY)
    assert all("simulate" not in sample.code for sample in code)
