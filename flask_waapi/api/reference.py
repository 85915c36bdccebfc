"""The OpenAPI document as a page reads it: references followed, nested members in rows, examples made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from markupsafe import Markup, escape

DEEPEST = 4
"""Levels of nested members that get rows of their own."""

_CONSTRAINTS = (
    ("minimum", "from {}"),
    ("maximum", "to {}"),
    ("maxItems", "at most {} items"),
    ("pattern", "pattern {}"),
    ("default", "{} unless given"),
)
_BY_TYPE: Mapping[str, Any] = {"boolean": False, "integer": 0, "number": 0.0, "array": [], "object": {}}
_BY_FORMAT = {
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "date-time": "2027-01-01T00:00:00Z",
    "url": "https://example.com/picture.jpg",
}


@dataclass(frozen=True)
class Member:
    """One row: a parameter, or a member of a body.

    :param name: with the names of the members around it, ``header.image.link``.
    :param place: ``path``, ``query``, ``header`` or ``body``.
    """

    name: str
    place: str
    type: str
    is_required: bool
    description: Markup
    constraints: str


@dataclass(frozen=True)
class Answer:
    """One status. :param lines: what it may mean, a line each."""

    status: str
    phrase: str
    lines: Sequence[Markup]
    is_success: bool


@dataclass(frozen=True)
class OperationText:
    """One operation. :param example: a body to begin with, as JSON; ``None`` where there is no body."""

    id: str
    method: str
    path: str
    summary: str
    description: Sequence[Markup]
    members: Sequence[Member]
    example: str | None
    answers: Sequence[Answer]


@dataclass(frozen=True)
class Reference:
    """The whole document. :param groups: the operations by tag, in the document's order."""

    title: str
    description: str
    server_url: str
    header_name: str
    groups: Mapping[str, Sequence[OperationText]]


def read_document(document: Mapping[str, Any]) -> Reference:
    """The document, ready for a page."""
    server_url = document["servers"][0]["url"]
    groups: dict[str, list[OperationText]] = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            text = _operation(document, method.upper(), server_url + path, described)
            groups.setdefault(described["tags"][0], []).append(text)
    return Reference(
        title=document["info"]["title"],
        description=document["info"]["description"],
        server_url=server_url,
        header_name=document["components"]["securitySchemes"]["ApiKey"]["name"],
        groups=groups,
    )


def _operation(
    document: Mapping[str, Any], method: str, path: str, described: Mapping[str, Any]
) -> OperationText:
    members = [_parameter(document, parameter) for parameter in described.get("parameters", ())]
    example = None
    if "requestBody" in described:
        # JSON stands first where there is any; a form with a file has no example that could be read.
        kind, body = next(iter(described["requestBody"]["content"].items()))
        schema = _first_form(body["schema"])
        members += _members(document, schema)
        if kind == "application/json":
            example = json.dumps(_example(document, schema), indent=2, ensure_ascii=False)
    return OperationText(
        id=described["operationId"],
        method=method,
        path=path,
        summary=described["summary"],
        description=[_inline(text) for text in described["description"].split("\n\n")],
        members=members,
        example=example,
        answers=[_answer(status, answer) for status, answer in described["responses"].items()],
    )


def _first_form(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Our own form, of a body that may have others."""
    first: Mapping[str, Any] = schema["anyOf"][0] if "anyOf" in schema else schema
    return first


def _parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Member:
    schema = _follow(document, parameter["schema"])
    return Member(
        name=parameter["name"],
        place=parameter["in"],
        type=_type(document, schema),
        is_required=parameter.get("required", False),
        description=_inline(parameter.get("description") or schema.get("description") or ""),
        constraints=_constraints(schema),
    )


def _members(
    document: Mapping[str, Any], schema: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[Member]:
    """The members of an object and of those within it; required ones first."""
    schema = _follow(document, schema)
    required = _required(schema)
    properties = schema.get("properties", {})
    for name in sorted(properties, key=lambda name: name not in required):
        own = _follow(document, properties[name])
        yield Member(
            name=prefix + name,
            place="body",
            type=_type(document, own),
            is_required=name in required,
            description=_inline(own.get("description", "")),
            constraints=_constraints(own),
        )
        if depth + 1 < DEEPEST:
            is_list = own.get("type") == "array"
            inner = own.get("items", {}) if is_list else own
            yield from _members(document, inner, f"{prefix}{name}{'[]' if is_list else ''}.", depth + 1)


def _required(schema: Mapping[str, Any]) -> set[str]:
    """The members that must be there; of those of which one must, the first: the others tell of it."""
    first = schema.get("anyOf", [{}])[0]
    return {*schema.get("required", ()), *first.get("required", ())}


def _follow(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return {**found, **{name: value for name, value in schema.items() if name != "$ref"}}


def _type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    schema = _follow(document, schema)
    for several in ("oneOf", "anyOf"):
        if several in schema and "type" not in schema:
            return " or ".join(dict.fromkeys(_type(document, one) for one in schema[several]))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array" and schema.get("items"):
        return f"array of {_type(document, schema['items'])}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _constraints(schema: Mapping[str, Any]) -> str:
    parts = [text.format(schema[name]) for name, text in _CONSTRAINTS if name in schema]
    if "maxLength" in schema:
        parts.append(f"{schema.get('minLength', 0)} to {schema['maxLength']} characters")
    if "enum" in schema:
        parts.append("one of " + ", ".join(str(value) for value in schema["enum"]))
    return "; ".join(parts)


def _example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """The required members, and those that the schema gives an example of."""
    schema = _follow(document, schema)
    if "example" in schema:
        return schema["example"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        required = _required(schema)
        return {
            name: _example(document, own)
            for name, own in schema.get("properties", {}).items()
            if name in required or "example" in own
        }
    if schema.get("type") == "string":
        return _BY_FORMAT.get(schema.get("format", ""), "text")
    return _BY_TYPE.get(schema.get("type", ""))


def _answer(status: str, answer: Mapping[str, Any]) -> Answer:
    lines = [_inline(line.removeprefix("- ")) for line in answer["description"].splitlines()]
    return Answer(status, HTTPStatus(int(status)).phrase, lines, status.startswith("2"))


def _inline(text: str) -> Markup:
    """The document's Markdown as far as it is used within a line: code and bold."""
    shown = str(escape(text))
    shown = re.sub(r"(`+)(.+?)\1", r"<code>\2</code>", shown)
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", shown))  # noqa: S704 - escaped above
