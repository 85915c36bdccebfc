"""Interactive messages in the words of Meta: the ``interactive`` object of a send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_waapi import (
    AddressRequest,
    CallPermissionRequest,
    CallToAction,
    Carousel,
    CarouselCard,
    Catalog,
    ContactInfoRequest,
    Flow,
    Interactive,
    InteractiveHeader,
    ListMessage,
    LocationRequest,
    OrderDetails,
    OrderStatus,
    Product,
    ProductList,
    ReplyButton,
    ReplyButtons,
    UnsupportedFeature,
    VoiceCall,
)

from .wire_values import JsonObject, media_object, present


def interactive_object(content: Interactive) -> JsonObject:
    """The ``interactive`` object.

    :raises UnsupportedFeature: the kind has no counterpart here.
    """
    action = _ACTIONS.get(type(content))
    if action is None:
        raise UnsupportedFeature(f"The Cloud API provider cannot send the kind {content.kind!r}.")
    return {
        "type": content.kind,
        **present(
            header=_header(getattr(content, "header", None)),
            body=_words(getattr(content, "body", None)),
            footer=_words(getattr(content, "footer", None)),
        ),
        "action": action(content),
    }


def _words(text: str | None) -> JsonObject | None:
    return None if text is None else {"text": text}


def _header(header: InteractiveHeader | str | None) -> JsonObject | None:
    if header is None:
        return None
    if isinstance(header, str):
        return {"type": "text", "text": header}
    if header.text is not None:
        return {"type": "text", "text": header.text}
    medium = header.image or header.video or header.document
    if medium is None:
        return None
    filename = getattr(medium, "filename", None)
    return {"type": medium.type, medium.type: media_object(medium) | present(filename=filename)}


def _reply_buttons(content: ReplyButtons) -> JsonObject:
    return {"buttons": [{"type": "reply", "reply": _reply(button)} for button in content.buttons]}


def _reply(button: ReplyButton) -> JsonObject:
    return {"id": button.id, "title": button.title}


def _list(content: ListMessage) -> JsonObject:
    sections = [
        {
            **present(title=section.title),
            "rows": [
                {"id": row.id, "title": row.title, **present(description=row.description)}
                for row in section.rows
            ],
        }
        for section in content.sections
    ]
    return {"button": content.button, "sections": sections}


def _named(name: str, **parameters: Any) -> JsonObject:
    given = present(**parameters)
    return {"name": name, "parameters": given} if given else {"name": name}


def _call_to_action(content: CallToAction) -> JsonObject:
    return _named("cta_url", display_text=content.display_text, url=content.url)


def _address(content: AddressRequest) -> JsonObject:
    saved = [{"id": address.id, "value": dict(address.value)} for address in content.saved_addresses]
    return _named(
        "address_message",
        country=content.country,
        values=content.values,
        saved_addresses=saved or None,
        validation_errors=content.validation_errors,
    )


def _flow(content: Flow) -> JsonObject:
    payload = present(screen=content.screen, data=content.data)
    return _named(
        "flow",
        flow_message_version=content.flow_message_version,
        flow_id=content.flow_id,
        flow_name=content.flow_name,
        flow_cta=content.flow_cta,
        mode=content.mode,
        flow_token=content.flow_token,
        flow_action=content.flow_action,
        flow_action_payload=payload or None,
    )


def _product(content: Product) -> JsonObject:
    return {"catalog_id": content.catalog_id, "product_retailer_id": content.product_retailer_id}


def _product_list(content: ProductList) -> JsonObject:
    sections = [
        {
            **present(title=section.title),
            "product_items": [{"product_retailer_id": item} for item in section.product_retailer_ids],
        }
        for section in content.sections
    ]
    return {"catalog_id": content.catalog_id, "sections": sections}


def _catalog(content: Catalog) -> JsonObject:
    return _named("catalog_message", thumbnail_product_retailer_id=content.thumbnail_product_retailer_id)


def _carousel(content: Carousel) -> JsonObject:
    return {"cards": [_card(index, card) for index, card in enumerate(content.cards)]}


def _card(index: int, card: CarouselCard) -> JsonObject:
    medium = card.image or card.video
    action: JsonObject = {
        "buttons": [{"type": "quick_reply", "quick_reply": _reply(button)} for button in card.buttons]
    }
    if card.url is not None:
        action = _named("cta_url", display_text=card.display_text, url=card.url)
    return {
        "card_index": index,
        "type": "cta_url",
        **present(
            header=medium and {"type": medium.type, medium.type: media_object(medium)},
            body=_words(card.body),
        ),
        "action": action,
    }


_ACTIONS: dict[type[Interactive], Callable[[Any], JsonObject]] = {
    ReplyButtons: _reply_buttons,
    ListMessage: _list,
    CallToAction: _call_to_action,
    LocationRequest: lambda content: {"name": "send_location"},
    ContactInfoRequest: lambda content: {"name": "request_contact_info"},
    AddressRequest: _address,
    Flow: _flow,
    Product: _product,
    ProductList: _product_list,
    Catalog: _catalog,
    Carousel: _carousel,
    OrderDetails: lambda content: _named("review_and_pay", **content.parameters),
    OrderStatus: lambda content: _named("review_order", **content.parameters),
    VoiceCall: lambda content: _named(
        "voice_call",
        display_text=content.display_text,
        ttl_minutes=content.ttl_minutes,
        payload=content.payload,
    ),
    CallPermissionRequest: lambda content: {"name": "call_permission_request"},
}
