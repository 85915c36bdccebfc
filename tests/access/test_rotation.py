"""A key gets a new secret, and other rights: exactly when, and what the trail tells."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from answers import error
from child_tasks import hammer
from factories import MESSAGES, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import ValidationFailed
from flask_waapi.access import audit
from flask_waapi.errors import NotFound
from flask_waapi.testing import ManualClock


def rotate(world: World, overlap: timedelta, name: str = "shop") -> str:
    """Rotate a key; its new secret."""
    return world.services.keys.rotate("default", name, overlap=overlap, actor="ann").secret


def test_the_new_secret_opens_what_the_key_opened(any_world: World) -> None:
    any_world.issue_key()

    new = rotate(any_world, timedelta(0))

    assert any_world.get(MESSAGES, new).status_code == 200
    assert any_world.services.keys.get("default", "shop").masked.endswith(new[-4:])


def test_without_an_overlap_the_former_secret_ends_at_once(any_world: World) -> None:
    old = any_world.issue_key()

    rotate(any_world, timedelta(0))

    error(any_world.get(MESSAGES, old), 401, "KEY_EXPIRED")


def test_with_an_overlap_both_work_until_it_ends(any_world: World) -> None:
    old = any_world.issue_key()
    new = rotate(any_world, timedelta(hours=1))

    any_world.clock.advance(timedelta(hours=1) - timedelta(microseconds=1))
    assert [any_world.get(MESSAGES, key).status_code for key in (old, new)] == [200, 200]
    any_world.clock.advance(timedelta(microseconds=1))
    error(any_world.get(MESSAGES, old), 401, "KEY_EXPIRED")
    assert any_world.get(MESSAGES, new).status_code == 200


def test_a_second_rotation_shortens_an_overlap_and_never_lengthens_one(world: World) -> None:
    first = world.issue_key()
    second = rotate(world, timedelta(hours=1))
    third = rotate(world, timedelta(days=2))
    world.clock.advance(timedelta(hours=2))

    assert [world.get(MESSAGES, key).status_code for key in (first, second, third)] == [401, 200, 200]
    rotate(world, timedelta(0))
    assert [world.get(MESSAGES, key).status_code for key in (second, third)] == [401, 401]


def test_another_process_whose_clock_is_behind_does_not_accept_it_either(make_world: MakeWorld) -> None:
    ahead = make_world()
    behind = make_world(clock=ManualClock())
    ahead.clock.advance(timedelta(minutes=5))
    old = ahead.issue_key()
    behind.clock.advance(timedelta(minutes=5))
    ahead.clock.advance(timedelta(minutes=1))

    rotate(ahead, timedelta(0))

    error(behind.get(MESSAGES, old), 401, "KEY_EXPIRED")


def test_after_a_rotation_has_answered_nothing_is_accepted_with_the_former_secret(
    any_world: World, make_world: MakeWorld, migrated_uri: str
) -> None:
    old = any_world.issue_key(rate_limit=1_000_000, daily_limit=1_000_000)
    others = [make_world(database_uri=migrated_uri) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        hammering = [pool.submit(hammer, world, old) for world in others]
        while not any_world.messages():
            threading.Event().wait(0.05)
        rotate(any_world, timedelta(0))
        stored = len(any_world.messages())
        seen = [future.result(60) for future in hammering]

    assert sum(len(one.accepted) for one in seen) > 0
    assert len(any_world.messages()) == stored
    assert {code for one in seen for code in one.codes} == {"KEY_EXPIRED"}


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
def test_an_overlap_out_of_bounds_changes_nothing(world: World, overlap: timedelta) -> None:
    old = world.issue_key()

    with pytest.raises(ValidationFailed):
        rotate(world, overlap)

    assert world.get(MESSAGES, old).status_code == 200


def test_a_rotation_is_in_the_trail_without_a_secret(world: World) -> None:
    old = world.issue_key()
    world.clock.advance(1)
    new = rotate(world, timedelta(hours=1))
    key = world.services.keys.get("default", "shop")

    entry = audit.of_subject(world.services.store, "default", key.id)[0]

    assert (entry.action, entry.actor, entry.details["overlap_seconds"]) == ("rotate", "ann", 3600)
    assert old not in str(entry.details)
    assert new not in str(entry.details)


def test_python_rotates_and_changes_keys(world: World) -> None:
    old = world.issue_key()
    with world.app.app_context():
        issued = world.waapi.rotate_key("shop", overlap=timedelta(0))
        changed = world.waapi.update_key("shop", rate_limit=7)

    assert world.get(MESSAGES, old).status_code == 401
    assert (issued.key.id, changed.rate_limit) == (changed.id, 7)


class TestUpdate:
    """What a key may do is changed afterwards."""

    def test_each_field_holds_from_the_next_request_on(self, any_world: World) -> None:
        key = any_world.issue_key()
        changes = {"permissions": ["view_messages"], "daily_limit": 1, "description": "Shop"}

        view = any_world.services.keys.update("default", "shop", changes, actor="ann")

        assert (view.description, view.daily_limit, view.rate_limit) == ("Shop", 1, 100_000)
        error(any_world.post(TEXT_SEND, text_body(), key), 403, "PERMISSION_DENIED")
        assert [any_world.get(MESSAGES, key).status_code for _ in range(2)] == [200, 429]

    def test_the_trail_tells_what_was_changed(self, world: World) -> None:
        world.issue_key()
        world.clock.advance(1)
        keys = world.services.keys
        keys.update("default", "shop", {"rate_limit": 5, "description": ""}, actor="ann")
        keys.update("default", "shop", {"rate_limit": 5}, actor="ann")

        trail = audit.of_subject(world.services.store, "default", keys.get("default", "shop").id)

        assert [entry.action for entry in trail] == ["update", "create"]
        assert trail[0].details["changed"] == {"rate_limit": [100_000, 5]}

    def test_what_is_wrong_is_refused_whole(self, world: World) -> None:
        world.issue_key()

        with pytest.raises(ValidationFailed) as refused:
            world.services.keys.update("default", "shop", {"rate_limit": 0, "daily_limit": 5}, actor="ann")

        assert [fault.pointer for fault in refused.value.faults] == ["/rate_limit"]
        assert world.services.keys.get("default", "shop").daily_limit == 100_000

    def test_an_expired_key_may_be_given_a_later_end_or_another_description(self, world: World) -> None:
        key = world.issue_key(expires_at=world.clock() + timedelta(hours=1))
        world.clock.advance(timedelta(hours=2))
        keys = world.services.keys

        keys.update("default", "shop", {"description": "late"}, actor="ann")
        error(world.get(MESSAGES, key), 401, "KEY_EXPIRED")
        keys.update("default", "shop", {"expires_at": None}, actor="ann")

        assert world.get(MESSAGES, key).status_code == 200

    def test_name_and_mode_stay(self, world: World) -> None:
        world.issue_key()

        with pytest.raises(TypeError, match="mode"):
            world.services.keys.update("default", "shop", {"mode": "test"}, actor="ann")

    def test_the_key_of_another_account_is_not_there(self, world: World) -> None:
        world.issue_key()

        with pytest.raises(NotFound):
            world.services.keys.update("other", "shop", {"rate_limit": 5}, actor="ann")
        with pytest.raises(NotFound):
            world.services.keys.rotate("other", "shop", actor="ann")
