"""Template sends: from the request's JSON to what the template is to be filled with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..content import (
    Button,
    Document,
    Header,
    HeaderProduct,
    Image,
    LimitedTimeOffer,
    Location,
    ProductSection,
    Variable,
    Video,
)
from ..errors import Fault
from ..messaging.send_requests import SendRequest
from ..messaging.templates.rendering import CardDraft, TemplateDraft, placed
from . import schemas
from .faults import load_partly
from .native_template import read_native
from .requests import request_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARKETING = ("product_policy", "message_activity_sharing")


def template_request(body: Any) -> SendRequest:
    """A template send, in our form or with Meta's object; kept as far as its members are sound."""
    if isinstance(body, Mapping) and "template" in body:
        return _native_request(body)
    members, faults = load_partly(schemas.TEMPLATE_SEND, body)
    return request_of(members, _sound_draft(members, faults), faults)


def draft_of(members: Mapping[str, Any]) -> TemplateDraft:
    """The template and its values, from checked members."""
    offer = members.get("limited_time_offer")
    return TemplateDraft(
        name=members["template_name"],
        language=members["language"],
        **_values(members),
        limited_time_offer=None if offer is None else _offer(offer["expiration"]),
        cards=tuple(CardDraft(**_values(card)) for card in members.get("cards", ())),
    )


def _native_request(body: Mapping[str, Any]) -> SendRequest:
    members, faults = load_partly(schemas.NATIVE_TEMPLATE, body)
    draft = None
    if "template" in members:
        # The object as it was given: what a schema has read of it may differ in form.
        draft, found = _native_draft(body["template"])
        faults += found
    beside = {name: members[name] for name in _MARKETING if name in members}
    if beside:
        members = {**members, "marketing": {**members.get("marketing", {}), **beside}}
    return request_of(members, draft, faults)


def _native_draft(template: Mapping[str, Any]) -> tuple[TemplateDraft | None, list[Fault]]:
    found = read_native(template)
    members, faults = load_partly(schemas.TEMPLATE, found.members)
    draft = _sound_draft(members, faults, found.unsound)
    if draft is not None:
        header = draft.header
        if header is not None and header.variable is not None:
            header = Header(variable=replace(header.variable, name=found.header_name))
        draft = replace(
            draft, header=header, limited_time_offer=found.offer, native=template, places=found.places
        )
    return draft, [*found.faults, *placed(faults, found.places)]


def _sound_draft(
    members: Mapping[str, Any], faults: Iterable[Fault], unsound: Iterable[str] = ()
) -> TemplateDraft | None:
    if "template_name" not in members or "language" not in members:
        return None
    touched = {fault.pointer.split("/")[1] for fault in faults if fault.pointer}
    return replace(draft_of(members), unsound=frozenset(touched.union(unsound)))


def _values(members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "variables": members.get("variables", ()),
        "header": _header(members["header"]) if "header" in members else None,
        "buttons": tuple(map(_button, members.get("buttons", ()))),
    }


def _offer(expiration: datetime) -> LimitedTimeOffer:
    return LimitedTimeOffer((expiration - _EPOCH) // timedelta(milliseconds=1))


def _button(members: Mapping[str, Any]) -> Button:
    given = {name: value for name, value in members.items() if name not in {"type", "sections"}}
    sections = tuple(
        ProductSection(tuple(section["product_retailer_ids"]), section.get("title"))
        for section in members.get("sections", ())
    )
    return Button(kind=members["type"], sections=sections, **given)


def _header(members: Mapping[str, Any]) -> Header:
    makers: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
        "text": ("variable", Variable),
        "image": ("image", lambda given: Image(**given)),
        "video": ("video", lambda given: Video(**given)),
        "document": ("document", lambda given: Document(**given)),
        "location": ("location", lambda given: Location(**given)),
        "product": ("product", lambda given: HeaderProduct(**given)),
    }
    ((name, given),) = members.items()
    member, make = makers[name]
    return Header(**{member: make(given)})
