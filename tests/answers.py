"""What tests look for in answers of the API."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.test import TestResponse


def error(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The error of an answer, which must be exactly the failure envelope with this status and code."""
    assert (answer.status_code, answer.mimetype) == (status, "application/json"), answer.text
    body = answer.get_json()
    assert set(body) == {"success", "error"}
    assert body["success"] is False
    found: dict[str, Any] = body["error"]
    assert found["code"] == code, found
    assert set(found) - {"details"} == {"code", "message", "request_id"}
    assert isinstance(found["message"], str)
    assert found["message"]
    assert found["request_id"] == answer.headers["X-Request-Id"]
    return found


def data(answer: TestResponse, status: int = 200) -> Any:
    """The data of a success, which must be the success envelope."""
    assert (answer.status_code, answer.mimetype) == (status, "application/json"), answer.text
    body = answer.get_json()
    assert set(body) - {"meta"} == {"success", "data"}
    assert body["success"] is True
    return body["data"]


def pointers(answer: TestResponse) -> set[str]:
    """Where the faults of a validation error are."""
    return {fault["pointer"] for fault in error(answer, 422, "VALIDATION_ERROR")["details"]}


_ITEM = re.compile(
    r'"(?P<name>[ -!#-\[\]-~]*)"(?P<parameters>(?:;[a-z*][a-z0-9_.*-]*=-?[0-9]{1,15})*)', re.ASCII
)


def structured_list(field: str) -> dict[str, dict[str, int]]:
    """A structured field (RFC 9651): a list of quoted names with integer parameters."""
    items: dict[str, dict[str, int]] = {}
    for text in field.split(", "):
        found = _ITEM.fullmatch(text)
        assert found is not None, f"{text!r} is not an item of a structured field"
        parameters = [part.split("=") for part in found["parameters"].split(";")[1:]]
        items[found["name"]] = {name: int(value) for name, value in parameters}
    return items
