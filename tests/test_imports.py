"""Which module may import which: the house has floors, and imports go down the stairs only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import flask_waapi

ROOT = Path(__file__).parents[1]

FLOORS = (
    ("errors", "discretion"),
    ("content", "gates", "prices", "signals", "identifiers", "timing"),
    ("setting_checks",),
    ("settings",),
    ("plugins", "storage"),
    ("access", "outgoing"),
    ("messaging",),
    ("work",),
    ("services",),
    ("api", "cli"),
    ("dashboard", "call_options"),
    ("media_calls", "send_calls", "template_calls", "webhook_calls"),
    ("calls",),
    ("extension",),
    ("__init__",),
)
"""The rooms of ``flask_waapi``, the lowest floor first. A room imports from its own floor and below."""

LEVEL = {room: level for level, floor in enumerate(FLOORS) for room in floor}

BESIDE_THE_STAIRS = "testing"
"""Imports anything; nothing imports it but the command that starts the Graph double."""

LONGEST = 400


@dataclass(frozen=True)
class Import:
    """One name that a module takes from another."""

    importer: str
    module: str
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.name or self.module} from {self.module}"


def python_files(*tops: str) -> list[Path]:
    """The Python files below these folders of the repository."""
    return sorted(
        path for top in tops for path in (ROOT / top).rglob("*.py") if "__pycache__" not in path.parts
    )


def module_name(path: Path) -> str:
    """A file's dotted name."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[0] == "providers":
        del parts[0]
    return ".".join(parts)


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    """What a file imports at run time, relative imports made absolute."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tuple(_walk(tree, module_name(path)))


def _walk(node: ast.AST, importer: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _walk(other, importer)
        elif isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(importer, alias.name, "", child.lineno)
        elif isinstance(child, ast.ImportFrom):
            module = _absolute(child, importer)
            for alias in child.names:
                yield Import(importer, module, alias.name, child.lineno)
        else:
            yield from _walk(child, importer)


def _absolute(node: ast.ImportFrom, importer: str) -> str:
    if not node.level:
        return node.module or ""
    # The importer's package is its name less the last part, "__init__" included.
    base = importer.split(".")[: -node.level]
    return ".".join([*base, *([node.module] if node.module else [])])


def room_of(module: str) -> str:
    """The room of ``flask_waapi`` that a module is in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def rooms_imported(found: Import) -> set[str]:
    """The rooms that an import leads into; none for other packages."""
    if found.module.split(".")[0] != "flask_waapi":
        return set()
    if found.module == "flask_waapi" and (ROOT / "flask_waapi" / found.name).with_suffix(".py").exists():
        return {found.name}
    if found.module == "flask_waapi" and (ROOT / "flask_waapi" / found.name).is_dir() and found.name:
        return {found.name}
    return {room_of(found.module)}


CORE = [path for path in python_files("flask_waapi") if room_of(module_name(path)) != BESIDE_THE_STAIRS]
PROVIDERS = python_files("providers")
REFERENCE_APP = python_files("reference_app")
SHIPPED = python_files("flask_waapi", "providers", "reference_app")


def named(path: Path) -> str:
    """A file as tests name it."""
    return str(path.relative_to(ROOT))


def test_relative_imports_are_resolved() -> None:
    path = ROOT / "flask_waapi" / "access" / "keys.py"

    assert {"flask_waapi.errors", "flask_waapi.access", "flask_waapi.storage.session"} <= {
        found.module for found in imports_of(path)
    }
    assert "flask_waapi.extension" in {found.module for found in imports_of(ROOT / "flask_waapi/__init__.py")}


def test_imports_for_types_alone_do_not_count() -> None:
    path = ROOT / "flask_waapi" / "storage" / "session.py"

    assert "from flask_sqlalchemy import SQLAlchemy" in path.read_text(encoding="utf-8")
    assert "flask_sqlalchemy" not in {found.module for found in imports_of(path)}


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(module_name(path)) for path in python_files("flask_waapi")}

    assert rooms - {*LEVEL, BESIDE_THE_STAIRS} == set()


@pytest.mark.parametrize("path", CORE, ids=named)
def test_a_module_imports_from_its_own_floor_or_below(path: Path) -> None:
    level = LEVEL[room_of(module_name(path))]

    upwards = [
        str(found)
        for found in imports_of(path)
        for room in rooms_imported(found)
        if room != BESIDE_THE_STAIRS and LEVEL[room] > level
    ]

    assert not upwards


@pytest.mark.parametrize("path", CORE, ids=named)
def test_a_module_imports_no_room_beside_its_own_on_its_floor_but_downwards(path: Path) -> None:
    """Two rooms of one floor may know each other in one direction only."""
    here = room_of(module_name(path))
    beside = {
        room
        for found in imports_of(path)
        for room in rooms_imported(found)
        if room != here and room in LEVEL and LEVEL[room] == LEVEL[here]
    }

    for room in beside:
        back = [
            str(found)
            for other in python_files(f"flask_waapi/{room}")
            for found in imports_of(other)
            if here in rooms_imported(found)
        ]
        assert not back


