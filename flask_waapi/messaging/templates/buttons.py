"""The buttons of a template that is to be made.

Cloud API, message templates, components, buttons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...errors import Fault
from .placeholders import placeholder_names, text_faults

MOST_BUTTONS = 10
LONGEST_LABEL = 25
LONGEST_URL = 2_000
LONGEST_PHONE = 20
LONGEST_CODE = 15
LONGEST_PACKAGE = 224
SIGNATURE_LENGTH = 11
MOST_APPS = 5
"""Counts and characters."""

MOST_OF = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}
"""How many buttons of a type there may be; of the others as many as there may be in all."""

OTP_TYPES = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")

_FLOW_SOURCES = ("flow_id", "flow_name", "flow_json")
_FLOW_ACTIONS = ("navigate", "data_exchange")

Faults = Iterator[Fault]


def kind_of(part: Any) -> str:
    """The type of a component or a button, in upper case; empty where it has none."""
    found = part.get("type") if isinstance(part, Mapping) else None
    return found.upper() if isinstance(found, str) else ""


def button_faults(pointer: str, buttons: Any, category: str) -> Faults:
    """What is wrong with a template's buttons.

    :param pointer: to the list. :param category: of the template.
    """
    if not isinstance(buttons, list) or not buttons:
        yield Fault(pointer, "There are no buttons.", f"a list of 1 to {MOST_BUTTONS} buttons")
        return
    if len(buttons) > MOST_BUTTONS:
        yield Fault(pointer, f"There are {len(buttons)} buttons.", f"at most {MOST_BUTTONS}")
    kinds = [kind_of(button) for button in buttons]
    for kind, most in MOST_OF.items():
        if kinds.count(kind) > most:
            yield Fault(pointer, f"There are {kinds.count(kind)} buttons of type {kind}.", f"at most {most}")
    changes = [kind for index, kind in enumerate(kinds) if index == 0 or kind != kinds[index - 1]]
    if changes.count("QUICK_REPLY") > 1:
        yield Fault(pointer, "The quick replies do not stand together.", "all quick replies in a row")
    if category == "AUTHENTICATION" and kinds != ["OTP"]:
        yield Fault(pointer, "An authentication template has other buttons.", "one button of type OTP")
    for index, button in enumerate(buttons):
        yield from _one(f"{pointer}/{index}", button, category)


def _one(pointer: str, button: Any, category: str) -> Faults:
    kind = kind_of(button)
    if kind not in _CHECKS:
        expected = f"one of {', '.join(_CHECKS)}"
        yield Fault(f"{pointer}/type", "The button has no type that there is.", expected)
        return
    if kind == "OTP" and category != "AUTHENTICATION":
        yield Fault(f"{pointer}/type", "Only authentication templates have an OTP button.", "another type")
    for check in _CHECKS[kind]:
        yield from check(pointer, button)


def _label(pointer: str, button: Mapping[str, Any]) -> Faults:
    yield from text_faults(f"{pointer}/text", "button", button.get("text"), LONGEST_LABEL)
    if placeholder_names(button.get("text")):
        yield Fault(f"{pointer}/text", "A button's label takes no placeholder.", "plain text")


def _url(pointer: str, button: Mapping[str, Any]) -> Faults:
    url = button.get("url")
    yield from text_faults(f"{pointer}/url", "address", url, LONGEST_URL)
    names = placeholder_names(url)
    if not isinstance(url, str) or not names:
        return
    if len(names) > 1 or url.count("{{") > 1 or not url.endswith("}}"):
        expected = "one placeholder, at the end: https://example.com/orders/{{1}}"
        yield Fault(f"{pointer}/url", "The address has a placeholder that is not its end.", expected)
    example = button.get("example")
    values = example if isinstance(example, list) else [example]
    if len(values) != 1:
        yield Fault(f"{pointer}/example", f"The address has {len(values)} examples.", "one address")
        return
    yield from text_faults(f"{pointer}/example", "example of the address", values[0], LONGEST_URL)


def _phone(pointer: str, button: Mapping[str, Any]) -> Faults:
    yield from text_faults(f"{pointer}/phone_number", "number", button.get("phone_number"), LONGEST_PHONE)


def _copy_code(pointer: str, button: Mapping[str, Any]) -> Faults:
    example = button.get("example")
    if isinstance(example, list) and len(example) == 1:
        example = example[0]
    yield from text_faults(f"{pointer}/example", "example of the code", example, LONGEST_CODE)


def _flow(pointer: str, button: Mapping[str, Any]) -> Faults:
    given = [member for member in _FLOW_SOURCES if button.get(member) is not None]
    if len(given) != 1:
        expected = f"exactly one of {', '.join(_FLOW_SOURCES)}"
        yield Fault(pointer, f"The button names {len(given)} flows.", expected)
    action = button.get("flow_action")
    if action is not None and str(action).lower() not in _FLOW_ACTIONS:
        yield Fault(f"{pointer}/flow_action", "There is no such action.", " or ".join(_FLOW_ACTIONS))


def _otp(pointer: str, button: Mapping[str, Any]) -> Faults:
    kind = str(button.get("otp_type")).upper()
    if kind not in OTP_TYPES:
        yield Fault(f"{pointer}/otp_type", "There is no such kind.", f"one of {', '.join(OTP_TYPES)}")
        return
    for member in ("text", "autofill_text"):
        if button.get(member) is not None:
            yield from text_faults(f"{pointer}/{member}", "button", button[member], LONGEST_LABEL)
    if kind == "ZERO_TAP" and button.get("zero_tap_terms_accepted") is not True:
        expected = "true, once somebody has accepted them"
        yield Fault(f"{pointer}/zero_tap_terms_accepted", "The terms are not accepted.", expected)
    if kind != "COPY_CODE" or button.get("supported_apps") is not None:
        yield from _apps(f"{pointer}/supported_apps", button.get("supported_apps"))


def _apps(pointer: str, apps: Any) -> Faults:
    form = '{"package_name": "...", "signature_hash": "..."}'
    if not isinstance(apps, list) or not 1 <= len(apps) <= MOST_APPS:
        yield Fault(pointer, "The apps that may take the code are missing.", f"1 to {MOST_APPS} of {form}")
        return
    for index, app in enumerate(apps):
        if not isinstance(app, Mapping):
            yield Fault(f"{pointer}/{index}", "The app is no object.", form)
            continue
        package, signature = app.get("package_name"), app.get("signature_hash")
        yield from text_faults(f"{pointer}/{index}/package_name", "package name", package, LONGEST_PACKAGE)
        if not isinstance(signature, str) or len(signature) != SIGNATURE_LENGTH:
            expected = f"exactly {SIGNATURE_LENGTH} characters"
            yield Fault(f"{pointer}/{index}/signature_hash", "The signature has a wrong length.", expected)


_CHECKS: Mapping[str, Sequence[Callable[[str, Mapping[str, Any]], Faults]]] = {
    "QUICK_REPLY": (_label,),
    "URL": (_label, _url),
    "PHONE_NUMBER": (_label, _phone),
    "COPY_CODE": (_copy_code,),
    "FLOW": (_label, _flow),
    "CATALOG": (_label,),
    "MPM": (_label,),
    "SPM": (_label,),
    "VOICE_CALL": (_label,),
    "REQUEST_CONTACT_INFO": (),
    "CALL_PERMISSION_REQUEST": (),
    "OTP": (_otp,),
}
"""The types of buttons, and what must hold of each."""
