"""The OpenAPI 3.1 document, generated from the operations and the schemas that check requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema

from ..errors import WaApiError
from . import answers, schemas
from .operation import GATE_ERRORS, Operation
from .schemas.sends import RECIPIENT, SendSchema
from .uploads import FORM

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

_PATH_TYPES = {
    "media_id": {"type": "string"},
    "message_uuid": {"type": "string", "format": "uuid"},
    "name": {"type": "string"},
}

_LIMIT_HEADERS = {
    "X-Request-Id": "The request's id, taken over from the request when it sends a sane one.",
    "RateLimit-Policy": "The limits in force (IETF draft).",
    "RateLimit": "What is left of them (IETF draft).",
}


class _Converter(OpenAPIConverter):
    """Describes the other name of a send's recipient, which its schema knows as ``to`` only."""

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        described: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        if isinstance(resolve_schema_instance(schema), SendSchema):
            described["properties"]["recipient"] = RECIPIENT
            described["required"].remove("to")
            described["anyOf"] = [{"required": ["to"]}, {"required": ["recipient"]}]
        return described


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


def document(operations: Iterable[Operation], *, server_url: str) -> dict[str, Any]:
    """The document of the API.

    :param server_url: the path under which the operations are mounted.
    """
    spec = APISpec(
        title="WhatsApp messaging API",
        version="1",
        openapi_version="3.1.0",
        plugins=[_Plugin(schema_name_resolver=_schema_name)],
        info={"description": "Send WhatsApp messages and read what became of them."},
        servers=[{"url": server_url}],
        security=[{"ApiKey": []}],
    )
    spec.components.security_scheme("ApiKey", {"type": "apiKey", "in": "header", "name": "X-API-Key"})
    for item in (schemas.TEMPLATE_ITEM, schemas.TEXT_ITEM, schemas.RAW_ITEM):
        # No operation takes them by themselves.
        spec.components.schema(_schema_name(item), schema=item)
    for described in operations:
        spec.path(
            path=_PARAMETER.sub(r"{\1}", described.path),
            operations={described.method.lower(): _operation(described)},
        )
    return spec.to_dict()


def form_document(described: Operation) -> dict[str, Any]:
    """The JSON schemas of one operation's request, from the schemas that check it.

    :returns: ``variants``, the forms that the request may have, the first of them our own, and
        ``components``, what these refer to. An operation without a body has its parameters.
    """
    spec = APISpec(
        title="",
        version="",
        openapi_version="3.1.0",
        # A form needs no second field for the recipient.
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
    )
    given = described.request if described.request is not None else described.query
    wanted: Sequence[Schema] = [] if given is None else [given] if isinstance(given, Schema) else given
    for item in wanted:
        if _schema_name(item) not in spec.components.schemas:
            spec.components.schema(_schema_name(item), schema=item)
    components: dict[str, Any] = spec.to_dict().get("components", {}).get("schemas", {})
    in_path = {name: _PATH_TYPES[name] for name in _PARAMETER.findall(described.path)}
    # What takes no more than its path is described by no schema.
    parts = {_title(item): components[_schema_name(item)] for item in wanted} or {"Parameters": {}}
    variants = []
    for title, part in parts.items():
        properties = {**in_path, **part.get("properties", {})}
        variants.append(
            {
                **part,
                "type": "object",
                "title": title,
                # Whom it goes to comes first, wherever the classes have it.
                "properties": dict(sorted(properties.items(), key=lambda member: member[0] != "to")),
                "required": [*in_path, *part.get("required", ())],
            }
        )
    return {"variants": variants, "components": components}


def _title(schema: Schema) -> str:
    told = (schema.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return told or re.sub(r"(?<!^)([A-Z])", r" \1", _schema_name(schema)).capitalize()


def _schema_name(schema: Any) -> str:
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema")


def _operation(described: Operation) -> dict[str, Any]:
    parameters: list[Any] = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_TYPES[name]}
        for name in _PARAMETER.findall(described.path)
    ]
    if described.query is not None:
        parameters.append({"in": "query", "schema": described.query})
    if described.idempotent:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A repeated request with the same key and body has no further effect.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    if described.answers_first:
        parameters.append(
            {
                "name": "Prefer",
                "in": "header",
                "required": False,
                "description": "`respond-async` (RFC 7240): answer 202 as soon as the message is stored.",
                "schema": {"type": "string"},
            }
        )
    result: dict[str, Any] = {
        "operationId": described.name,
        "summary": described.summary,
        "description": _description(described),
        "tags": [described.tag],
        "parameters": parameters,
        "responses": {
            **{str(status): _success(described, text) for status, text in described.statuses.items()},
            **_failures((*described.errors, *GATE_ERRORS)),
        },
    }
    bodies = _bodies(described)
    if bodies:
        result["requestBody"] = {"required": not described.body_is_optional, "content": bodies}
    return result


def _bodies(described: Operation) -> dict[str, Any]:
    bodies: dict[str, Any] = {}
    if described.request is not None:
        bodies["application/json"] = {"schema": _body(described.request)}
    if described.form is not None:
        bodies[FORM] = {"schema": described.form}
    return bodies


def _body(request: Schema | Sequence[Schema]) -> Schema | dict[str, Any]:
    return request if isinstance(request, Schema) else {"anyOf": list(request)}


def _description(described: Operation) -> str:
    labels = " or ".join(f"**{permission.label}**" for permission in described.permissions)
    needed = f"Needs the permission {labels}."
    return f"{described.description}\n\n{needed}".strip()


def _success(described: Operation, text: str) -> dict[str, Any]:
    data: Schema | dict[str, Any] = described.data
    properties: dict[str, Any] = {"success": {"const": True}}
    if described.many:
        data = {"type": "array", "items": data}
        properties["meta"] = {"type": "object"}
    properties["data"] = data
    envelope = {"type": "object", "required": ["success", "data"], "properties": properties}
    binary = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "description": text,
        "headers": {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in _LIMIT_HEADERS.items()
        },
        "content": binary if described.binary else {"application/json": {"schema": envelope}},
    }


def _failures(errors: Iterable[type[WaApiError]]) -> dict[str, Any]:
    by_status: dict[int, list[type[WaApiError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        str(status): {
            "description": "\n".join(f"- `{error.code}`: {_meaning(error)}" for error in kinds)
            or HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": answers.FAILURE_ENVELOPE}},
        }
        for status, kinds in sorted(by_status.items())
    }


def _meaning(error: type[WaApiError]) -> str:
    return (error.__doc__ or "").strip().partition("\n")[0]
