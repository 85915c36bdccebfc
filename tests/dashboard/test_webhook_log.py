"""The log of an endpoint's deliveries: filter, pages, attempts, replay, test events."""

from __future__ import annotations

import html
import re
from uuid import UUID, uuid4

import pytest

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.outgoing.safe_http import TOO_SLOW
from webhook_pages import answer, deliver, deliveries, issue, publish

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e"


@pytest.fixture
def endpoint_id(host: Host) -> UUID:
    """An endpoint that hears of all events."""
    return issue(host.services).endpoint.id


def delivered(host: Host, endpoint_id: UUID) -> str:
    """The path of the newest delivery's page."""
    return f"/webhooks/deliveries/{deliveries(host.services, endpoint_id)[0].id}"


def text_of(page: str) -> str:
    """What a page says, without its tags and on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)))


def rows(page: str) -> list[str]:
    """The rows of the log."""
    return [text_of(row).strip() for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]]


def test_the_log_lists_deliveries_newest_first_with_what_comes_next(host: Host, endpoint_id: UUID) -> None:
    publish(host.services, "message.sent")
    deliver(host.services)
    host.clock.advance(60)
    publish(host.services, "message.failed")
    deliver(host.services, answer(500))

    shown = rows(host.get(f"/webhooks/{endpoint_id}").text)

    assert shown == [
        "message.failed pending 2026-03-01 12:01:00 UTC 1 2026-03-01 12:01:05 UTC",
        "message.sent succeeded 2026-03-01 12:00:00 UTC 1 none Replay message.sent",
    ]


def test_deliveries_of_a_paused_endpoint_wait_for_it(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    host.services.webhooks.endpoints.pause("default", endpoint_id, actor="test")

    assert "on resume" in rows(host.get(f"/webhooks/{endpoint_id}").text)[0]


def test_the_log_is_filtered_by_state(host: Host, endpoint_id: UUID) -> None:
    publish(host.services, "message.sent")
    deliver(host.services)
    host.clock.advance(1)
    publish(host.services, "message.failed")
    path = f"/webhooks/{endpoint_id}"

    assert [row.split()[0] for row in rows(host.get(path, state="pending").text)] == ["message.failed"]
    assert [row.split()[0] for row in rows(host.get(path, state="succeeded").text)] == ["message.sent"]
    assert "No delivery matches" in host.get(path, state="failed").text


def test_older_pages_follow_and_keep_the_filter(host: Host, endpoint_id: UUID) -> None:
    for _ in range(51):
        publish(host.services)
        host.clock.advance(1)
    first = host.get(f"/webhooks/{endpoint_id}", state="pending").text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)

    second = host.client.get(html.unescape(older)).text

    assert (len(rows(first)), len(rows(second))) == (50, 1)
    assert "state=pending" in older
    assert "Newest" in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize("query", [{"state": "lost"}, {"cursor": "nonsense"}])
def test_a_page_of_the_log_that_does_not_exist_is_told_in_words(
    host: Host, endpoint_id: UUID, query: dict[str, str]
) -> None:
    given = host.get(f"/webhooks/{endpoint_id}", **query)

    assert given.status_code == 422
    assert "This page of the log does not exist." in given.text


def test_a_delivery_shows_its_event_and_every_attempt(host: Host, endpoint_id: UUID) -> None:
    publish(host.services, to="+1234567890")
    deliver(host.services, answer(500, "out of order"))
    host.clock.advance(5)
    deliver(host.services, answer(None, problem=TOO_SLOW))
    path = delivered(host, endpoint_id)

    page = host.get(path).text

    shown = text_of(page)
    assert "pending next try: 2026-03-01 12:05:05 UTC" in shown
    assert f"no answer 2026-03-01 12:00:05 UTC attempt 2 321 ms {TOO_SLOW}" in shown
    assert "500 2026-03-01 12:00:00 UTC attempt 1 321 ms out of order" in shown
    assert '"to": "+1234567890"' in shown
    assert "data-life=" in page
    assert "data-final" not in page


def test_how_long_it_took_not_to_reach_an_endpoint_is_not_told(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    deliver(host.services, answer(None))

    for path in (delivered(host, endpoint_id), delivered(host, endpoint_id) + "/life.json"):
        page = host.get(path).text
        assert "The endpoint could not be reached." in page
        assert not re.search(r"\d\s*ms", page)


def test_the_page_moves_by_itself_until_the_delivery_has_ended(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    path = delivered(host, endpoint_id)
    before = host.get(f"{path}/life.json").get_json()
    deliver(host.services)

    after = host.get(f"{path}/life.json").get_json()

    assert (before["state"], before["final"]) == ("pending", False)
    assert "No attempt has been made yet." in before["html"]
    assert (after["state"], after["final"]) == ("succeeded", True)
    assert "the endpoint has taken it" in after["html"]


def test_hostile_answers_and_events_are_shown_as_text(host: Host, endpoint_id: UUID) -> None:
    publish(host.services, text=HOSTILE, name="\ud800")
    deliver(host.services, answer(500, HOSTILE))
    path = delivered(host, endpoint_id)

    for page in (host.get(path).text, host.get(f"{path}/life.json").get_json()["html"]):
        assert "<script>" not in page
        assert "<img" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(("back", "place"), [("", "deliveries/{}"), ("endpoint", "{}")])
def test_one_delivery_is_replayed(host: Host, endpoint_id: UUID, back: str, place: str) -> None:
    publish(host.services)
    deliver(host.services)
    (delivery,) = deliveries(host.services, endpoint_id)

    given = host.post(f"/webhooks/deliveries/{delivery.id}/replay", back=back)

    shown = place.format(endpoint_id if back else delivery.id)
    assert (given.status_code, given.location) == (303, f"/waapi/webhooks/{shown}?done=delivery_replayed")
    assert deliveries(host.services, endpoint_id)[0].state == "pending"
    assert deliver(host.services) == 1


def test_a_replay_to_a_disabled_endpoint_is_refused_in_words(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    deliver(host.services, answer(410))
    path = delivered(host, endpoint_id)
    assert f"/waapi{path}/replay" not in host.get(path).text

    given = host.post(f"{path}/replay")

    assert given.status_code == 422
    assert "The endpoint is disabled" in given.text


def test_everything_since_a_moment_is_replayed(host: Host, endpoint_id: UUID) -> None:
    for _ in range(3):
        publish(host.services)
        host.clock.advance(60)
    deliver(host.services)
    path = f"/webhooks/{endpoint_id}"

    given = host.post(f"{path}/replay", since="2026-03-01T12:00:30")

    assert (given.status_code, given.location) == (303, f"/waapi{path}?replayed=2")
    assert "2 deliveries are on their way again." in text_of(host.client.get(given.location).text)
    states = [delivery.state for delivery in deliveries(host.services, endpoint_id)]
    assert states == ["pending", "pending", "succeeded"]


def test_a_replay_that_finds_nothing_says_so(host: Host, endpoint_id: UUID) -> None:
    given = host.post(f"/webhooks/{endpoint_id}/replay", since="2026-03-01T12:00")

    assert "Nothing was replayed" in host.client.get(given.location).text


def test_what_a_replay_leaves_is_proposed_for_the_next_one(
    host: Host, endpoint_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_waapi.outgoing.replay.MOST_REPLAYED", 2)
    monkeypatch.setattr("flask_waapi.outgoing.replay.BATCH", 2)
    host.services.webhooks.endpoints.pause("default", endpoint_id, actor="test")
    for _ in range(3):
        publish(host.services)
        host.clock.advance(60)
    host.services.webhooks.endpoints.resume("default", endpoint_id, actor="test")
    deliver(host.services)

    given = host.post(f"/webhooks/{endpoint_id}/replay", since="2026-03-01T12:00")

    page = host.client.get(given.location).text
    assert "There are more" in page
    assert 'name="since" value="2026-03-01T12:02"' in page


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-01T00:00", "9999-12-31T23:59-23:00"])
def test_a_since_that_is_no_moment_is_told_at_its_field(host: Host, endpoint_id: UUID, since: str) -> None:
    given = host.post(f"/webhooks/{endpoint_id}/replay", since=since)

    assert given.status_code == 422
    assert 'id="since-faults"' in given.text
    assert f'name="since" value="{since}"' in given.text


@pytest.mark.parametrize("replayed", ["<b>", "1e3", "-", "9" * 5_000])
def test_a_made_up_count_in_the_address_does_no_harm(host: Host, endpoint_id: UUID, replayed: str) -> None:
    given = host.get(f"/webhooks/{endpoint_id}", replayed=replayed)

    assert given.status_code == 200
    assert "way again" not in given.text


def test_a_test_event_is_sent_and_its_delivery_shown(host: Host, endpoint_id: UUID) -> None:
    given = host.post(f"/webhooks/{endpoint_id}/test")

    assert given.status_code == 303
    assert deliver(host.services) == 1
    page = text_of(host.client.get(given.location).text)
    assert "A test event is on its way." in page
    assert "Sent by hand to try an endpoint." in page
    assert "succeeded the endpoint has taken it" in page


def test_a_new_endpoint_invites_to_a_test_event(host: Host, endpoint_id: UUID) -> None:
    page = host.get(f"/webhooks/{endpoint_id}").text

    assert "No deliveries yet" in page
    assert "Send a test event to see" in page


def test_a_delivery_leads_to_its_message(host: Host, endpoint_id: UUID) -> None:
    message = uuid4()
    publish(host.services, message=message)

    page = host.get(delivered(host, endpoint_id)).text

    assert f'href="/waapi/messages/{message}"' in page


def test_who_may_only_look_reads_the_log_and_finds_no_controls(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    deliver(host.services, answer(500, "out of order"))
    host.visitor = Viewer("default", "carl", may_manage=False)

    page = host.get(delivered(host, endpoint_id)).text

    assert "out of order" in page
    assert 'method="post"' not in page
