"""The form of the playground comes from the schemas that check requests, and from the chosen template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import fields, validate

from dashboard_host import Host
from flask_waapi.api import schemas
from flask_waapi.api.blueprint import HARMLESS
from playground_page import payload_on


def form(host: Host, operation: str, template: str = "") -> Any:
    """The schema of an endpoint's form."""
    answer = host.get("/playground/form.json", operation=operation, template=template)
    assert answer.status_code == 200
    return answer.get_json()


def declare(schema: Any, name: str, field: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a field to a schema that is in use already."""
    field._bind_to_schema(name, schema)
    for members in (schema.fields, schema.load_fields, schema.dump_fields):
        monkeypatch.setitem(members, name, field)


@pytest.mark.parametrize("operation", HARMLESS, ids=lambda operation: operation.name)
def test_every_endpoint_has_a_form_whose_references_lead_somewhere(host: Host, operation: Any) -> None:
    host.key()
    document = form(host, operation.name)

    assert document["variants"]
    assert all(variant["title"] for variant in document["variants"])
    wanted = [operation.request] if operation.request else [operation.query]
    if not isinstance(wanted[0], tuple):
        assert len(document["variants"]) == 1
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]


def test_a_field_that_is_added_to_a_schema_is_in_the_form_with_all_that_it_says(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.key()
    added = fields.String(
        required=True,
        validate=validate.OneOf(["red", "green"]),
        metadata={"description": "What it looks like."},
    )
    declare(schemas.TEXT_SEND, "colour", added, monkeypatch)

    own = form(host, "send_text")["variants"][0]

    assert own["properties"]["colour"] == {
        "type": "string",
        "enum": ["red", "green"],
        "description": "What it looks like.",
    }
    assert "colour" in own["required"]


def test_lengths_patterns_enums_and_what_is_required_are_those_of_the_schema(host: Host) -> None:
    host.key()
    own = form(host, "send_text")["variants"][0]

    assert (own["properties"]["text"]["minLength"], own["properties"]["text"]["maxLength"]) == (1, 4096)
    assert own["properties"]["recipient_type"]["enum"] == ["individual", "group"]
    assert "pattern" in own["properties"]["to"]
    assert set(own["required"]) == {"to", "text"}
    assert next(iter(own["properties"])) == "to"


def test_our_form_comes_first_and_metas_object_is_another(host: Host) -> None:
    host.key()
    own, native = form(host, "send_location")["variants"]

    assert "latitude" in own["properties"]
    assert "$ref" in native["properties"]["location"]


def test_parameters_of_the_path_and_the_query_are_fields_too(host: Host) -> None:
    host.key()

    assert form(host, "get_message")["variants"][0]["required"] == ["message_uuid"]
    assert "limit" in form(host, "list_messages")["variants"][0]["properties"]


class TestOfATemplate:
    """A field for each part of the chosen template, with its approved sample."""

    def test_placeholders_by_name(self, host: Host) -> None:
        host.key()
        own = form(host, "send_template", "order_confirmation/en")["variants"][0]
        variables = own["properties"]["variables"]

        assert variables["required"] == ["customer_name", "order_id", "total"]
        assert variables["properties"]["total"]["examples"] == ["99.99"]
        assert own["properties"]["template_name"] == {"const": "order_confirmation"}
        assert {"header", "buttons", "cards"}.isdisjoint(own["properties"])

    def test_placeholders_by_position_a_text_header_and_a_button(self, host: Host) -> None:
        host.key()
        own = form(host, "send_template", "shipping_update/en_US")["variants"][0]["properties"]

        titles = [item["title"] for item in own["variables"]["prefixItems"]]
        assert titles == ["{{1}}", "{{2}}"]
        assert own["header"]["properties"]["text"]["examples"] == ["ORD-12345"]
        (button,) = own["buttons"]["prefixItems"]
        assert (button["title"], button["properties"]["value"]["examples"]) == ("Track parcel", ["ORD-12345"])

    def test_a_field_for_every_card(self, host: Host) -> None:
        host.key()
        own = form(host, "send_template", "summer_carousel/en")["variants"][0]["properties"]

        assert own["cards"]["minItems"] == own["cards"]["maxItems"] == len(own["cards"]["prefixItems"])
        assert {"header", "buttons"} <= own["cards"]["prefixItems"][0]["properties"].keys()

    def test_every_template_has_a_form_in_which_its_sample_fits(self, host: Host) -> None:
        validator = pytest.importorskip("openapi_schema_validator").OAS31Validator
        host.key()
        for template in host.services.catalogue.list("simulation", only_approved=True):
            chosen = f"{template.name}/{template.language}"
            document = form(host, "send_template", chosen)
            sample = payload_on(host.get("/playground", operation="send_template", template=chosen).text)

            schema = {**document["variants"][0], "components": {"schemas": document["components"]}}
            validator(schema).validate(json.loads(sample))


def references(value: Any) -> list[str]:
    """Every reference within a document."""
    if isinstance(value, dict):
        here = [value["$ref"]] if "$ref" in value else []
        return here + [found for inner in value.values() for found in references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in references(inner)]
    return []
