"""The gates of a message are the same for every way in; simulated messages differ at the end alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from answers import data, error
from factories import (
    MEDIA_SEND,
    MESSAGES,
    RECIPIENT,
    RECORDING,
    SAMPLE_VARIABLES,
    TEMPLATE_SEND,
    TEMPLATES,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import (
    Image,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Retryable,
    ValidationFailed,
    WaApiError,
    WindowClosed,
)
from flask_waapi.api.door import ACTING, Acting
from flask_waapi.errors import (
    FeatureUnsupported,
    MalformedRequest,
    MessageRejected,
    ProviderFailed,
    ProviderUnavailable,
    ServiceWindowClosed,
    TemplateNotFound,
)

BODIES: dict[str, dict[str, Any]] = {
    TEMPLATE_SEND: template_body(),
    TEXT_SEND: text_body(),
    MEDIA_SEND: {"to": RECIPIENT, "type": "image", "link": "https://example.com/a.jpg"},
}


def post(world: World, path: str, key: str, simulate: bool | None, acting: bool | None) -> TestResponse:
    """A send with a key, or as the key in the playground."""
    body = BODIES[path] | ({} if simulate is None else {"simulate": simulate})
    if acting is None:
        return world.post(path, body, key)
    name = next(name for name, secret in world.secrets.items() if secret == key)
    key_id = world.services.keys.get("default", name).id
    environ = {ACTING: Acting("default", key_id, acting)}
    return world.client.post(path, json=body, environ_overrides=environ)


SIMULATED = [
    combination
    for combination in itertools.product(["live", "test"], [None, False, True], [None, False, True])
    if "test" in combination or True in combination
]
"""Mode of the key, ``simulate`` in the body, the playground's switch: all that must not reach anyone."""


@pytest.mark.parametrize("dispatch", ["inline", "thread"])
def test_nothing_simulated_reaches_a_real_provider(make_world: MakeWorld, dispatch: str) -> None:
    world = make_world(WAAPI_DISPATCH=dispatch, WAAPI_TEMPLATE_SYNC_INTERVAL=1, **RECORDING)
    for mode in ("live", "test"):
        world.issue_key(mode, mode=mode)

    for path, (mode, simulate, acting) in itertools.product(BODIES, SIMULATED):
        answer = post(world, path, world.secrets[mode], simulate, acting)
        # Templates that were never asked for are not known.
        assert answer.status_code == 404 if path == TEMPLATE_SEND else answer.status_code in {201, 202}
        world.clock.advance(60)
        world.work()

    assert world.script.calls == 0
    assert {(message.simulated, message.provider) for message in world.messages()} == {(True, "simulation")}


@pytest.mark.parametrize("mode", ["live", "test"])
def test_simulated_templates_are_checked_against_the_real_providers_catalogue(
    make_world: MakeWorld, mode: str
) -> None:
    world = make_world(**RECORDING)
    world.services.catalogue.sync("recorder")
    key = world.issue_key("tester", mode=mode)

    sent = data(world.post(TEMPLATE_SEND, template_body(simulate=True), key), 201)

    assert (sent["simulated"], sent["provider"]) == (True, "simulation")
    error(
        world.post(TEMPLATE_SEND, template_body(simulate=True, language="de"), key), 404, "TEMPLATE_NOT_FOUND"
    )
    error(world.post(TEMPLATE_SEND, template_body(simulate=True, variables={}), key), 422, "VALIDATION_ERROR")
    assert (world.script.sent, world.script.listings) == ([], 1)


@pytest.mark.parametrize("path", [TEMPLATES, f"{TEMPLATES}/order_confirmation"])
def test_reading_templates_with_a_test_key_or_in_simulation_asks_no_real_provider(
    recording: World, path: str
) -> None:
    key = recording.issue_key("tester", mode="test")
    recording.get(path, key)
    recording.key()
    key_id = recording.services.keys.get("default", "shop").id
    recording.client.get(path, environ_overrides={ACTING: Acting("default", key_id, simulate=True)})

    assert recording.script.calls == 0

    recording.get(path)
    assert recording.script.listings == 1
    assert [item["name"] for item in data(recording.get(path, key))] == ["order_confirmation"]


