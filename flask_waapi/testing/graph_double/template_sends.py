"""Whether the components of a template send fill exactly what the template leaves open."""

from __future__ import annotations

import re
from typing import Any

from .errors import GraphError
from .parts import Part
from .samples import Template
from .template_buttons import LONGEST_CODE, check_buttons
from .template_values import CheckLink, check_header, objects, shown_text
from .templates import TemplateShelf

LONGEST_BODY = 1024
LONGEST_OFFER_BODY = 600
LONGEST_CARD_BODY = 160

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_COMPONENTS = {"header", "body", "button", "limited_time_offer", "carousel", "tap_target_configuration"}
_CARD_COMPONENTS = {"header", "body", "button"}


def check_template(content: dict[str, Any], shelf: TemplateShelf, check_link: CheckLink) -> None:
    """Check the ``template`` object of a send.

    :raises GraphError: Meta would refuse it.
    """
    template = _wanted(content, shelf)
    given = _Given(content.get("components", []), "template['components']", _COMPONENTS)
    named = template["parameter_format"] == "NAMED"
    parts = _by_type(template["components"])
    longest = LONGEST_OFFER_BODY if "LIMITED_TIME_OFFER" in parts else LONGEST_BODY
    values = _check_part(parts, given, named, check_link, longest)
    password = None
    if template["category"] == "AUTHENTICATION":
        password = next(iter(values.values()), "")
        if len(password) > LONGEST_CODE or "://" in password:
            raise GraphError(131009, f"body: a code has at most {LONGEST_CODE} characters and no address.")
    check_buttons(parts.get("BUTTONS", {}).get("buttons", []), given.buttons, password)
    _check_offer(parts.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer", {}), given)
    _check_carousel(parts.get("CAROUSEL", {}).get("cards", []), given, named, check_link)


class _Given:
    """The components of a send, or of one of its cards."""

    def __init__(self, components: Any, place: str, known: set[str]) -> None:
        self._parts: dict[str, dict[str, Any]] = {}
        self.buttons: list[dict[str, Any]] = []
        for component in objects(components, place):
            kind = str(component.get("type")).lower()
            if kind not in known:
                raise GraphError(100, f"{place}: there is no component of type {kind!r}.")
            if kind == "button":
                self.buttons.append(component)
            elif kind in self._parts:
                raise GraphError(100, f"{place}: there are two components of type {kind!r}.")
            else:
                self._parts[kind] = component

    def part(self, kind: str) -> dict[str, Any] | None:
        """The component of this type."""
        return self._parts.get(kind)

    def parameters(self, kind: str) -> list[dict[str, Any]]:
        """The parameters of the component of this type; none where there is no such component."""
        return objects(self._parts.get(kind, {}).get("parameters", []), f"The parameters of {kind}")


def _wanted(content: dict[str, Any], shelf: TemplateShelf) -> Template:
    name, language = content.get("name"), content.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(name, str) or not isinstance(code, str):
        raise GraphError(131008, "A template needs name and language['code'].")
    if isinstance(language, dict) and language.get("policy", "deterministic") != "deterministic":
        raise GraphError(131009, "language['policy'] can only be 'deterministic'.")
    template = shelf.find(name, code)
    if template is None:
        raise GraphError(132001, f"There is no template {name} in {code}.")
    refusal = {"PAUSED": 132015, "DISABLED": 132016}.get(template["status"])
    if refusal is not None:
        raise GraphError(refusal, f"The template {name} is {template['status']}.")
    if template["status"] != "APPROVED":
        raise GraphError(132001, f"The template {name} is not approved in {code}.")
    return template


def _by_type(components: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(part["type"]).upper(): part for part in components}


def _check_part(
    parts: dict[str, dict[str, Any]], given: _Given, named: bool, check_link: CheckLink, longest: int
) -> dict[str, str]:
    """Header and body of a template or a card; the body's values."""
    header = parts.get("HEADER", {})
    kind = header.get("format", "TEXT")
    if kind == "TEXT":
        _check_variables("header", header.get("text", ""), given.parameters("header"), named)
    else:
        check_header(given.parameters("header"), kind, check_link)
    text = parts.get("BODY", {}).get("text", "")
    values = _check_variables("body", text, given.parameters("body"), named)
    rendered = _PLACEHOLDER.sub(lambda match: values[match[1]], text)
    if len(rendered) > longest:
        raise GraphError(132005, f"body: {len(rendered)} characters, {longest} are allowed.")
    return values


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
        values[str(name or position)] = shown_text(place, parameter)
    if values.keys() != set(wanted):
        raise GraphError(132012, f"{place}: the template's variables have other names.")
    return values


def _check_offer(offer: dict[str, Any], given: _Given) -> None:
    parameters = given.parameters("limited_time_offer")
    if not offer.get("has_expiration"):
        if parameters:
            raise GraphError(132012, "limited_time_offer: the template has no offer that ends.")
        return
    if len(parameters) != 1:
        raise GraphError(131008, "limited_time_offer: the moment at which the offer ends is missing.")
    if parameters[0].get("type") != "limited_time_offer":
        raise GraphError(132012, "limited_time_offer: a parameter of that type is expected.")
    value = Part(parameters[0], "limited_time_offer").part("limited_time_offer")
    value.whole_number("expiration_time_ms", 0, 10**15)


def _check_carousel(cards: list[dict[str, Any]], given: _Given, named: bool, check_link: CheckLink) -> None:
    component = given.part("carousel")
    if component is None and not cards:
        return
    if component is None:
        raise GraphError(131008, "carousel: the cards are missing.")
    received = objects(component.get("cards", []), "carousel['cards']")
    if len(received) != len(cards):
        raise GraphError(
            132000, f"carousel: {len(received)} cards were given, the template has {len(cards)}."
        )
    indexes = [card.get("card_index") for card in received]
    if indexes != list(range(len(cards))):
        raise GraphError(131009, "carousel: the cards' card_index must count from 0.")
    for index, (card, values) in enumerate(zip(cards, received, strict=True)):
        place = f"carousel['cards'][{index}]"
        parts = _by_type(card["components"])
        inner = _Given(values.get("components", []), place, _CARD_COMPONENTS)
        _check_part(parts, inner, named, check_link, LONGEST_CARD_BODY)
        check_buttons(parts.get("BUTTONS", {}).get("buttons", []), inner.buttons)
