"""The limits of a template send, each with bodies that reach it, in the friendly form and in Meta's."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from template_kinds import KINDS, LINK, body, button, card, friendly_sections, header, sections

Object = dict[str, Any]


@dataclass(frozen=True)
class Limit:
    """One limit.

    :param make: two bodies of this size: in the friendly form, and with Meta's object.
    :param friendly, native: where the fault is told if the size is one more.
    :param code: what Meta refuses it with.
    """

    make: Callable[[int], tuple[Object, Object]]
    most: int
    friendly: str
    native: str
    code: int


def _changed(kind: str, values: Object, components: list[Object]) -> tuple[Object, Object]:
    friendly, native = copy.deepcopy(KINDS[kind].friendly), copy.deepcopy(KINDS[kind].native)
    native["template"]["components"] = components
    return {**friendly, **values}, native


def _suffix(size: int) -> tuple[Object, Object]:
    buttons = [{"index": 0, "type": "url", "value": "x" * size}]
    components = [*KINDS["text header and address"].components[:2], button(0, "url", _text("x" * size))]
    return _changed("text header and address", {"buttons": buttons}, components)


def _payload(size: int) -> tuple[Object, Object]:
    buttons = [{"index": 0, "type": "quick_reply", "value": "x" * size}]
    parameter = {"type": "payload", "payload": "x" * size}
    components = [*KINDS["image and quick replies"].components[:2], button(0, "quick_reply", parameter)]
    return _changed("image and quick replies", {"buttons": buttons}, components)


def _coupon(size: int) -> tuple[Object, Object]:
    buttons = [{"index": 1, "type": "copy_code", "value": "A" * size}]
    parameter = {"type": "coupon_code", "coupon_code": "A" * size}
    return _changed("coupon", {"buttons": buttons}, [body("John"), button(1, "copy_code", parameter)])


def _password(size: int) -> tuple[Object, Object]:
    code = "1" * size
    components = [body(code), button(0, "url", _text(code))]
    return _changed("one-time password", {"variables": [code]}, components)


def _products(*items: list[str]) -> tuple[Object, Object]:
    members = {"index": 0, "type": "mpm", "thumbnail_product_retailer_id": "sku"}
    action = {"thumbnail_product_retailer_id": "sku", "sections": sections(*items)}
    return _changed(
        "several products",
        {"buttons": [{**members, "sections": friendly_sections(*items)}]},
        [body("June"), button(0, "mpm", {"type": "action", "action": action})],
    )


def _skus(count: int) -> list[str]:
    return [f"sku-{number}" for number in range(count)]


def _section_title(size: int) -> tuple[Object, Object]:
    friendly, native = _products(["sku"])
    friendly["buttons"][0]["sections"][0]["title"] = "x" * size
    action = native["template"]["components"][1]["parameters"][0]["action"]
    action["sections"][0]["title"] = "x" * size
    return friendly, native


def _body(size: int) -> tuple[Object, Object]:
    value = "x" * (size - len("Look at our catalog, ."))
    return _changed("catalog by itself", {"variables": [value]}, [body(value)])


def _offer_body(size: int) -> tuple[Object, Object]:
    value = "x" * (size - len("Good news, : half the price."))
    components = copy.deepcopy(KINDS["offer that ends"].components)
    components[2] = body(value)
    return _changed("offer that ends", {"variables": [value]}, components)


def _card_body(size: int) -> tuple[Object, Object]:
    value = "x" * (size - len("Get  off all lemons."))
    friendly, native = copy.deepcopy(KINDS["carousel"].friendly), copy.deepcopy(KINDS["carousel"].native)
    friendly["cards"][0]["variables"] = [value]
    native["template"]["components"][1]["cards"][0]["components"][1] = body(value)
    return friendly, native


def cards(count: int) -> tuple[Object, Object]:
    """A send of :func:`carousel_of` so many cards."""
    values = [{"header": {"image": {"link": LINK}}} for _ in range(count)]
    given = [card(index, header("image", {"link": LINK})) for index in range(count)]
    name, language = f"carousel_{count}", "en"
    friendly = {"template_name": name, "language": language, "cards": values}
    template = {"name": name, "language": {"code": language}}
    components = [{"type": "carousel", "cards": given}]
    return friendly, {"template": {**template, "components": components}}


def carousel_of(count: int) -> Object:
    """A template of so many cards, as Meta lists it."""
    header_of_card = {"type": "HEADER", "format": "IMAGE"}
    return {
        "id": f"9400000000000{count:02}",
        "name": f"carousel_{count}",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "BODY", "text": "Look."},
            {"type": "CAROUSEL", "cards": [{"components": [header_of_card]} for _ in range(count)]},
        ],
    }


def _text(value: str) -> Object:
    return {"type": "text", "text": value}


_PARAMETER = "/template/components/1/parameters/0"
_SECTIONS = f"{_PARAMETER}/action/sections"

LIMITS: dict[str, Limit] = {
    "end of an address": Limit(
        _suffix, 2000, "/buttons/0/value", "/template/components/2/parameters/0/text", 131009
    ),
    "payload": Limit(
        _payload, 256, "/buttons/0/value", "/template/components/2/parameters/0/payload", 131009
    ),
    "coupon": Limit(_coupon, 15, "/buttons/0/value", f"{_PARAMETER}/coupon_code", 131009),
    "one-time password": Limit(_password, 15, "/variables/0", "/template/components/0/parameters/0", 131009),
    "sections": Limit(
        lambda size: _products(*([sku] for sku in _skus(size))),
        10,
        "/buttons/0/sections",
        _SECTIONS,
        131009,
    ),
    "products of a section": Limit(
        lambda size: _products(_skus(size)),
        30,
        "/buttons/0/sections/0/product_retailer_ids",
        f"{_SECTIONS}/0/product_items",
        131009,
    ),
    "products of all sections": Limit(
        lambda size: _products(_skus(15), _skus(size - 15)),
        30,
        "/buttons/0/sections/1/product_retailer_ids",
        f"{_SECTIONS}/1/product_items",
        131009,
    ),
    "title of a section": Limit(
        _section_title, 24, "/buttons/0/sections/0/title", f"{_SECTIONS}/0/title", 131009
    ),
    "body": Limit(_body, 1024, "/variables", "/template/components/0/parameters", 132005),
    "body of an offer": Limit(_offer_body, 600, "/variables", "/template/components/2/parameters", 132005),
    "body of a card": Limit(
        _card_body,
        160,
        "/cards/0/variables",
        "/template/components/1/cards/0/components/1/parameters",
        132005,
    ),
}
"""By what they limit."""
