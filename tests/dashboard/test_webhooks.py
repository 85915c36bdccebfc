"""The pages of the webhook endpoints: list, create, change, pause, a new secret, delete."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.dashboard.webhooks.records import signing_secrets
from flask_waapi.outgoing import secrets as endpoint_secrets
from flask_waapi.outgoing.signing import sign, to_text
from flask_waapi.plugins.events import EVENT_TYPES
from flask_waapi.storage.models import AuditEntry
from flask_waapi.storage.webhook_models import WebhookEndpoint
from webhook_pages import URL, answer, deliver, issue, publish

SECRET = re.compile(r"whsec_[0-9A-Za-z+/]+=*")
HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>'"


def text_of(page: str) -> str:
    """What a page says, without its tags and on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)))


def create(host: Host, url: str = URL, **form: Any) -> Any:
    """Send the form of a new endpoint."""
    return host.post("/webhooks", url=url, **{"scope": "all", **form})


def signing(host: Host, endpoint_id: UUID) -> list[str]:
    """The secrets that sign for an endpoint, the newest first."""
    with host.services.store.read() as session:
        found = endpoint_secrets.find(session, endpoint_id, host.clock())
        return [to_text(secret) for secret in endpoint_secrets.derive(found, host.services.settings.peppers)]


def disable(host: Host, endpoint_id: UUID, since: datetime | None) -> None:
    """Let an endpoint be one that was switched off."""
    with host.services.store.begin() as session:
        endpoint = session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)).one()
        endpoint.state, endpoint.state_reason = "disabled", "It has failed for long."
        endpoint.failing_since, endpoint.failures = since, 40


def actions(host: Host) -> list[str]:
    """What the audit trail has of endpoints."""
    with host.services.store.read() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [
            entry.action for entry in found if entry.action.startswith("endpoint.") and entry.actor == "ann"
        ]


def test_without_endpoints_the_page_says_what_one_is_for(host: Host) -> None:
    page = host.get("/webhooks").text

    assert "No endpoints yet" in page
    assert 'href="/waapi/webhooks/new"' in page


def test_the_form_offers_every_event_with_its_meaning_and_all_of_them(host: Host) -> None:
    page = html.unescape(host.get("/webhooks/new").text)

    assert re.search(r'value="all" checked', page)
    for name, meaning in EVENT_TYPES.items():
        if name != "test":
            assert f'value="{name}"' in page
            assert meaning in page
    assert 'value="test"' not in page, "tests come to every endpoint"


def test_the_form_says_which_addresses_the_settings_allow(make_host: Callable[..., Host]) -> None:
    def told(**settings: bool) -> str:
        return re.sub("<[^>]+>", "", make_host(**settings).get("/webhooks/new").text)

    assert "from the internet by https, and answer" in told()
    assert "from the internet by https or http, and answer" in told(WAAPI_WEBHOOK_ALLOW_HTTP=True)
    assert "by https, or be on this machine, and answer" in told(WAAPI_WEBHOOK_ALLOW_LOOPBACK=True)


def test_an_endpoint_is_created_with_every_field(host: Host) -> None:
    given = create(
        host, scope="some", events=["message.sent", "message.failed"], description="The shop\r\nand more "
    )

    assert given.status_code == 201
    (endpoint,) = host.services.webhooks.endpoints.list("default")
    assert (endpoint.url, endpoint.description) == (URL, "The shop\nand more")
    assert endpoint.events == ("message.sent", "message.failed")
    assert actions(host) == ["endpoint.create"]


def test_all_events_are_stored_as_all_whatever_else_is_ticked(host: Host) -> None:
    create(host, scope="all", events=["message.sent"])

    (endpoint,) = host.services.webhooks.endpoints.list("default")
    assert endpoint.events == ("*",)


def test_the_secret_is_the_one_that_signs_and_is_shown_on_one_page_only(host: Host) -> None:
    created = create(host)
    (secret,) = set(SECRET.findall(created.text))
    (endpoint,) = host.services.webhooks.endpoints.list("default")

    assert signing(host, endpoint.id) == [secret]
    assert 'data-copy="secret"' in created.text
    assert created.headers["Cache-Control"] == "no-store"
    with host.client.session_transaction() as session:
        assert secret not in str(dict(session))
    below = f"/webhooks/{endpoint.id}"
    for path in ("/webhooks", below, f"{below}/edit", f"{below}/rotate", f"{below}/delete"):
        assert SECRET.search(host.get(path).text) is None


