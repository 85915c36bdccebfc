"""What there is, is documented; what is documented, there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

import flask_waapi
from doc_pages import PAGES, ROOT, commands
from flask_waapi import WaApi, errors
from flask_waapi.api.families import ITEM_TYPES
from flask_waapi.cli import group
from flask_waapi.cli.documents import settings_page
from flask_waapi.dashboard.code_samples.call import KEY_VARIABLE
from flask_waapi.settings import PREFIX, table

DOCS = ROOT / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
EVERYTHING = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_the_page_of_settings_is_current() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert page == settings_page() + "\n", "Run: make docs"


def test_every_setting_is_on_its_page() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")

    assert [row.name for row in table() if f"| `{PREFIX}{row.name.upper()}` |" not in page] == []


def test_every_setting_that_is_named_exists() -> None:
    known = {PREFIX + row.name.upper() for row in table()} | {KEY_VARIABLE}
    named = set(re.findall(r"\b(?:FLASK_)?(WAAPI_[A-Z_]+[A-Z])\b", EVERYTHING))

    assert named <= known


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("host")
    app.config.update(SECRET_KEY="test", WAAPI_DATABASE_URI=f"sqlite:///{tmp_path}/waapi.sqlite")
    WaApi(app)
    return app


def test_every_route_of_the_api_is_documented(app: Flask) -> None:
    rules = [
        (method, re.sub(r"<\w+:", "<", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("waapi.") and rule.endpoint != "waapi.unknown_path"
    ]
    rows = re.findall(r"^\| (`.*?) \|", API.split("\n## Endpoints\n")[1].split("\n## ")[0], re.MULTILINE)
    documented = {
        (method, path)
        for row in rows
        for path in re.findall(r"(/\S+)`", row)
        for method in re.findall(r"\b[A-Z]{3,}\b", row)
    }

    assert rules
    assert set(rules) == documented


def test_every_type_that_a_batch_takes_is_named() -> None:
    told = API.split("\n## Sending a batch\n")[1].split("\n## ")[0]

    assert set(ITEM_TYPES) <= set(re.findall(r"`(\w+)`", told))


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_table_of_contents_has_every_section_in_its_order(page: Path) -> None:
    head, *sections = page.read_text(encoding="utf-8").split("\n## ")
    listed = re.findall(r"^- \[(.*)\]\(#", head, re.MULTILINE)

    assert not listed or listed == [section.partition("\n")[0] for section in sections]


def every_error() -> Iterator[type[errors.WaApiError]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, errors.WaApiError) and "code" in vars(value):
            yield value


def test_every_error_has_its_one_row_with_status_and_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", API, re.MULTILINE)

    assert sorted(rows) == sorted({(str(error.status), error.code) for error in every_error()})
    assert len(rows) == len({code for _, code in rows})


def test_every_public_name_is_documented() -> None:
    code = "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", EVERYTHING, re.DOTALL | re.MULTILINE))

    assert [name for name in flask_waapi.__all__ if not re.search(rf"\b{name}\b", code)] == []


def every_command(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every_command(inner, (*path, name))
    else:
        yield path


def waapi_command(words: list[str]) -> tuple[click.Command, list[str]] | None:
    """The command that ``flask ... waapi ...`` calls, and its arguments."""
    if "waapi" not in words:
        return None
    command: click.Command = group
    rest = words[words.index("waapi") + 1 :]
    while isinstance(command, click.Group) and rest and rest[0] != "...":
        assert rest[0] in command.commands, f"there is no command {' '.join(words)}"
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    for words in commands(page):
        found = waapi_command(words)
        if found is None:
            continue
        command, rest = found
        options = {option for parameter in command.params for option in parameter.opts}
        used = {word for word in rest if word.startswith("--")}
        assert used <= options, f"{' '.join(words)}: there is no {used - options}"


def test_every_command_is_named() -> None:
    named = {
        " ".join(word for word in words[words.index("waapi") :] if not word.startswith("-"))
        for page in PAGES
        for words in commands(page)
        if "waapi" in words
    }
    table_rows = re.findall(r"^\| `flask (waapi [a-z -]+)` \| (.*) \|$", EVERYTHING, re.MULTILINE)
    for command, text in table_rows:
        parent = command.rsplit(" ", 1)[0]
        named |= {f"{parent} {word}" for word in re.findall(r"`([a-z]+)`", text)}
    missing = [
        path
        for path in map(" ".join, every_command(group, ("waapi",)))
        if not any(name == path or name.startswith(f"{path} ") for name in named)
    ]

    assert missing == []


def test_every_option_of_a_new_key_is_documented() -> None:
    keys_page = (DOCS / "keys.md").read_text(encoding="utf-8")
    found = waapi_command(["waapi", "keys", "create"])
    assert found is not None
    options = {option for parameter in found[0].params for option in parameter.opts}

    assert [
        option for option in sorted(options) if f"`{option}`" not in keys_page and option != "--json"
    ] == []