def test_only_the_command_line_imports_the_tools_for_tests() -> None:
    importers = {
        found.importer
        for path in CORE
        for found in imports_of(path)
        if BESIDE_THE_STAIRS in rooms_imported(found)
    }

    assert importers <= {"flask_waapi.cli.providers"}


@pytest.mark.parametrize("path", PROVIDERS, ids=named)
def test_a_provider_uses_the_public_names_only(path: Path) -> None:
    assert not _private_names(path)
    own = module_name(path).split(".")[0]
    others = {"waapi_cloud", "waapi_logging", "waapi_simulation", "reference_app", "flask_waapi", "flask"}
    foreign = [
        str(found)
        for found in imports_of(path)
        if found.module.split(".")[0] in others - {own, "flask_waapi"}
    ]
    assert not foreign


@pytest.mark.parametrize("path", REFERENCE_APP, ids=named)
def test_the_reference_app_uses_the_public_names_only(path: Path) -> None:
    assert not _private_names(path)
    assert not [str(found) for found in imports_of(path) if found.module.startswith("waapi_")]


def _private_names(path: Path) -> list[str]:
    return [
        str(found)
        for found in imports_of(path)
        if found.module.split(".")[0] == "flask_waapi"
        and (found.module != "flask_waapi" or found.name not in {"", *flask_waapi.__all__})
    ]


def test_nothing_of_ours_is_imported_by_what_we_build_on() -> None:
    ours = {"waapi_cloud", "waapi_logging", "waapi_simulation", "reference_app", "tests"}

    assert not [
        str(found)
        for path in python_files("flask_waapi")
        for found in imports_of(path)
        if found.module.split(".")[0] in ours
    ]


FLASK_REQUEST = {"request", "g", "session", "after_this_request", "request_ctx", "url_for"}


@pytest.mark.parametrize(
    "path",
    [path for path in CORE if LEVEL.get(room_of(module_name(path)), 0) < LEVEL["api"]],
    ids=named,
)
def test_nothing_below_the_api_touches_the_request(path: Path) -> None:
    touched = [
        str(found)
        for found in imports_of(path)
        if found.module.split(".")[0] == "flask" and found.name in FLASK_REQUEST
    ]

    assert not touched
    assert "flask.request" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("package", "importers"),
    [
        ("flask_limiter", {"flask_waapi.access.limits"}),
        ("limits", {"flask_waapi.access.limits"}),
        ("alembic", {"flask_waapi.storage.migrate"}),
        ("requests", {"waapi_cloud.client", "waapi_cloud.connections"}),
        ("urllib3", {"waapi_cloud.client"}),
        ("pluggy", {"flask_waapi.plugins.hookspecs", "flask_waapi.plugins.registry"}),
        ("blinker", {"flask_waapi.signals"}),
        ("apispec", {"flask_waapi.api.openapi"}),
        ("celery", {"flask_waapi.work.celery"}),
        ("flask_sqlalchemy", {"reference_app.extensions"}),
        ("flask_login", None),
        ("flask_wtf", set()),
    ],
)
def test_a_package_is_imported_where_it_belongs_and_nowhere_else(
    package: str, importers: set[str] | None
) -> None:
    found = {
        item.importer
        for path in SHIPPED
        for item in imports_of(path)
        if item.module.split(".")[0] == package
        and ".migrations" not in item.importer
        and ".testing" not in item.importer
    }

    if importers is None:
        importers = {name for name in found if name.startswith(("reference_app.", "flask_waapi.dashboard."))}
    assert found == importers


VENDORS = re.compile(r"facebook|waapi_cloud|wamid|biz_opaque|twilio|vonage", re.IGNORECASE)
VENDOR_NAMES = re.compile(r"META|Meta|meta_\w+|\w+_meta|cloud|cloud_\w+")


IN_METAS_WORDS = {"flask_waapi/api/schemas/sends.py", "flask_waapi/api/message_types.py"}
"""What the API takes under Meta's own name, and what the docs show of it."""


@pytest.mark.parametrize("path", [path for path in CORE if named(path) not in IN_METAS_WORDS], ids=named)
def test_core_code_names_no_vendor(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = _docstrings(tree)
    identifiers = {
        value
        for node in ast.walk(tree)
        for value in (getattr(node, name, None) for name in ("id", "attr", "arg", "name", "module"))
        if isinstance(value, str)
    }
    strings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    }

    assert not [word for word in identifiers | strings if VENDORS.search(word)]
    assert not [word for word in identifiers if VENDOR_NAMES.fullmatch(word)]


def _docstrings(tree: ast.AST) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            found |= {
                id(child.value)
                for child in body
                if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            }
    return found


@pytest.mark.parametrize(
    "path", python_files("flask_waapi", "providers", "reference_app", "tests"), ids=named
)
def test_no_file_is_longer_than_one_can_take_in(path: Path) -> None:
    with path.open(encoding="utf-8") as lines:
        assert sum(1 for _ in lines) <= LONGEST


def test_the_public_names_are_all_there_and_in_order() -> None:
    assert sorted(flask_waapi.__all__) == list(flask_waapi.__all__)
    for name in flask_waapi.__all__:
        assert hasattr(flask_waapi, name)
