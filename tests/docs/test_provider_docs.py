"""docs/providers.md: its example works, and its tables say what the code does."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from dataclasses import MISSING, Field, fields
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, get_args

import pytest

from flask_waapi import CallbackItem, Provider, ProviderError, ProviderEvent, Refusal, SendResult, Text
from flask_waapi.content import CONTENT_TYPES
from flask_waapi.plugins.registry import find_provider_types
from flask_waapi.testing import ProviderConformance
from flask_waapi.testing.conformance_hooks import ConformanceHooks
from waapi_cloud.settings import CloudSettings
from waapi_simulation.codes import CODES
from waapi_simulation.outcomes import BEHAVIOURS

DOCUMENT = Path(__file__).parents[2] / "docs" / "providers.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")

_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    """The text under a heading of the second level."""
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What stands in code quotes in the first column of the tables in ``text``."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines).replace("| --- ", "|---")


def behaviours_table() -> str:
    rows = [[f"`{behaviour.recipient}`", behaviour.summary] for behaviour in BEHAVIOURS]
    return table(["Recipient", "What happens"], rows)


def codes_table() -> str:
    rows = [
        [
            f"`{known.code}`",
            f"`+15550{known.code:06}`",
            f"`{known.kind.__name__}`" + (", after 30 s" if known.retry_after else ""),
            known.reason,
        ]
        for known in CODES
    ]
    return table(["Code", "Recipient", "Kind", "Meaning"], rows)


def checks_list() -> str:
    """The names of the kit's checks as sentences."""
    names = [name for name in vars(ProviderConformance) if name.startswith("test_")]
    return "\n".join(f"- {name.removeprefix('test_').replace('_', ' ')}" for name in names)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with the files of the example."""
    for found in _FILE.finditer(TEXT):
        (tmp_path / found["name"]).write_text(found["content"], encoding="utf-8")
    return tmp_path


@pytest.fixture
def example(written: Path) -> Path:
    """The same, installed as pip would install it."""
    tmp_path = written
    setup = ConfigParser()
    setup.read(tmp_path / "setup.cfg")
    name, version = setup["metadata"]["name"], setup["metadata"]["version"]
    installed = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n", encoding="utf-8")
    groups = setup["options.entry_points"]
    entry_points = "".join(f"[{group}]\n{groups[group].strip()}\n" for group in groups)
    (installed / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    return tmp_path


def test_the_example_passes_the_test_kit(example: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-ra", "."],
        cwd=example,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    skipped = re.findall(r"^SKIPPED .*?: (.*)$", run.stdout, re.MULTILINE)
    assert set(skipped) == {
        "It claims Text.",
        *(f"It does not claim {content.__name__}." for content in CONTENT_TYPES if content is not Text),
        "This provider keeps no list of templates.",
    }


def test_the_example_is_found_by_its_entry_point(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(example)
    importlib.invalidate_caches()
    types = find_provider_types()
    monkeypatch.delitem(sys.modules, "waapi_acme")

    assert types.origins["acme"] == "waapi-acme:acme"
    assert types.factories["acme"].__name__ == "AcmeProvider"
    assert not types.failures


@pytest.mark.wheel
def test_pip_installs_the_example_with_its_entry_point(
    written: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("site")
    # What pip builds with, it fetches; what the example needs is here already.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), "."]

    run = subprocess.run(pip, cwd=written, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    (installed,) = distributions(path=[str(target)])
    (point,) = installed.entry_points
    assert (installed.name, point.group, point.name) == ("waapi-acme", "flask_waapi", "acme")
    assert (target / "waapi_acme.py").exists()


def test_the_example_uses_public_names_only() -> None:
    imports = re.findall(r"^from (flask_waapi\S*) import", TEXT, re.MULTILINE)

    assert set(imports) == {"flask_waapi", "flask_waapi.testing"}


@pytest.mark.parametrize("generated", [behaviours_table, codes_table, checks_list])
def test_what_is_listed_equals_the_data(generated: object) -> None:
    expected = generated()  # type: ignore[operator]

    assert expected in TEXT, f"Put this into docs/providers.md:\n\n{expected}"


def test_every_kind_of_refusal_is_explained() -> None:
    def kinds(base: type[ProviderError]) -> set[str]:
        return {base.__name__}.union(*(kinds(kind) for kind in base.__subclasses__()))

    public = {name for name in kinds(ProviderError) if hasattr(sys.modules["flask_waapi"], name)}

    assert set(first_cells(section("Saying no"))) == public - {ProviderError.__name__}


@pytest.mark.parametrize(
    ("title", "settings"),
    [
        ("The simulation provider", {"delivered_after", "read_after", "templates"}),
        ("The logging provider", {"level", "show_content"}),
    ],
)
def test_every_setting_of_a_built_in_provider_is_documented(title: str, settings: set[str]) -> None:
    assert settings <= set(first_cells(section(title)))


def default_cell(field: Field[Any]) -> str:
    """How the page writes what a field is where it is not given."""
    if field.default is not MISSING:
        return f"`{field.default!r}`".replace("'", '"')
    return "required" if field.default_factory is MISSING else f"`{field.default_factory()!r}`"


def rows(text: str) -> list[tuple[str, str]]:
    """The first two cells of the rows of the tables in ``text``."""
    return re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", text, re.MULTILINE)


def test_the_settings_of_the_cloud_provider_are_documented_with_their_defaults() -> None:
    defaults = {field.name: default_cell(field).replace("`None`", "none") for field in fields(CloudSettings)}
    told = {name: cell for name, cell in rows(section("The cloud provider")) if name in defaults}

    assert told == defaults


@pytest.mark.parametrize("kind", [SendResult, CallbackItem, Refusal, *get_args(ProviderEvent)])
def test_every_field_of_what_a_provider_makes_is_documented_with_its_default(kind: Any) -> None:
    told = re.split(r"\n##+ ", TEXT.split(f"\n### {kind.__name__}\n")[1])[0]

    assert rows(told) == [(field.name, default_cell(field)) for field in fields(kind)]


def test_every_hook_of_the_kit_is_documented() -> None:
    hooks = {name for name in vars(ConformanceHooks) if not name.startswith("_")}

    assert set(first_cells(section("The test kit"))) == hooks


def test_every_method_a_provider_may_override_is_named() -> None:
    methods = {name for name, value in vars(Provider).items() if callable(value)}
    public = {name for name in methods if not name.startswith("_")}

    assert public == set(re.findall(r"`(\w+)`", section("Writing a provider"))) & public


def test_a_link_within_the_page_has_its_heading() -> None:
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.*)$", TEXT, re.MULTILINE)}

    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= headings