@pytest.mark.parametrize("simulate", [None, False])
def test_a_live_key_that_does_not_simulate_reaches_the_real_provider(
    recording: World, simulate: bool | None
) -> None:
    for path in BODIES:
        assert post(recording, path, recording.key(), simulate, None).status_code == 201
        assert post(recording, path, recording.key(), simulate, acting=False).status_code == 201

    assert len(recording.script.sent) == 6
    assert not any(message.simulated for message in recording.messages())


def test_a_client_cannot_pose_as_the_playground(recording: World) -> None:
    headers = {
        "flask_waapi.acting": "1",
        "Flask-Waapi-Acting": "1",
        "Flask-Waapi.Acting": "1",
        "HTTP-flask_waapi.acting": "1",
    }

    error(recording.client.get(MESSAGES, headers=headers), 401, "MISSING_API_KEY")
    answer = recording.client.get(MESSAGES, environ_overrides={ACTING: "not one of ours"})
    error(answer, 401, "MISSING_API_KEY")


def test_the_playground_meets_the_same_gates(recording: World) -> None:
    recording.issue_key("blind", permissions=["send_text"], rate_limit=2)
    key_id = recording.services.keys.get("default", "blind").id

    def ask(path: str, account: str = "default") -> TestResponse:
        return recording.client.get(path, environ_overrides={ACTING: Acting(account, key_id, simulate=True)})

    error(ask(MESSAGES), 403, "PERMISSION_DENIED")
    error(ask(MESSAGES, account="other"), 404, "NOT_FOUND")
    for _ in range(2):
        assert post(recording, TEXT_SEND, recording.secrets["blind"], None, acting=True).status_code == 201
    error(
        post(recording, TEXT_SEND, recording.secrets["blind"], None, acting=True), 429, "RATE_LIMIT_EXCEEDED"
    )
    recording.services.keys.set_enabled("default", "blind", False, actor="test")
    error(ask(MESSAGES), 401, "KEY_INACTIVE")


def python_template(world: World, **members: Any) -> object:
    """``WaApi.send_template`` with the sample's arguments, unless told otherwise."""
    given = {
        "to": RECIPIENT,
        "template_name": "order_confirmation",
        "language": "en",
        "variables": SAMPLE_VARIABLES,
    } | members
    with world.app.app_context():
        return world.waapi.send_template(**given)


def python_text(world: World, **members: Any) -> object:
    """``WaApi.send_text``."""
    with world.app.app_context():
        return world.waapi.send_text(**({"to": RECIPIENT, "text": "Hello"} | members))


def python_media(world: World, **members: Any) -> object:
    """``WaApi.send_media``."""
    given = {"to": RECIPIENT, "type": "image", "link": "https://example.com/a.jpg"} | members
    with world.app.app_context():
        return world.waapi.send_media(**given)


CALLS: dict[str, Callable[..., Any]] = {
    "template": python_template,
    "text": python_text,
    "media": python_media,
}


@pytest.mark.parametrize("call", CALLS)
def test_python_sends_what_the_api_sends(any_recording: World, call: str) -> None:
    path = {"template": TEMPLATE_SEND, "text": TEXT_SEND, "media": MEDIA_SEND}[call]
    any_recording.post(path, BODIES[path])

    sent = CALLS[call](any_recording, reference="from python")

    by_api, by_python = any_recording.script.sent
    assert by_api.content == by_python.content
    assert (sent.message_uuid, sent.status, sent.to, sent.simulated) == (
        by_python.uuid,
        "sent",
        RECIPIENT,
        False,
    )
    message = any_recording.message(sent.message_uuid)
    assert (message.account, message.key_id, message.reference) == ("default", None, "from python")


