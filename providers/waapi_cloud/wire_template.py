"""Templates in the words of Meta: the ``template`` object of a send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_waapi import (
    Button,
    Document,
    Header,
    HeaderProduct,
    Image,
    LimitedTimeOffer,
    Template,
    TemplateCard,
    UnsupportedFeature,
    Variable,
    Video,
)

from .wire_values import JsonObject, location_object, media_object, present

NO_TOKEN = "unused"  # noqa: S105 - no secret: what Meta shows where a flow has none


def template_object(template: Template) -> JsonObject:
    """The ``template`` object; ``components`` is left out where there is nothing to fill in."""
    components = [
        *_header_component(template.header),
        *_offer_component(template.limited_time_offer),
        *_body_component(template.body),
        *_carousel_component(template.cards),
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
        parameter = _variable_parameter(header.variable)
    elif medium is not None:
        parameter = _media_parameter(medium)
    elif header.location is not None:
        parameter = {"type": "location", "location": location_object(header.location)}
    elif header.product is not None:
        parameter = {"type": "product", "product": _product_object(header.product)}
    return [] if parameter is None else [{"type": "header", "parameters": [parameter]}]


def _media_parameter(medium: Image | Video | Document) -> JsonObject:
    if medium.caption is not None:
        raise UnsupportedFeature(f"The {medium.type} in a template's header takes no caption.")
    filename = medium.filename if isinstance(medium, Document) else None
    return {"type": medium.type, medium.type: media_object(medium) | present(filename=filename)}


def _product_object(product: HeaderProduct) -> JsonObject:
    return {"catalog_id": product.catalog_id, "product_retailer_id": product.product_retailer_id}


def _offer_component(offer: LimitedTimeOffer | None) -> list[JsonObject]:
    if offer is None:
        return []
    value = {"expiration_time_ms": offer.expiration_time_ms}
    parameter = {"type": "limited_time_offer", "limited_time_offer": value}
    return [{"type": "limited_time_offer", "parameters": [parameter]}]


def _body_component(variables: tuple[Variable, ...]) -> list[JsonObject]:
    if not variables:
        return []
    return [{"type": "body", "parameters": [_variable_parameter(variable) for variable in variables]}]


def _variable_parameter(variable: Variable) -> JsonObject:
    name = present(parameter_name=variable.name)
    if variable.currency is not None:
        amount = {
            "fallback_value": variable.value,
            "code": variable.currency.code,
            "amount_1000": variable.currency.amount_1000,
        }
        return {"type": "currency", **name, "currency": amount}
    if variable.is_date_time:
        return {"type": "date_time", **name, "date_time": {"fallback_value": variable.value}}
    return {"type": "text", **name, "text": variable.value}


def _carousel_component(cards: tuple[TemplateCard, ...]) -> list[JsonObject]:
    if not cards:
        return []
    return [{"type": "carousel", "cards": [_card(index, card) for index, card in enumerate(cards)]}]


def _card(index: int, card: TemplateCard) -> JsonObject:
    return {
        "card_index": index,
        "components": [
            *_header_component(card.header),
            *_body_component(card.body),
            *map(_button_component, card.buttons),
        ],
    }


def _button_component(button: Button) -> JsonObject:
    build = _BUTTON_PARAMETERS.get(button.kind)
    if build is None:
        raise UnsupportedFeature(f"The Cloud API provider cannot fill a button of kind {button.kind!r}.")
    parameter = build(button)
    return {
        "type": "button",
        "sub_type": button.kind,
        "index": str(button.index),
        **present(parameters=parameter and [parameter]),
    }


def _flow_parameter(button: Button) -> JsonObject:
    action = {
        "flow_token": button.flow_token or NO_TOKEN,
        **present(flow_action_data=button.flow_action_data),
    }
    return {"type": "action", "action": action}


def _catalog_parameter(button: Button) -> JsonObject | None:
    action = present(thumbnail_product_retailer_id=button.thumbnail_product_retailer_id)
    return {"type": "action", "action": action} if action else None


def _products_parameter(button: Button) -> JsonObject:
    sections = [
        {
            **present(title=section.title),
            "product_items": [{"product_retailer_id": product} for product in section.product_retailer_ids],
        }
        for section in button.sections
    ]
    thumbnail = present(thumbnail_product_retailer_id=button.thumbnail_product_retailer_id)
    return {"type": "action", "action": {**thumbnail, "sections": sections}}


_BUTTON_PARAMETERS: dict[str, Callable[[Button], Any]] = {
    "url": lambda button: {"type": "text", "text": button.value},
    "quick_reply": lambda button: {"type": "payload", "payload": button.value},
    "copy_code": lambda button: {"type": "coupon_code", "coupon_code": button.value},
    "flow": _flow_parameter,
    "catalog": _catalog_parameter,
    "mpm": _products_parameter,
}
"""By kind of button: what its one parameter is; ``None`` for none."""
