"""Whether the components of a template send fill exactly what the template leaves open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import GraphError
from .samples import Template
from .templates import TemplateShelf

LONGEST_BODY = 1024
LONGEST_CODE = 15

CheckLink = Callable[[str, dict[str, Any]], None]
"""Checks ``id`` and ``link`` of a medium: kind of medium, medium object."""

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_UNSENDABLE = re.compile(r"[\n\r\t]| {5,}")
_MEDIA_FORMATS = {"IMAGE", "VIDEO", "DOCUMENT"}


def check_template(content: dict[str, Any], shelf: TemplateShelf, check_link: CheckLink) -> None:
    """Check the ``template`` object of a send.

    :raises GraphError: Meta would refuse it.
    """
    template = _wanted(content, shelf)
    given = content.get("components", [])
    if not isinstance(given, list) or not all(isinstance(part, dict) for part in given):
        raise GraphError(100, "template['components'] must be a list of objects.")
    parts = {part["type"]: part for part in template["components"]}
    named = template["parameter_format"] == "NAMED"
    _check_header(parts.get("HEADER", {}), _parameters(given, "header"), named, check_link)
    _check_body(parts.get("BODY", {}), _parameters(given, "body"), named)
    _check_buttons(
        parts.get("BUTTONS", {}).get("buttons", []),
        [part for part in given if str(part.get("type")).lower() == "button"],
    )


def _wanted(content: dict[str, Any], shelf: TemplateShelf) -> Template:
    name, language = content.get("name"), content.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(name, str) or not isinstance(code, str):
        raise GraphError(131008, "A template needs name and language['code'].")
    template = shelf.find(name, code)
    if template is None:
        raise GraphError(132001, f"There is no template {name} in {code}.")
    refusal = {"PAUSED": 132015, "DISABLED": 132016}.get(template["status"])
    if refusal is not None:
        raise GraphError(refusal, f"The template {name} is {template['status']}.")
    if template["status"] != "APPROVED":
        raise GraphError(132001, f"The template {name} is not approved in {code}.")
    return template


def _parameters(given: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    for part in given:
        if str(part.get("type")).lower() == kind:
            return _objects(part.get("parameters", []))
    return []


def _objects(parameters: Any) -> list[dict[str, Any]]:
    if not isinstance(parameters, list) or not all(isinstance(item, dict) for item in parameters):
        raise GraphError(100, "The parameters of a component must be a list of objects.")
    return parameters


def _check_header(
    header: dict[str, Any], given: list[dict[str, Any]], named: bool, check_link: CheckLink
) -> None:
    kind = header.get("format", "TEXT")
    if kind == "TEXT":
        _check_variables("header", header.get("text", ""), given, named)
        return
    if len(given) != 1:
        raise GraphError(132012, f"header: one parameter of type {kind} is needed.")
    received = str(given[0].get("type")).upper()
    value = given[0].get(kind.lower())
    if received != kind or not isinstance(value, dict):
        raise GraphError(132012, f"header: {kind} is expected, {received} was received.")
    if kind in _MEDIA_FORMATS:
        if "caption" in value:
            raise GraphError(100, "Unexpected key 'caption' in the header.")
        check_link(kind.lower(), value)
    elif kind == "LOCATION" and not {"latitude", "longitude"} <= value.keys():
        raise GraphError(131008, "header: a location needs latitude and longitude.")


def _check_body(body: dict[str, Any], given: list[dict[str, Any]], named: bool) -> None:
    text = body.get("text", "")
    values = _check_variables("body", text, given, named)
    rendered = _PLACEHOLDER.sub(lambda match: values[match[1]], text)
    if len(rendered) > LONGEST_BODY:
        raise GraphError(132005, f"body: {len(rendered)} characters, {LONGEST_BODY} are allowed.")


def _check_variables(place: str, text: str, given: list[dict[str, Any]], named: bool) -> dict[str, str]:
    wanted = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    if len(given) != len(wanted):
        raise GraphError(
            132000, f"{place}: {len(given)} parameters were given, the template has {len(wanted)}."
        )
    values: dict[str, str] = {}
    for position, parameter in enumerate(given, start=1):
        name = parameter.get("parameter_name")
        if named and not isinstance(name, str):
            raise GraphError(100, f"{place}: the parameter name is missing.")
        if not named and name is not None:
            raise GraphError(100, f"{place}: the template's parameters have no names.")
        values[str(name or position)] = _text(place, parameter, "text")
    if values.keys() != set(wanted):
        raise GraphError(132012, f"{place}: the template's variables have other names.")
    return values


def _text(place: str, parameter: dict[str, Any], kind: str) -> str:
    value = parameter.get(kind)
    if parameter.get("type") != kind or not isinstance(value, str) or not value:
        raise GraphError(132012, f"{place}: a parameter of type {kind} is expected.")
    if _UNSENDABLE.search(value):
        raise GraphError(132018, f"{place}: a line break, a tab or five spaces in a row.")
    return value


def _check_buttons(buttons: list[dict[str, Any]], given: list[dict[str, Any]]) -> None:
    filled: set[str] = set()
    by_index = {str(index): button for index, button in enumerate(buttons)}
    for component in given:
        index = str(component.get("index"))
        button = by_index.get(index)
        if button is None:
            raise GraphError(131009, f"button: there is no button with the index {index}.")
        parameters = _objects(component.get("parameters", []))
        sub_type = str(component.get("sub_type")).lower()
        expected = "url" if button["type"] == "OTP" else button["type"].lower()
        if sub_type != expected:
            raise GraphError(132012, f"button {index}: {expected} is expected, {sub_type} was received.")
        if len(parameters) != 1:
            raise GraphError(132000, f"button {index}: one parameter is expected.")
        _check_button_value(f"button {index}", sub_type, parameters[0])
        filled.add(index)
    for index, button in by_index.items():
        if index not in filled and _is_open(button):
            raise GraphError(131008, f"button {index}: the parameter is missing.")


def _check_button_value(place: str, sub_type: str, parameter: dict[str, Any]) -> None:
    kinds = {"url": "text", "quick_reply": "payload", "copy_code": "coupon_code"}
    if sub_type not in kinds:
        raise GraphError(132012, f"{place}: a button of this kind takes no parameter.")
    value = _text(place, parameter, kinds[sub_type])
    if sub_type == "copy_code" and len(value) > LONGEST_CODE:
        raise GraphError(131009, f"{place}: a code has at most {LONGEST_CODE} characters.")


def _is_open(button: dict[str, Any]) -> bool:
    return button["type"] in {"OTP", "COPY_CODE"} or bool(_PLACEHOLDER.search(button.get("url", "")))
