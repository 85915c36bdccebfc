"""Handing on a request: by a link, or as a recipe; without keys and numbers, and without running."""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.access import playground_runs
from flask_waapi.access.playground_runs import Owner, RunFilter
from flask_waapi.dashboard.playground.redaction import without_numbers
from flask_waapi.dashboard.playground.share import LONGEST_SHARED
from playground_page import TEXT, messages, payload_on, run

SECRET = "wak_live_" + "a" * 38


def shared(host: Host, payload: Any, operation: str = "send_text") -> str:
    """The page with the link."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return host.post("/playground/share", operation=operation, payload=text).text


def link_on(page: str) -> str:
    """The link."""
    found = re.search(r'<code id="share-link">(.*?)</code>', page)
    assert found
    return html.unescape(found[1])


def test_a_link_opens_the_form_filled_in_simulate_only_and_runs_nothing(host: Host) -> None:
    host.key()
    payload = {"to": "+1234567890", "text": 'It\'s {{1}} "so" \\ \U0001f600 </script>', "reference": "a"}
    link = link_on(shared(host, payload))

    page = host.client.get(link.removeprefix("http://localhost")).text

    assert json.loads(payload_on(page)) == payload
    assert '<option value="send_text" selected' in page
    assert 'value="simulate" checked' in page
    assert "Nothing has been run yet" in page
    assert messages(host) == []


def test_a_link_to_a_template_keeps_its_values(host: Host) -> None:
    host.key()
    payload = {
        "to": "+1234567890",
        "template_name": "seasonal_offer",
        "language": "en",
        "variables": {"1": "x"},
    }
    link = link_on(shared(host, payload, "send_template"))

    page = host.client.get(link.removeprefix("http://localhost")).text

    assert json.loads(payload_on(page)) == payload
    assert '<option value="seasonal_offer/en" selected' in page
    # What changes something else than the template leaves the values as they are.
    assert 'name="shape" value="send_template:seasonal_offer/en"' in page


def test_a_link_holds_no_number_and_no_key(host: Host) -> None:
    payload = {
        "to": "+491701234567",
        "text": f"Call +49 170 1234567 or 4917012345678, the key is {SECRET}",
        "contacts": [{"phones": [{"phone": "+49 (170) 123-4567", "wa_id": "491701234567"}]}],
    }
    page = shared(host, payload)
    folded = link_on(page).partition("shared=")[2]
    text = zlib.decompress(base64.urlsafe_b64decode(folded + "=" * (-len(folded) % 4))).decode()

    for kept in (text, html.unescape(page.partition("What it holds")[2])):
        assert not re.search(r"4?9? ?\(?170\)?[ -]?123", kept)
        assert SECRET not in kept
    assert json.loads(text)["to"] == "+1234567890"
    assert "have been replaced" in page


def test_a_number_that_stands_for_an_outcome_stays(host: Host) -> None:
    page = shared(host, {**TEXT, "to": "+15552000006"})

    assert "+15552000006" in page
    assert "have been replaced" not in page


def test_a_number_without_its_quotes_is_taken_out_too() -> None:
    assert without_numbers({"to": 491701234567}) == {"to": 1234567890}


def test_what_is_no_number_stays() -> None:
    kept = {"a": "ORD-12345", "b": "2026-03-01T12:00:00Z", "c": "99.99", "d": 12345678, "e": "12345678"}

    assert without_numbers(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "on 2026-03-01 12:00, or 01.03.2026",
        "2026-03-01T12:00:00.123456Z",
        "https://example.com/2026/03/01",
        "01900000-0000-7000-8000-000000000000",
        "019b76da-a800-7000-8000-0310d33890ac",
        "12:00:00",
        "1,234.50",
    ],
)
def test_dates_moments_ids_and_prices_stay(text: str) -> None:
    assert without_numbers({"text": text}) == {"text": text}


@pytest.mark.parametrize("name", ["to", "from", "recipient", "phone", "phone_number", "wa_id"])
@pytest.mark.parametrize("value", ["0170 12 34", "Ann", "2026-03-01", "DE.1234", 987])
def test_a_member_that_holds_a_number_loses_it_whatever_it_looks_like(name: str, value: str | int) -> None:
    taken_out = without_numbers({"messages": [{name: value}, {name: [value]}, {name: {"a": value}}]})

    assert str(value) not in json.dumps(taken_out)


def test_a_variable_may_have_the_name_of_such_a_member() -> None:
    variables = {"variables": {"from": "Oslo", "to": "Rome"}}

    assert without_numbers(variables) == variables


@given(
    digits=st.text("0123456789", min_size=8, max_size=15),
    apart=st.lists(st.sampled_from([" ", "-", "/", ".", ") ", "\u00a0", "\u2013", " - "]), min_size=1),
    lengths=st.lists(st.integers(1, 5), min_size=1),
    around=st.sampled_from(["{}", "Call {} today", "Tel.{}", "({}", "call:{},", "\n{}\n", "x{}", "{} {}"]),
)
def test_a_national_number_in_groups_is_taken_out_wherever_it_stands(
    digits: str, apart: list[str], lengths: list[int], around: str
) -> None:
    number, rest = "", digits
    for length, between in zip(itertools.cycle(lengths), itertools.cycle(apart), strict=False):
        number, rest = number + rest[:length], rest[length:]
        if not rest:
            break
        number += between
    assume(number != digits)
    # What reads as a date is taken for one.
    assume(not re.search(r"\d{4}[-/]\d\d[-/]\d\d|\d\d?[./]\d\d?[./]\d{4}", number))
    text = around.format(number, number)

    left = without_numbers({"text": text})["text"].replace("+1234567890", "")

    assert not re.search(r"\d", left)


@pytest.mark.parametrize(
    ("payload", "status", "words"),
    [
        ("{", 400, "not JSON"),
        (
            json.dumps({"text": "".join(chr(0x4E00 + n * 7 % 20_000) for n in range(9_000))}),
            422,
            "too long for a link",
        ),
    ],
)
def test_what_cannot_be_shared_is_told(host: Host, payload: str, status: int, words: str) -> None:
    answer = host.post("/playground/share", operation="send_text", payload=payload)

    assert answer.status_code == status
    assert words in answer.text
    assert "share-link" not in answer.text


@pytest.mark.parametrize(
    "folded",
    [
        "x",
        "!!!",
        "é",
        base64.urlsafe_b64encode(b"no zlib").decode(),
        base64.urlsafe_b64encode(zlib.compress(b"{")).decode(),
        base64.urlsafe_b64encode(zlib.compress(b"\xff")).decode(),
        base64.urlsafe_b64encode(zlib.compress(b"[" + b" " * 50_000_000 + b"]", 9)).decode()[:LONGEST_SHARED],
        "a" * (LONGEST_SHARED + 1),
    ],
)
def test_a_broken_link_opens_the_sample(host: Host, folded: str) -> None:
    host.key()
    answer = host.get("/playground", operation="send_text", shared=folded)

    assert answer.status_code == 200
    assert json.loads(payload_on(answer.text))["text"] == "Hello from the playground"


def test_the_address_gives_no_payload_in_the_clear(host: Host) -> None:
    host.key()
    page = host.get("/playground", operation="send_text", payload='{"to": "+491701234567"}').text

    assert "+491701234567" not in page


def test_the_form_is_saved_as_a_recipe(host: Host) -> None:
    answer = host.post(
        "/playground/recipe",
        operation="send_text",
        payload=json.dumps({**TEXT, "text": SECRET}),
        recipe_name='A "text"\r\nX: y; ../../etc',
    )

    assert answer.headers["Content-Disposition"] == 'attachment; filename="a-text-x-y-etc.json"'
    recipe = answer.get_json()
    assert recipe == {
        "waapi_recipe": 1,
        "name": 'A "text"\r\nX: y; ../../etc',
        "operation": "send_text",
        "payload": {"to": "+1234567890", "text": "redacted"},
        "received": "Hello",
        "expect": {"status": 201},
    }


def test_a_run_is_saved_with_what_came_of_it_and_the_command_line_runs_it(host: Host, tmp_path: Path) -> None:
    issued = host.key()
    run(host, issued, speed="at_once")
    run(host, issued, payload={"to": "12"}, run_id="2")
    run(host, issued, payload={**TEXT, "to": "+15551131026"}, run_id="3", speed="at_once")
    kept = playground_runs.page(host.services.store, Owner("default", "ann"), RunFilter()).runs
    files, expected = [], []
    for number, one in enumerate(kept):
        answer = host.get(f"/playground/runs/{one.id}/recipe.json")
        files.append(tmp_path / f"{number}.json")
        files[-1].write_bytes(answer.data)
        expected.append(answer.get_json()["expect"])

    result = host.app.test_cli_runner().invoke(args=["waapi", "recipes", "run", *map(str, files)])

    assert result.exit_code == 0, result.output
    for wanted in (
        {"status": 201, "message_status": "read"},
        {"status": 201, "message_status": "failed"},
        {"status": 422, "error_code": "VALIDATION_ERROR"},
    ):
        assert wanted in expected


def test_an_unknown_endpoint_cannot_be_handed_on(host: Host) -> None:
    for path in ("share", "recipe"):
        assert host.post(f"/playground/{path}", operation="x", payload="{}").status_code == 404


def test_who_may_only_look_may_hand_on(host: Host) -> None:
    host.visitor = Viewer("default", "ann", may_manage=False)

    assert "share-link" in shared(host, TEXT)
