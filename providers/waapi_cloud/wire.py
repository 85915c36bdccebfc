"""Contents in the words of Meta: pure functions from our dataclasses to the JSON of a send.

The shapes are those of the Cloud API's message object, ``POST /<phone_number_id>/messages``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_waapi import (
    Audio,
    Button,
    Content,
    Document,
    Header,
    Image,
    Location,
    Media,
    OutboundMessage,
    Rejected,
    Sticker,
    Template,
    Text,
    UnsupportedFeature,
    Variable,
    Video,
)

JsonObject = dict[str, Any]


def message_body(message: OutboundMessage) -> JsonObject:
    """The whole body of the send.

    Our uuid travels in ``biz_opaque_callback_data``, which Meta repeats in every status; it is the
    only way to recognise a message whose answer got lost, since the call has no idempotency key.

    :raises UnsupportedFeature: the content, or a part of it, has no counterpart here.
    :raises Rejected: a value can have no JSON form.
    """
    content = message.content
    build = _BUILDERS.get(type(content))
    if build is None:
        raise UnsupportedFeature(f"The Cloud API provider cannot send the type {content.type!r}.")
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        # Meta takes many spellings of a number and answers with digits: one spelling, theirs.
        "to": message.to.removeprefix("+"),
        "type": content.type,
        content.type: build(content),
        "biz_opaque_callback_data": str(message.uuid),
    }


def text_object(text: Text) -> JsonObject:
    """The ``text`` object."""
    return {"preview_url": text.preview_url, "body": text.body}


def media_object(media: Media) -> JsonObject:
    """The object of a medium without further members: audio, sticker, and those in headers."""
    if media.media_id is not None:
        return {"id": media.media_id}
    return {"link": media.link}


def captioned_object(media: Image | Video) -> JsonObject:
    """The ``image`` or ``video`` object."""
    return media_object(media) | _present(caption=media.caption)


def document_object(document: Document) -> JsonObject:
    """The ``document`` object."""
    return media_object(document) | _present(caption=document.caption, filename=document.filename)


def template_object(template: Template) -> JsonObject:
    """The ``template`` object; ``components`` is left out where there is nothing to fill in."""
    components = [
        *_header_component(template.header),
        *_body_component(template.body),
        *map(_button_component, template.buttons),
    ]
    body: JsonObject = {"name": template.name, "language": {"code": template.language}}
    if components:
        body["components"] = components
    return body


def _header_component(header: Header | None) -> list[JsonObject]:
    if header is None:
        return []
    parameter: JsonObject | None = None
    medium = header.image or header.video or header.document
    if header.variable is not None:
        parameter = _text_parameter(header.variable)
    elif medium is not None:
        parameter = _media_parameter(medium)
    elif header.location is not None:
        parameter = {"type": "location", "location": _location_object(header.location)}
    return [] if parameter is None else [{"type": "header", "parameters": [parameter]}]


def _media_parameter(medium: Image | Video | Document) -> JsonObject:
    if medium.caption is not None:
        raise UnsupportedFeature(f"The {medium.type} in a template's header takes no caption.")
    filename = medium.filename if isinstance(medium, Document) else None
    return {"type": medium.type, medium.type: media_object(medium) | _present(filename=filename)}


def _location_object(location: Location) -> JsonObject:
    # Written so that "not a number", which JSON cannot carry, is refused as well.
    if not (abs(location.latitude) <= 90 and abs(location.longitude) <= 180):
        raise Rejected("The header's location is not on Earth: check latitude and longitude.")
    return {
        "latitude": location.latitude,
        "longitude": location.longitude,
        **_present(name=location.name, address=location.address),
    }


def _body_component(variables: tuple[Variable, ...]) -> list[JsonObject]:
    if not variables:
        return []
    return [{"type": "body", "parameters": [_text_parameter(variable) for variable in variables]}]


def _text_parameter(variable: Variable) -> JsonObject:
    return {
        "type": "text",
        **_present(parameter_name=variable.name),
        "text": variable.value,
    }


def _button_component(button: Button) -> JsonObject:
    parameter = _BUTTON_PARAMETERS.get(button.kind)
    if parameter is None:
        raise UnsupportedFeature(f"The Cloud API provider cannot fill a button of kind {button.kind!r}.")
    parameter_type, member = parameter
    return {
        "type": "button",
        "sub_type": button.kind,
        "index": str(button.index),
        "parameters": [{"type": parameter_type, member: button.value}],
    }


def _present(**members: str | None) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}


_BUILDERS: dict[type[Content], Callable[[Any], JsonObject]] = {
    Text: text_object,
    Image: captioned_object,
    Video: captioned_object,
    Audio: media_object,
    Document: document_object,
    Sticker: media_object,
    Template: template_object,
}

_BUTTON_PARAMETERS = {
    "url": ("text", "text"),
    "quick_reply": ("payload", "payload"),
    "copy_code": ("coupon_code", "coupon_code"),
}
"""By kind of button: the type of its parameter, and the member that holds the value."""
