"""Webhooks verify with the official library of another language, as customers use it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

import services
from flask_waapi.outgoing.signing import derive_secret, sign, to_text

SOURCE = Path(__file__).parent / "javascript"
PATIENCE = 120  # seconds that npm may take to fetch three small packages
NEW = derive_secret(b"pepper", b"new salt")
OLD = derive_secret(b"pepper", b"old salt")
BODY = '{"type":"message.received","data":{"text":"Grüße, 你好, 👋🏽","n":1.0}}'.encode()

Verify = Callable[[bytes, bytes, dict[str, str]], dict[str, Any]]


def leave_out(reason: str) -> NoReturn:
    """Skip, or fail where WAAPI_TEST_REQUIRE names node."""
    if services.must_run("node"):
        pytest.fail(f"needs node: {reason} (WAAPI_TEST_REQUIRE does not let it be left out)", pytrace=False)
    pytest.skip(f"needs node: {reason}")


def installed(place: Path) -> Path:
    """The receiver with what it depends on, installed once and kept."""
    for name in ("package.json", "verify.js"):
        shutil.copy(SOURCE / name, place)
    if not (place / "node_modules" / "standardwebhooks").is_dir():
        install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        install += ["--fetch-retries", "1", "--prefix", str(place)]
        try:
            subprocess.run(install, cwd=place, check=True, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if line.startswith("npm error")]
            leave_out(
                f"npm cannot install standardwebhooks ({lines[0] if lines else error});"
                " is npm's registry reachable?"
            )
        except subprocess.TimeoutExpired:
            leave_out(
                f"npm took more than {PATIENCE} s to install standardwebhooks; is npm's registry reachable?"
            )
    return place


@pytest.fixture(scope="module")
def verify(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verify:
    """Lets the JavaScript library judge: secret, body, headers."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            leave_out(f"no program {program}; install Node.js 18 or newer")
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    place = installed(
        cache.mkdir("webhook-receiver") if cache else tmp_path_factory.mktemp("webhook-receiver")
    )

    def judge(secret: bytes, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        question = {"secret": to_text(secret), "headers": headers, "body": body.decode()}
        done = subprocess.run(
            ["node", str(place / "verify.js")],
            input=json.dumps(question),
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        verdict: dict[str, Any] = json.loads(done.stdout)
        return verdict

    return judge


def test_javascript_verifies_what_we_sign(verify: Verify) -> None:
    headers = sign([NEW], "msg_1", datetime.now(UTC), BODY)

    assert verify(NEW, BODY, headers) == {"verified": json.loads(BODY)}


def test_javascript_verifies_with_both_secrets_while_one_is_replaced(verify: Verify) -> None:
    headers = sign([NEW, OLD], "msg_1", datetime.now(UTC), BODY)

    assert "verified" in verify(NEW, BODY, headers)
    assert "verified" in verify(OLD, BODY, headers)


def test_javascript_refuses_another_body_and_another_secret(verify: Verify) -> None:
    headers = sign([NEW], "msg_1", datetime.now(UTC), BODY)

    assert verify(NEW, BODY + b" ", headers) == {"refused": "No matching signature found"}
    assert verify(OLD, BODY, headers) == {"refused": "No matching signature found"}
