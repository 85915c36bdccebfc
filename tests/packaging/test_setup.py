"""setup.cfg names packages, files and versions one by one: these tests keep the lists true."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = ["flask_waapi", "waapi_cloud", "waapi_logging", "waapi_simulation"]
BUILT_IN_MARKS = {"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}


@pytest.fixture(scope="module")
def setup() -> ConfigParser:
    """setup.cfg, parsed."""
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text: str) -> list[str]:
    """The entries of a setup.cfg list."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def requirements(setup: ConfigParser) -> list[str]:
    """What the package needs at run time, with and without extras."""
    extras = setup["options.extras_require"]
    found = lines(setup["options"]["install_requires"])
    for extra in ("redis", "celery", "postgresql", "mysql", "reference"):
        found += lines(extras[extra])
    return found


def packages_in_the_tree() -> Iterator[str]:
    for base, top in ((ROOT, "flask_waapi"), (ROOT / "providers", "waapi_*")):
        for folder in base.glob(top):
            for module in folder.rglob("*.py"):
                if "__pycache__" not in module.parts:
                    yield ".".join(module.parent.relative_to(base).parts)


def test_the_package_list_equals_the_packages_in_the_tree(setup: ConfigParser) -> None:
    listed = lines(setup["options"]["packages"])

    assert sorted(listed) == sorted(set(packages_in_the_tree()))
    assert len(listed) == len(set(listed))


def test_every_folder_with_a_module_is_a_package() -> None:
    folders = {
        module.parent
        for top in ("flask_waapi", "providers")
        for module in (ROOT / top).rglob("*.py")
        if "__pycache__" not in module.parts
    }

    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_every_top_level_package_is_typed_and_says_so(name: str, setup: ConfigParser) -> None:
    base = ROOT if name == "flask_waapi" else ROOT / "providers"

    assert (base / name / "py.typed").exists()
    assert "py.typed" in lines(setup["options.package_data"][name])


def test_every_provider_folder_has_a_mapping_and_an_entry_point(setup: ConfigParser) -> None:
    folders = {path.parent.name for path in (ROOT / "providers").glob("*/__init__.py")}
    mapped = dict(line.split(" = ") for line in lines(setup["options"]["package_dir"]))
    points = dict(line.split(" = ") for line in lines(setup["options.entry_points"]["flask_waapi"]))

    assert mapped == {name: f"providers/{name}" for name in folders}
    assert points == {name.removeprefix("waapi_"): name for name in folders}


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_every_top_level_package_imports(name: str) -> None:
    assert importlib.import_module(name).__name__ == name


def test_no_requirement_has_an_upper_bound(setup: ConfigParser) -> None:
    extras = setup["options.extras_require"]
    listed = lines(setup["options"]["install_requires"])
    listed += [line for extra in extras for line in lines(extras[extra])]

    assert [line for line in listed if any(mark in line for mark in ("<", "==", "~="))] == []


def test_the_lowest_versions_are_the_lower_bounds(setup: ConfigParser) -> None:
    pinned = lines((ROOT / "requirements/lowest.txt").read_text(encoding="utf-8"))

    assert sorted(line for line in pinned if not line.startswith("#")) == sorted(
        line.replace(">=", "==") for line in requirements(setup)
    )


def imports_in(source: str) -> Iterator[str]:
    """The top-level names that a file imports from outside its own package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_every_import_is_a_requirement_and_not_only_one_of_a_requirement(
    setup: ConfigParser,
) -> None:
    imported = {
        name
        for top in ("flask_waapi", "providers")
        for path in (ROOT / top).rglob("*.py")
        for name in imports_in(path.read_text(encoding="utf-8"))
    } - set(TOP_LEVEL)
    required = {re.split(r"[\[>]", line)[0].replace("-", "_") for line in requirements(setup)}

    assert imported - sys.stdlib_module_names - required <= {"pytest"}  # flask_waapi.testing


def marks_in(source: str) -> Iterator[str]:
    """The names after ``pytest.mark`` in a test file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark":
            yield node.attr


def test_every_marker_that_a_test_uses_is_registered(setup: ConfigParser) -> None:
    registered = {line.split(":")[0] for line in lines(setup["tool:pytest"]["markers"])}
    used = {
        mark for path in (ROOT / "tests").rglob("*.py") for mark in marks_in(path.read_text(encoding="utf-8"))
    }

    assert used - BUILT_IN_MARKS <= registered


def manifest(*directives: str) -> set[str]:
    """What MANIFEST.in names behind these directives."""
    found = (line.split() for line in (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines())
    return {name for directive, *names in found if directive in directives for name in names}


def test_everything_that_the_source_archive_is_to_hold_exists() -> None:
    assert [name for name in manifest("include", "graft") if not (ROOT / name).exists()] == []


def test_the_source_archive_holds_every_folder_that_its_checks_look_into(setup: ConfigParser) -> None:
    checked = {name.strip() for name in setup["mypy"]["files"].split(",")} | {"scripts"}

    assert checked - {"flask_waapi", "providers"} <= manifest("graft")


def test_the_newest_entry_of_the_changelog_is_that_of_this_version(setup: ConfigParser) -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = text.split("\n## ")[1]

    assert setup["metadata"]["version"] in newest
