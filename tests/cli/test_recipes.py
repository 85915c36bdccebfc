"""``flask waapi recipes``: requests saved in the playground, made again and compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factories import World
from flask_waapi.services import EXTENSION

ORDER = {
    "waapi_recipe": 1,
    "name": "An order is confirmed",
    "operation": "send_template",
    "payload": {
        "to": "+1234567890",
        "template_name": "order_confirmation",
        "language": "en",
        "variables": {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"},
    },
    "expect": {"status": 201, "message_status": "read"},
}

Run = Callable[..., Any]
Save = Callable[..., str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Writes a recipe, with changes, into a file; its path."""

    def save(name: str = "order", **changes: Any) -> str:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({**ORDER, **changes}))
        return str(file)

    return save


def keys(world: World) -> list[str]:
    """The names of the keys that there are."""
    return [key.name for key in world.app.extensions[EXTENSION].keys.list("default")]


def test_a_recipe_that_comes_to_what_is_expected_is_fine(world: World, run: Run, save: Save) -> None:
    told = run("recipes", "run", save()).output

    assert "ok" in told
    assert "order.json: An order is confirmed" in told
    assert "1 as expected, 0 not." in told
    assert keys(world) == [], "the key that was made is gone"


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ({"status": 202}, "The status is 201; expected 202."),
        ({"status": 201, "message_status": "failed"}, "The message is read; expected failed."),
        (
            {"status": 201, "error_code": "VALIDATION_ERROR"},
            "The error code is none; expected VALIDATION_ERROR.",
        ),
    ],
)
def test_what_comes_to_something_else_is_told_and_ends_with_1(
    run: Run, save: Save, expect: dict[str, Any], words: str
) -> None:
    result = run("recipes", "run", save(), save("other", expect=expect), fails=True)

    assert result.exit_code == 1
    assert "other.json: An order is confirmed" in result.output
    assert words in result.output
    assert "1 as expected, 1 not." in result.output


def test_a_refusal_can_be_what_is_expected(run: Run, save: Save) -> None:
    run(
        "recipes",
        "run",
        save("bad", payload={"to": "12"}, expect={"status": 422, "error_code": "VALIDATION_ERROR"}),
        save("list", operation="list_messages", payload={"limit": 1}, expect={"status": 200}),
        save("one", operation="get_template", payload={"name": "none"}, expect={"status": 404}),
        save(
            "failed",
            payload={**ORDER["payload"], "to": "+15551131026"},  # type: ignore[dict-item]
            expect={"status": 201, "message_status": "failed"},
        ),
    )


def test_a_text_is_sent_to_somebody_who_has_been_let_write_first(
    make_world: Callable[..., World], run: Run, save: Save
) -> None:
    world = make_world(WAAPI_SERVICE_WINDOW="enforce")
    text = {
        "operation": "send_text",
        "payload": {"to": "+1234567890", "text": "Hello"},
        "expect": {"status": 201},
    }

    closed = run("recipes", "run", save("closed", **text), world=world, fails=True)
    assert "SERVICE_WINDOW_CLOSED" in closed.output
    run("recipes", "run", save("open", received="Hi", **text), world=world)


def test_a_key_that_is_named_acts_with_its_permissions(world: World, run: Run, save: Save) -> None:
    world.issue_key("reader", permissions=["view_messages"])

    told = run("recipes", "run", save(), "--key", "reader", fails=True)

    assert told.exit_code == 1
    assert "The status is 403 PERMISSION_DENIED" in told.output
    assert keys(world) == ["reader"]


def test_a_recipe_reaches_no_real_provider(recording: World, run: Run, save: Save) -> None:
    payload = {"to": "+1234567890", "text": "Hello", "simulate": False}
    run("recipes", "run", save(operation="send_text", received="Hi", payload=payload), world=recording)

    assert recording.script.sent == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"waapi_recipe": 2}, "waapi_recipe must be 1."),
        ({"operation": "delete_everything"}, "operation must be an endpoint"),
        ({"operation": "cancel_message"}, "operation must be an endpoint that the playground offers"),
        ({"operation": "delete_medium"}, "operation must be an endpoint that the playground offers"),
        ({"payload": []}, "payload must be an object."),
        ({"expect": {}}, "expect.status must be a number."),
        ({"expect": {"status": 201, "message_status": "happy"}}, "expect.message_status must be one of"),
        ({"expects": {}}, "expects is not a member of a recipe."),
        ({"operation": "get_message", "payload": {}}, "'message_uuid' is missing"),
        ({"received": "Hi", "payload": {"to": "x"}}, "FAIL"),
    ],
)
def test_what_is_no_recipe_is_told_in_words(
    run: Run, save: Save, changes: dict[str, Any], words: str
) -> None:
    result = run("recipes", "run", save(**changes), fails=True)

    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_file_that_is_no_json_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(b"\xff{")

    assert "The file is not UTF-8" in run("recipes", "run", str(file), fails=True).output


def test_a_key_of_another_account_is_not_there(world: World, refused: Callable[..., str], save: Save) -> None:
    world.issue_key("theirs", account="other")

    assert "theirs" in refused("recipes", "run", save(), "--key", "theirs")
