"""The OpenAPI document: valid, complete, and in agreement with what the API does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from answers import data
from batches import accepted, image_item, send_batch, template_item, text_item
from factories import (
    MEDIA_SEND,
    MESSAGES,
    RECIPIENT,
    TEMPLATE_SEND,
    TEMPLATES,
    TEXT_SEND,
    World,
    template_body,
    text_body,
)

pytest.importorskip("openapi_spec_validator")


@pytest.fixture(scope="module")
def document(shared: World) -> dict[str, Any]:
    """The document as it is served."""
    found: dict[str, Any] = shared.client.get("/api/v1/openapi.json").get_json()
    return found


def schema(document: dict[str, Any], *, name: str | None = None, inline: Any = None) -> Any:
    """A validator of one of the document's schemas."""
    from openapi_schema_validator import OAS31Validator

    wanted = {"$ref": f"#/components/schemas/{name}"} if name else inline
    return OAS31Validator({**wanted, "components": document["components"]})


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator, validate

    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_it_is_json_of_the_api_without_a_key(shared: World) -> None:
    answer = shared.client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")


def test_every_route_is_in_the_document_and_every_path_of_it_is_a_route(
    shared: World, document: dict[str, Any]
) -> None:
    (server,) = document["servers"]
    described = {
        (method.upper(), server["url"] + path)
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in shared.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/external") and rule.endpoint != "waapi.unknown_path"
    }

    assert described == routes


def test_each_operation_has_an_id_of_its_own_a_summary_and_names_its_permission(
    document: dict[str, Any],
) -> None:
    operations = [item for path in document["paths"].values() for item in path.values()]

    assert len({item["operationId"] for item in operations}) == len(operations) == 22
    for item in operations:
        assert item["summary"]
        assert "Needs the permission **" in item["description"]


def test_the_key_is_declared_as_the_security_of_all_operations(document: dict[str, Any]) -> None:
    assert document["security"] == [{"ApiKey": []}]
    assert document["components"]["securitySchemes"]["ApiKey"] == {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
    }


def test_every_code_the_gates_can_answer_is_listed_at_every_operation(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for item in path.values():
            text = "".join(response["description"] for response in item["responses"].values())
            for code in ("MISSING_API_KEY", "KEY_EXPIRED", "IP_NOT_ALLOWED", "DAILY_LIMIT_EXCEEDED"):
                assert code in text


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("TemplateSend", TEMPLATE_SEND, template_body(reference="my-order-123")),
    ("TextSend", TEXT_SEND, text_body(preview_url=True, simulate=True)),
    ("MediaSend", MEDIA_SEND, {"to": RECIPIENT, "type": "image", "link": "https://example.com/a.jpg"}),
]

ITEMS = [
    template_item(send_at="2026-01-01T12:00:00Z"),
    template_body(),
    text_item(expires_in=60),
    text_body(),
    image_item(),
]


@pytest.mark.parametrize(("name", "path", "body"), REQUESTS)
def test_a_sound_request_is_sound_by_the_document_too(
    shared: World, document: dict[str, Any], name: str, path: str, body: dict[str, Any]
) -> None:
    assert shared.post(path, body).status_code == 201
    assert [fault.message for fault in schema(document, name=name).iter_errors(body)] == []


@pytest.mark.parametrize(("name", "path", "body"), REQUESTS)
@pytest.mark.parametrize(
    "change", [{"to": "1 2"}, {"to": None}, {"unknown": 1}, {"simulate": "no"}, {"reference": ""}]
)
def test_a_wrong_request_is_wrong_by_the_document_too(
    shared: World,
    document: dict[str, Any],
    name: str,
    path: str,
    body: dict[str, Any],
    change: dict[str, Any],
) -> None:
    wrong = body | change

    assert shared.post(path, wrong).status_code == 422
    assert list(schema(document, name=name).iter_errors(wrong)) != []


