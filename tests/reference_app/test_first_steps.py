"""The first steps on the home page tick by what is really there; the page on embedding shows real code."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_waapi import Permission

ROOT = Path(__file__).parents[2]


def done(page: str) -> list[str]:
    """The steps that are ticked."""
    return re.findall(r'<li class="done">\s*<h3>(.*?) <span', page)


def test_a_stranger_has_taken_no_step(browser: Any) -> None:
    assert done(browser.page("/")) == []


def test_each_step_ticks_when_what_it_asks_for_is_there(desk: Flask, clerk: Any) -> None:
    from reference_app.extensions import waapi

    assert done(clerk.page("/")) == ["Log in"]
    clerk.order()
    assert done(clerk.page("/")) == ["Log in", "Place an order"]
    with desk.app_context():
        issued = waapi.create_key("mine", permissions=[Permission.SEND_TEMPLATE])
    assert done(clerk.page("/")) == ["Log in", "Place an order", "Make an API key"]
    desk.test_client().post(
        "/api/v1/external/messages/template/send",
        json={"to": "+1234567890", "template_name": "hello_world", "language": "en_US", "simulate": True},
        headers={"X-API-Key": issued.secret},
    )

    assert done(clerk.page("/"))[-1] == "Simulate a message"


@pytest.mark.parametrize("name", ["curl 2026-03-01 12:00:00", "demo history: web shop"])
def test_a_key_that_the_app_made_is_no_step(desk: Flask, clerk: Any, name: str) -> None:
    from reference_app.extensions import waapi

    with desk.app_context():
        waapi.create_key(name)

    assert done(clerk.page("/")) == ["Log in"]


def test_the_page_on_embedding_shows_the_source_as_it_is(browser: Any) -> None:
    page = browser.page("/embedding")

    shown = [
        html.unescape(code) for code in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
    ]
    files = re.findall(r"<code>(reference_app/\S+\.py)</code>", page)
    assert len(shown) == len(files) == 4
    for code, file in zip(shown, files, strict=True):
        ast.parse(code)
        source = (ROOT / file).read_text(encoding="utf-8")
        assert all(line in source for line in code.splitlines())
    assert "WaApi(db=db" in shown[0]
    assert "waapi.init_app(app)" in shown[1]
    told = re.search(r"These are the (\d+) lines", page)
    assert told is not None
    assert 30 <= int(told[1]) <= 60