def test_the_python_example_verifies_what_we_sign_and_refuses_the_rest(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = create(host).text
    (endpoint,) = host.services.webhooks.endpoints.list("default")
    found = re.search(r'<code id="example-python">(.*?)</code>', page, re.DOTALL)
    assert found
    secret = SECRET.findall(page)[0]
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    program: dict[str, Any] = {"__name__": "receiver"}
    exec(html.unescape(found[1]), program)
    receiver: Flask = program["app"]
    with host.services.store.read() as session:
        rows = endpoint_secrets.find(session, endpoint.id, host.clock())
        keys = endpoint_secrets.derive(rows, host.services.settings.peppers)
    body = b'{"type":"test","timestamp":"2026-03-01T12:00:00Z","data":{}}'
    headers = sign(keys, "event-1", datetime.now(UTC), body)

    taken = receiver.test_client().post("/hook", data=body, headers=headers)
    refused = receiver.test_client().post("/hook", data=body + b" ", headers=headers)
    malformed = receiver.test_client().post(
        "/hook", data=body, headers={**headers, "webhook-signature": "v1"}
    )

    assert [given.status_code for given in (taken, refused, malformed)] == [204, 401, 401]


def test_loading_the_answer_again_does_not_make_another_endpoint(host: Host) -> None:
    create(host)

    again = create(host)

    assert again.status_code == 422
    assert "Another endpoint sends these events there." in again.text
    assert len(host.services.webhooks.endpoints.list("default")) == 1


def test_one_url_may_have_two_endpoints_that_share_no_event(host: Host) -> None:
    create(host, scope="some", events=["message.sent"])

    assert create(host, scope="some", events=["message.failed"]).status_code == 201


def test_all_faults_are_told_at_their_fields_and_what_was_typed_is_kept(host: Host) -> None:
    given = create(
        host, "http://10.0.0.1/hook", scope="some", events=["message.sent", "fly"], description="d" * 1_001
    )

    assert given.status_code == 422
    for field in ("url", "events", "description"):
        assert f'id="{field}-faults"' in given.text
    assert 'value="http://10.0.0.1/hook"' in given.text
    assert re.search(r'value="message.sent" checked', given.text)
    assert re.search(r'value="some" checked', given.text)
    assert host.services.webhooks.endpoints.list("default") == []


def test_choosing_no_event_is_told_in_a_few_words(host: Host) -> None:
    given = create(host, scope="some")

    assert given.status_code == 422
    assert "None is chosen. Expected: one or more of these, or all events." in text_of(given.text)


def test_the_list_shows_states_reasons_and_last_deliveries(host: Host) -> None:
    services = host.services
    issue(services, description="The quiet one", events=("key.expiring",))
    failing = issue(services, "https://example.org/failing")
    paused = issue(services, "https://example.net/paused", events=("message.sent",))
    disabled = issue(services, "https://example.net/disabled", events=("message.read",))
    services.webhooks.endpoints.pause("default", paused.endpoint.id, actor="test")
    disable(host, disabled.endpoint.id, host.clock() - timedelta(days=5))
    publish(services)
    deliver(services, answer(500))

    shown = text_of(host.get("/webhooks").text)

    assert "The quiet one Active key.expiring none yet" in shown
    assert f"{failing.endpoint.url} Activefailing since 2026-03-01 12:00:00 UTC all events pending" in shown
    assert "Paused message.sent pending" in shown
    assert (
        "DisabledIt has failed for long.failing since 2026-02-24 12:00:00 UTC message.read none yet" in shown
    )


def test_the_last_delivery_is_that_of_the_newest_event(host: Host) -> None:
    issue(host.services)
    publish(host.services)
    deliver(host.services)
    host.clock.advance(60)
    publish(host.services)

    page = host.get("/webhooks").text

    assert re.findall(r"status-(succeeded|pending)", page) == ["pending"]


def test_an_endpoint_is_changed_and_its_form_begins_with_what_it_has(host: Host) -> None:
    issued = issue(host.services, events=("message.sent", "test"), description="old")
    path = f"/webhooks/{issued.endpoint.id}/edit"
    form = host.get(path).text
    assert 'value="message.sent" checked' in form
    assert 'value="test" checked' in form, "what it has is not lost"

    given = host.post(path, url="https://example.org/new", scope="all", description="new")

    assert (given.status_code, given.location) == (
        303,
        f"/waapi/webhooks/{issued.endpoint.id}?done=endpoint_updated",
    )
    endpoint = host.services.webhooks.endpoints.get("default", issued.endpoint.id)
    assert (endpoint.url, endpoint.events, endpoint.description) == ("https://example.org/new", ("*",), "new")


def test_a_change_with_faults_changes_nothing(host: Host) -> None:
    issued = issue(host.services)

    given = host.post(f"/webhooks/{issued.endpoint.id}/edit", url="nonsense", scope="all")

    assert given.status_code == 422
    assert "Nothing was changed." in given.text
    assert 'value="nonsense"' in given.text
    assert host.services.webhooks.endpoints.get("default", issued.endpoint.id) == issued.endpoint


def test_an_endpoint_is_paused_and_resumed(host: Host) -> None:
    issued = issue(host.services)
    path = f"/webhooks/{issued.endpoint.id}"

    paused = host.post(f"{path}/pause")
    assert paused.location == f"/waapi{path}?done=endpoint_paused"
    assert "Paused: deliveries wait" in host.get(path).text
    publish(host.services)
    assert deliver(host.services) == 0

    host.post(f"{path}/resume")
    assert host.services.webhooks.endpoints.get("default", issued.endpoint.id).state == "active"
    assert deliver(host.services) == 1


def test_a_disabled_endpoint_is_enabled_and_a_replay_of_what_it_missed_is_proposed(host: Host) -> None:
    issued = issue(host.services)
    path = f"/webhooks/{issued.endpoint.id}"
    disable(host, issued.endpoint.id, host.clock() - timedelta(days=5))
    page = host.get(path).text
    assert "Nothing is sent to this endpoint." in page
    assert "It has failed for long." in page
    assert f"/waapi{path}/test" not in page

    enabled = host.post(f"{path}/enable")

    page = host.client.get(enabled.location).text
    assert 'name="since" value="2026-02-24T12:00"' in page
    assert host.services.webhooks.endpoints.get("default", issued.endpoint.id).state == "active"


def test_an_endpoint_that_fails_says_since_when(host: Host) -> None:
    issued = issue(host.services)
    path = f"/webhooks/{issued.endpoint.id}"
    publish(host.services)
    publish(host.services)
    deliver(host.services, answer(500))

    assert "2 attempts in a row have failed since 2026-03-01 12:00:00 UTC" in text_of(host.get(path).text)


@pytest.mark.parametrize(("hours", "overlap"), [("1", 1), ("24", 24), ("168", 168)])
def test_a_new_secret_is_shown_once_and_the_former_one_ends_after_the_overlap(
    host: Host, hours: str, overlap: int
) -> None:
    issued = issue(host.services)
    path = f"/webhooks/{issued.endpoint.id}"

    given = host.post(f"{path}/rotate", overlap=hours)

    assert given.status_code == 201
    (secret,) = set(SECRET.findall(given.text))
    assert signing(host, issued.endpoint.id) == [secret, issued.secret]
    new, former = signing_secrets(host.services.store, issued.endpoint.id, host.clock())
    assert new.expires_at is None
    assert former.expires_at == host.clock() + timedelta(hours=overlap)
    page = host.get(path).text
    assert SECRET.search(page) is None
    assert f"ends {former.expires_at:%Y-%m-%d %H:%M:%S} UTC" in text_of(page)


def test_without_overlap_the_former_secret_ends_at_once(host: Host) -> None:
    issued = issue(host.services)

    given = host.post(f"/webhooks/{issued.endpoint.id}/rotate", overlap="0")

    assert "The former secret does not sign any more" in given.text
    assert len(signing(host, issued.endpoint.id)) == 1


@pytest.mark.parametrize("overlap", ["", "2", "-1", "1e9", "9" * 400])
def test_an_overlap_that_is_not_offered_is_refused(host: Host, overlap: str) -> None:
    issued = issue(host.services)

    given = host.post(f"/webhooks/{issued.endpoint.id}/rotate", overlap=overlap)

    assert given.status_code == 422
    assert 'id="overlap-faults"' in given.text
    assert signing(host, issued.endpoint.id) == [issued.secret]


def test_the_eleventh_signing_secret_is_refused_in_words(host: Host) -> None:
    issued = issue(host.services)
    path = f"/webhooks/{issued.endpoint.id}/rotate"
    for _ in range(9):
        assert host.post(path, overlap="168").status_code == 201

    given = host.post(path, overlap="168")

    assert given.status_code == 422
    assert "10 secrets of this endpoint sign still." in given.text


def test_an_endpoint_is_deleted_after_a_question(host: Host) -> None:
    issued = issue(host.services)
    path = f"/webhooks/{issued.endpoint.id}"
    publish(host.services)
    assert "cannot be undone" in host.get(f"{path}/delete").text
    assert host.get(path).status_code == 200

    deleted = host.post(f"{path}/delete")

    assert (deleted.status_code, deleted.location) == (303, "/waapi/webhooks?done=endpoint_deleted")
    assert host.get(path).status_code == 404
    assert host.post(f"{path}/delete").status_code == 404
    assert "The endpoint has been deleted" in host.get("/webhooks", done="endpoint_deleted").text
    assert actions(host) == ["endpoint.delete"]


def test_who_may_only_look_sees_endpoints_and_finds_no_controls(host: Host) -> None:
    issued = issue(host.services)
    publish(host.services)
    deliver(host.services)
    host.visitor = Viewer("default", "carl", may_manage=False)

    for path in ("/webhooks", f"/webhooks/{issued.endpoint.id}"):
        page = host.get(path).text
        assert URL in page
        assert 'method="post"' not in page
        assert "/new" not in page
        assert "/edit" not in page
        assert "/rotate" not in page
        assert "/delete" not in page


def test_the_endpoints_of_another_account_are_not_listed(host: Host) -> None:
    issue(host.services)
    publish(host.services)
    host.visitor = replace(host.viewer, account="other")

    assert "No endpoints yet" in host.get("/webhooks").text


def test_hostile_urls_and_descriptions_are_shown_as_text(host: Host) -> None:
    issued = issue(host.services, "https://example.com/?q='onload=alert(1)'", description=HOSTILE)
    path = f"/webhooks/{issued.endpoint.id}"

    for page in (
        host.get("/webhooks").text,
        host.get(path).text,
        host.get(f"{path}/edit").text,
        host.get(f"{path}/delete").text,
        create(host, HOSTILE, description=HOSTILE).text,
    ):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "'onload" not in page