@pytest.mark.parametrize(("name", "path", "body"), REQUESTS)
def test_what_the_document_requires_is_what_is_required(
    shared: World, document: dict[str, Any], name: str, path: str, body: dict[str, Any]
) -> None:
    required = set(document["components"]["schemas"][name]["required"])
    faults = shared.post(path, {}).get_json()["error"]["details"]

    assert {f"/{member}" for member in required} <= {fault["pointer"] for fault in faults}


@pytest.mark.parametrize(
    "path",
    [
        MESSAGES,
        TEMPLATES,
        f"{TEMPLATES}/order_confirmation",
        f"{MESSAGES}/<uuid>",
        f"{MESSAGES}/<uuid>/events",
    ],
)
def test_answers_are_as_described(shared: World, document: dict[str, Any], path: str) -> None:
    uuid = data(shared.send(), 201)["message_uuid"]
    described = (
        path.removeprefix("/api/v1/external")
        .replace("order_confirmation", "{name}")
        .replace("<uuid>", "{message_uuid}")
    )
    responses = document["paths"][described]["get"]["responses"]
    expected = responses["200"]["content"]["application/json"]["schema"]

    answer = shared.get(path.replace("<uuid>", uuid)).get_json()

    assert [fault.message for fault in schema(document, inline=expected).iter_errors(answer)] == []


def test_the_answer_of_a_send_is_as_described(shared: World, document: dict[str, Any]) -> None:
    responses = document["paths"]["/messages/template/send"]["post"]["responses"]
    assert {"201", "202"} <= set(responses)
    expected = responses["201"]["content"]["application/json"]["schema"]

    validator = schema(document, inline=expected)

    assert [fault.message for fault in validator.iter_errors(shared.send().get_json())] == []


def test_a_sound_batch_is_sound_by_the_document_too(shared: World, document: dict[str, Any]) -> None:
    validator = schema(document, name="Batch")

    assert len(accepted(send_batch(shared, ITEMS))) == len(ITEMS)
    assert [fault.message for fault in validator.iter_errors({"messages": ITEMS})] == []


@pytest.mark.parametrize(
    "messages", [[], None, [1], [{}], [text_item(to="1 2")], [text_item(type="x")], [text_item(colour="red")]]
)
def test_a_wrong_batch_is_wrong_by_the_document_too(document: dict[str, Any], messages: Any) -> None:
    assert list(schema(document, name="Batch").iter_errors({"messages": messages})) != []


def test_the_answer_of_a_batch_is_as_described(shared: World, document: dict[str, Any]) -> None:
    responses = document["paths"]["/messages/batch"]["post"]["responses"]
    expected = responses["202"]["content"]["application/json"]["schema"]

    answer = send_batch(shared, [*ITEMS, None, text_item(to="1 2"), template_item(language="xx")])

    faults = schema(document, inline=expected).iter_errors(answer.get_json())
    assert [fault.message for fault in faults] == []


def test_a_failure_is_as_described(shared: World, document: dict[str, Any]) -> None:
    validator = schema(document, name="FailureEnvelope")

    for answer in (shared.send(to="1 2"), shared.get(MESSAGES, key=None), shared.client.put(MESSAGES)):
        assert [fault.message for fault in validator.iter_errors(answer.get_json())] == []


def test_the_page_needs_nothing_from_outside(shared: World) -> None:
    answer = shared.client.get("/api/v1/docs")

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    loaded = re.findall(r"""(?:src|href)=["']?([^"'> ]+)""", answer.text)
    assert [address for address in loaded if re.match(r"(?i)https?:|//", address)] == []
    for path in ("/messages/template/send", "/templates/{name}"):
        assert path in answer.text


@pytest.mark.parametrize("script_name", ["", "/shop"])
def test_the_server_is_where_the_app_is_mounted(shared: World, script_name: str) -> None:
    answer = shared.client.get("/api/v1/openapi.json", environ_overrides={"SCRIPT_NAME": script_name})

    assert answer.get_json()["servers"] == [{"url": f"{script_name}/api/v1/external"}]


def test_a_forged_host_is_nowhere_in_the_document_or_the_page(shared: World) -> None:
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}

        assert "evil.example" not in shared.client.get(path, headers=headers).text
