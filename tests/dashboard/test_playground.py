"""The playground: what it offers, and how a real send is kept from happening by mistake."""

from __future__ import annotations

import json
import re

import pytest

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.api.blueprint import OPERATIONS
from playground_page import TEXT, answer_on, messages, payload_on, run
from recorder import Recorder

WITHOUT_A_SIMULATION = {
    *("send_batch", "check_message", "cancel_message", "mark_read"),
    *("upload_media", "get_medium", "get_medium_content", "delete_medium"),
    "preview_template",
}
"""Batches and files are not typed in by hand, taking back and marking cannot be tried without doing it, and a
preview is on the template's page."""


def test_every_operation_that_can_be_tried_is_offered_and_its_sample_runs(host: Host) -> None:
    issued = host.key()
    host.send(issued)
    offered = [operation for operation in OPERATIONS if operation.name not in WITHOUT_A_SIMULATION]

    for operation in offered:
        page = host.get("/playground", operation=operation.name, key=issued.key.id)
        ran = run(host, issued, operation.name, payload_on(page.text))

        assert answer_on(ran.text)["success"] is True, operation.name


@pytest.mark.parametrize("name", sorted(WITHOUT_A_SIMULATION))
def test_what_has_no_simulation_is_neither_offered_nor_run(host: Host, name: str) -> None:
    issued = host.key()

    assert f'value="{name}"' not in host.get("/playground").text
    assert run(host, issued, name).status_code == 404


def test_every_template_has_a_sample_that_runs(host: Host) -> None:
    issued = host.key()
    page = host.get("/playground", operation="send_template").text
    found = re.search(r'<select id="template".*?</select>', page, re.DOTALL)
    assert found
    templates = re.findall(r'<option value="([^"]+)"', found[0])
    assert len(templates) == 10

    for template in templates:
        page = host.get("/playground", operation="send_template", template=template).text
        ran = run(host, issued, "send_template", payload_on(page))

        assert answer_on(ran.text)["success"] is True, template


def test_the_sample_is_built_from_the_chosen_template(host: Host) -> None:
    host.key()
    page = host.get("/playground", template="shipping_update/en_US").text

    assert json.loads(payload_on(page)) == {
        "to": "+1234567890",
        "template_name": "shipping_update",
        "language": "en_US",
        "variables": ["John", "Monday"],
        "header": {"text": "ORD-12345"},
        "buttons": [{"index": 0, "type": "url", "value": "ORD-12345"}],
        "reference": "playground",
    }
    assert "Order ORD-12345 is on its way" in page


def test_it_opens_on_the_order_confirmation_and_on_simulate_only(host: Host) -> None:
    host.key()
    page = host.get("/playground").text

    assert json.loads(payload_on(page))["template_name"] == "order_confirmation"
    assert re.search(r'value="simulate" checked', page)
    assert "Simulate Only" in page
    assert "Send Real Message" in page


def test_it_opens_on_an_endpoint_that_the_key_may_call(host: Host) -> None:
    host.key(permissions=["view_messages"])

    page = host.get("/playground").text

    assert "Locked:" not in page
    assert json.loads(payload_on(page)).keys() == {"message_uuid"}


def test_without_an_active_key_it_says_what_to_do(host: Host) -> None:
    issued = host.key()
    host.services.keys.set_enabled("default", str(issued.key.id), False, actor="test")

    page = host.get("/playground").text

    assert "needs an active key" in page
    assert "Create API Key" in page


def test_another_choice_loads_its_sample_and_the_same_keeps_what_was_typed(host: Host) -> None:
    host.key()
    shape = "send_text:"

    kept = host.post("/playground", action="load", operation="send_text", shape=shape, payload="typed")
    fresh = host.post("/playground", action="load", operation="send_media", shape=shape, payload="typed")
    reset = host.post("/playground", action="reset", operation="send_text", shape=shape, payload="typed")

    assert payload_on(kept.text) == "typed"
    assert json.loads(payload_on(fresh.text))["type"] == "image"
    assert json.loads(payload_on(reset.text))["text"]


def test_endpoints_that_the_key_may_not_call_are_locked_with_the_reason(host: Host) -> None:
    issued = host.key(permissions=["send_template"])

    page = host.get("/playground", operation="send_text", key=issued.key.id).text

    assert page.count("locked: needs View Messages") == 3
    assert "lacks the permission Send Text" in page
    assert 'value="run"' not in page
    refused = run(host, issued)
    assert answer_on(refused.text)["error"]["code"] == "PERMISSION_DENIED"
    assert messages(host) == []


