"""The dashboard where there are several numbers: which one a key sends from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard_host import Host, make_host
from factories import close_app

NUMBERS: dict[str, Any] = {
    "WAAPI_PROVIDERS": {"shop": {"type": "recorder"}, "support": {"type": "recorder"}},
    "WAAPI_DEFAULT_PROVIDER": "shop",
}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host with two numbers."""
    host = make_host(f"sqlite:///{tmp_path / 'numbers.sqlite'}", **NUMBERS)
    yield host
    close_app(host.app)


def test_a_key_is_given_a_number_and_shows_it(host: Host) -> None:
    form = host.get("/keys/new").text

    answer = host.post("/keys", name="helpdesk", mode="live", provider="support")

    assert re.findall(r'<option value="(\w*)"', form) == ["", "shop", "support", "simulation"]
    assert "Sends from" in form
    assert answer.status_code == 201
    (key,) = host.services.keys.list("default")
    assert key.provider == "support"
    assert re.search(r"<dt>Sends from</dt><dd>support</dd>", host.get(f"/keys/{key.id}").text)


def test_a_key_without_a_choice_sends_from_the_default_number(host: Host) -> None:
    host.post("/keys", name="helpdesk", mode="live", provider="")

    (key,) = host.services.keys.list("default")
    assert key.provider is None
    assert "Sends from" not in host.get(f"/keys/{key.id}").text


def test_a_number_that_does_not_exist_is_told_at_its_field(host: Host) -> None:
    answer = host.post("/keys", name="helpdesk", mode="live", provider="sales", rate_limit="many")

    assert answer.status_code == 422
    assert 'id="provider-faults"' in answer.text
    assert "&#39;sales&#39; is no provider." in answer.text
    assert host.services.keys.list("default") == []


def test_with_one_number_the_form_asks_for_none(tmp_path: Path) -> None:
    host = make_host(f"sqlite:///{tmp_path / 'one.sqlite'}", WAAPI_PROVIDERS={"recorder": {}})
    try:
        assert "Sends from" not in host.get("/keys/new").text
    finally:
        close_app(host.app)


def test_a_changed_number_is_in_the_trail_of_the_key(host: Host) -> None:
    key = host.key().key
    host.services.keys.update("default", "shop", {"provider": "support"}, actor="ann")

    assert ">changed<" in host.get(f"/keys/{key.id}").text


def test_the_playground_names_the_number_of_the_key(host: Host) -> None:
    own, other = host.key("own", provider="support").key, host.key("other").key

    pages = [host.get("/playground", operation="send_text", key=key.id).text for key in (own, other)]

    assert ["<code>support</code>" in page for page in pages] == [True, False]
    assert ["<code>shop</code>" in page for page in pages] == [False, True]
