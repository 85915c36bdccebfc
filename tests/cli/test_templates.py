"""``flask waapi templates show | preview | create | edit | delete``"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from factories import MakeWorld, World
from flask_waapi.messaging.templates import trail
from media_files import PNG

Run = Callable[..., Result]
Refused = Callable[..., str]

OWN: dict[str, Any] = {
    "name": "opening",
    "language": "en",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "News"},
        {"type": "BODY", "text": "Hi {{1}}, we are open.", "example": {"body_text": [["Ann"]]}},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://example.com/"}]},
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The templates of the simulation."""
    path = tmp_path / "templates.json"
    path.write_text(json.dumps([OWN, {**OWN, "language": "de"}]), encoding="utf-8")
    return path


@pytest.fixture
def world(make_world: MakeWorld, file: Path) -> World:
    """An app whose simulation has its templates in a file."""
    return make_world(WAAPI_PROVIDERS={"simulation": {"templates": str(file)}})


def kept(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_show_tells_the_parts_of_each_language(run: Run) -> None:
    shown = run("templates", "show", "opening").stdout.splitlines()

    assert [line for line in shown if not line.startswith(" ")] == ["opening (de)", "opening (en)"]
    assert "  body:     Hi {{1}}, we are open." in shown
    assert "  buttons:  Look" in shown
    assert not any("footer" in line for line in shown)


def test_show_as_json_is_what_the_api_answers(run: Run, world: World) -> None:
    printed = json.loads(run("templates", "show", "opening", "--json").stdout)

    assert printed == world.get("/api/v1/external/templates/opening").get_json()["data"]
    assert len(json.loads(run("templates", "show", "opening", "--language", "de", "--json").stdout)) == 1


@pytest.mark.parametrize("command", ["show", "delete"])
def test_a_template_or_language_that_does_not_exist_is_told(refused: Refused, command: str) -> None:
    assert refused("templates", command, "nothing") == "Error: There is no template 'nothing'."
    told = refused("templates", command, "opening", "--language", "fr")
    assert told == "Error: There is no template 'opening' in 'fr', but in de, en."


def test_a_preview_has_the_examples_where_no_values_are_given(run: Run) -> None:
    shown = run("templates", "preview", "opening", "en").stdout.splitlines()

    assert shown == ["News", "Hi Ann, we are open.", "[Look] https://example.com/"]


def test_a_preview_takes_values_and_a_file(run: Run, tmp_path: Path) -> None:
    assert "Hi Bob," in run("templates", "preview", "opening", "en", "--variable", "Bob").stdout
    source = tmp_path / "values.json"
    source.write_text('{"variables": ["Cleo"]}', encoding="utf-8")

    shown = run("templates", "preview", "opening", "en", "--file", str(source), "--json").stdout

    assert json.loads(shown)["body"] == "Hi Cleo, we are open."


def test_a_preview_tells_every_fault(refused: Refused) -> None:
    told = refused("templates", "preview", "opening", "en", "--variable", "a\nb", "--variable", "c")

    assert "The value has a line break" in told
    assert "The template has no variable '2'." in told


def test_a_template_is_made_from_options(run: Run, file: Path) -> None:
    printed = run(
        *("templates", "create", "--name", "closing", "--language", "en", "--category", "marketing"),
        *("--header", "News", "--body", "Dear {{name}}, we close.", "--example", "name=Ann = Bob"),
        *("--footer", "Bye", "--quick-reply", "Yes", "--quick-reply", "No", "--ttl", "43200"),
    ).stdout

    assert printed == "closing (en) was handed in: APPROVED, category MARKETING.\n"
    made = kept(file)[-1]
    assert made["parameter_format"] == "NAMED"
    assert made["message_send_ttl_seconds"] == 43_200
    assert [part["type"] for part in made["components"]] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]
    assert made["components"][1]["example"] == {
        "body_text_named_params": [{"param_name": "name", "example": "Ann = Bob"}]
    }


def test_an_option_goes_before_the_member_of_the_file(run: Run, file: Path, tmp_path: Path) -> None:
    source = tmp_path / "new.json"
    source.write_text(json.dumps({**OWN, "name": "a", "category": "UTILITY"}), encoding="utf-8")

    printed = run("templates", "create", "--file", str(source), "--name", "b", "--json").stdout

    assert json.loads(printed)["name"] == "b"
    assert kept(file)[-1]["components"] == OWN["components"]