def test_a_run_simulates_unless_told_otherwise(real_host: Host) -> None:
    page = run(real_host, real_host.key()).text

    assert answer_on(page)["data"]["simulated"] is True
    assert real_host.script.sent == []


@pytest.mark.parametrize("mode", ["simulate", "", "Real", "REAL", "true"])
def test_only_the_one_word_means_a_real_send(real_host: Host, mode: str) -> None:
    run(real_host, real_host.key(), mode=mode, confirmation="4567")

    assert real_host.script.sent == []


@pytest.mark.parametrize("confirmation", [None, "", "0000", "567", "34567", "+491701234567", "４５６７"])
def test_a_real_send_without_its_confirmation_is_refused(real_host: Host, confirmation: str | None) -> None:
    form = {} if confirmation is None else {"confirmation": confirmation}

    answer = run(real_host, real_host.key(), mode="real", **form)

    assert answer.status_code == 422
    assert "must be confirmed" in answer.text
    assert messages(real_host) == []
    assert real_host.script.sent == []


def test_a_confirmed_real_send_goes_out_and_the_next_page_simulates_again(real_host: Host) -> None:
    issued = real_host.key()

    page = run(real_host, issued, mode="real", confirmation=" 4567 ").text

    assert answer_on(page)["data"]["simulated"] is False
    assert [message.to for message in real_host.script.sent] == ["+491701234567"]
    assert "sent for real" in page
    for shown in (page, real_host.get("/playground").text):
        assert re.search(r'value="simulate" checked', shown)
        assert not re.search(r'value="real"[^>]*checked', shown)


@pytest.mark.parametrize(
    "payload", ["{", '{"to": 12345}', '{"text": "x"}', "[]", '{"to": "+491701234567", "to": "+1"}']
)
def test_a_real_send_needs_a_payload_whose_recipient_can_be_read(real_host: Host, payload: str) -> None:
    answer = run(real_host, real_host.key(), payload=payload, mode="real", confirmation="4567")

    assert answer.status_code in {400, 422}
    assert real_host.script.sent == []
    assert payload_on(answer.text) == payload


def test_loading_the_answer_again_sends_nothing_twice(real_host: Host) -> None:
    issued = real_host.key()
    form = {"mode": "real", "confirmation": "4567", "run_id": "the page"}

    first, second = run(real_host, issued, **form), run(real_host, issued, **form)

    assert len(real_host.script.sent) == 1
    assert answer_on(first.text) == answer_on(second.text)
    assert "Idempotency-Replayed" in second.text


def test_another_mode_or_payload_on_an_old_page_is_a_request_of_its_own(real_host: Host) -> None:
    issued = real_host.key()
    run(real_host, issued, run_id="the page")
    run(real_host, issued, run_id="the page", mode="real", confirmation="4567")
    run(real_host, issued, run_id="the page", payload={**TEXT, "text": "Other"})

    assert len(messages(real_host)) == 3
    assert len(real_host.script.sent) == 1


def test_a_test_key_reaches_nobody_and_the_page_says_so(real_host: Host) -> None:
    issued = real_host.key(mode="test")

    assert "This key is in test mode" in real_host.get("/playground").text
    run(real_host, issued, mode="real", confirmation="4567")
    assert real_host.script.sent == []


def test_who_may_only_look_runs_nothing(real_host: Host) -> None:
    issued = real_host.key()
    real_host.visitor = Viewer("default", "carl", may_manage=False)

    for form in ({}, {"mode": "real", "confirmation": "4567"}):
        assert run(real_host, issued, **form).status_code == 403
    assert real_host.script.sent == []
    assert messages(real_host) == []
    assert real_host.post("/playground", action="load", operation="send_text").status_code == 200


@pytest.mark.parametrize(
    ("sends_from", "told"), [("+15550000000", "+15550000000"), (None, "the provider does not say")]
)
def test_a_real_send_states_the_number_it_is_sent_from(
    real_host: Host, monkeypatch: pytest.MonkeyPatch, sends_from: str | None, told: str
) -> None:
    monkeypatch.setattr(Recorder, "sends_from", sends_from)
    issued = real_host.key()

    page = real_host.get("/playground", key=str(issued.key.id), operation="send_text").text

    assert f"<dt>Sent from</dt><dd>{told}</dd>" in page
    assert "<dt>Sent by</dt><dd><code>recorder</code>" in page
