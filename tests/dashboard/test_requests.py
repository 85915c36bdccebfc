"""The log of API requests."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dashboard_host import Host
from flask_waapi import IssuedKey
from flask_waapi.access import requests
from flask_waapi.storage import searching


def rows(host: Host, **query: str) -> list[str]:
    """The request ids on the page, in their order."""
    return re.findall(r'<code class="break">([^<]+)</code>', host.get("/requests", **query).text)


def call(host: Host, issued: IssuedKey, request_id: str, path: str = "/messages", **options: Any) -> None:
    """A call with this id."""
    host.call(issued, path, headers={"X-Request-Id": request_id}, **options)
    host.clock.advance(timedelta(minutes=1))


def test_every_call_is_there_with_what_there_is_to_know(host: Host) -> None:
    issued = host.key()
    uuid = host.send(issued)
    call(host, issued, "refused-1", "/messages/text/send", method="POST", json={"to": "nobody"})

    page = host.get("/requests").text

    assert len(rows(host)) == 2
    for told in (
        "<strong>POST</strong> <code>/api/v1/external/messages/text/send</code>",
        ">422<",
        ">201<",
        "refused-1",
        f'href="/waapi/keys/{issued.key.id}">shop<',
        f'href="/waapi/messages/{uuid}"',
        'href="/waapi/errors/VALIDATION_ERROR"',
        " ms</td>",
    ):
        assert told in page, told


def test_calls_are_found_by_key_code_id_time_and_message(host: Host) -> None:
    shop, desk = host.key("shop"), host.key("desk", permissions=())
    start = host.clock()
    call(host, shop, "one")
    call(host, desk, "two")
    call(host, shop, "three", "/messages/text/send", method="POST", json={"to": "nobody"})
    uuid = host.send(shop)

    assert rows(host, key=str(desk.key.id)) == ["two"]
    assert rows(host, error_code="VALIDATION_ERROR") == ["three"]
    assert rows(host, error_code="PERMISSION_DENIED", key=str(shop.key.id)) == []
    assert rows(host, request_id="one") == ["one"]
    assert len(rows(host, message=uuid)) == 1
    since = (start + timedelta(minutes=1)).replace(tzinfo=None).isoformat()
    until = (start + timedelta(minutes=2)).replace(tzinfo=None).isoformat()
    assert rows(host, since=since, until=until) == ["two"]
    assert "No request matches" in host.get("/requests", request_id="four").text


def test_pages_follow_each_other_without_gap_or_repetition(host: Host) -> None:
    issued = host.key(rate_limit=1_000)
    for number in range(120):
        host.call(issued, headers={"X-Request-Id": f"call-{number}"})

    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = host.get("/requests", key=str(issued.key.id), **query).text
        seen += re.findall(r'<code class="break">([^<]+)</code>', page)
        older = re.search(r'rel="next" href="[^"]*cursor=([0-9a-f-]+)', page)
        if older is None:
            break
        query = {"cursor": older[1]}

    assert len(seen) == 120
    assert set(seen) == {f"call-{number}" for number in range(120)}


@pytest.mark.parametrize(
    "query",
    [{"key": "x"}, {"since": "yesterday"}, {"message": "1"}, {"cursor": "x"}, {"until": "9" * 40}],
)
def test_a_filter_that_cannot_be_read_is_told(host: Host, query: dict[str, str]) -> None:
    host.call(host.key())

    answer = host.get("/requests", **query)

    assert answer.status_code == 422
    assert rows(host, **query) == []


def test_odd_characters_find_nothing_and_break_nothing(host: Host) -> None:
    host.call(host.key())

    for odd in ("\0", "%", "'", "\ud800".encode("utf-8", "replace").decode(), "x" * 5_000):
        assert host.get("/requests", request_id=f"a{odd}", error_code=f"b{odd}").status_code == 200


def test_an_empty_log_says_what_to_do_next(host: Host) -> None:
    assert "No requests yet" in host.get("/requests").text


def test_a_deleted_key_is_named_so(host: Host) -> None:
    issued = host.key()
    host.call(issued)
    host.services.request_log.flush()
    host.services.keys.delete("default", "shop", actor="test")

    assert "deleted key" in host.get("/requests").text


def test_another_account_sees_none_of_it(host: Host) -> None:
    issued = host.key()
    call(host, issued, "mine")
    host.visitor = replace(host.viewer, account="other")

    assert rows(host) == []
    assert rows(host, key=str(issued.key.id)) == []
    assert rows(host, request_id="mine") == []


def test_a_message_knows_its_requests(host: Host) -> None:
    issued = host.key()
    uuid = host.send(issued)
    host.clock.advance(timedelta(seconds=1))
    host.call(issued, f"/messages/{uuid}")
    host.services.request_log.flush()

    found = requests.of_message(host.services.store, "default", UUID(uuid))

    assert [request.method for request in found] == ["GET", "POST"]
    assert requests.of_message(host.services.store, "other", UUID(uuid)) == []


def test_a_search_that_stops_early_says_how_far_it_has_come_and_leads_on(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 3)
    issued = host.key()
    call(host, issued, "same", "/messages/text/send", method="POST", json={"to": "nobody"})
    for _ in range(4):
        call(host, issued, "same")
    for _ in range(4):
        call(host, issued, "other", "/messages/text/send", method="POST", json={"to": "nobody"})
    wanted = {"request_id": "same", "error_code": "VALIDATION_ERROR"}

    page = host.get("/requests", **wanted).text
    assert "None of the requests match so far" in page
    assert "No request matches" not in page
    onwards = re.search(r'rel="next" href="[^"]*cursor=([0-9a-f-]+)[^>]*>Search further back', page)
    assert onwards is not None

    assert rows(host, cursor=onwards[1], **wanted) == ["same"]
