"""Free-form sends: from the request's JSON to their content, in our form or in Meta's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from cattrs import BaseValidationError
from marshmallow import Schema

from ..content import (
    INTERACTIVE_KINDS,
    MEDIA_TYPES,
    Contacts,
    Content,
    Interactive,
    Location,
    Native,
    Reaction,
    Text,
    make,
    to_json,
)
from ..errors import Fault
from ..messaging.send_requests import SendRequest
from . import schemas
from .faults import load_partly
from .requests import request_of
from .template_requests import draft_of

Members = Mapping[str, Any]


def text_request(body: Any) -> SendRequest:
    """A text send."""
    if _has_object(body, "text"):
        return _native(body, "text", schemas.NATIVE_TEXT)
    return _read(body, schemas.TEXT_SEND, _text)


def media_request(body: Any) -> SendRequest:
    """A media send."""
    for kind in MEDIA_TYPES:
        if _has_object(body, kind) and body.get("type", kind) == kind:
            return _native(body, kind, schemas.NATIVE_MEDIA[kind])
    return _read(body, schemas.MEDIA_SEND, _medium)


def interactive_request(body: Any) -> SendRequest:
    """A send of an interactive message."""
    if isinstance(body, Mapping) and "interactive" in body:
        given = body["interactive"]
        kind = given.get("type") if isinstance(given, Mapping) else None
        schema = schemas.NATIVE_INTERACTIVE
        if isinstance(kind, str):
            schema = schemas.NATIVE_INTERACTIVES.get(kind, schema)
        return _native(body, "interactive", schema)
    kind = body.get("type") if isinstance(body, Mapping) else None
    if not isinstance(kind, str) or kind not in INTERACTIVE_KINDS:
        members, faults = load_partly(schemas.ANY_SEND, body)
        expected = f"one of {', '.join(INTERACTIVE_KINDS)}; or Meta's own object under interactive"
        if isinstance(body, Mapping):
            faults.append(Fault("/type", "The message has no known type.", expected))
        return request_of(members, None, faults)
    return _read(body, schemas.INTERACTIVE_SENDS[kind], _interactive)


def location_request(body: Any) -> SendRequest:
    """A send of a place."""
    if isinstance(body, Mapping) and "location" in body:
        return _native(body, "location", schemas.NATIVE_LOCATION, Location)
    return _read(body, schemas.LOCATION_SEND, _location)


def contacts_request(body: Any) -> SendRequest:
    """A send of contact cards."""
    return _read(body, schemas.CONTACTS_SEND, lambda members: _contacts(body))


def reaction_request(body: Any) -> SendRequest:
    """A reaction."""
    if isinstance(body, Mapping) and "reaction" in body:
        return _native(body, "reaction", schemas.NATIVE_REACTION, Reaction)
    return _read(body, schemas.REACTION_SEND, _reaction)


def raw_request(body: Any) -> SendRequest:
    """A send of a type that is newer than this library."""
    request = _read(body, schemas.RAW_SEND, lambda members: _raw(members["raw"]))
    return replace(request, content_pointer="/raw")


def _read(body: Any, schema: Schema, make_content: Callable[[Members], Content]) -> SendRequest:
    members, faults = load_partly(schema, body)
    content = None if faults else make_content(members)
    fallback = members.get("fallback_template")
    return request_of(members, content, faults, None if fallback is None else draft_of(fallback))


def _native(body: Any, kind: str, schema: Schema, typed: type[Content] | None = None) -> SendRequest:
    # The object as it was given: what a schema has read of it may differ in form.
    return _read(body, schema, lambda members: _as_given(kind, body[kind], typed))


def _as_given(kind: str, given: Any, typed: type[Content] | None) -> Content:
    """Meta's object, as a content that every provider knows where that loses nothing."""
    if typed is not None:
        try:
            content = make(typed, given)
        except BaseValidationError:
            content = None
        if content is not None and to_json(content) == given:
            return content
    return Native(kind, {kind: given})


def _has_object(body: Any, member: str) -> bool:
    return isinstance(body, Mapping) and isinstance(body.get(member), Mapping)


def _of(members: Members, *names: str) -> dict[str, Any]:
    return {name: members[name] for name in names if name in members}


def _text(members: Members) -> Content:
    return Text(members["text"], members.get("preview_url", False))


def _medium(members: Members) -> Content:
    wanted = _of(members, "link", "media_id", "caption", "filename", "voice")
    return MEDIA_TYPES[members["type"]](**wanted)


def _interactive(members: Members) -> Content:
    content = INTERACTIVE_KINDS[members["type"]]
    wanted = _of(members, *(field.name for field in fields(content)))
    made: Interactive = make(content, wanted)
    return made


def _location(members: Members) -> Content:
    return make(Location, _of(members, "latitude", "longitude", "name", "address"))


def _contacts(body: Members) -> Content:
    given = body["contacts"]
    try:
        content = make(Contacts, {"contacts": given})
    except BaseValidationError:
        return Native("contacts", {"contacts": given})
    # An empty list of phones, say, would be left out.
    is_same = to_json(content) == {"contacts": given}
    return content if is_same else Native("contacts", {"contacts": given})


def _reaction(members: Members) -> Content:
    return Reaction(members["message_id"], members["emoji"])


def _raw(given: Members) -> Content:
    members = {name: value for name, value in given.items() if name != "type"}
    return Native(given["type"], members)
