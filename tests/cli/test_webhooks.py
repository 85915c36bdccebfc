"""``flask waapi webhooks``, and the same from Python"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from click.testing import Result

from factories import World
from flask_waapi.access.audit import of_subject
from flask_waapi.errors import NotFound, ValidationFailed
from flask_waapi.outgoing import outbox
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.webhook_calls import WebhookCalls

URL = "https://example.com/hook"
OTHER_URL = "https://example.org/hook"

Run = Callable[..., Result]
Refused = Callable[..., str]


@pytest.fixture
def run(run: Run) -> Run:
    """Runs a command of this group that must succeed."""
    return partial(run, "webhooks")


def printed(run: Run, *words: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(run(*words, "--json").stdout)


def create(run: Run, *words: str) -> dict[str, Any]:
    """Make an endpoint."""
    values: dict[str, Any] = printed(run, "create", URL, *words)
    return values


def publish(world: World, account: str = "default") -> None:
    """Let something happen."""
    event = AccountEvent("message.sent", world.clock(), {"number": 1}, account)
    with world.services.store.begin() as session:
        outbox.publish(session, event, world.clock())


class TestCommands:
    """The commands"""

    def test_create_prints_the_endpoint_and_its_secret(self, run: Run) -> None:
        values = create(run, "--event", "message.sent", "--event", "test", "--description", "Shop")

        assert values.pop("secret").startswith("whsec_")
        assert values.pop("id")
        assert values == {
            "url": URL,
            "description": "Shop",
            "events": ["message.sent", "test"],
            "state": "active",
            "state_reason": None,
            "failures": 0,
            "failing_since": None,
            "created_at": "2026-01-01T00:00:00.000000Z",
            "updated_at": "2026-01-01T00:00:00.000000Z",
            "account": "default",
        }

    def test_without_events_an_endpoint_hears_of_all(self, run: Run) -> None:
        assert create(run)["events"] == ["*"]

    def test_for_a_person_the_secret_stands_alone_on_its_line(self, run: Run) -> None:
        output = run("create", URL).stdout

        (line,) = (line.strip() for line in output.splitlines() if "whsec_" in line)
        assert line.startswith("whsec_")
        assert "shown only now" in output

    def test_the_secret_is_shown_never_again(self, run: Run) -> None:
        values = create(run)
        endpoint = values["id"]

        later = [
            run(*words).output
            for words in (
                ("list",),
                ("list", "--json"),
                ("show", endpoint),
                ("show", endpoint, "--json"),
                ("pause", endpoint),
                ("resume", endpoint, "--json"),
            )
        ]

        assert not [output for output in later if values["secret"] in output]

    def test_every_fault_is_told_at_once(self, refused: Refused) -> None:
        told = refused("create", "ftp://example.com", "--event", "message.lost")

        assert "The URL cannot be used" in told
        assert "'message.lost' is not an event." in told

    def test_list_shows_the_endpoints_of_the_account(self, run: Run) -> None:
        endpoint = create(run)
        create(run, "--account", "acme")

        assert [found["id"] for found in printed(run, "list")] == [endpoint["id"]]
        assert URL in run("list").stdout

    def test_update_changes_what_is_given(self, run: Run) -> None:
        endpoint = create(run, "--description", "Shop")["id"]

        values = printed(run, "update", endpoint, "--url", OTHER_URL, "--event", "test")

        assert (values["url"], values["events"], values["description"]) == (OTHER_URL, ["test"], "Shop")

    def test_pause_resume_and_enable_say_how_the_endpoint_stands(self, run: Run) -> None:
        endpoint = create(run)["id"]

        states = [printed(run, word, endpoint)["state"] for word in ("pause", "resume", "enable")]

        assert states == ["paused", "active", "active"]

    def test_rotate_shows_a_new_secret(self, run: Run) -> None:
        values = create(run)

        rotated = printed(run, "rotate", values["id"], "--overlap-hours", "0.5")

        assert rotated["secret"].startswith("whsec_")
        assert rotated["secret"] != values["secret"]

    @pytest.mark.parametrize("hours", ["-1", "169"])
    def test_an_overlap_out_of_bounds_is_refused(self, run: Run, refused: Refused, hours: str) -> None:
        endpoint = create(run)["id"]

        assert "is not an overlap" in refused("rotate", endpoint, "--overlap-hours", hours)

    @pytest.mark.parametrize("hours", ["nan", "1e300", "inf"])
    def test_an_overlap_that_is_none_is_refused(self, run: Run, refused: Refused, hours: str) -> None:
        endpoint = create(run)["id"]

        assert "is no number of hours" in refused("rotate", endpoint, "--overlap-hours", hours, code=2)

    def test_delete_asks_first(self, run: Run) -> None:
        endpoint = create(run)["id"]

        assert run("delete", endpoint, input="n\n", fails=True).exit_code == 1
        assert len(printed(run, "list")) == 1
        assert run("delete", endpoint, "--yes").stdout == f"Endpoint {endpoint} is deleted.\n"
        assert printed(run, "list") == []

    def test_deliveries_are_listed_by_pages(self, run: Run, world: World) -> None:
        endpoint = create(run)["id"]
        for _ in range(3):
            publish(world)

        first = printed(run, "deliveries", endpoint, "--limit", "2")
        rest = printed(run, "deliveries", endpoint, "--cursor", first["next_cursor"])

        assert (len(first["deliveries"]), len(rest["deliveries"]), rest["next_cursor"]) == (2, 1, None)
        assert {delivery["state"] for delivery in first["deliveries"]} == {"pending"}
        assert f"--cursor {first['next_cursor']}" in run("deliveries", endpoint, "--limit", "2").stdout

    def test_test_sends_an_event_to_the_endpoint(self, run: Run) -> None:
        endpoint = create(run, "--event", "key.expiring")["id"]

        assert printed(run, "test", endpoint)["event_type"] == "test"
        assert printed(run, "test", endpoint, "--event", "message.read")["event_type"] == "message.read"

    def test_replay_takes_a_delivery(self, run: Run, world: World) -> None:
        endpoint = create(run)["id"]
        publish(world)
        (delivery,) = printed(run, "deliveries", endpoint)["deliveries"]

        assert printed(run, "replay", delivery["id"])["state"] == "pending"

    def test_replay_since_takes_an_endpoint(self, run: Run, world: World) -> None:
        create(run)
        publish(world)
        late = printed(run, "create", OTHER_URL)["id"]

        assert printed(run, "replay", late, "--since", "2026-01-01") == {"count": 1, "continue_from": None}
        assert run("replay", late, "--since", "2026-01-01").stdout.startswith("0 deliveries")

    @pytest.mark.parametrize(
        "words",
        [
            ("show",),
            ("update",),
            ("pause",),
            ("resume",),
            ("enable",),
            ("delete", "--yes"),
            ("rotate",),
            ("test",),
            ("deliveries",),
            ("replay",),
            ("replay", "--since", "2026-01-01"),
        ],
    )
    def test_what_is_not_the_accounts_is_unknown(
        self, run: Run, refused: Refused, words: tuple[str, ...]
    ) -> None:
        endpoint = create(run)["id"]

        assert "There is no webhook" in refused(words[0], endpoint, *words[1:], "--account", "other")

    def test_what_was_done_is_in_the_audit_trail(self, run: Run, world: World) -> None:
        create(run)
        (endpoint,) = world.services.webhooks.endpoints.list("default")

        (entry,) = of_subject(world.services.store, "default", endpoint.id)
        assert (entry.action, entry.actor) == ("endpoint.create", "cli")


class TestPython:
    """``waapi.webhooks``"""

    @pytest.fixture
    def calls(self, world: World) -> Iterator[WebhookCalls]:
        """The calls, within an app context."""
        with world.app.app_context():
            yield world.waapi.webhooks

    def test_an_endpoint_is_made_changed_and_deleted(self, calls: WebhookCalls, world: World) -> None:
        issued = calls.create(URL, ["message.sent"], description="Shop", account="acme")
        endpoint = issued.endpoint.id

        assert issued.secret.startswith("whsec_")
        assert calls.get(endpoint, account="acme") == issued.endpoint
        assert calls.update(endpoint, events=["*"], account="acme").events == ("*",)
        assert calls.pause(endpoint, account="acme").state == "paused"
        assert calls.resume(endpoint, account="acme").state == "active"
        assert calls.enable(endpoint, account="acme").state == "active"
        assert calls.rotate(endpoint, overlap=timedelta(0), account="acme").secret != issued.secret
        calls.delete(endpoint, account="acme")
        assert calls.list(account="acme") == []
        entries = of_subject(world.services.store, "acme", endpoint)
        assert {entry.actor for entry in entries} == {"python"}

    def test_what_was_delivered_is_read_and_made_again(self, calls: WebhookCalls, world: World) -> None:
        endpoint = calls.create(URL).endpoint.id
        publish(world)
        (delivery,) = calls.deliveries(endpoint, state="pending", limit=10).deliveries

        assert calls.attempts(delivery.id) == []
        assert calls.replay(delivery.id).state == "pending"
        assert calls.replay_since(endpoint, datetime(2026, 1, 1, tzinfo=UTC)).count == 0
        assert calls.send_test(endpoint).event_type == "test"
        assert calls.send_test(endpoint, "key.expiring").event_type == "key.expiring"

    def test_what_is_wrong_is_raised(self, calls: WebhookCalls) -> None:
        with pytest.raises(ValidationFailed):
            calls.create("https://localhost/")
        with pytest.raises(NotFound):
            calls.get("nonsense")
