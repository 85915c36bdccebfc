"""What came in: the providers' addresses, the last day in numbers, what could not be applied."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from callback_tasks import CLOUD
from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.messaging.incoming.parking import BROKEN, UNKNOWN, UNMATCHED, Parked
from webhook_pages import keep_parked

MakeHost = Callable[..., Host]

PAGE = "/webhooks/callbacks"


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host on the Cloud API, which it never reaches, and the simulation."""
    return make_host(**CLOUD)


def text_of(page: str) -> str:
    """What a page says, without its tags and on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)))


def test_each_provider_that_calls_has_an_address_to_register(host: Host) -> None:
    page = host.client.get(f"/waapi{PAGE}", base_url="https://shop.example.com").text

    assert re.findall(r"<code id=\"address-\d\">([^<]+)</code>", page) == [
        "https://shop.example.com/api/v1/callbacks/main"
    ]
    assert 'data-copy="address-1"' in page
    assert "simulation It makes no callbacks." in text_of(page)
    assert "ProxyFix" not in page


def test_an_address_that_meta_would_not_call_comes_with_advice(host: Host) -> None:
    assert "Meta calls https addresses only." in text_of(host.get(PAGE).text)


def test_behind_a_proxy_the_address_is_the_outer_one(make_host: MakeHost) -> None:
    def behind_proxy(app: Flask) -> None:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_proto=1, x_host=1, x_prefix=1
        )

    host = make_host(behind_proxy, **CLOUD)
    outer = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "api.example.com",
        "X-Forwarded-Prefix": "/shop",
    }
    page = host.client.get(f"/waapi{PAGE}", headers=outer).text

    assert ">https://api.example.com/shop/api/v1/callbacks/main<" in page


def test_the_address_is_where_callbacks_are_answered(host: Host) -> None:
    address = re.findall(r"<code id=\"address-1\">([^<]+)</code>", host.get(PAGE).text)[0]
    query = {"hub.mode": "subscribe", "hub.verify_token": "agreed", "hub.challenge": "1158201444"}

    answer = host.client.get(address, query_string=query)

    assert (answer.status_code, answer.text) == (200, "1158201444")


def test_the_last_24_hours_are_counted(host: Host) -> None:
    keep_parked(host.services, "main")
    host.clock.advance(23 * 3_600)
    keep_parked(host.services, "main")
    keep_parked(host.services, "former")

    shown = text_of(host.get(PAGE).text)
    assert "Callbacks2 Items applied4 Not applied2 Not ours0" in shown
    assert "former It is not configured any more. Callbacks1" in shown

    host.clock.advance(2 * 3_600)
    assert "Callbacks1 Items applied2 Not applied1" in text_of(host.get(PAGE).text)


def test_what_could_not_be_applied_is_told_without_its_content(host: Host) -> None:
    keep_parked(
        host.services,
        "main",
        Parked("entry/0/changes/0", BROKEN, "It has no id.", {"text": "private words"}),
        Parked("entry/0/changes/1", UNKNOWN, "The provider does not know it.", {"text": "private words"}),
        Parked("entry/0/changes/2", UNMATCHED, "A stranger's message.", {}, "wamid.1"),
    )

    page = host.get(PAGE).text

    shown = text_of(page)
    assert "2026-03-01 12:00:00 UTC" in shown
    assert "broken It has no id.entry/0/changes/0 unknown The provider does not know it." in shown
    assert "stranger" not in shown
    assert "private words" not in page
    assert "of some account" not in page


def test_nothing_parked_is_said_in_words(host: Host) -> None:
    assert "has been applied" in host.get(PAGE).text


def test_more_than_a_page_says_that_it_is_cut(host: Host) -> None:
    for _ in range(2):
        items = [Parked(str(number), BROKEN, "It has no id.", None) for number in range(60)]
        keep_parked(host.services, "main", *items)

    page = host.get(PAGE).text

    assert page.count("It has no id.") == 100
    assert "Shown are the newest 100." in page


def test_a_callback_is_applied_again(host: Host) -> None:
    callback_id = keep_parked(host.services, "main")
    path = f"{PAGE}/{callback_id}/replay"
    assert f'action="/waapi{path}"' in host.get(PAGE).text

    given = host.post(path)

    assert (given.status_code, given.location) == (303, f"/waapi{PAGE}?done=callback_replayed")
    page = host.get(PAGE, done="callback_replayed").text
    assert "is being applied again" in page
    assert f'action="/waapi{path}"' not in page
    assert host.services.callbacks.apply_due() == 1
    assert "is being applied again" not in host.get(PAGE).text


def test_a_callback_that_is_gone_is_not_found(host: Host) -> None:
    assert host.post(f"{PAGE}/{uuid4()}/replay").status_code == 404


def test_who_may_only_look_cannot_replay(host: Host) -> None:
    callback_id = keep_parked(host.services, "main")
    host.visitor = Viewer("default", "carl", may_manage=False)

    assert "It has no id." in host.get(PAGE).text
    assert 'method="post"' not in host.get(PAGE).text
    assert host.post(f"{PAGE}/{callback_id}/replay").status_code == 403
    assert host.services.callbacks.apply_due() == 0


def test_hostile_reasons_and_positions_are_shown_as_text(host: Host) -> None:
    hostile = "<script>alert(1)</script>\u202e"
    keep_parked(host.services, hostile[:8], Parked(hostile, BROKEN, hostile, None))

    page = host.get(PAGE).text

    assert "<script>" not in page
    assert "\u202e" not in page


def test_what_is_parked_can_be_narrowed_by_provider_and_state(host: Host) -> None:
    keep_parked(host.services, "main", Parked("a", BROKEN, "It is <b>broken.", {}))
    keep_parked(host.services, "simulation", Parked("b", UNKNOWN, "Nobody knows it.", {}))
    keep_parked(host.services, "main", Parked("c", UNMATCHED, "Not one of ours.", {}))

    def reasons(**query: str) -> set[str]:
        page = html.unescape(host.get(PAGE, **query).text)
        told = ("It is <b>broken.", "Nobody knows it.", "Not one of ours.")
        return {reason for reason in told if reason in page}

    assert reasons() == {"It is <b>broken.", "Nobody knows it."}
    assert reasons(provider="main") == {"It is <b>broken."}
    assert reasons(state="unmatched") == {"Not one of ours."}
    assert reasons(provider="simulation", state="broken") == set()
    assert reasons(provider="<script>\0", state="<script>") == set()
    assert (
        "Show what is parked of all providers" in host.get(PAGE, provider="simulation", state="broken").text
    )
