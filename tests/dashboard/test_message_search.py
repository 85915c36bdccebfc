"""The list of messages: searching it, turning its pages, and what is new in it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from uuid import UUID

import pytest

from browsing import HOSTILE
from dashboard_host import START, Host
from flask_waapi import Viewer
from flask_waapi.messaging import history
from native_interactives import GROUP, USER

REJECTED = "+15550131026"


def shown(host: Host, **query: str) -> list[str]:
    """The numbers of the messages that a search shows, in the order of the list."""
    answer = host.get("/messages", **query)
    assert answer.status_code == 200, answer.text
    return re.findall(r"text number (\d+)", answer.text)


def receive(host: Host, sender: str, words: str) -> None:
    """Let somebody write."""
    services = host.services
    with host.app.app_context():
        services.receiving.simulate(sender, words, account="default")


def link(page: str, relation: str) -> str | None:
    """Where a link between pages leads."""
    found = re.search(rf'rel="{relation}" href="([^"]+)"', page)
    return html.unescape(found[1]) if found else None


@pytest.mark.parametrize(
    "words",
    ["+447700900123", "+44 7700 900123", "0044 (7700) 900-123", " 447700900123", "order 7/B"],
)
def test_one_box_finds_a_number_however_it_is_written_and_a_reference(host: Host, words: str) -> None:
    issued = host.key()
    host.send(issued, to="+447700900123", text="text number 1", reference="order 7/B")
    host.send(issued, text="text number 2")

    assert shown(host, q=words) == ["1"]


@pytest.mark.parametrize("members", [{"to": USER}, {"to": GROUP, "recipient_type": "group"}], ids=str)
def test_the_box_and_the_filter_find_user_ids_and_groups(host: Host, members: dict[str, str]) -> None:
    issued = host.key()
    host.send(issued, text="text number 1", **members)
    host.send(issued, text="text number 2")

    assert shown(host, to=members["to"]) == ["1"]
    assert shown(host, q=members["to"]) == ["1"]


def test_the_box_finds_what_somebody_wrote_as_well_as_what_was_sent_to_them(host: Host) -> None:
    host.send(host.key(), to="+447700900123", text="text number 1")
    host.clock.advance(1)
    receive(host, "+447700900123", "text number 2")
    receive(host, "+447700900124", "text number 3")

    assert shown(host, q="+44 7700 900123") == ["2", "1"]


@pytest.mark.parametrize("form", [str, lambda uuid: uuid.upper(), lambda uuid: uuid.replace("-", "")])
def test_an_id_in_the_box_opens_the_message(host: Host, form: Callable[[str], str]) -> None:
    uuid = host.send(host.key())

    answer = host.get("/messages", q=form(uuid))

    assert answer.status_code == 303
    assert answer.location.endswith(f"/waapi/messages/{uuid}")


def test_an_id_of_the_providers_in_the_box_opens_the_message(host: Host) -> None:
    uuid = host.send(host.key())
    message = history.get(host.services.store, "default", UUID(uuid))
    assert message.provider_message_id

    assert host.get("/messages", q=message.provider_message_id).location.endswith(uuid)


def test_an_id_that_is_somebodys_reference_finds_it(host: Host) -> None:
    reference = "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000"
    host.send(host.key(), text="text number 1", reference=reference)

    assert shown(host, q=reference) == ["1"]


@pytest.mark.parametrize("by", ["uuid", "provider", "number", "reference"])
def test_the_box_finds_nothing_of_another_account(host: Host, by: str) -> None:
    uuid = host.send(host.key(), to="+447700900123", text="text number 1", reference="r")
    message = history.get(host.services.store, "default", UUID(uuid))
    words = {
        "uuid": uuid,
        "provider": str(message.provider_message_id),
        "number": "+447700900123",
        "reference": "r",
    }
    host.visitor = Viewer("other", "eve")

    answer = host.get("/messages", q=words[by])

    assert answer.status_code == 200
    assert "No message matches" in answer.text


def test_messages_are_found_by_the_code_they_failed_with_and_lead_to_what_it_means(host: Host) -> None:
    issued = host.key()
    host.send(issued, text="text number 1")
    host.call(issued, "/messages/text/send", method="POST", json={"to": REJECTED, "text": "text number 2"})

    assert shown(host, failure_code="MESSAGE_REJECTED") == ["2"]
    assert shown(host, failure_code="DELIVERY_FAILED") == []
    page = host.get("/messages", failure_code="MESSAGE_REJECTED").text
    assert '<option value="MESSAGE_REJECTED" selected>' in page
    assert 'href="/waapi/errors/MESSAGE_REJECTED"' in page


@pytest.mark.parametrize("code", ["NONSENSE", "VALIDATION_ERROR", "\0"])
def test_a_code_that_no_message_can_have_is_told_at_its_field(host: Host, code: str) -> None:
    answer = host.get("/messages", failure_code=code)

    assert answer.status_code == 422
    assert 'id="failure_code-faults"' in answer.text


def test_filters_narrow_what_the_box_finds(host: Host) -> None:
    issued = host.key()
    host.send(issued, to="+447700900123", text="text number 1", reference="a")
    host.send(issued, to="+447700900123", text="text number 2", reference="b")

    assert shown(host, q="+447700900123", reference="b") == ["2"]
    assert shown(host, q="+447700900123", to="+447700900124") == []
    assert shown(host, q="+447700900123", direction="inbound") == []


def test_messages_are_found_by_their_key_also_when_it_is_deleted(host: Host) -> None:
    shop, desk = host.key("shop"), host.key("desk")
    host.send(shop, text="text number 1")
    host.send(desk, text="text number 2")
    host.services.keys.delete("default", "shop", actor="ann")

    assert shown(host, key=str(shop.key.id)) == ["1"]
    page = host.get("/messages", key=str(shop.key.id)).text
    assert re.search(rf'<option value="{shop.key.id}" selected>shop \(deleted\)</option>', page)
    assert re.search(rf'<option value="{desk.key.id}">desk</option>', page)


def test_a_key_that_nobody_knows_any_more_is_still_a_choice(host: Host) -> None:
    key_id = "01990000-0000-7000-8000-000000000001"

    assert f'<option value="{key_id}" selected>{key_id} (deleted)' in host.get("/messages", key=key_id).text


def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_what_it_says(host: Host) -> None:
    issued = host.key()
    for number in range(3):
        host.send(issued, text=f"text number {number}")
        host.clock.advance(3600)
    assert f"{START:%H:%M}" == "12:00"

    assert shown(host, **{"from": "2026-03-01T13:00", "until": "2026-03-01T14:00:00"}) == ["1"]
    assert shown(host, **{"from": "2026-03-01T14:00:00.000+01:00"}) == ["2", "1"]
    page = host.get("/messages", **{"from": "2026-03-01T14:00:00.000+01:00"}).text
    assert 'name="from" value="2026-03-01T13:00"' in page


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", "x" * 256),
        ("q", "a\0b"),
        ("key", "shop"),
        ("from", "yesterday"),
        ("until", "2026-13-01T00:00"),
        ("direction", "up"),
        ("reference", "x" * 256),
    ],
)
def test_what_cannot_be_looked_for_is_told_at_its_field(host: Host, name: str, value: str) -> None:
    answer = host.get("/messages", **{name: value})

    assert answer.status_code == 422
    assert f'id="{name}-faults"' in answer.text
    assert host.get("/messages/export.csv", **{name: value}).status_code == 422


def test_pages_are_turned_both_ways(host: Host) -> None:
    issued = host.key(rate_limit=1_000)
    for number in range(120):
        host.send(issued, text=f"text number {number}", reference="a&b")
        host.clock.advance(1)

    pages = [host.get("/messages", reference="a&b").text]
    while (older := link(pages[-1], "next")) is not None:
        pages.append(host.client.get(older).text)
    numbers = [re.findall(r"text number (\d+)", page) for page in pages]
    assert [int(number) for page in numbers for number in page] == list(range(119, -1, -1))
    assert [len(page) for page in numbers] == [50, 50, 20]

    assert link(pages[0], "prev") is None
    newer = host.client.get(link(pages[2], "prev") or "").text
    assert re.findall(r"text number (\d+)", newer) == numbers[1]
    first = host.client.get(link(newer, "prev") or "")
    assert first.status_code == 303
    assert first.location == "/waapi/messages?reference=a%26b"


def test_a_page_beyond_the_end_leads_back(host: Host) -> None:
    issued = host.key()
    oldest = host.send(issued, text="text number 1")
    host.clock.advance(1)
    host.send(issued, text="text number 2")
    message = history.get(host.services.store, "default", UUID(oldest))

    page = host.get("/messages", cursor=history.cursor_at(message)).text

    assert "No message matches" in page
    back = link(page, "prev")
    assert back
    assert host.client.get(back).status_code == 303


def test_the_script_hears_of_new_messages_and_of_new_statuses(host: Host) -> None:
    issued = host.key()
    uuid = host.send(issued, text="text number 1", reference="a")
    page = host.get("/messages", reference="a").text
    found = re.search(r'data-changes="([^"]+)"', page)
    assert found
    address = html.unescape(found[1])

    before = host.client.get(address).get_json()
    assert (before["new"], before["has_more"]) == (0, False)
    assert "status-sent" in before["states"][uuid]

    host.clock.advance(10)
    host.apply_due()
    host.send(issued, text="text number 2", reference="a")
    host.send(issued, text="text number 3", reference="b")
    after = host.client.get(address).get_json()

    assert (after["new"], after["has_more"]) == (1, False)
    assert list(after["states"]) == [uuid]
    assert "status-read" in after["states"][uuid]


def test_the_script_hears_of_the_first_message(host: Host) -> None:
    page = host.get("/messages").text
    found = re.search(r'data-changes="([^"]+)"', page)
    assert found
    host.send(host.key())

    assert host.client.get(html.unescape(found[1])).get_json()["new"] == 1


def test_the_script_is_told_nothing_of_another_account(host: Host) -> None:
    uuid = host.send(host.key())
    host.visitor = Viewer("other", "eve")

    told = host.get("/messages/changes.json", shown=f"{uuid},x,").get_json()

    assert told == {"new": 0, "has_more": False, "states": {}}


def test_only_the_first_page_looks_for_news(host: Host) -> None:
    message = history.get(host.services.store, "default", UUID(host.send(host.key())))

    assert "data-changes" not in host.get("/messages", cursor=history.cursor_at(message)).text


def test_stored_text_cannot_become_part_of_the_list(host: Host) -> None:
    issued = host.key(HOSTILE[:100])
    host.send(issued, text=HOSTILE, reference=HOSTILE)

    page = host.get("/messages", q=HOSTILE, reference=HOSTILE).text

    assert "<script>alert" not in page
    assert "<img src" not in page
    assert html.escape("<script>alert(1)</script>") in page
