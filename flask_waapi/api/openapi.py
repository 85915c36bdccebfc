"""The OpenAPI 3.1 document, generated from the operations and the schemas that check requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from ..errors import WaApiError
from . import schemas
from .operation import GATE_ERRORS, Operation

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

_PATH_TYPES = {
    "message_uuid": {"type": "string", "format": "uuid"},
    "name": {"type": "string"},
}

_LIMIT_HEADERS = {
    "X-Request-Id": "The request's id, taken over from the request when it sends a sane one.",
    "RateLimit-Policy": "The limits in force (IETF draft).",
    "RateLimit": "What is left of them (IETF draft).",
}


def document(operations: Iterable[Operation], *, server_url: str) -> dict[str, Any]:
    """The document of the API.

    :param server_url: the path under which the operations are mounted.
    """
    spec = APISpec(
        title="WhatsApp messaging API",
        version="1",
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
        info={"description": "Send WhatsApp messages and read what became of them."},
        servers=[{"url": server_url}],
        security=[{"ApiKey": []}],
    )
    spec.components.security_scheme("ApiKey", {"type": "apiKey", "in": "header", "name": "X-API-Key"})
    for described in operations:
        spec.path(
            path=_PARAMETER.sub(r"{\1}", described.path),
            operations={described.method.lower(): _operation(described)},
        )
    return spec.to_dict()


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
    if described.request is not None:
        result["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": described.request}},
        }
    return result


def _description(described: Operation) -> str:
    needed = f"Needs the permission **{described.permission.label}**."
    return f"{described.description}\n\n{needed}".strip()


def _success(described: Operation, text: str) -> dict[str, Any]:
    data: Schema | dict[str, Any] = described.data
    properties: dict[str, Any] = {"success": {"const": True}}
    if described.many:
        data = {"type": "array", "items": data}
        properties["meta"] = {"type": "object"}
    properties["data"] = data
    return {
        "description": text,
        "headers": {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in _LIMIT_HEADERS.items()
        },
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["success", "data"],
                    "properties": properties,
                }
            }
        },
    }


def _failures(errors: Iterable[type[WaApiError]]) -> dict[str, Any]:
    by_status: dict[int, list[type[WaApiError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        str(status): {
            "description": "\n".join(f"- `{error.code}`: {_meaning(error)}" for error in kinds)
            or HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": schemas.FAILURE_ENVELOPE}},
        }
        for status, kinds in sorted(by_status.items())
    }


def _meaning(error: type[WaApiError]) -> str:
    return (error.__doc__ or "").strip().partition("\n")[0]
