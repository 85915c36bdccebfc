"""The life of an endpoint and of its secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from flask_waapi.access.audit import of_subject
from flask_waapi.errors import NotFound, ValidationFailed
from flask_waapi.outgoing import endpoints as endpoints_module
from flask_waapi.outgoing.endpoints import EndpointView
from flask_waapi.plugins.events import EVENT_TYPES
from flask_waapi.storage.webhook_models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from flask_waapi.testing import ManualClock

from .desk import OTHER_URL, URL, Desk, opened

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


def actions(desk: Desk, endpoint: EndpointView) -> list[str]:
    """What the audit trail tells of an endpoint, in its order."""
    return [entry.action for entry in reversed(of_subject(desk.store, endpoint.account, endpoint.id))]


def pointers(refused: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    """Where the faults are."""
    return [fault.pointer for fault in refused.value.faults]


class TestCreate:
    """``create``"""

    def test_an_endpoint_is_active_and_as_it_was_asked_for(self, desk: Desk) -> None:
        issued = desk.endpoints.create(
            URL, ["message.read", "message.sent"], description="Shop", account="acme", actor="ann"
        )

        endpoint = issued.endpoint
        assert (endpoint.url, endpoint.description, endpoint.account) == (URL, "Shop", "acme")
        assert endpoint.events == ("message.sent", "message.read")
        assert (endpoint.state, endpoint.failures, endpoint.failing_since) == ("active", 0, None)
        assert endpoint.created_at == desk.clock()
        assert desk.endpoints.get("acme", endpoint.id) == endpoint
        assert desk.endpoints.list("acme") == [endpoint]

    def test_the_secret_is_shown_this_once_and_stored_nowhere(self, desk: Desk) -> None:
        issued = desk.issue()

        assert issued.secret.startswith("whsec_")
        assert issued.secret not in repr(issued)
        with desk.store.read() as session:
            for table in sa.inspect(desk.store.engine).get_table_names():
                for row in session.execute(sa.select(sa.text("*")).select_from(sa.table(table))):
                    assert issued.secret[6:] not in str(row)

    def test_two_endpoints_have_different_secrets(self, desk: Desk) -> None:
        assert desk.issue().secret != desk.issue().secret

    def test_all_events_swallow_the_others(self, desk: Desk) -> None:
        assert desk.endpoint(URL, ["message.sent", "*"]).events == ("*",)

    def test_an_event_counts_once(self, desk: Desk) -> None:
        assert desk.endpoint(URL, ["test", "test"]).events == ("test",)

    def test_every_type_of_event_can_be_asked_for(self, desk: Desk) -> None:
        assert desk.endpoint(URL, list(EVENT_TYPES)).events == tuple(EVENT_TYPES)

    def test_all_that_is_wrong_is_told_at_once(self, desk: Desk) -> None:
        with pytest.raises(ValidationFailed) as refused:
            desk.endpoints.create(
                "http://127.0.0.1/",
                ["message.sent", "message.lost"],
                description="x" * 1_001,
                account="default",
                actor="tests",
            )

        assert pointers(refused) == ["/url", "/url", "/url", "/events/1", "/description"]
        assert "'message.lost' is not an event." in [fault.message for fault in refused.value.faults]
        assert "message.sent" in refused.value.faults[3].expected
        assert desk.endpoints.list("default") == []

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"url": None}, "/url"),
            ({"events": []}, "/events"),
            ({"events": "*"}, "/events"),
            ({"events": [None]}, "/events/0"),
            ({"description": "\0"}, "/description"),
            ({"description": "\udcff"}, "/description"),
            ({"description": None}, "/description"),
            ({"account": ""}, "/account"),
            ({"account": "x" * 65}, "/account"),
            ({"account": "a\0"}, "/account"),
        ],
    )
    def test_what_is_not_usable_is_refused(self, desk: Desk, fields: Any, pointer: str) -> None:
        given = {"url": URL, "events": ["*"], "description": "", "account": "default"} | fields

        with pytest.raises(ValidationFailed) as refused:
            desk.endpoints.create(**given, actor="tests")

        assert pointers(refused) == [pointer]

    def test_an_account_has_a_limit_of_endpoints(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(endpoints_module, "MOST_ENDPOINTS", 2)
        desk.endpoint()
        endpoint = desk.endpoint()

        with pytest.raises(ValidationFailed, match="The account has 2 endpoints"):
            desk.endpoint()
        desk.endpoint(account="other")
        desk.endpoints.delete("default", endpoint.id, actor="tests")
        desk.endpoint()


class TestChange:
    """``update``, ``pause``, ``resume``, ``enable``, ``delete``"""

    def test_only_what_is_given_changes(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.clock.advance(1)

        changed = desk.endpoints.update("default", endpoint.id, events=["test"], actor="tests")

        assert (changed.url, changed.events, changed.description) == (URL, ("test",), "")
        assert changed.updated_at == desk.clock()

    def test_a_change_is_checked_as_a_new_endpoint_is(self, desk: Desk) -> None:
        endpoint = desk.endpoint()

        with pytest.raises(ValidationFailed) as refused:
            desk.endpoints.update(
                "default", endpoint.id, url="https://10.0.0.1/", events=["x"], actor="tests"
            )

        assert pointers(refused) == ["/url", "/events/0"]
        assert desk.look(endpoint) == endpoint

    def test_what_waits_goes_to_the_new_url(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish()
        desk.endpoints.update("default", endpoint.id, url=OTHER_URL, actor="tests")

        desk.deliver_all()

        assert [call.url for call in desk.internet.calls] == [OTHER_URL]

    def test_each_change_leaves_one_entry_in_the_audit_trail(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        for change in (
            partial(desk.endpoints.update, description="Shop"),
            desk.endpoints.pause,
            desk.endpoints.resume,
            desk.endpoints.rotate,
            desk.endpoints.delete,
        ):
            desk.clock.advance(1)
            change("default", endpoint.id, actor="ann")

        entries = of_subject(desk.store, "default", endpoint.id)
        assert [entry.action for entry in reversed(entries)] == [
            "endpoint.create",
            "endpoint.update",
            "endpoint.pause",
            "endpoint.resume",
            "endpoint.rotate",
            "endpoint.delete",
        ]
        assert {entry.actor for entry in entries} == {"ann", "tests"}
        assert {entry.subject_name for entry in entries} == {URL}
        assert entries[0].details["events"] == ["*"]

    def test_what_changes_nothing_leaves_none(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.endpoints.update("default", endpoint.id, url=URL, actor="tests")
        desk.endpoints.resume("default", endpoint.id, actor="tests")
        desk.endpoints.enable("default", endpoint.id, actor="tests")

        assert actions(desk, endpoint) == ["endpoint.create"]

    def test_a_paused_endpoint_is_resumed_not_enabled(self, desk: Desk) -> None:
        endpoint = desk.endpoint()

        assert desk.endpoints.pause("default", endpoint.id, actor="tests").state == "paused"
        assert desk.endpoints.enable("default", endpoint.id, actor="tests").state == "paused"
        assert desk.endpoints.resume("default", endpoint.id, actor="tests").state == "active"

    def test_with_an_endpoint_go_its_secrets_and_its_log(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(endpoints_module, "DELETE_BATCH", 2)
        endpoint = desk.endpoint()
        other = desk.endpoint(OTHER_URL)
        desk.publish_many(5)
        desk.deliver_all()

        desk.endpoints.delete("default", endpoint.id, actor="tests")

        with desk.store.read() as session:
            counts = [
                session.scalar(sa.select(sa.func.count()).select_from(model))
                for model in (WebhookEndpoint, WebhookSecret, WebhookDelivery, WebhookAttempt)
            ]
        assert counts == [1, 1, 5, 5]
        assert desk.endpoints.list("default") == [desk.look(other)]

    @pytest.mark.parametrize(
        "call",
        [
            lambda endpoints, *given: endpoints.get(*given),
            lambda endpoints, *given: endpoints.update(*given, url=OTHER_URL, actor="tests"),
            lambda endpoints, *given: endpoints.pause(*given, actor="tests"),
            lambda endpoints, *given: endpoints.resume(*given, actor="tests"),
            lambda endpoints, *given: endpoints.enable(*given, actor="tests"),
            lambda endpoints, *given: endpoints.rotate(*given, actor="tests"),
            lambda endpoints, *given: endpoints.delete(*given, actor="tests"),
        ],
    )
    def test_that_of_another_account_is_as_unknown_as_none(
        self, desk: Desk, call: Callable[..., Any]
    ) -> None:
        endpoint = desk.endpoint()
        told = set()
        for wanted in (endpoint.id, uuid4(), "nonsense"):
            with pytest.raises(NotFound) as unknown:
                call(desk.endpoints, "other", wanted)
            told.add(unknown.value.message.replace(str(wanted), "..."))

        assert len(told) == 1
        assert desk.look(endpoint) == endpoint


class TestRotate:
    """``rotate``"""

    @staticmethod
    def signatures(desk: Desk) -> list[str]:
        """Those of what is sent now."""
        desk.publish()
        desk.deliver_all()
        return desk.internet.calls[-1].headers["webhook-signature"].split()

    @staticmethod
    def signed(desk: Desk, secret: str) -> str:
        """What the secret makes of what was sent last."""
        call = desk.internet.calls[-1]
        return Webhook(secret).sign(call.headers["webhook-id"], desk.clock(), call.body.decode())

    def test_old_and_new_sign_until_the_overlap_ends(self, desk: Desk) -> None:
        old = desk.issue()
        new = desk.endpoints.rotate("default", old.endpoint.id, actor="tests")

        assert old.secret != new.secret
        desk.clock.advance(24 * HOUR - timedelta(microseconds=1))
        assert self.signatures(desk) == [self.signed(desk, new.secret), self.signed(desk, old.secret)]
        desk.clock.advance(timedelta(microseconds=1))
        assert self.signatures(desk) == [self.signed(desk, new.secret)]

    def test_without_an_overlap_the_new_one_signs_alone_at_once(self, desk: Desk) -> None:
        old = desk.issue()
        new = desk.endpoints.rotate("default", old.endpoint.id, overlap=timedelta(0), actor="tests")

        assert self.signatures(desk) == [self.signed(desk, new.secret)]

    def test_an_overlap_does_not_lengthen_that_of_an_older_secret(self, desk: Desk) -> None:
        first = desk.issue()
        desk.endpoints.rotate("default", first.endpoint.id, overlap=HOUR, actor="tests")
        desk.endpoints.rotate("default", first.endpoint.id, overlap=7 * 24 * HOUR, actor="tests")
        assert len(self.signatures(desk)) == 3

        desk.clock.advance(HOUR)

        assert len(self.signatures(desk)) == 2

    def test_an_overlap_shortens_that_of_an_older_secret(self, desk: Desk) -> None:
        first = desk.issue()
        desk.endpoints.rotate("default", first.endpoint.id, actor="tests")
        desk.endpoints.rotate("default", first.endpoint.id, overlap=timedelta(0), actor="tests")

        assert len(self.signatures(desk)) == 1

    @pytest.mark.parametrize("overlap", [timedelta(microseconds=-1), timedelta(days=7, microseconds=1)])
    def test_an_overlap_out_of_bounds_is_refused(self, desk: Desk, overlap: timedelta) -> None:
        endpoint = desk.endpoint()

        with pytest.raises(ValidationFailed, match="is not an overlap"):
            desk.endpoints.rotate("default", endpoint.id, overlap=overlap, actor="tests")

    def test_no_more_than_ten_secrets_sign_at_once(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        for _ in range(9):
            desk.endpoints.rotate("default", endpoint.id, actor="tests")

        with pytest.raises(ValidationFailed, match="10 secrets of this endpoint sign still"):
            desk.endpoints.rotate("default", endpoint.id, actor="tests")
        desk.endpoints.rotate("default", endpoint.id, overlap=timedelta(0), actor="tests")
        assert len(self.signatures(desk)) == 1
