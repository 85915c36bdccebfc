"""The simulation whose templates are a file: read when it changes, written to by changes."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from factories import MakeWorld
from flask_waapi import (
    MediaUpload,
    Misconfigured,
    ProviderContext,
    Rejected,
    TemplateChange,
    TemplateDefinition,
    UnsupportedFeature,
)
from flask_waapi.testing import ManualClock
from media_files import PNG
from waapi_simulation import SimulationProvider

BODY = {"type": "BODY", "text": "Bonjour 💥"}
OWN = {"name": "own", "language": "fr", "components": [BODY], "note": "kept"}
NEW = TemplateChange("new", "fr", "UTILITY", [BODY])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one template."""
    path = tmp_path / "templates.json"
    path.write_text(json.dumps([OWN]), encoding="utf-8")
    return path


@pytest.fixture
def provider(file: Path) -> SimulationProvider:
    return make(str(file))


def make(templates: Any) -> SimulationProvider:
    return SimulationProvider(ProviderContext("simulation", {"templates": templates}, ManualClock()))


def names(provider: SimulationProvider) -> list[str]:
    return [template.name for template in provider.list_templates()]


def content(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def rewrite(file: Path, value: Any) -> None:
    """As an editor does that puts a new file in the old one's place."""
    other = file.with_name("other")
    other.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    other.replace(file)


def only(provider: SimulationProvider) -> TemplateDefinition:
    (template,) = provider.list_templates()
    return template


def test_a_changed_file_is_listed_as_it_is_now(provider: SimulationProvider, file: Path) -> None:
    assert names(provider) == ["own"]

    rewrite(file, {"data": [OWN, {**OWN, "name": "second"}]})

    assert names(provider) == ["own", "second"]


@pytest.mark.parametrize("broken", ["{", "[{}]", '"text"'])
def test_a_file_that_has_become_unusable_fails_the_list_until_it_is_mended(
    provider: SimulationProvider, file: Path, broken: str
) -> None:
    rewrite(file, broken)
    for _ in range(2):
        with pytest.raises(Misconfigured, match="templates"):
            provider.list_templates()

    rewrite(file, [OWN])

    assert names(provider) == ["own"]


def test_a_file_that_has_gone_fails_the_list(provider: SimulationProvider, file: Path) -> None:
    file.unlink()

    with pytest.raises(Misconfigured, match="cannot be read"):
        provider.list_templates()


def test_a_new_template_is_approved_and_in_the_file(provider: SimulationProvider, file: Path) -> None:
    made = provider.create_template(
        TemplateChange("new", "fr", "MARKETING", [BODY], "NAMED", timedelta(hours=12))
    )

    assert names(provider) == ["own", "new"]
    assert (made.status, made.category, made.parameter_format) == ("APPROVED", "MARKETING", "NAMED")
    own, new = content(file)
    assert own == OWN
    assert new["components"] == [BODY]
    assert new["message_send_ttl_seconds"] == 43_200
    assert new["id"] == made.provider_template_id
    assert make(file).list_templates() == provider.list_templates()


def test_the_answer_of_meta_keeps_its_form(provider: SimulationProvider, file: Path) -> None:
    rewrite(file, {"data": [OWN], "paging": {}})

    provider.create_template(NEW)

    assert [*content(file)] == ["data", "paging"]
    assert names(provider) == ["own", "new"]


def test_an_edit_changes_what_is_given_alone(provider: SimulationProvider, file: Path) -> None:
    rewrite(file, [{**OWN, "status": "REJECTED", "category": "MARKETING"}])
    components = [{"type": "BODY", "text": "Salut"}]

    edited = provider.edit_template(only(provider), TemplateChange("own", "fr", components=components))

    assert content(file) == [{**OWN, "components": components, "status": "APPROVED", "category": "MARKETING"}]
    assert edited == only(provider)


@pytest.mark.parametrize(("language", "left"), [("fr", ["own de", "own2 fr"]), (None, ["own2 fr"])])
def test_one_language_or_all_are_deleted(
    provider: SimulationProvider, file: Path, language: str | None, left: list[str]
) -> None:
    rewrite(file, [OWN, {**OWN, "language": "de"}, {**OWN, "name": "own2"}])
    listed = {template.language: template for template in provider.list_templates() if template.name == "own"}

    provider.delete_template("own", listed[language] if language else None)

    assert [f"{item['name']} {item['language']}" for item in content(file)] == left


CHANGES: dict[str, Callable[[SimulationProvider], object]] = {
    "create": lambda provider: provider.create_template(NEW),
    "edit": lambda provider: provider.edit_template(
        TemplateDefinition("own", "fr", "APPROVED", "UTILITY", "NAMED", []), NEW
    ),
    "delete": lambda provider: provider.delete_template("own"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("templates", [None, [OWN]], ids=["samples", "a list"])
def test_fixed_templates_are_not_changed(change: Callable[..., object], templates: Any) -> None:
    with pytest.raises(UnsupportedFeature, match="path of a JSON file"):
        change(make(templates))


@pytest.mark.parametrize("templates", [None, [OWN]], ids=["samples", "a list"])
def test_only_with_a_file_it_says_that_it_makes_templates(
    provider: SimulationProvider, templates: Any
) -> None:
    assert provider.makes_templates
    assert not make(templates).makes_templates
    assert not make(templates).takes_template_examples


def test_an_example_gets_a_made_up_handle_that_follows_from_its_content(provider: SimulationProvider) -> None:
    handles = [
        provider.upload_template_example(MediaUpload(io.BytesIO(content), len(content), "image/png", "a"))
        for content in (PNG, PNG, PNG + b"x")
    ]

    assert provider.takes_template_examples
    assert handles[0] == handles[1] != handles[2]
    assert all(handle.startswith("4::") for handle in handles)


def test_fixed_templates_take_no_examples() -> None:
    with pytest.raises(UnsupportedFeature, match="'templates'"):
        make([OWN]).upload_template_example(MediaUpload(io.BytesIO(PNG), len(PNG), "image/png", "a"))


def test_what_does_not_fit_the_file_is_refused_and_leaves_it(
    provider: SimulationProvider, file: Path
) -> None:
    before = file.read_bytes()
    template = only(provider)

    with pytest.raises(Rejected, match="already"):
        provider.create_template(TemplateChange("own", "fr", "UTILITY", [BODY]))
    with pytest.raises(Rejected, match="no template"):
        provider.edit_template(template, NEW)
    with pytest.raises(Rejected, match="no such template"):
        provider.delete_template("new")

    assert file.read_bytes() == before


def test_the_file_keeps_its_mode_and_a_link_stays_a_link(file: Path) -> None:
    file.chmod(0o640)
    link = file.with_name("link.json")
    link.symlink_to(file)

    make(link).create_template(NEW)

    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert len(content(file)) == 2
    assert {path.name for path in file.parent.iterdir()} == {"templates.json", "link.json"}


def test_a_file_that_cannot_be_written_is_told(file: Path) -> None:
    # There is room for this name, and none for a longer one beside it.
    long = file.rename(file.with_name("t" * 250))

    with pytest.raises(Misconfigured, match="cannot be written"):
        make(long).create_template(NEW)

    assert content(long) == [OWN]


def test_changes_at_the_same_time_are_all_in_the_file(provider: SimulationProvider, file: Path) -> None:
    changes = [TemplateChange(f"new{number}", "fr", "UTILITY", [BODY]) for number in range(20)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(provider.create_template, changes))

    assert {item["name"] for item in content(file)} == {"own", *(change.name for change in changes)}


def test_the_background_reads_a_file_anew_only_when_it_has_changed(make_world: MakeWorld, file: Path) -> None:
    world = make_world(WAAPI_PROVIDERS={"simulation": {"templates": str(file)}})
    catalogue = world.services.catalogue
    catalogue.sync("simulation")
    first = catalogue.state("simulation")
    assert first is not None

    world.clock.advance(timedelta(hours=1))
    world.work()
    still = catalogue.state("simulation")
    assert still is not None
    assert still.succeeded_at == first.succeeded_at

    rewrite(file, [OWN, {**OWN, "name": "second"}])
    world.clock.advance(timedelta(hours=1))
    world.work()

    assert [template.name for template in catalogue.list("simulation")] == ["own", "second"]


def test_a_template_made_in_the_simulation_can_be_sent_there_at_once(
    make_world: MakeWorld, file: Path
) -> None:
    world = make_world(WAAPI_PROVIDERS={"simulation": {"templates": str(file)}})

    with world.app.app_context():
        world.waapi.templates.create("opening", "en", "UTILITY", body="We are open.")

    answer = world.send(template_name="opening", variables=None)
    assert answer.status_code == 201, answer.text
