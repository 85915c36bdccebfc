"""The life of a key: issued, found, used, switched, expired, deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from answers import data, error
from factories import ALL_PERMISSIONS, MESSAGES, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import IssuedKey, Permission, ValidationFailed
from flask_waapi.access.key_fields import LARGEST_LIMIT, KeyFields
from flask_waapi.access.secrets import digest
from flask_waapi.errors import InvalidApiKey, KeyExpired, KeyInactive, NotFound
from flask_waapi.storage.models import ApiKey, DailyUsage, KeySecret


def issue(world: World, name: str = "shop", account: str = "default", **fields: Any) -> IssuedKey:
    """Make a key with nothing but what is given."""
    return world.services.keys.issue(KeyFields(name, **fields), account=account, actor="test")


def test_a_key_has_what_it_was_given(any_world: World) -> None:
    expires_at = datetime(2027, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    issued = issue(
        any_world,
        description="Für den Laden 💥",
        permissions=["view_messages", "send_template"],
        rate_limit=7,
        daily_limit=70,
        expires_at=expires_at,
        mode="test",
        allowed_networks=["203.0.113.0/24", "2001:db8::1"],
    )

    found = any_world.services.keys.get("default", "shop")

    assert found == issued.key
    assert asdict(found) == {
        "id": issued.key.id,
        "account": "default",
        "name": "shop",
        "description": "Für den Laden 💥",
        "permissions": (Permission.SEND_TEMPLATE, Permission.VIEW_MESSAGES),
        "mode": "test",
        "rate_limit": 7,
        "daily_limit": 70,
        "enabled": True,
        "expires_at": expires_at,
        "allowed_networks": ("203.0.113.0/24", "2001:db8::1/128"),
        "created_at": any_world.clock(),
        "masked": f"wak_test_…{issued.secret[-4:]}",
        "used_today": 0,
        "last_used_at": None,
        "expired": False,
        "provider": None,
        "own_rate_limit": 7,
        "own_daily_limit": 70,
    }


def test_a_key_may_nothing_unless_told_otherwise_and_has_the_standard_limits(world: World) -> None:
    key = issue(world).key

    assert (key.permissions, key.mode, key.expires_at) == ((), "live", None)
    assert (key.rate_limit, key.daily_limit) == (60, 1_000)


def test_the_standard_limits_are_settings_and_hold_for_keys_made_before(make_world: MakeWorld) -> None:
    issue(make_world())

    world = make_world(WAAPI_STANDARD_RATE_LIMIT=5, WAAPI_STANDARD_DAILY_LIMIT=50)

    key = world.services.keys.get("default", "shop")
    assert (key.rate_limit, key.daily_limit) == (5, 50)


def test_the_database_holds_the_secrets_hmac_and_nothing_else_of_it(any_world: World) -> None:
    issued = issue(any_world)

    with any_world.services.store.read() as session:
        (row,) = session.scalars(sa.select(KeySecret))
    assert row.digest == digest(issued.secret, any_world.services.settings.peppers[0])
    assert row.last_four == issued.secret[-4:]


def test_the_secret_does_not_show_when_the_key_is_printed(world: World) -> None:
    issued = issue(world)

    assert issued.secret not in repr(issued)
    assert issued.secret not in repr(world.services.keys.get("default", "shop"))


def test_names_are_told_apart_to_the_letter_on_every_database(any_world: World) -> None:
    names = ["shop", "Shop", "SHOP", "shöp", "sh op", "shops", "ſhop", "ｓhop"]

    for name in names:
        issue(any_world, name)

    assert [any_world.services.keys.get("default", name).name for name in names] == names


def test_a_name_is_taken_once_in_an_account(any_world: World) -> None:
    issue(any_world)

    with pytest.raises(ValidationFailed, match="'shop' is taken") as refused:
        issue(any_world, " shop ")

    assert [fault.pointer for fault in refused.value.faults] == ["/name"]
    issue(any_world, account="other")


def test_a_name_that_was_deleted_is_free_again(any_world: World) -> None:
    issue(any_world)
    any_world.services.keys.delete("default", "shop", actor="test")

    issue(any_world)


def test_of_several_that_want_one_name_at_once_one_gets_it(any_world: World) -> None:
    def attempt(_: int) -> bool:
        try:
            issue(any_world)
        except ValidationFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1
    assert any_world.count(ApiKey) == any_world.count(KeySecret) == 1


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "empty name": ({"name": ""}, "/name"),
    "blank name": ({"name": "   "}, "/name"),
    "long name": ({"name": "x" * 101}, "/name"),
    "line break in the name": ({"name": "a\nb"}, "/name"),
    "NUL in the name": ({"name": "a\0b"}, "/name"),
    "surrogate in the name": ({"name": "a\ud800"}, "/name"),
    "bidi control in the name": ({"name": "a\u202eb"}, "/name"),
    "long description": ({"description": "x" * 1_001}, "/description"),
    "NUL in the description": ({"description": "a\0b"}, "/description"),
    "unknown permission": ({"permissions": ["send_template", "admin"]}, "/permissions/1"),
    "label instead of name": ({"permissions": ["Send Template"]}, "/permissions/0"),
    "no rate": ({"rate_limit": 0}, "/rate_limit"),
    "negative rate": ({"rate_limit": -1}, "/rate_limit"),
    "huge rate": ({"rate_limit": LARGEST_LIMIT + 1}, "/rate_limit"),
    "no day": ({"daily_limit": 0}, "/daily_limit"),
    "huge day": ({"daily_limit": 2**63}, "/daily_limit"),
    "unknown mode": ({"mode": "sandbox"}, "/mode"),
    "naive expiry": ({"expires_at": datetime(2030, 1, 1)}, "/expires_at"),  # noqa: DTZ001
    "expiry now": ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "/expires_at"),
    "past expiry": ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "/expires_at"),
    "no network": ({"allowed_networks": ["localhost"]}, "/allowed_networks/0"),
    "host bits": ({"allowed_networks": ["10.0.0.0/8", "203.0.113.9/24"]}, "/allowed_networks/1"),
    "leading zeros": ({"allowed_networks": ["010.0.0.1"]}, "/allowed_networks/0"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_field_is_refused(shared: World, kind: str) -> None:
    fields, pointer = WRONG[kind]

    with pytest.raises(ValidationFailed) as refused:
        issue(shared, **{"name": f"wrong {kind}", **fields})

    assert [fault.pointer for fault in refused.value.faults] == [pointer]


@pytest.mark.parametrize("account", ["", "x" * 65, "a\0", "\ud800", None])
def test_an_account_that_not_every_database_could_hold_is_refused(world: World, account: Any) -> None:
    with pytest.raises(ValidationFailed) as raised:
        issue(world, account=account)

    assert [fault.pointer for fault in raised.value.faults] == ["/account"]


def test_all_wrong_fields_are_told_at_once(shared: World) -> None:
    with pytest.raises(ValidationFailed) as refused:
        issue(shared, "", rate_limit=0, daily_limit=0, mode="x", permissions=["x"], allowed_networks=["x"])

    assert len(refused.value.faults) == 6


@pytest.mark.parametrize("limit", [1, LARGEST_LIMIT])
def test_the_ends_of_the_range_of_limits_can_be_stored_and_used(any_world: World, limit: int) -> None:
    secret = issue(any_world, permissions=["view_messages"], rate_limit=limit, daily_limit=limit).secret

    assert any_world.get(MESSAGES, secret).status_code == 200


def test_keys_are_listed_newest_first_and_by_account(any_world: World) -> None:
    for name in ("one", "two", "three"):
        issue(any_world, name)
        any_world.clock.advance(1)
    issue(any_world, "foreign", account="other")

    assert [key.name for key in any_world.services.keys.list("default")] == ["three", "two", "one"]


def test_a_key_is_found_by_name_and_by_id_within_its_account_only(any_world: World) -> None:
    key = issue(any_world).key
    keys = any_world.services.keys

    assert keys.get("default", "shop") == keys.get("default", str(key.id)) == key
    for name_or_id in ("shop", str(key.id)):
        with pytest.raises(NotFound):
            keys.get("other", name_or_id)
        with pytest.raises(NotFound):
            keys.set_enabled("other", name_or_id, False, actor="test")
        with pytest.raises(NotFound):
            keys.delete("other", name_or_id, actor="test")


def test_a_secret_opens_the_account_of_its_key(any_world: World) -> None:
    issued = issue(any_world, account="other", permissions=["send_text"], rate_limit=3)

    credential = any_world.services.keys.authenticate(issued.secret)

    assert (credential.key_id, credential.account) == (issued.key.id, "other")
    assert credential.permissions == {Permission.SEND_TEXT}
    assert (credential.rate_limit, credential.daily_limit) == (3, 1_000)


def test_a_switched_off_key_is_kept_and_can_be_switched_on_again(any_world: World) -> None:
    secret = issue(any_world).secret
    keys = any_world.services.keys

    for _ in range(2):
        assert keys.set_enabled("default", "shop", False, actor="test").state == "inactive"
        with pytest.raises(KeyInactive):
            keys.authenticate(secret)
    assert keys.set_enabled("default", "shop", True, actor="test").state == "active"
    assert keys.authenticate(secret).name == "shop"


def test_a_deleted_key_is_gone_with_its_secret_and_its_counters_and_what_it_sent_stays(
    any_world: World,
) -> None:
    secret = any_world.issue_key()
    uuid = data(any_world.post(TEXT_SEND, text_body(), secret), 201)["message_uuid"]

    any_world.services.keys.delete("default", "shop", actor="test")

    error(any_world.get(MESSAGES, secret), 401, "INVALID_API_KEY")
    with pytest.raises(NotFound):
        any_world.services.keys.get("default", "shop")
    assert any_world.count(KeySecret) == any_world.count(DailyUsage) == 0
    reader = any_world.issue_key("reader")
    assert data(any_world.get(f"{MESSAGES}/{uuid}", reader))["message_uuid"] == uuid


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])
def test_a_key_expires_at_its_moment_and_not_before(any_world: World, zone: Any) -> None:
    expires_at = (any_world.clock() + timedelta(days=1)).astimezone(zone)
    secret = issue(any_world, expires_at=expires_at).secret
    keys = any_world.services.keys

    any_world.clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert keys.authenticate(secret).name == "shop"
    assert keys.get("default", "shop").active

    any_world.clock.advance(timedelta(microseconds=1))
    with pytest.raises(KeyExpired):
        keys.authenticate(secret)
    assert keys.get("default", "shop").state == "expired"


def test_a_replaced_secret_ends_at_its_moment(any_world: World) -> None:
    secret = issue(any_world).secret
    with any_world.services.store.begin() as session:
        session.execute(sa.update(KeySecret).values(expires_at=any_world.clock() + timedelta(hours=1)))
    any_world.services.keys.authenticate(secret)

    any_world.clock.advance(timedelta(hours=1))

    with pytest.raises(KeyExpired, match="replaced"):
        any_world.services.keys.authenticate(secret)


def test_a_former_pepper_keeps_opening_until_it_is_taken_out(make_world: MakeWorld) -> None:
    secret = issue(make_world(WAAPI_KEY_PEPPER="first")).secret

    both = make_world(WAAPI_KEY_PEPPER="second", WAAPI_KEY_PEPPER_FALLBACKS=["first"])
    assert both.services.keys.authenticate(secret).name == "shop"
    newer = issue(both, "newer").secret

    alone = make_world(WAAPI_KEY_PEPPER="second")
    assert alone.services.keys.authenticate(newer).name == "newer"
    with pytest.raises(InvalidApiKey):
        alone.services.keys.authenticate(secret)


def test_without_a_pepper_the_secret_key_and_its_fallbacks_serve(make_world: MakeWorld) -> None:
    secret = issue(make_world(SECRET_KEY="old")).secret

    make_world(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]).services.keys.authenticate(secret)
    with pytest.raises(InvalidApiKey):
        make_world(SECRET_KEY="new").services.keys.authenticate(secret)


def test_total_and_active_keys_are_counted_by_account(world: World) -> None:
    for name in ("one", "two", "three"):
        issue(world, name, expires_at=world.clock() + timedelta(hours=1) if name == "two" else None)
    issue(world, "foreign", account="other")
    world.services.keys.set_enabled("default", "three", False, actor="test")

    counted = world.services.request_log.counters("default")
    assert (counted.total_keys, counted.active_keys) == (3, 2)
    world.clock.advance(3_600)
    counted = world.services.request_log.counters("default")
    assert (counted.total_keys, counted.active_keys) == (3, 1)


@pytest.mark.parametrize("missing", ALL_PERMISSIONS)
def test_python_makes_keys_too(world: World, missing: str) -> None:
    wanted = [permission for permission in ALL_PERMISSIONS if permission != missing]
    with world.app.app_context():
        issued = world.waapi.create_key(f"without {missing}", permissions=wanted, account="other")

    assert set(issued.key.permissions) == set(wanted)
    assert issued.key.account == "other"
