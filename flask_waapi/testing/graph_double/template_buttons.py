"""Whether the button components of a template send fill what the template's buttons leave open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import GraphError
from .parts import Part
from .template_values import objects, typed_text

LONGEST_SUFFIX = 2000
LONGEST_PAYLOAD = 256
LONGEST_CODE = 15
MOST_SECTIONS = 10
MOST_PRODUCTS = 30

_PLACEHOLDER = re.compile(r"\{\{\s*\w+\s*\}\}")
_NEEDED = {"OTP", "COPY_CODE", "MPM"}
_MAY_BE_BARE = {"flow", "catalog", "quick_reply"}


def check_buttons(
    buttons: list[dict[str, Any]], given: list[dict[str, Any]], password: str | None = None
) -> None:
    """Check the button components of a template, or of one of its cards.

    :param password: the one-time password that the body tells.
    :raises GraphError: Meta would refuse them.
    """
    filled: set[str] = set()
    by_index = {str(index): button for index, button in enumerate(buttons)}
    for component in given:
        index = str(component.get("index"))
        button = by_index.get(index)
        if button is None or index in filled:
            raise GraphError(131009, f"button: there is no button with the index {index}, or it came before.")
        _check_button(f"button {index}", button, component, password)
        filled.add(index)
    for index, button in by_index.items():
        if index not in filled and _is_open(button):
            raise GraphError(131008, f"button {index}: the parameter is missing.")


def _check_button(
    place: str, button: dict[str, Any], component: dict[str, Any], password: str | None
) -> None:
    sub_type = str(component.get("sub_type")).lower()
    expected = "url" if button["type"] == "OTP" else button["type"].lower()
    if sub_type != expected:
        raise GraphError(132012, f"{place}: {expected} is expected, {sub_type} was received.")
    check = _CHECKS.get(sub_type)
    if check is None or (sub_type == "url" and not _is_open(button)):
        raise GraphError(132012, f"{place}: this button takes no parameter.")
    parameters = objects(component.get("parameters", []), f"The parameters of {place}")
    if not parameters and sub_type in _MAY_BE_BARE:
        return
    if len(parameters) != 1:
        raise GraphError(132000, f"{place}: one parameter is expected.")
    check(place, parameters[0])
    if password is not None and parameters[0].get("text") != password:
        raise GraphError(132012, f"{place}: the code is another than the body's.")


def _check_suffix(place: str, parameter: dict[str, Any]) -> None:
    if len(typed_text(place, parameter, "text")) > LONGEST_SUFFIX:
        raise GraphError(131009, f"{place}: at most {LONGEST_SUFFIX} characters.")


def _check_payload(place: str, parameter: dict[str, Any]) -> None:
    if len(typed_text(place, parameter, "payload")) > LONGEST_PAYLOAD:
        raise GraphError(131009, f"{place}: at most {LONGEST_PAYLOAD} characters.")


def _check_coupon(place: str, parameter: dict[str, Any]) -> None:
    value = typed_text(place, parameter, "coupon_code")
    if not re.fullmatch(rf"[A-Za-z0-9]{{1,{LONGEST_CODE}}}", value):
        raise GraphError(131009, f"{place}: a code is at most {LONGEST_CODE} letters and digits.")


def _check_flow(place: str, parameter: dict[str, Any]) -> None:
    action = _action(place, parameter)
    action.only("flow_token", "flow_action_data")
    action.optional_text("flow_token")
    if "flow_action_data" in action:
        action.part("flow_action_data")


def _check_catalog(place: str, parameter: dict[str, Any]) -> None:
    action = _action(place, parameter)
    action.only("thumbnail_product_retailer_id")
    action.text("thumbnail_product_retailer_id")


def _check_products(place: str, parameter: dict[str, Any]) -> None:
    action = _action(place, parameter)
    action.only("thumbnail_product_retailer_id", "sections")
    action.text("thumbnail_product_retailer_id")
    products = 0
    for section in action.parts("sections", 1, MOST_SECTIONS):
        section.only("title", "product_items")
        section.optional_text("title", 24)
        for item in section.parts("product_items", 1, MOST_PRODUCTS):
            item.text("product_retailer_id")
            products += 1
    if products > MOST_PRODUCTS:
        raise action.wrong("sections", f"has at most {MOST_PRODUCTS} products in all, not {products}")


def _action(place: str, parameter: dict[str, Any]) -> Part:
    if parameter.get("type") != "action":
        raise GraphError(132012, f"{place}: a parameter of type action is expected.")
    return Part(parameter, place).part("action")


def _is_open(button: dict[str, Any]) -> bool:
    return button["type"] in _NEEDED or bool(_PLACEHOLDER.search(button.get("url", "")))


_CHECKS: dict[str, Callable[[str, dict[str, Any]], None]] = {
    "url": _check_suffix,
    "quick_reply": _check_payload,
    "copy_code": _check_coupon,
    "flow": _check_flow,
    "catalog": _check_catalog,
    "mpm": _check_products,
}
"""By type of button; one that is not here takes no parameter."""
