"""Whatever the API takes, its OpenAPI document describes: each family of sends, in our form and in Meta's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from answers import pointers
from factories import API, MESSAGES, RECIPIENT, World
from flask_waapi.api.families import READERS, item_request
from flask_waapi.api.message_types import MESSAGE_TYPES
from flask_waapi.api.reference import read_document
from native_interactives import USER
from native_requests import FREE_FORM
from native_templates import MARKETING, TEMPLATES
from template_kinds import KINDS

pytest.importorskip("openapi_spec_validator")

Faults = Callable[[Any, Any], list[str]]

_FORMS: list[tuple[str, dict[str, Any]]] = [
    *((one.family, dict(form)) for one in MESSAGE_TYPES for form in (one.body, one.native) if form),
    *FREE_FORM.values(),
    *(("template", body) for body in (*TEMPLATES.values(), *MARKETING.values())),
    *(("template", form) for kind in KINDS.values() for form in (kind.friendly, kind.native)),
]
BODIES = [(family, body if "recipient" in body else {"to": RECIPIENT, **body}) for family, body in _FORMS]


@pytest.fixture(scope="module")
def document(shared: World) -> Any:
    """The document as it is served."""
    return shared.client.get("/api/v1/openapi.json").get_json()


@pytest.fixture(scope="module")
def faults(document: Any) -> Faults:
    """Tells what a value does not have of a schema of the document."""
    from openapi_schema_validator import OAS31Validator

    def tell(schema: Any, value: Any) -> list[str]:
        validator = OAS31Validator({**schema, "components": document["components"]})
        return [fault.message for fault in validator.iter_errors(value)]

    return tell


def body_of(document: Any, path: str) -> Any:
    """The schema of an operation's body."""
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]


@pytest.mark.parametrize(("family", "body"), BODIES)
def test_what_the_api_takes_the_document_describes(
    document: Any, faults: Faults, family: str, body: dict[str, Any]
) -> None:
    assert READERS[family](body).faults == ()
    assert faults(body_of(document, f"/messages/{family}/send"), body) == []


@pytest.mark.parametrize(("family", "body"), BODIES)
def test_what_a_batch_takes_the_document_describes(
    document: Any, faults: Faults, family: str, body: dict[str, Any]
) -> None:
    items = [item for item in (body, {"type": family, **body}) if item_request(item, "")[0].faults == ()]

    assert items
    assert faults(body_of(document, "/messages/batch"), {"messages": items}) == []


@pytest.mark.parametrize(
    "item",
    [
        {"to": RECIPIENT, "latitude": 1, "longitude": 2},
        {"to": RECIPIENT, "message_id": "wamid", "emoji": ""},
        {"to": RECIPIENT, "type": "text", "raw": {"type": "poll"}},
    ],
)
def test_an_item_that_does_not_tell_its_type_is_wrong_by_the_document_too(
    document: Any, faults: Faults, item: dict[str, Any]
) -> None:
    assert item_request(item, "")[0].faults
    assert faults(body_of(document, "/messages/batch"), {"messages": [item]}) != []


def test_a_user_id_may_stand_under_metas_name(document: Any, faults: Faults, shared: World) -> None:
    schema = body_of(document, "/messages/text/send")
    for name in ("to", "recipient"):
        body = {name: USER, "text": "Hello"}
        assert shared.post(f"{MESSAGES}/text/send", {**body, "simulate": True}).status_code == 201
        assert faults(schema, body) == []
    assert faults(schema, {"text": "Hello"}) != []
    assert pointers(shared.post(f"{MESSAGES}/text/send", {"text": "Hello"})) == {"/to"}


def test_the_page_says_that_a_recipient_is_needed_and_has_an_example_with_one(document: Any) -> None:
    operations = {one.id: one for group in read_document(document).groups.values() for one in group}
    text, batch = operations["send_text"], operations["send_batch"]

    own = {member.name: member.is_required for member in text.members if "." not in member.name}
    assert {name for name, is_required in own.items() if is_required} == {"to", "text"}
    assert "recipient" in own
    assert text.example is not None
    assert json.loads(text.example) == {"to": RECIPIENT, "text": "Hello"}
    assert [member.type for member in batch.members if member.name == "messages"] == ["array of object"]


def test_every_operation_with_a_body_says_that_it_may_be_none_of_ours(document: Any) -> None:
    for path, operations in document["paths"].items():
        for item in operations.values():
            if "requestBody" in item:
                assert {"400", "413", "415", "422"} <= item["responses"].keys(), path


def test_a_preview_refuses_what_is_no_json_of_ours(shared: World) -> None:
    path = f"{API}/templates/order_confirmation/preview"

    assert shared.post_raw(path, b"{").status_code == 400
