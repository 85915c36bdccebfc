"""Every change of a key leaves one row, written in the transaction of the change."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from factories import World
from flask_waapi import ValidationFailed
from flask_waapi.access import audit
from flask_waapi.access.key_fields import KeyFields
from flask_waapi.errors import NotFound
from flask_waapi.storage.models import AuditEntry


def entries(world: World) -> list[AuditEntry]:
    """The rows, oldest first."""
    with world.services.store.read() as session:
        return list(session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def test_each_change_leaves_one_row(any_world: World) -> None:
    keys = any_world.services.keys
    changes: list[Any] = [
        lambda: keys.issue(
            KeyFields("shop", permissions=["send_text"], rate_limit=5), account="default", actor="ann"
        ),
        lambda: keys.set_enabled("default", "shop", False, actor="bob"),
        lambda: keys.set_enabled("default", "shop", True, actor="cli"),
        lambda: keys.delete("default", "shop", actor="python"),
    ]
    for change in changes:
        change()
        any_world.clock.advance(1)

    found = entries(any_world)

    assert [(entry.action, entry.actor) for entry in found] == [
        ("create", "ann"),
        ("disable", "bob"),
        ("enable", "cli"),
        ("delete", "python"),
    ]
    assert {(entry.account, entry.subject_name) for entry in found} == {("default", "shop")}
    assert len({entry.subject_id for entry in found}) == 1
    assert found[0].details == {
        "description": "",
        "permissions": ["send_text"],
        "mode": "live",
        "rate_limit": 5,
        "daily_limit": None,
        "expires_at": None,
        "allowed_networks": [],
        "provider": None,
    }


def test_a_switch_that_changes_nothing_leaves_no_row(any_world: World) -> None:
    any_world.key()

    any_world.services.keys.set_enabled("default", "shop", True, actor="test")

    assert [entry.action for entry in entries(any_world)] == ["create"]


def test_a_change_that_failed_leaves_no_row(any_world: World) -> None:
    any_world.key()
    keys = any_world.services.keys

    with pytest.raises(ValidationFailed):
        keys.issue(KeyFields("shop"), account="default", actor="test")
    with pytest.raises(NotFound):
        keys.delete("default", str(uuid4()), actor="test")

    assert len(entries(any_world)) == 1


def test_a_change_rolled_back_takes_its_row_with_it(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_world.key()
    with any_world.services.store.read() as session:
        (key,) = session.execute(sa.text("SELECT name FROM waapi_keys")).all()
    assert key.name == "shop"

    def fail(*arguments: object, **options: object) -> None:
        audit.record(*arguments, **options)  # type: ignore[arg-type]
        raise ZeroDivisionError

    monkeypatch.setattr("flask_waapi.access.keys.record", fail)
    with pytest.raises(ZeroDivisionError):
        any_world.services.keys.set_enabled("default", "shop", False, actor="test")

    assert any_world.services.keys.get("default", "shop").enabled
    assert len(entries(any_world)) == 1


def test_the_trail_holds_nothing_of_the_secret(any_world: World) -> None:
    secret = any_world.key()

    (entry,) = entries(any_world)

    values = [str(getattr(entry, column.key)) for column in sa.inspect(AuditEntry).columns]
    assert not [value for value in values if secret[9:41] in value or secret[-4:] in value]


def test_the_history_of_a_key_is_read_newest_first_and_by_its_account_only(world: World) -> None:
    key_id = world.services.keys.issue(KeyFields("shop"), account="default", actor="a").key.id
    world.services.keys.issue(KeyFields("another"), account="default", actor="a")
    world.clock.advance(1)
    world.services.keys.set_enabled("default", "shop", False, actor="b")
    store = world.services.store

    assert [entry.action for entry in audit.of_subject(store, "default", key_id)] == ["disable", "create"]
    assert audit.of_subject(store, "other", key_id) == []
