"""Meta's own template object, read into the friendly form, so that the same rules judge both.

What is sent is the object itself: a component or parameter of a type that is not known here is not read, and
left to Meta's judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..content import LimitedTimeOffer
from ..errors import Fault
from ..messaging.templates.rendering import VERBATIM

Component = Mapping[str, Any]

_COMPONENTS = "/template/components"
_OPAQUE = "unknown"
"""The value of a parameter that is not known: as far as we can tell, anything is right."""

_TEXT_TYPES = {"text", "currency", "date_time"}
_MEDIA_TYPES = {"image", "video", "document"}
_MEDIUM = {"id": "media_id", "link": "link", "filename": "filename"}
_VERBATIM_MEMBERS = {
    "currency": ("fallback_value", "code", "amount_1000"),
    "date_time": ("fallback_value",),
    "location": ("latitude", "longitude", "name", "address"),
    "product": ("catalog_id", "product_retailer_id"),
}
_BUTTON_TYPES: Mapping[str, tuple[str, ...]] = {
    "url": ("text",),
    # Meta's own examples have both.
    "quick_reply": ("payload", "text"),
    "copy_code": ("coupon_code",),
    "flow": ("action",),
    "catalog": ("action",),
    "mpm": ("action",),
}
"""By type of button: the types of its parameter."""

_MEMBERS = {"body": "variables", "carousel": "cards"}
"""By type of component, where it has another name: the friendly member that it is read into."""

_PARAMETER_TYPES = {kind for kinds in _BUTTON_TYPES.values() for kind in kinds} | _TEXT_TYPES | _MEDIA_TYPES
_MAY_BE_BARE = {"flow", "catalog"}
_LATEST_MILLISECOND = 253_402_300_799_999


@dataclass
class Friendly:
    """A template object in the friendly form.

    :param members: those of the friendly form.
    :param places: where they stand in the request.
    :param faults: of what the friendly form has no member for.
    :param unsound: the members that the faults touch.
    :param header_name: the name that a text header's value goes by.
    """

    members: dict[str, Any]
    places: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    unsound: set[str] = field(default_factory=set)
    header_name: str | None = None
    offer: LimitedTimeOffer | None = None


def read_native(template: Mapping[str, Any]) -> Friendly:
    """A template object in the friendly form.

    :param template: with components and parameters that are objects with a type.
    """
    found = Friendly(
        members={"template_name": template["name"], "language": template["language"]["code"]},
        places={
            "": "/template",
            "/template_name": "/template/name",
            "/language": "/template/language/code",
            "/limited_time_offer": _COMPONENTS,
            "/cards": _COMPONENTS,
        },
    )
    _read_components(template.get("components", ()), _COMPONENTS, _Target(found, found.members, ""))
    return found


@dataclass(frozen=True)
class _Target:
    """Where what is read goes: the template, or one of its cards. :param pointer: to it."""

    found: Friendly
    members: dict[str, Any]
    pointer: str

    def place(self, member: str, where: str) -> None:
        """Say where a member stands in the request."""
        self.found.places[self.pointer + member] = where

    def refuse(self, member: str, pointer: str, message: str, expected: str) -> None:
        """Add a fault of a member. :param pointer: to it in the request."""
        self.found.unsound.add("cards" if self.pointer else member)
        self.found.faults.append(Fault(pointer, message, expected))


def _read_components(components: Sequence[Component], here: str, target: _Target) -> None:
    for member in ("/variables", "/header", "/buttons"):
        target.place(member, here)
    seen: set[str] = set()
    for position, component in enumerate(components):
        kind = component["type"].lower()
        reader = _READERS.get(kind)
        if kind in seen and kind != "button":
            problem = "There is another component of this type before it."
            expected = "each type once, but for buttons"
            target.refuse(_MEMBERS.get(kind, kind), f"{here}/{position}/type", problem, expected)
        elif kind == "carousel" and target.pointer:
            # No schema has looked at its cards.
            problem = "There is a carousel in a card."
            target.refuse("cards", f"{here}/{position}/type", problem, "a component of another type")
        elif reader is not None:
            reader(component, f"{here}/{position}", target)
        seen.add(kind)


def _read_body(component: Component, here: str, target: _Target) -> None:
    parameters, here = component.get("parameters", []), f"{here}/parameters"
    target.place("/variables", here)
    names = [parameter.get("parameter_name") for parameter in parameters]
    named = any(name is not None for name in names)
    values: dict[Any, Any] = {}
    for position, parameter in enumerate(parameters):
        key = names[position] if named else position
        if named and (not isinstance(key, str) or key in values):
            problem = "The name is missing, no text, or there is another value of this name."
            expected = "a name of its own for every parameter, or for none"
            target.refuse("variables", f"{here}/{position}/parameter_name", problem, expected)
            continue
        member = f"/variables/{str(key).replace('~', '~0').replace('/', '~1')}"
        kind = parameter["type"].lower()
        target.place(member, f"{here}/{position}")
        target.place(f"{member}/{kind}", f"{here}/{position}/{kind}{VERBATIM}")
        values[key] = _value(kind, parameter)
    target.members["variables"] = values if named else list(values.values())


def _value(kind: str, parameter: Component) -> Any:
    if kind == "text":
        return parameter.get("text")
    if kind in _TEXT_TYPES:
        return {kind: _only(parameter.get(kind), *_VERBATIM_MEMBERS[kind])}
    return _OPAQUE


def _only(given: Any, *names: str) -> Any:
    if not isinstance(given, Mapping):
        return given
    return {name: given[name] for name in names if name in given}


def _read_header(component: Component, here: str, target: _Target) -> None:
    parameters = component.get("parameters", [])
    if not parameters:
        return
    if len(parameters) > 1:
        target.refuse("header", f"{here}/parameters", "A header takes one parameter.", "a list of one")
    (parameter, *_), here = parameters, f"{here}/parameters/0"
    kind = parameter["type"].lower()
    target.place("/header", here)
    target.place(f"/header/{kind}", f"{here}/{kind}{VERBATIM}")
    given = parameter.get(kind)
    if kind in _TEXT_TYPES:
        name = parameter.get("parameter_name")
        target.found.header_name = name if isinstance(name, str) else None
        target.place("/header/text", here)
        shown = given.get("fallback_value") if isinstance(given, Mapping) else given
        target.members["header"] = {"text": shown}
    elif kind in _MEDIA_TYPES:
        names = _MEDIUM if kind == "document" else {"id": "media_id", "link": "link"}
        target.place(f"/header/{kind}/media_id", f"{here}/{kind}/id")
        if isinstance(given, Mapping):
            given = {names[name]: value for name, value in given.items() if name in names}
        target.members["header"] = {kind: given}
    elif kind in _VERBATIM_MEMBERS:
        target.members["header"] = {kind: _only(given, *_VERBATIM_MEMBERS[kind])}


def _read_button(component: Component, here: str, target: _Target) -> None:
    kind = str(component.get("sub_type", "")).lower()
    if not kind:
        problem = "The button's type is missing."
        target.refuse("buttons", f"{here}/sub_type", problem, f"one of {', '.join(_BUTTON_TYPES)}")
    wanted = _BUTTON_TYPES.get(kind)
    index = _index(component.get("index"))
    if wanted is None:
        return
    if index is None:
        target.refuse("buttons", f"{here}/index", "This is no position of a button.", "a whole number from 0")
        return
    buttons = target.members.setdefault("buttons", [])
    member = f"/buttons/{len(buttons)}"
    target.place(member, here)
    target.place(f"{member}/index", f"{here}/index")
    button: dict[str, Any] = {"index": index, "type": kind}
    buttons.append(button)
    parameters, here = component.get("parameters", []), f"{here}/parameters"
    if len(parameters) != 1 and not (kind in _MAY_BE_BARE and not parameters):
        target.refuse("buttons", here, f"A button of type {kind} takes one parameter.", "a list of one")
        buttons.pop()
    elif parameters:
        _read_parameter(button, wanted, parameters[0], f"{here}/0", member, target)


def _read_parameter(
    button: dict[str, Any],
    wanted: Sequence[str],
    parameter: Component,
    here: str,
    member: str,
    target: _Target,
) -> None:
    kind = parameter["type"].lower()
    target.place(member, here)
    if kind in _PARAMETER_TYPES and kind not in wanted:
        problem = f"A button of type {button['type']} takes no parameter of type {kind}."
        target.refuse("buttons", f"{here}/type", problem, " or ".join(wanted))
        target.members["buttons"].remove(button)
    elif kind == "action":
        _read_action(button, parameter.get("action"), f"{here}/action", member, target)
    elif "action" not in wanted:
        button["value"] = parameter.get(kind) if kind in wanted else _OPAQUE
        target.place(f"{member}/value", f"{here}/{kind}" if kind in wanted else here)


def _read_action(button: dict[str, Any], action: Any, here: str, member: str, target: _Target) -> None:
    if not isinstance(action, Mapping):
        target.refuse("buttons", here, "The action is missing or no object.", "an object")
        target.members["buttons"].remove(button)
        return
    target.place(member, here + VERBATIM)
    wanted = {
        "flow": ("flow_token", "flow_action_data"),
        "catalog": ("thumbnail_product_retailer_id",),
        "mpm": ("thumbnail_product_retailer_id", "sections"),
    }[button["type"]]
    button |= _only(action, *wanted)
    sections = button.get("sections")
    if isinstance(sections, list):
        button["sections"] = [
            _section(section, f"{here}/sections/{position}", f"{member}/sections/{position}", target)
            for position, section in enumerate(sections)
        ]


def _section(section: Any, here: str, member: str, target: _Target) -> Any:
    if not isinstance(section, Mapping):
        return section
    friendly = _only(section, "title")
    target.place(f"{member}/product_retailer_ids", f"{here}/product_items")
    items = section.get("product_items")
    if isinstance(items, list):
        friendly["product_retailer_ids"] = [
            item.get("product_retailer_id") if isinstance(item, Mapping) else None for item in items
        ]
        for position in range(len(items)):
            place = f"{here}/product_items/{position}/product_retailer_id"
            target.place(f"{member}/product_retailer_ids/{position}", place)
    return friendly


def _index(given: Any) -> int | None:
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) <= 2:
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 100 else None


def _read_offer(component: Component, here: str, target: _Target) -> None:
    parameters = component.get("parameters", [])
    target.place("/limited_time_offer", here)
    if not parameters:
        return
    offer = parameters[0].get("limited_time_offer")
    given = offer.get("expiration_time_ms") if isinstance(offer, Mapping) else None
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= _LATEST_MILLISECOND:
        target.found.offer = LimitedTimeOffer(given)
    else:
        here = f"{here}/parameters/0/limited_time_offer/expiration_time_ms"
        target.refuse("limited_time_offer", here, "This is no moment.", "milliseconds since 1970, UTC")


def _read_carousel(component: Component, here: str, target: _Target) -> None:
    given, here = component.get("cards", []), f"{here}/cards"
    target.place("/cards", here)
    indexes = [_index(card.get("card_index")) for card in given]
    cards: list[dict[str, Any]] = [{} for _ in given]
    for position, index in enumerate(indexes):
        if index is None or index >= len(given) or index in indexes[:position]:
            expected = f"each number from 0 to {len(given) - 1} once"
            target.refuse(
                "cards", f"{here}/{position}/card_index", "This is no position of a card.", expected
            )
            continue
        target.place(f"/cards/{index}", f"{here}/{position}")
        components = f"{here}/{position}/components"
        inner = _Target(target.found, cards[index], f"/cards/{index}")
        _read_components(given[position].get("components", ()), components, inner)
    target.members["cards"] = cards


_READERS: Mapping[str, Callable[[Component, str, _Target], None]] = {
    "header": _read_header,
    "body": _read_body,
    "button": _read_button,
    "limited_time_offer": _read_offer,
    "carousel": _read_carousel,
}
"""By type of component."""
