"""The dashboard where each tenant has a number of its own: what the host gives a viewer to see and choose."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from dashboard_host import Host
from flask_waapi import AccountUpdate, ProviderQuery, TemplateDefinition, Viewer
from flask_waapi.messaging.incoming.account_state import update_account
from flask_waapi.messaging.incoming.parking import BROKEN, Parked
from flask_waapi.messaging.incoming.source import Source
from webhook_pages import keep_parked

MakeHost = Callable[..., Host]

TENANTS: dict[str, Any] = {
    "WAAPI_PROVIDERS": {"number-of-a": {"type": "recorder"}, "number-of-b": {"type": "recorder"}},
    "WAAPI_DEFAULT_PROVIDER": "number-of-a",
}
BOB = Viewer("b", "bob", providers=["number-of-b"])
OPTION = re.compile(r'<option value="([\w-]*)"')


def by_account(query: ProviderQuery) -> str:
    """The choice of a host that gives each tenant its own number."""
    return f"number-of-{query.account}"


@pytest.fixture
def tenants(make_host: MakeHost) -> Host:
    """A host with a number for each of two tenants, visited by the second one's manager."""
    host = make_host(choose=by_account, **TENANTS)
    host.visitor = BOB
    return host


@pytest.fixture
def handed_out(make_host: MakeHost) -> Host:
    """A host that chooses no number: its tenants' keys name theirs, the others send from the default one."""
    host = make_host(**TENANTS)
    host.visitor = BOB
    return host


def numbers_of(host: Host, account: str = "b") -> list[str | None]:
    """What the account's keys send from."""
    return [key.provider for key in host.services.keys.list(account)]


def offered(page: str) -> list[str]:
    """What the form of a key offers to send from."""
    found = re.search(r'<select id="provider".*?</select>', page, re.DOTALL)
    return OPTION.findall(found[0]) if found else []


def test_a_key_cannot_be_given_another_tenants_number(tenants: Host) -> None:
    form = tenants.get("/keys/new").text

    answer = tenants.post("/keys", name="grab", mode="live", provider="number-of-a")

    assert "number-of-a" not in form
    assert answer.status_code == 422
    assert "&#39;number-of-a&#39; is no provider." in answer.text
    assert numbers_of(tenants) == []


def test_another_tenants_number_is_told_beside_what_else_is_wrong(tenants: Host) -> None:
    answer = tenants.post("/keys", name="", mode="live", provider="number-of-a", rate_limit="many")

    assert re.findall(r'id="(\w+)-faults"', answer.text) == ["name", "rate_limit", "provider"]


def test_a_key_cannot_be_changed_to_another_tenants_number(tenants: Host) -> None:
    key = tenants.key(account="b", provider="number-of-b").key

    answer = tenants.post(f"/keys/{key.id}/edit", provider="number-of-a")

    assert answer.status_code == 422
    assert numbers_of(tenants) == ["number-of-b"]


def test_a_key_keeps_the_number_that_the_host_gave_it(tenants: Host) -> None:
    key = tenants.key(account="b", provider="number-of-a").key

    form = tenants.get(f"/keys/{key.id}/edit").text
    answer = tenants.post(f"/keys/{key.id}/edit", description="the till", provider="number-of-a")

    assert offered(form) == ["", "number-of-b", "number-of-a"]
    assert answer.status_code == 303
    assert numbers_of(tenants) == ["number-of-a"]


def test_a_key_without_a_number_sends_from_the_one_that_the_host_chooses(tenants: Host) -> None:
    assert offered(tenants.get("/keys/new").text) == []
    assert tenants.post("/keys", name="shop", mode="live").status_code == 201
    assert numbers_of(tenants) == [None]


def test_a_key_without_a_number_is_refused_where_it_would_send_from_another_tenants(
    handed_out: Host,
) -> None:
    form = handed_out.get("/keys/new").text

    answer = handed_out.post("/keys", name="grab", mode="live", provider="")

    assert offered(form) == ["number-of-b"]
    assert answer.status_code == 422
    assert "The key needs a number to send from." in answer.text
    assert numbers_of(handed_out) == []
    assert handed_out.post("/keys", name="shop", mode="live", provider="number-of-b").status_code == 201


