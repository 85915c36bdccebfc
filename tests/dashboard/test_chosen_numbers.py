"""What the pages promise where the host's function or a key chooses who sends: real or simulated."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from dashboard_host import Host
from flask_waapi import IssuedKey, ProviderQuery
from flask_waapi.storage.models import ApiKey
from playground_page import TEXT, run

MakeHost = Callable[..., Host]

MIXED: dict[str, Any] = {
    "WAAPI_PROVIDERS": {"real": {"type": "recorder"}, "sim": {"type": "simulation"}},
    "WAAPI_DEFAULT_PROVIDER": "sim",
}
PROMISE = "nothing leaves this machine"


def always_real(query: ProviderQuery) -> str:
    """A host whose messages all really go out."""
    return "real"


def real_abroad(query: ProviderQuery) -> str | None:
    """A host whose messages really go out to some recipients."""
    return "real" if (query.to or "").startswith("+1") else None


def broken(query: ProviderQuery) -> str:
    """A host's function that fails while it knows no recipient."""
    return "real" if query.to is not None else str(1 / 0)


def told_on_overview(host: Host) -> str:
    """What the overview says of the provider."""
    (told,) = re.findall(r'aria-label="Provider">(.*?)</section>', host.get("/").text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", told).split())


def templates_configured(host: Host) -> int:
    """The counter on the overview, which is the same when it is asked for alone."""
    (shown,) = re.findall(r'data-counter="templates_configured">(\d+)', host.get("/").text)
    counted: int = host.get("/counters.json").get_json()["templates_configured"]
    assert int(shown) == counted
    return counted


def before_a_real_send(host: Host, issued: IssuedKey, payload: object = TEXT) -> str:
    """What the playground says beside the choice to send for real, on its page and to its script."""
    form = {"key": str(issued.key.id), "operation": "send_text", "payload": json.dumps(payload)}
    page = host.post("/playground", action="check", shape="send_text:", **form).text
    (box,) = re.findall(r"<div data-draft-sender>(.*?)</div>\s*<label for=\"confirmation\">", page, re.DOTALL)
    draft = host.post("/playground/draft.json", mode="real", **form).get_json()
    assert draft["sender_html"].split() == box.split()
    return " ".join(re.sub(r"<[^>]+>", " ", box).split())


def test_the_overview_names_what_the_host_chooses_for_the_account(make_host: MakeHost) -> None:
    host = make_host(choose=always_real, **MIXED)
    issued = host.key()

    told = told_on_overview(host)

    assert told.startswith("Messages go through real. It is real")
    assert templates_configured(host) == len(host.call(issued, "/templates").get_json()["data"]) == 1


def test_the_overview_promises_nothing_where_a_key_may_send_for_real(make_host: MakeHost) -> None:
    told = told_on_overview(make_host(**MIXED))

    assert told.startswith("Messages go through sim, unless a key or the app chooses another.")
    assert PROMISE not in told


def test_the_overview_promises_what_holds_for_every_instance(make_host: MakeHost) -> None:
    sims = {"WAAPI_PROVIDERS": {"sim": {"type": "simulation"}}, "WAAPI_DEFAULT_PROVIDER": "sim"}

    assert PROMISE in told_on_overview(make_host(**sims))


def test_the_overview_opens_where_the_host_cannot_tell_yet(make_host: MakeHost) -> None:
    host = make_host(choose=broken, **MIXED)

    assert told_on_overview(host).startswith("What messages go through is chosen for each.")
    assert templates_configured(host) == 0


def test_the_playground_names_who_sends_to_this_recipient(make_host: MakeHost) -> None:
    host = make_host(choose=real_abroad, **MIXED)
    issued = host.key()

    abroad = before_a_real_send(host, issued, TEXT | {"to": "+1234567890"})
    at_home = before_a_real_send(host, issued, TEXT | {"to": "+4915112345678"})

    assert abroad.startswith("This message really goes out. Sent by real")
    assert at_home.startswith("As it stands, this message ends at the provider sim")
    assert PROMISE not in abroad + at_home


def test_the_playground_promises_nothing_of_a_request_that_would_be_refused(make_host: MakeHost) -> None:
    host = make_host(choose=real_abroad, **MIXED)

    told = before_a_real_send(host, host.key(), {"to": "+1234567890"})

    assert told.startswith("This message may really go out.")
    assert PROMISE not in told


@pytest.mark.parametrize("fields", [{"provider": "sim"}, {"mode": "test"}])
@pytest.mark.parametrize("payload", [TEXT, {}])
def test_the_playground_promises_what_holds_whatever_is_typed(
    make_host: MakeHost, fields: dict[str, str], payload: object
) -> None:
    host = make_host(choose=real_abroad, **MIXED)

    issued = host.key(**fields)

    assert PROMISE in before_a_real_send(host, issued, payload)
    assert "sent for real" not in run(host, issued, mode="simulate").text
    assert host.script.sent == []


def test_a_key_whose_instance_is_gone_is_promised_nothing(make_host: MakeHost) -> None:
    host = make_host(**MIXED)
    issued = host.key(provider="sim")
    with host.services.store.begin() as session:
        # As after a start without the instance.
        session.execute(update(ApiKey).values(provider="gone"))

    assert PROMISE not in before_a_real_send(host, issued)
