"""What a message page says of what comes next, and its two buttons: retry and cancel."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from dashboard_host import Host
from flask_waapi import OutcomeUnknown, Rejected, Retryable, Viewer
from flask_waapi.messaging.delivery.queue import Queue
from flask_waapi.storage.models import Message
from flask_waapi.storage.owed import Owed

MakeHost = Callable[..., Host]


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host whose messages wait for a worker and end at a recorder."""
    return make_host(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_DISPATCH="worker")


def take_in_hand(host: Host) -> None:
    """Claim what waits, as another process does."""
    services = host.services
    Queue(services.store, services.settings, services.clock, Owed()).claim(lambda provider: 1)


def queue(host: Host, **options: object) -> UUID:
    """A message that waits."""
    with host.app.app_context():
        return host.waapi.send_text("+1234567890", "Hello", **options).message_uuid  # type: ignore[arg-type]


def attempt(host: Host, outcome: Exception) -> None:
    """Let the worker do what is due; the one message that it sends comes to this."""
    host.script.outcomes.append(outcome)
    host.apply_due()
    assert not host.script.outcomes


def failed(host: Host, outcome: Exception | None = None) -> UUID:
    """A message that has failed."""
    made = queue(host)
    attempt(host, outcome or Rejected("No such account.", code="131026"))
    host.clock.advance(3601)
    host.apply_due()
    assert message(host, made).status == "failed"
    return made


def message(host: Host, message_uuid: UUID) -> Message:
    """As the database holds it."""
    with host.services.store.read() as session:
        return session.get_one(Message, message_uuid)


def words(page: str) -> str:
    """What a page says, without its tags."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    return " ".join(text.split()).replace(" .", ".").replace(" ,", ",")


def shown(host: Host, message_uuid: UUID) -> str:
    """What a message's page says."""
    return words(host.get(f"/messages/{message_uuid}").text)


def offered(page: str) -> set[str]:
    """Which of the two buttons a page shows."""
    forms = re.findall(r'<form [^>]*action="[^"]*/(retry|cancel)"([^>]*)>', page)
    return {name for name, attributes in forms if not attributes.endswith(" hidden")}


