"""Every change of a template by hand leaves its row in the audit trail, in the transaction of the change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from factories import MakeWorld, World
from flask_waapi.errors import ValidationFailed
from flask_waapi.messaging.templates import changes, trail
from flask_waapi.storage.models import AuditEntry, StoredTemplate

BODY: dict[str, Any] = {"body": "We are open."}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the simulation's templates."""
    path = tmp_path / "templates.json"
    path.write_text("[]")
    return path


@pytest.fixture
def world(make_world: MakeWorld, migrated_uri: str, file: Path) -> World:
    """An app that makes templates, once for each kind of database."""
    return make_world(database_uri=migrated_uri, WAAPI_PROVIDERS={"simulation": {"templates": str(file)}})


def entries(world: World) -> list[AuditEntry]:
    """The rows, oldest first."""
    with world.services.store.read() as session:
        return list(session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def in_turn(world: World, account: str = "default") -> None:
    """Make, change, read and delete a template."""
    templates = world.waapi.templates
    with world.app.app_context():
        templates.create("opening", "en", "UTILITY", account=account, **BODY)
        world.clock.advance(1)
        templates.edit("opening", "en", account=account, body="We are open again.")
        world.clock.advance(1)
        templates.sync(account=account)
        world.clock.advance(1)
        templates.delete("opening", account=account)


def test_each_change_leaves_one_row_with_who_did_it_and_what(world: World) -> None:
    in_turn(world, "shop")
    found = entries(world)

    assert [entry.action for entry in found] == [
        "template.create",
        "template.edit",
        "template.sync",
        "template.delete",
    ]
    assert {(entry.account, entry.actor) for entry in found} == {("shop", "python")}
    assert [entry.subject_name for entry in found] == ["opening", "opening", "simulation", "opening"]
    assert found[0].details == {
        "provider": "simulation",
        "language": "en",
        "category": "UTILITY",
        "status": "APPROVED",
    }
    assert found[2].details == {"provider": "simulation", "templates": 1}


def test_a_template_keeps_its_trail_beyond_its_deletion_and_for_its_account_alone(world: World) -> None:
    in_turn(world)
    store = world.services.store

    mine = trail.of_template(store, "default", "simulation", "opening", "en")
    assert [entry.action for entry in mine] == ["template.delete", "template.edit", "template.create"]
    assert trail.of_template(store, "default", "simulation", "opening", "de") == []
    assert trail.of_template(store, "other", "simulation", "opening", "en") == []
    assert len(trail.of_instance(store, "default", "simulation")) == 4
    assert trail.of_instance(store, "default", "another") == []
    assert trail.of_instance(store, "other", "simulation") == []


def test_a_deletion_in_all_languages_leaves_a_row_for_each(world: World) -> None:
    with world.app.app_context():
        for language in ("en", "de"):
            world.waapi.templates.create("opening", language, "UTILITY", **BODY)
        world.waapi.templates.delete("opening")

    deleted = [entry for entry in entries(world) if entry.action == "template.delete"]
    assert {entry.details["language"] for entry in deleted} == {"en", "de"}
    assert len({entry.subject_id for entry in deleted}) == 2


def test_a_list_that_is_read_by_itself_leaves_none(world: World) -> None:
    with world.app.app_context():
        world.waapi.templates.list()
    world.services.catalogue.sync("simulation")

    assert entries(world) == []


def test_the_change_and_its_row_are_stored_together_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*arguments: object) -> None:
        raise RuntimeError("the trail broke")

    monkeypatch.setattr(changes, "note_change", breaks)
    monkeypatch.setattr(changes, "note_sync", breaks)
    with world.app.app_context():
        with pytest.raises(RuntimeError):
            world.waapi.templates.create("opening", "en", "UTILITY", **BODY)
        with pytest.raises(RuntimeError):
            world.waapi.templates.sync()

    with world.services.store.read() as session:
        assert session.scalars(sa.select(StoredTemplate)).all() == []
    assert entries(world) == []


def test_an_account_that_is_none_is_refused_before_the_provider_is_asked(world: World, file: Path) -> None:
    with world.app.app_context(), pytest.raises(ValidationFailed, match="names no account"):
        world.waapi.templates.create("opening", "en", "UTILITY", account="a" * 65, **BODY)

    assert json.loads(file.read_text()) == []
