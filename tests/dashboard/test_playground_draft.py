"""What the playground tells while somebody types: the API's own faults and gates, and nothing is done."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard_host import Host
from flask_waapi import IssuedKey, Viewer
from flask_waapi.api.message_types import MESSAGE_TYPES, RECIPIENT
from flask_waapi.content import Native
from flask_waapi.dashboard.error_codes import ERROR_CODES
from flask_waapi.dashboard.playground.preview import bubble_of
from playground_page import TEXT, answer_on, messages, run

PARTS = ("header", "body", "footer", "action", "buttons", "reply", "text", "title", "name", "link", "id")
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=5),
)
OBJECTS = st.builds(
    lambda members, action: {**members, **action},
    st.dictionaries(st.sampled_from(PARTS), VALUES, max_size=5),
    st.just({}) | st.builds(lambda buttons: {"action": {"buttons": buttons}}, VALUES),
)
"""Whatever JSON may stand where the preview looks for words."""


def draft(
    host: Host, issued: IssuedKey, operation: str = "send_text", payload: Any = None, **form: Any
) -> Any:
    """What is told of a form."""
    given = payload if isinstance(payload, str) else json.dumps(TEXT if payload is None else payload)
    fields = {"key": str(issued.key.id), "operation": operation, "payload": given, **form}
    answer = host.post("/playground/draft.json", **fields)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


BODIES: list[tuple[str, Any]] = [
    ("send_text", TEXT),
    ("send_text", {"to": "12", "colour": "red"}),
    ("send_text", {**TEXT, "text": "x" * 5_000}),
    ("send_text", "{"),
    ("send_text", '{"to": "+1", "to": "+2"}'),
    ("send_template", {"to": RECIPIENT, "template_name": "order_confirmation", "language": "en"}),
    ("send_template", {"to": RECIPIENT, "template_name": "nothing", "language": "en"}),
    ("send_media", {"to": RECIPIENT, "type": "image"}),
    ("get_message", {"message_uuid": "00000000-0000-7000-8000-000000000000"}),
    ("list_messages", {"limit": "many"}),
]


@pytest.mark.parametrize(("operation", "payload"), BODIES)
def test_a_draft_has_the_faults_and_the_code_of_the_run_itself(
    host: Host, operation: str, payload: Any
) -> None:
    issued = host.key()

    told = draft(host, issued, operation, payload)
    answer = answer_on(run(host, issued, operation, payload).text)

    if operation == "get_message":
        # Whether there is such a message, only the request itself looks.
        assert told["would_send"] is True
        return
    assert told["would_send"] is answer["success"]
    if not answer["success"]:
        refusal = answer["error"]
        assert told["error"] == {"code": refusal["code"], "message": refusal["message"]}
        details = refusal.get("details") if refusal["code"] == "VALIDATION_ERROR" else []
        told_faults = [{name: fault[name] for name in fault if name != "code"} for fault in told["faults"]]
        assert sorted(map(str, told_faults)) == sorted(map(str, details or []))


def test_looking_counts_nothing_and_stores_nothing(host: Host) -> None:
    issued = host.key(rate_limit=1)

    for _ in range(3):
        assert "1 of 1 requests are left this minute." in str(draft(host, issued)["gates"])

    assert host.services.keys.get("default", "shop").used_today == 0
    assert messages(host) == []
    assert host.get("/counters.json").get_json()["calls_today"] == 1, "the reader's own"


def test_a_key_that_is_switched_off_fails_the_first_gate(host: Host) -> None:
    issued = host.key()
    host.services.keys.set_enabled("default", str(issued.key.id), False, actor="test")

    gates = draft(host, issued)["gates"]

    assert (gates[0]["gate"], gates[0]["state"], gates[0]["code"]) == ("key", "failed", "KEY_INACTIVE")
    assert {gate["state"] for gate in gates[1:]} == {"not_reached"}


def test_a_missing_permission_and_a_foreign_address_fail_their_gates(host: Host) -> None:
    no_text = host.key("no text", permissions=["send_template"])
    elsewhere = host.key("elsewhere", allowed_networks=["203.0.113.0/24"])

    assert draft(host, no_text)["error"]["code"] == "PERMISSION_DENIED"
    assert draft(host, elsewhere)["error"]["code"] == "IP_NOT_ALLOWED"


def test_the_gates_of_reading_are_those_before_the_message(host: Host) -> None:
    told = draft(host, host.key(), "list_messages", {})

    assert [gate["gate"] for gate in told["gates"]][-1] == "body"
    assert {gate["state"] for gate in told["gates"]} == {"passed"}


def test_each_refusal_links_to_its_cause_and_fix(host: Host) -> None:
    told = draft(host, host.key(), payload={"to": "12"})

    (code,) = set(re.findall(r'href="/waapi/errors/([A-Z_]+)"', told["gates_html"]))
    assert code in ERROR_CODES


def test_whoever_may_look_may_draft_and_a_form_of_another_page_may_not(host: Host) -> None:
    issued = host.key()
    host.visitor = Viewer("default", "ann", may_manage=False)

    assert draft(host, issued)["would_send"] is True
    assert (
        host.client.post("/waapi/playground/draft.json", data={"key": str(issued.key.id)}).status_code == 400
    )


def test_another_accounts_key_is_not_there(host: Host) -> None:
    foreign = host.key("foreign", account="other")
    fields = {"key": str(foreign.key.id), "operation": "send_text", "payload": "{}"}

    assert host.post("/playground/draft.json", **fields).status_code == 404


class TestThePreview:
    """What the recipient would see."""

    @pytest.mark.parametrize("described", MESSAGE_TYPES, ids=lambda described: described.name)
    def test_every_type_of_message_has_one_in_both_forms(self, host: Host, described: Any) -> None:
        issued = host.key()
        for body in (described.body, described.native):
            if body is None:
                continue
            told = draft(host, issued, f"send_{described.family}", {"to": RECIPIENT, **body})

            assert 'class="bubble"' in told["preview_html"], told["error"]

    def test_a_template_is_shown_with_its_values_and_how_long_it_is(self, host: Host) -> None:
        body = {
            "to": RECIPIENT,
            "template_name": "order_confirmation",
            "language": "en",
            "variables": {"customer_name": "Zoë", "order_id": "7", "total": "1"},
        }

        shown = draft(host, host.key(), "send_template", body)["preview_html"]

        assert "Zoë" in shown
        assert re.search(r"Body: \d+ of 1,024 characters", shown)

    def test_while_values_are_missing_it_is_shown_all_the_same(self, host: Host) -> None:
        body = {"to": RECIPIENT, "template_name": "order_confirmation", "language": "en"}

        assert 'class="bubble"' in draft(host, host.key(), "send_template", body)["preview_html"]

    def test_of_a_place_it_is_told_what_a_phone_leaves_out(self, host: Host) -> None:
        body = {"to": RECIPIENT, "latitude": 1, "longitude": 2, "address": "Alexanderplatz"}

        shown = draft(host, host.key(), "send_location", body)["preview_html"]

        assert "shows the address only where there is a name" in shown
        assert "Alexanderplatz" not in shown

    @given(members=OBJECTS)
    def test_any_object_in_metas_words_has_one(self, members: dict[str, Any]) -> None:
        shown = bubble_of(Native("interactive", {"interactive": members}))

        assert shown.notes
        assert all(isinstance(words, str) for words in (*shown.buttons, shown.body or ""))

    @pytest.mark.parametrize("buttons", [5, True, {"reply": 1}, "ab", [1, {"reply": {"title": "Yes"}}]])
    def test_buttons_that_are_no_list_break_no_page(self, host: Host, buttons: Any) -> None:
        payload = {
            "to": RECIPIENT,
            "raw": {"type": "interactive", "interactive": {"action": {"buttons": buttons}}},
        }
        issued = host.key()

        assert 'class="bubble"' in draft(host, issued, "send_raw", payload)["preview_html"]
        assert run(host, issued, "send_raw", payload, action="check").status_code == 200

    def test_somebodys_text_is_shown_and_not_obeyed(self, host: Host) -> None:
        shown = draft(host, host.key(), payload={**TEXT, "text": "<img src=x>\u202eabc"})["preview_html"]

        assert "<img" not in shown
        assert "U+202E" in shown


def test_the_price_of_a_real_send_is_told_or_said_not_to_be_known(real_host: Host) -> None:
    issued = real_host.key()

    assert "No price is set" in draft(real_host, issued, mode="real")["sender_html"]
    assert draft(real_host, issued, mode="simulate")["sender_html"] is None