def test_a_number_cannot_be_taken_from_a_key_where_it_would_send_from_another_tenants(
    handed_out: Host,
) -> None:
    key = handed_out.key(account="b", provider="number-of-b").key

    assert handed_out.post(f"/keys/{key.id}/edit", provider="").status_code == 422
    assert numbers_of(handed_out) == ["number-of-b"]


def test_whom_the_host_gives_no_number_makes_no_key(handed_out: Host) -> None:
    handed_out.visitor = Viewer("b", "bob", providers=())

    assert "The key needs a number" in handed_out.post("/keys", name="grab", mode="live").text
    assert handed_out.get("/templates").status_code == 404
    assert handed_out.get("/").status_code == 200


TEMPLATE_PAGES = (
    "/templates",
    "/templates/new",
    "/templates/order_confirmation/en",
    "/templates/order_confirmation/en/preview.json",
    "/templates/order_confirmation/en/edit",
    "/templates/order_confirmation/en/delete",
)
TEMPLATE_FORMS = (
    "/templates",
    "/templates/sync",
    "/templates/order_confirmation/en/edit",
    "/templates/order_confirmation/en/delete",
)


def test_the_templates_of_another_tenants_number_are_not_there(tenants: Host) -> None:
    tenants.post("/templates/sync")

    seen = {path: tenants.get(path, provider="number-of-a").status_code for path in TEMPLATE_PAGES}
    done = {path: tenants.post(path, provider="number-of-a").status_code for path in TEMPLATE_FORMS}

    assert set(seen.values()) == {404}, seen
    assert set(done.values()) == {404}, done


def test_the_templates_open_with_the_accounts_own_number(tenants: Host) -> None:
    page = tenants.get("/templates").text

    assert "<code>number-of-b</code>" in page
    assert "number-of-a" not in page
    assert tenants.get("/templates/order_confirmation/en").status_code == 200


def test_the_templates_of_each_number_are_linked_where_a_viewer_may_see_several(tenants: Host) -> None:
    tenants.visitor = Viewer("b", "ann")
    tenants.post("/templates/sync", provider="number-of-a")

    others = tenants.get("/templates", provider="number-of-a").text
    own = tenants.get("/templates").text

    assert 'order_confirmation/en?provider=number-of-a"' in others
    assert 'order_confirmation/en"' in own


def test_the_callbacks_page_tells_of_the_viewers_numbers_alone(tenants: Host) -> None:
    item = Parked("entry/0", BROKEN, "It has no id.", {})
    of_a, of_b, of_one_gone = (
        keep_parked(tenants.services, provider, item) for provider in ("number-of-a", "number-of-b", "old")
    )

    page = tenants.get("/webhooks/callbacks").text

    assert "number-of-b" in page
    assert "number-of-a" not in page
    assert ">old<" not in page
    assert f"/callbacks/{of_b}/replay" in page
    assert tenants.get("/webhooks/callbacks", provider="number-of-a").status_code == 404
    replayed = [
        tenants.post(f"/webhooks/callbacks/{callback}/replay").status_code
        for callback in (of_a, of_one_gone, of_b, uuid4())
    ]
    assert replayed == [404, 404, 303, 404]


def test_the_overview_tells_of_the_viewers_numbers_alone(tenants: Host) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    tenants.key(account="b")
    with tenants.services.store.begin() as session:
        for name in ("number-of-a", "number-of-b"):
            update = AccountUpdate("quality", f"Of {name}.", now, severity="critical")
            update_account(session, Source(name, simulated=False, account="default"), update, now)

    page = tenants.get("/").text

    assert "Of number-of-b." in page
    assert "Provider number-of-b" in page
    assert "number-of-a" not in page


def test_the_playground_offers_the_templates_of_the_viewers_numbers_alone(tenants: Host) -> None:
    secret = TemplateDefinition("secret_of_a", "en", "APPROVED", "UTILITY", "NAMED", [])
    tenants.script.templates.append(secret)
    key = tenants.key(account="b", provider="number-of-a").key

    page = tenants.get("/playground", key=str(key.id), operation="send_template").text

    assert "secret_of_a" not in page


def test_one_name_is_not_taken_for_a_collection_of_names() -> None:
    with pytest.raises(TypeError, match="names"):
        Viewer("b", "bob", providers="number-of-b")
