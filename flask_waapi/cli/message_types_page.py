"""The page ``docs/message-types.md``: each type, its members, its limits and how it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields

from ..api.families import READERS
from ..api.message_types import MESSAGE_TYPES, RECIPIENT, MessageType
from ..api.schemas.free_form import FreeFormSchema
from .python_code import call_code

_HEAD = """# Message types

Generated from the schemas by `flask waapi message-types`. For each type: the members of its own form, what
each takes, and the same message by curl and from Python. What stands under _Meta's own object_ is taken at
the same address: it reaches Meta unchanged once it has passed the same limits, and members that are not known
here are Meta's to judge. What a limit refuses is answered with 422 and a pointer to the member, before
anything is stored.

Addresses are below `/api/v1/external`, which is `$WAAPI` here; `$KEY` is an API key. Python calls go to the
`WaApi` object, within an app context.
"""

_COMMON = """## What every send takes

Beside the members of its type. All but `to` may be left out.
"""

_LEFT_OUT = {"to", "type"} | {field.data_key or name for name, field in FreeFormSchema().fields.items()}


def message_types_page() -> str:
    """The page."""
    parts = [_HEAD, _COMMON, *_table(FreeFormSchema(), frozenset()), ""]
    for described in MESSAGE_TYPES:
        parts += _type(described)
    return "\n".join(parts).rstrip()


def _type(described: MessageType) -> Iterator[str]:
    title = (described.schema.__doc__ or "").strip().partition("\n")[0]
    yield f"## {described.name}\n"
    yield f"{title} `POST messages/{described.family}/send`.\n"
    yield from _table(described.schema, frozenset(_LEFT_OUT))
    yield "\n```sh"
    yield _curl(described.family, described.body)
    yield "```\n\n```python"
    yield _python(described)
    yield "```\n"
    if described.native is not None:
        yield "Meta's own object:\n\n```json"
        yield json.dumps({"to": RECIPIENT, **described.native}, indent=2, ensure_ascii=False)
        yield "```\n"


def _table(schema: Schema, left_out: frozenset[str]) -> Iterator[str]:
    yield "| member | takes | meaning |"
    yield "|---|---|---|"
    for name, field in _members(schema):
        if name.partition(".")[0] not in left_out:
            required = " (required)" if field.required else ""
            takes = str(field.metadata.get("expected", ""))
            meaning = str(field.metadata.get("description", ""))
            yield f"| `{name}`{required} | {takes} | {meaning} |"


def _members(schema: Schema, prefix: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    for attribute, field in schema.load_fields.items():
        name = prefix + (field.data_key or attribute)
        yield name, field
        is_list = isinstance(field, fields.List)
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and attribute != "fallback_template" and prefix != "cards[].":
            yield from _members(inner.schema, f"{name}{'[]' if is_list or inner.many else ''}.")


def _curl(family: str, body: Mapping[str, Any]) -> str:
    given = json.dumps({"to": RECIPIENT, **body}, ensure_ascii=False)
    return (
        f'curl "$WAAPI/messages/{family}/send" -H "X-API-Key: $KEY" -H "Content-Type: application/json" \\\n'
        f"  -d '{given}'"
    )


def _python(described: MessageType) -> str:
    body, name = dict(described.body), f"waapi.send_{described.family}"
    if described.family == "interactive":
        content = READERS["interactive"]({"to": RECIPIENT, **body}).content
        return call_code(name, [RECIPIENT, content], {})
    positional = [body.pop(member) for member in _POSITIONAL[described.family] if member in body]
    return call_code(name, [RECIPIENT, *positional], body)


_POSITIONAL = {
    "template": ("template_name", "language", "variables"),
    "text": ("text",),
    "media": ("type",),
    "location": ("latitude", "longitude"),
    "contacts": ("contacts",),
    "reaction": ("message_id", "emoji"),
    "raw": ("raw",),
}
"""The members that a call takes by their place."""
