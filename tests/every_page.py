"""A host on which every page of the dashboard has something to show, and all of it is hostile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request

from browsing import HOSTILE
from dashboard_host import START, Host, make_host
from factories import ALL_PERMISSIONS
from flask_waapi import AccountUpdate, InboundMessage, IssuedKey, Rejected, Viewer
from flask_waapi.access import playground_runs
from flask_waapi.dashboard.blueprint import ROUTES, Route
from flask_waapi.messaging.incoming.parking import BROKEN, Parked
from playground_page import run
from reports import items
from webhook_pages import answer, deliver, keep_parked

ACCOUNT = "<i onclick=alert(1)>{{7*7}}{%if 1%}'\""
BIDI = "\u202egnirts\u2066"
WORD = "Donaudampfschiff" * 12
"""Longer than any window is wide, without a place to break it."""

TEXT = f"{HOSTILE} {{{{7*7}}}} {{% if 1 %}} javascript:alert(1) {BIDI} {WORD}"
NAME = f"<svg onload=alert(1)>\"'{{{{7*7}}}}{WORD}"[:100]
REFERENCE = f'"><img src=x onerror=alert(1)>{{{{7*7}}}}{WORD}'[:255]
NUMBER, OTHER_NUMBER = "+1234567890", "+123456789012345"
UNHAPPY = ("+15550131026", "+15551131026", "+15552000007", "+15552000010")
"""Refused, failed, tried again, of unknown fate."""

TEXT_PATH = "/messages/text/send"
LONG_TEMPLATE = "seasonal_" * 40

LOOKS = "X-May-Only-Look"
"""The header of a viewer who may not change anything."""

NO_PAGES = (".json", ".csv")
"""How the routes end that answer something else than a page."""

PAGES = tuple(route for route in ROUTES if route.method == "GET" and not route.rule.endswith(NO_PAGES))

VARIATIONS: Mapping[str, Sequence[str]] = {
    "compare_playground_runs": ("?run={run_id}&run={other_run_id}",),
    "key": ("?done=disabled",),
    "messages": ("?status=failed", "?status=canceled"),
    "overview": ("?period=month",),
    "playground": ("?key={key_id}&operation=send_template", "?key={key_id}&operation=send_text"),
}
"""Other ways to see a page, by its endpoint."""

ALIKE: Mapping[str, Sequence[str]] = {
    "api_reference": (".operation ~ .operation",),
}
"""Parts of a page that one macro draws again and again; axe-core would look at thousands of cells."""


@dataclass(frozen=True)
class EveryPage:
    """The host and what its addresses are made of. :param values: of the arguments in the routes."""

    host: Host
    values: Mapping[str, object]

    def address(self, route: Route) -> str:
        """The path of a page below the dashboard.

        :raises KeyError: it is about something that has not been made here yet.
        """
        with self.host.app.test_request_context():
            rule = next(
                rule
                for rule in self.host.app.url_map.iter_rules(f"waapi_dashboard.{route.endpoint}")
                if "GET" in (rule.methods or ())
            )
            built = rule.build({name: self.values[name] for name in rule.arguments})
        assert built is not None
        return str(built[1])

    def variations(self, route: Route) -> list[str]:
        """The queries with which it is looked at."""
        queries = ("", *VARIATIONS.get(route.endpoint, ()))
        return [query.format_map(self.values) for query in queries]


def open_every_page(database_uri: str) -> EveryPage:
    """The host, filled."""
    host = make_host(
        database_uri,
        access=_visitor,
        WAAPI_PROVIDERS={"simulation": {"templates": _templates()}, "recorder": {}},
        WAAPI_DEFAULT_PROVIDER="simulation",
    )
    host.visitor = Viewer(ACCOUNT, NAME)
    with host.app.app_context():
        return EveryPage(host, _fill(host))


def _visitor() -> Viewer:
    return Viewer(ACCOUNT, NAME, may_manage=LOOKS not in request.headers)


def _templates() -> list[dict[str, Any]]:
    body = {
        "type": "BODY",
        "text": f"{TEXT.replace('{{7*7}}', '')} {{{{customer_name}}}}",
        "example": {"body_text_named_params": [{"param_name": "customer_name", "example": TEXT[:60]}]},
    }
    footer = {"type": "FOOTER", "text": "<script>alert(1)</script> javascript:alert(1)"}
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "<img src=x>"}]}
    shared = {"language": "en", "category": "UTILITY", "parameter_format": "NAMED"}
    return [
        {"id": "1", "name": "hostile", "status": "APPROVED", **shared, "components": [body, footer, buttons]},
        {"id": "2", "name": LONG_TEMPLATE, "status": "REJECTED", **shared, "components": [body]},
    ]


def _fill(host: Host) -> dict[str, object]:
    services = host.services
    services.catalogue.sync("simulation")
    keys: dict[str, Any] = {"account": ACCOUNT, "permissions": ALL_PERMISSIONS, "description": TEXT}
    issued = host.waapi.create_key(NAME, **keys)
    recorded = host.waapi.create_key("recorded", provider="recorder", **keys)
    host.waapi.create_key("<b>over</b>", expires_at=START + timedelta(minutes=1), **keys)
    endpoint = services.webhooks.endpoints.create(
        f"https://example.com/{WORD}?{WORD}", ("*",), description=TEXT, account=ACCOUNT, actor=NAME
    ).endpoint

    host.script.outcomes.append(Rejected(TEXT, code="<b>131026</b>"))
    _send(host, recorded, reference=REFERENCE)
    for recipient in (OTHER_NUMBER, *UNHAPPY):
        _send(host, issued, to=recipient, reference=WORD)
    _send(host, issued, send_at=(START + timedelta(days=1)).isoformat())
    _send(host, issued, to="nobody")
    sent = host.call(
        issued,
        "/messages/template/send",
        method="POST",
        json={
            "to": NUMBER,
            "template_name": "hostile",
            "language": "en",
            "variables": {"customer_name": TEXT},
            "reference": REFERENCE,
        },
    )
    assert sent.status_code == 201, sent.text
    _let_providers_report(host)
    host.clock.advance(timedelta(minutes=2))
    services.worker.run_once()
    services.request_log.flush()

    owner = playground_runs.Owner(ACCOUNT, host.viewer.actor)
    for payload in ({"to": NUMBER, "text": TEXT}, {"to": OTHER_NUMBER, "text": "", "<b>": TEXT}):
        assert run(host, issued, payload=payload).status_code == 200
    runs = playground_runs.page(services.store, owner, playground_runs.RunFilter()).runs

    deliver(services, answer(500, TEXT), answer(None, problem=TEXT[:200]), answer(204))
    return {
        "key_id": issued.key.id,
        "message_uuid": UUID(sent.get_json()["data"]["message_uuid"]),
        "name": "hostile",
        "language": "en",
        "code": "VALIDATION_ERROR",
        "run_id": runs[0].id,
        "other_run_id": runs[1].id,
        "endpoint_id": endpoint.id,
        "delivery_id": services.webhooks.log.page(ACCOUNT, endpoint.id).deliveries[-1].id,
        "callback_id": keep_parked(services, "recorder", Parked(TEXT[:200], BROKEN, TEXT, {"secret": TEXT})),
    }


def _send(host: Host, issued: IssuedKey, **members: Any) -> None:
    host.call(issued, TEXT_PATH, method="POST", json={"to": NUMBER, "text": TEXT, **members})


def _let_providers_report(host: Host) -> None:
    now = host.clock()
    written = InboundMessage(
        "in-1",
        sender=NUMBER,
        recipient="+15551230000",
        type="text",
        occurred_at=now,
        content={"text": {"body": TEXT}},
        text=TEXT,
        sender_name=NAME,
    )
    restricted = AccountUpdate(occurred_at=now, subject=NAME, summary=TEXT, severity="critical")
    host.services.callbacks.apply("recorder", items(written, restricted))