@pytest.mark.parametrize(
    ("call", "members", "refusal"),
    [
        ("template", {"to": "12"}, ValidationFailed),
        ("template", {"variables": {}}, ValidationFailed),
        ("template", {"variables": {"customer_name": 1}}, ValidationFailed),
        ("template", {"language": "xx"}, TemplateNotFound),
        ("template", {"reference": ""}, ValidationFailed),
        ("template", {"buttons": [{"index": 0}]}, ValidationFailed),
        ("template", {"header": {"text": "x"}}, ValidationFailed),
        ("text", {"to": "+1234567890\n"}, ValidationFailed),
        ("text", {"text": ""}, ValidationFailed),
        ("text", {"text": "x" * 4097}, ValidationFailed),
        ("text", {"text": 5}, ValidationFailed),
        ("text", {"text": "a\0b"}, MalformedRequest),
        ("text", {"text": "a\ud800b"}, MalformedRequest),
        ("text", {"reference": "a\0b"}, MalformedRequest),
        ("text", {"simulate": "no"}, ValidationFailed),
        ("text", {"preview_url": "yes"}, ValidationFailed),
        ("media", {"type": "hologram"}, ValidationFailed),
        ("media", {"link": None}, ValidationFailed),
        ("media", {"link": "javascript:x"}, ValidationFailed),
        ("media", {"media_id": "1"}, ValidationFailed),
        ("media", {"filename": "a.jpg"}, ValidationFailed),
    ],
)
def test_python_meets_the_same_gates(
    shared_recording: World, call: str, members: dict[str, Any], refusal: type[WaApiError]
) -> None:
    before = len(shared_recording.messages())

    with pytest.raises(refusal):
        CALLS[call](shared_recording, **members)

    assert len(shared_recording.messages()) == before


@pytest.mark.parametrize(
    ("outcome", "refusal"),
    [
        (Rejected("No."), MessageRejected),
        (WindowClosed("No."), ServiceWindowClosed),
        (Misconfigured("No."), ProviderFailed),
        (Retryable("No."), ProviderUnavailable),
    ],
)
def test_python_is_told_of_a_refusal_as_the_api_is(
    shared_recording: World, outcome: Exception, refusal: type[WaApiError]
) -> None:
    shared_recording.script.outcomes.append(outcome)

    with pytest.raises(refusal, match=r"No\.") as refused:
        python_text(shared_recording)

    assert refused.value.details["provider"] == "recorder"  # type: ignore[index]


def test_python_is_told_of_an_unknown_outcome(recording: World) -> None:
    recording.script.outcomes.append(OutcomeUnknown("Lost."))

    assert python_text(recording).status == "unconfirmed"  # type: ignore[attr-defined]


def test_python_is_refused_what_the_provider_cannot_carry(recording: World) -> None:
    recording.services.providers["recorder"].content_types = frozenset({Image})

    with pytest.raises(FeatureUnsupported):
        python_text(recording)


def test_python_simulates_too(recording: World) -> None:
    sent = python_text(recording, simulate=True)

    assert sent.simulated  # type: ignore[attr-defined]
    assert recording.script.calls == 0


def test_python_sends_for_the_account_it_names(recording: World) -> None:
    python_text(recording, account="other")
    stranger = recording.issue_key("stranger", account="other")

    assert len(data(recording.get(MESSAGES, stranger))) == 1
    assert data(recording.get(MESSAGES)) == []


def test_a_message_is_stored_before_the_provider_is_called(recording: World) -> None:
    seen: list[str] = []

    def look(message: object) -> None:
        (stored,) = recording.messages()
        seen.extend([stored.status, str(stored.attempts), *recording.events(stored.id)])
        raise Rejected("Seen enough.")

    recording.script.outcomes.append(look)  # type: ignore[arg-type]
    recording.post(TEXT_SEND, text_body())

    assert seen == ["queued", "1", "queued"]


@pytest.mark.parametrize("name", ["WAAPI_SIMULATION_PROVIDER"])
def test_the_simulation_may_be_an_instance_of_ones_own_if_it_is_simulated(
    make_world: MakeWorld, name: str
) -> None:
    providers = {"recorder": {}, "dry": {"type": "simulated_recorder"}}
    world = make_world(WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="recorder", **{name: "dry"})

    sent = data(world.post(TEXT_SEND, text_body(simulate=True)), 201)

    assert (sent["provider"], sent["simulated"]) == ("dry", True)