class TestTimeline:
    """What has been tried and what comes next."""

    def test_each_attempt_is_there_with_its_codes_and_reason(self, host: Host) -> None:
        made = queue(host)
        attempt(host, Retryable("Too many.", code="130429", retry_after=timedelta(seconds=60)))
        host.clock.advance(60)
        attempt(host, Rejected("No such account.", code="131026"))

        said = shown(host, made)

        first = (
            "queued 2026-03-01 12:00:00 UTC attempt 1 PROVIDER_UNAVAILABLE provider code 130429: Too many."
        )
        last = (
            "failed 2026-03-01 12:01:00 UTC attempt 2 MESSAGE_REJECTED provider code 131026: No such account."
        )
        assert f"{first} {last}" in said

    def test_a_message_that_is_tried_again_says_when(self, host: Host) -> None:
        made = queue(host, expires_in=3600)
        attempt(host, Retryable("Too many.", code="130429", retry_after=timedelta(seconds=60)))

        said = shown(host, made)

        assert "Attempt 2 follows at 2026-03-01 12:01:00 UTC." in said
        assert "It is not sent after 2026-03-01 13:00:00 UTC." in said
        host.clock.advance(60)
        assert "Attempt 2 follows as soon as it can." in shown(host, made)

    def test_a_scheduled_message_says_when_it_is_sent_and_until_when(self, host: Host) -> None:
        made = queue(host, send_at=host.clock() + timedelta(hours=2), expires_in=60)

        said = shown(host, made)

        assert "Waits to be sent at 2026-03-01 14:00:00 UTC." in said
        assert "To be sent 2026-03-01 14:00:00 UTC" in said
        assert "Not to be sent after 2026-03-01 14:01:00 UTC" in said
        assert "queued for 2026-03-01 14:00:00 UTC" in words(host.get("/messages").text)

    def test_a_message_that_waits_for_its_turn_says_so(self, host: Host) -> None:
        assert "Waits to be sent. " in shown(host, queue(host))

    def test_a_message_in_hand_says_when_its_lease_ends(self, host: Host) -> None:
        made = queue(host)
        take_in_hand(host)

        said = shown(host, made)

        assert "Attempt 1 is being made." in said
        assert "unknown from 2026-03-01 12:02:00 UTC on" in said

    @pytest.mark.parametrize(
        ("config", "told"),
        [
            ({}, "by 2026-03-01 13:00:00 UTC, it is given up as failed"),
            ({"WAAPI_UNCONFIRMED_AFTER": 60}, "by 2026-03-01 12:01:00 UTC, it is given up as failed"),
            (
                {"WAAPI_UNCONFIRMED_POLICY": "resend"},
                "by 2026-03-01 13:00:00 UTC, it is sent again; the recipient may then have it twice",
            ),
            (
                {"WAAPI_UNCONFIRMED_POLICY": "resend", "WAAPI_MAX_ATTEMPTS": 1},
                "by 2026-03-01 13:00:00 UTC, it is given up as failed",
            ),
        ],
    )
    def test_an_unconfirmed_message_says_what_happens_when(
        self, make_host: MakeHost, config: dict[str, object], told: str
    ) -> None:
        host = make_host(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_DISPATCH="worker", **config)
        made = queue(host)
        attempt(host, OutcomeUnknown("The connection broke."))

        said = shown(host, made)

        assert "nobody knows yet whether it was sent" in said
        assert told in said

    def test_a_message_at_its_end_has_nothing_to_come(self, host: Host) -> None:
        made = queue(host)
        host.apply_due()

        assert 'class="prospect"' not in host.get(f"/messages/{made}").text

    def test_a_retry_is_in_the_timeline(self, host: Host) -> None:
        made = failed(host)
        host.post(f"/messages/{made}/retry")
        host.apply_due()

        said = shown(host, made)

        assert "retried by hand by ann" in said
        assert "attempt 1, after retry 1" in said

    def test_hostile_words_of_a_provider_are_shown_and_not_obeyed(self, host: Host) -> None:
        made = failed(host, Rejected("<script>alert(1)</script>", code="<img src=x>"))

        page = host.get(f"/messages/{made}").text

        assert "<script>alert" not in page
        assert "<img" not in page


class TestRetry:
    """The button on a failed message."""

    def test_it_sets_the_message_on_its_way_again(self, host: Host) -> None:
        made = failed(host)
        assert offered(host.get(f"/messages/{made}").text) == {"retry"}

        answer = host.post(f"/messages/{made}/retry")

        assert answer.status_code == 303
        assert "The message is on its way again." in host.client.get(answer.location).text
        assert message(host, made).status == "queued"
        host.apply_due()
        assert message(host, made).status == "sent"

    def test_a_second_click_changes_nothing_and_says_so(self, host: Host) -> None:
        made = failed(host)
        host.post(f"/messages/{made}/retry")

        answer = host.post(f"/messages/{made}/retry")

        page = host.client.get(answer.location).text
        assert "Nothing was changed" in page
        assert 'class="notice is-warn" role="status"' in page
        assert message(host, made).round == 2

    def test_a_message_that_may_have_been_sent_is_asked_about_first(self, host: Host) -> None:
        made = failed(host, OutcomeUnknown("The connection broke."))

        asked = host.post(f"/messages/{made}/retry")

        assert asked.status_code == 200
        assert "It may have been sent already." in asked.text
        assert message(host, made).status == "failed"
        host.post(f"/messages/{made}/retry", confirmed="yes")
        assert message(host, made).status == "queued"

    def test_one_whose_answer_was_lost_before_it_was_refused_is_asked_about_too(
        self, make_host: MakeHost
    ) -> None:
        host = make_host(
            WAAPI_PROVIDERS={"recorder": {}}, WAAPI_DISPATCH="worker", WAAPI_UNCONFIRMED_POLICY="resend"
        )
        made = queue(host)
        attempt(host, OutcomeUnknown("The connection broke."))
        host.clock.advance(3601)
        host.apply_due()
        attempt(host, Rejected("No such account.", code="131026"))
        assert message(host, made).failure_code == "MESSAGE_REJECTED"

        assert "It may have been sent already." in host.post(f"/messages/{made}/retry").text