def test_a_template_is_read_from_the_input(run: Run, file: Path) -> None:
    new = json.dumps({"name": "b", "language": "en", "category": "UTILITY", "body": "Hello."})

    run("templates", "create", "--file", "-", input=new)

    assert kept(file)[-1]["name"] == "b"


@pytest.mark.parametrize(("text", "told"), [("{", "is not JSON"), ("[]", "holds no JSON object")])
def test_a_file_that_is_no_object_is_told(refused: Refused, tmp_path: Path, text: str, told: str) -> None:
    source = tmp_path / "new.json"
    source.write_text(text, encoding="utf-8")

    assert told in refused("templates", "create", "--file", str(source))


def test_every_fault_of_a_new_template_is_told(refused: Refused, file: Path) -> None:
    told = refused("templates", "create", "--name", "Big", "--language", "en", "--body", "{{1}}")

    assert "'Big' cannot be the name of a template." in told
    assert "The category is not one that there is." in told
    assert "The text begins with a placeholder." in told
    assert len(kept(file)) == 2


def test_an_edit_changes_one_language(run: Run, file: Path) -> None:
    printed = run("templates", "edit", "opening", "de", "--body", "Wir haben offen.").stdout

    assert printed == "opening (de) was changed: APPROVED, category UTILITY.\n"
    assert kept(file) == [
        OWN,
        {
            **OWN,
            "language": "de",
            "status": "APPROVED",
            "components": [{"type": "BODY", "text": "Wir haben offen."}],
        },
    ]


def test_deleting_asks_first(run: Run, refused: Refused, file: Path) -> None:
    asked = run("templates", "delete", "opening", input="n\n", fails=True)

    assert asked.exit_code == 1
    assert "Delete opening (de, en)? This cannot be undone." in asked.stdout
    assert len(kept(file)) == 2


def test_one_language_or_all_are_deleted(run: Run, file: Path) -> None:
    one = run("templates", "delete", "opening", "--language", "de", input="y\n").stdout
    assert one.endswith("opening was deleted in 1 language.\n")
    assert kept(file) == [OWN]

    assert run("templates", "delete", "opening", "--yes").stdout == "opening was deleted in 1 language.\n"
    assert kept(file) == []


def test_the_samples_cannot_be_changed(make_world: MakeWorld, tmp_path: Path, refused: Refused) -> None:
    world = make_world(database_uri=f"sqlite:///{tmp_path / 'other.sqlite'}")

    told = refused("templates", "delete", "hello_world", "--yes", world=world)

    assert "set its setting 'templates' to the path of a JSON file" in told


def test_an_example_is_uploaded_and_its_handle_printed(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "summer.png"
    picture.write_bytes(PNG)

    handle = run("templates", "upload-example", str(picture)).stdout.strip()
    printed = json.loads(
        run("templates", "upload-example", str(picture), "--format", "image", "--json").stdout
    )

    assert handle.startswith("4::")
    assert printed == {"handle": handle}


def test_a_file_that_is_no_example_is_refused_with_its_reason(refused: Refused, tmp_path: Path) -> None:
    picture = tmp_path / "summer.png"
    picture.write_bytes(PNG)
    text = tmp_path / "text.png"
    text.write_bytes(b"Hello")

    assert "image/png by its content" in refused(
        "templates", "upload-example", str(picture), "--format", "VIDEO"
    )
    assert "text/plain by its content" in refused("templates", "upload-example", str(text))
    refused("templates", "upload-example", str(tmp_path / "nothing.png"), code=2)


def test_changes_are_kept_in_the_audit_trail_of_the_account(run: Run, world: World) -> None:
    run("templates", "sync", "--account", "shop")
    run("templates", "delete", "opening", "--language", "de", "--yes", "--account", "shop")

    found = trail.of_instance(world.services.store, "shop", "simulation")
    assert {(entry.action, entry.actor) for entry in found} == {
        ("template.delete", "cli"),
        ("template.sync", "cli"),
    }
