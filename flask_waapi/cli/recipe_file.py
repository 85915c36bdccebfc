"""A recipe: a request with what it is to come to, as a JSON file that the playground has written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..api import body as bodies
from ..api.blueprint import HARMLESS
from ..api.operation import Operation
from ..errors import MalformedRequest
from ..messaging.status import STATUSES

FORMAT = 1

_KNOWN = frozenset({"waapi_recipe", "name", "operation", "payload", "received", "expect"})
_EXPECTED = frozenset({"status", "error_code", "message_status"})


class RecipeError(Exception):
    """A file is not a recipe that can be run. :param problems: one sentence per fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Recipe:
    """A request, and what it is to come to.

    :param payload: the body, or the parameters of an endpoint without one.
    :param received: what the recipient writes first, in the simulation, so that texts may be sent to them.
    :param status: of the answer. :param error_code: of a refusal.
    :param message_status: what the message comes to when all that is announced has happened.
    """

    name: str
    operation: Operation
    payload: Mapping[str, Any]
    status: int
    error_code: str | None = None
    message_status: str | None = None
    received: str | None = None


def read_recipe(content: bytes) -> Recipe:
    """The recipe in a file.

    :raises RecipeError: it is none; all faults at once.
    """
    try:
        given = bodies.parse(content)
    except MalformedRequest as error:
        raise RecipeError([error.message.replace("The body", "The file")]) from None
    if not isinstance(given, dict):
        raise RecipeError(["The file is not a JSON object."])
    expect = given.get("expect")
    operation = next((found for found in HARMLESS if found.name == given.get("operation")), None)
    problems = [*_faults(given, operation), *_faults_of_expect(expect)]
    if problems or operation is None or not isinstance(expect, dict):
        raise RecipeError(problems)
    return Recipe(
        name=given["name"],
        operation=operation,
        payload=given["payload"],
        received=given.get("received"),
        status=expect["status"],
        error_code=expect.get("error_code"),
        message_status=expect.get("message_status"),
    )


def _faults(given: Mapping[str, Any], operation: Operation | None) -> list[str]:
    problems = _unknown(given, _KNOWN, "")
    if given.get("waapi_recipe") != FORMAT:
        problems.append(f"waapi_recipe must be {FORMAT}.")
    if not isinstance(given.get("name"), str) or not given["name"]:
        problems.append("name must be a text.")
    if operation is None:
        problems.append(
            f"operation must be an endpoint that the playground offers, not {given.get('operation')!r}."
        )
    if not isinstance(given.get("payload"), dict):
        problems.append("payload must be an object.")
    if not isinstance(given.get("received"), str | None):
        problems.append("received must be a text.")
    return problems


def _faults_of_expect(expect: Any) -> list[str]:
    if not isinstance(expect, dict):
        return ["expect must be an object with a status."]
    problems = _unknown(expect, _EXPECTED, "expect.")
    status = expect.get("status")
    if isinstance(status, bool) or not isinstance(status, int):
        problems.append("expect.status must be a number.")
    if not isinstance(expect.get("error_code"), str | None):
        problems.append("expect.error_code must be a text.")
    if expect.get("message_status") not in {None, *STATUSES}:
        problems.append(f"expect.message_status must be one of {', '.join(STATUSES)}.")
    return problems


def _unknown(given: Mapping[str, Any], known: frozenset[str], within: str) -> list[str]:
    return [f"{within}{name} is not a member of a recipe." for name in given if name not in known]