class TestCancel:
    """The button on a message that waits."""

    def test_it_takes_the_message_back(self, host: Host) -> None:
        made = queue(host)
        assert offered(host.get(f"/messages/{made}").text) == {"cancel"}

        answer = host.post(f"/messages/{made}/cancel")

        assert answer.status_code == 303
        page = host.client.get(answer.location).text
        assert "The message is canceled: it will not be sent." in page
        assert "data-final" in page
        host.apply_due()
        assert host.script.sent == []

    def test_a_second_click_says_the_same(self, host: Host) -> None:
        made = queue(host)
        host.post(f"/messages/{made}/cancel")

        answer = host.post(f"/messages/{made}/cancel")

        assert "The message is canceled" in host.client.get(answer.location).text

    def test_too_late_is_said(self, host: Host) -> None:
        made = queue(host)
        host.apply_due()

        answer = host.post(f"/messages/{made}/cancel")

        assert "It was too late to cancel" in host.client.get(answer.location).text
        assert message(host, made).status == "sent"

    def test_it_is_not_offered_for_a_message_in_hand(self, host: Host) -> None:
        made = queue(host)
        take_in_hand(host)

        assert offered(host.get(f"/messages/{made}").text) == set()


@pytest.mark.parametrize("action", ["retry", "cancel"])
class TestBoth:
    """What holds for both."""

    def make(self, host: Host, action: str) -> UUID:
        """A message that it could be done to."""
        return failed(host) if action == "retry" else queue(host)

    def test_who_may_only_look_is_offered_nothing_and_refused(self, host: Host, action: str) -> None:
        made = self.make(host, action)
        before = message(host, made).status
        host.visitor = Viewer("default", "an onlooker", may_manage=False)

        assert offered(host.get(f"/messages/{made}").text) == set()
        assert host.post(f"/messages/{made}/{action}", confirmed="yes").status_code == 403
        assert message(host, made).status == before

    def test_another_accounts_message_is_not_there(self, host: Host, action: str) -> None:
        made = self.make(host, action)
        before = message(host, made).status
        host.visitor = Viewer("other", "mallory")

        assert host.post(f"/messages/{made}/{action}", confirmed="yes").status_code == 404
        assert message(host, made).status == before

    def test_the_life_says_what_can_be_done(self, host: Host, action: str) -> None:
        made = self.make(host, action)

        life = host.get(f"/messages/{made}/life.json").get_json()

        assert {name for name in ("retry", "cancel") if life[f"can_{name}"]} == {action}


class TestList:
    """The list of messages."""

    def test_it_says_how_many_wait_and_leads_to_them(self, host: Host) -> None:
        assert "to be sent" not in host.get("/messages").text
        queue(host)
        assert "1 waits to be sent" in host.get("/messages").text
        queue(host)

        page = host.get("/messages").text

        found = re.search(r'<a href="([^"]+)">2 wait to be sent', page)
        assert found
        assert host.client.get(found[1]).text.count("Hello") == 2

    def test_it_does_not_tell_of_another_account(self, host: Host) -> None:
        queue(host, account="acme")

        assert "to be sent" not in host.get("/messages").text

    @pytest.mark.parametrize("status", ["canceled", "unconfirmed"])
    def test_the_newer_statuses_can_be_filtered_and_have_a_badge(self, host: Host, status: str) -> None:
        made = queue(host)
        if status == "canceled":
            host.post(f"/messages/{made}/cancel")
        else:
            attempt(host, OutcomeUnknown("The connection broke."))

        assert f'class="status status-{status}"' in host.get("/messages", status=status).text
        with host.get("/static/messages.css") as styles:
            assert f".status-{status}::before" in styles.get_data(as_text=True)
