"""The table of settings: what each takes, what it refuses, and that all faults come in one message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_waapi import ConfigurationError, WaApi
from flask_waapi.settings import PREFIX, Settings, load, table

BASE = {"SECRET_KEY": "a secret of tests"}


def loaded(**config: Any) -> Settings:
    """The settings in a configuration that is otherwise sound."""
    return load(BASE | config)


def problems(**config: Any) -> tuple[str, ...]:
    """What is said about a configuration that is otherwise sound."""
    with pytest.raises(ConfigurationError) as raised:
        loaded(**config)
    return raised.value.problems


def test_nothing_but_a_secret_key_is_needed() -> None:
    settings = loaded()

    assert settings.url_prefix == "/api/v1"
    assert (settings.standard_rate_limit, settings.standard_daily_limit) == (60, 1_000)
    assert settings.send_lease == timedelta(seconds=120)


@pytest.mark.parametrize("name", [row.name for row in table()])
def test_a_setting_that_is_none_counts_as_not_given(name: str) -> None:
    assert loaded(**{PREFIX + name.upper(): None}) == loaded()


@pytest.mark.parametrize("row", table(), ids=lambda row: row.name)
def test_every_setting_has_a_help_and_a_default_that_its_own_check_takes(row: Any) -> None:
    metadata = row.metadata

    assert metadata["help"].endswith((".", "`"))
    if metadata["default"] is not None:
        metadata["check"](metadata["default"])


@pytest.mark.parametrize(
    ("name", "given", "used"),
    [
        ("URL_PREFIX", "/partners/whatsapp", "/partners/whatsapp"),
        ("PROVIDERS", {"main": {"type": "cloud"}}, {"main": {"type": "cloud"}}),
        ("PLUGINS_DISABLED", ["cloud", "logging"], ("cloud", "logging")),
        ("BACKGROUND_THREAD", False, False),
        ("SEND_LEASE", 30, timedelta(seconds=30)),
        ("SEND_LEASE", 1.5, timedelta(seconds=1.5)),
        ("SEND_LEASE", timedelta(minutes=5), timedelta(minutes=5)),
        ("MAX_ATTEMPTS", 1, 1),
        ("TEMPLATE_CHECK", "off", "off"),
        ("TEMPLATE_CHECK", False, "off"),
        ("TEMPLATE_CHECK", True, "on"),
        ("DISPATCH", "thread", "thread"),
        ("STANDARD_RATE_LIMIT", 1, 1),
        ("STANDARD_RATE_LIMIT", 1_000_000_000, 1_000_000_000),
        ("LIMITS_STORAGE_URI", "redis://cache:6379/1", "redis://cache:6379/1"),
        ("MAX_BODY_SIZE", 1_024, 1_024),
    ],
)
def test_a_sound_value_is_used(name: str, given: object, used: object) -> None:
    assert getattr(loaded(**{PREFIX + name: given}), name.lower()) == used


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("URL_PREFIX", "api", "must start with a slash and not end with one, not 'api'."),
        ("URL_PREFIX", "/api/", "must start with a slash and not end with one, not '/api/'."),
        ("DASHBOARD_URL_PREFIX", 7, "must start with a slash and not end with one, not 7."),
        ("BIND_KEY", "", "must be a non-empty string, not ''."),
        ("INBOUND_ACCOUNT", "x" * 65, f"must be text of 1 to 64 characters, not '{'x' * 65}'."),
        ("INBOUND_ACCOUNT", "a\0", "must be text of 1 to 64 characters, not 'a\\x00'."),
        ("DEFAULT_PROVIDER", 5, "must be a non-empty string, not 5."),
        ("BACKGROUND_THREAD", "yes", "must be True or False, not 'yes'."),
        ("BACKGROUND_THREAD", 1, "must be True or False, not 1."),
        ("DISPATCH", "gevent", "must be one of inline, thread, worker, celery, not 'gevent'."),
        ("TEMPLATE_CHECK", "maybe", "must be one of on, off, not 'maybe'."),
        ("TEMPLATE_CHECK", ["on"], "must be one of on, off, not ['on']."),
        ("MAX_ATTEMPTS", 0, "must be a whole number from 1 to 100, not 0."),
        ("MAX_ATTEMPTS", 2.0, "must be a whole number from 1 to 100, not 2.0."),
        ("MAX_ATTEMPTS", True, "must be a whole number from 1 to 100, not True."),
        ("MAX_ATTEMPTS", "8", "must be a whole number from 1 to 100, not '8'."),
        ("STANDARD_RATE_LIMIT", "lots", "must be a whole number from 1 to 1,000,000,000, not 'lots'."),
        ("SEND_LEASE", -1, "must be a number of seconds from 1 to 86,400, not -1."),
        ("SEND_LEASE", float("nan"), "must be a number of seconds from 1 to 86,400, not nan."),
        ("SEND_LEASE", "60", "must be a number of seconds from 1 to 86,400, not '60'."),
        ("PLUGINS_DISABLED", "cloud", "must be a list of strings, not 'cloud'."),
        ("PLUGINS_DISABLED", [""], "must be a list of non-empty strings, not ['']."),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_it_must_be(
    name: str, given: object, expected: str
) -> None:
    assert problems(**{PREFIX + name: given}) == (f"{PREFIX}{name} {expected}",)


@pytest.mark.parametrize("given", [[], "cloud", {"main": "cloud"}, {1: {}}, {"main": None}])
def test_providers_that_are_not_settings_by_name_are_refused_with_an_example(given: object) -> None:
    (problem,) = problems(WAAPI_PROVIDERS=given)

    assert problem == 'WAAPI_PROVIDERS must map a name to settings: {"main": {"type": "cloud", ...}}.'


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URI", ["postgresql://owner:hunter2@db/waapi"]),
        ("KEY_PEPPER", ["hunter2"]),
        ("KEY_PEPPER_FALLBACKS", "hunter2"),
        ("PROVIDERS", ["hunter2"]),
        ("LIMITS_STORAGE_URI", {"redis": "hunter2"}),
    ],
)
def test_the_value_of_a_secret_setting_is_not_in_the_message(name: str, given: object) -> None:
    (problem,) = problems(**{PREFIX + name: given})

    assert problem.startswith(PREFIX + name)
    assert "hunter2" not in problem


def test_secret_settings_are_not_in_the_repr() -> None:
    settings = loaded(
        WAAPI_DATABASE_URI="postgresql://owner:hunter2@db/waapi",
        WAAPI_KEY_PEPPER="hunter2",
        WAAPI_KEY_PEPPER_FALLBACKS=["hunter2"],
        WAAPI_PROVIDERS={"main": {"access_token": "hunter2"}},
        WAAPI_LIMITS_STORAGE_URI="redis://:hunter2@cache",
    )

    assert "hunter2" not in repr(settings)
    assert BASE["SECRET_KEY"] not in repr(settings)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("WAAPI_DEFAULT_PROVIDR", " Did you mean WAAPI_DEFAULT_PROVIDER?"),
        ("WAAPI_URLPREFIX", " Did you mean WAAPI_URL_PREFIX?"),
        ("WAAPI_QQQQ", ""),
        ("WAAPI_PEPPERS", ""),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_known_one(name: str, hint: str) -> None:
    (problem,) = problems(**{name: 1})

    assert problem.startswith(f"{name} is not a setting of flask-waapi.{hint}")


def test_settings_of_others_are_none_of_our_business() -> None:
    assert loaded(WAAPIX=1, SQLALCHEMY_ECHO=True, waapi_url_prefix="/x") == loaded()


def test_every_fault_of_the_settings_is_in_one_message() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({"WAAPI_URL_PREFIX": "api", "WAAPI_MAX_ATTEMPTS": 0, "WAAPI_COLOUR": "red"})

    text = str(raised.value)
    assert text.startswith("flask-waapi cannot start with this configuration:\n")
    assert text.count("\n  - ") == 4
    for name in ("WAAPI_URL_PREFIX", "WAAPI_MAX_ATTEMPTS", "WAAPI_COLOUR", "WAAPI_KEY_PEPPER"):
        assert f"\n  - {name} " in text


def test_every_fault_of_a_start_is_in_one_message() -> None:
    app = Flask("bare")
    app.config.update(
        WAAPI_URL_PREFIX="api",
        WAAPI_PROVIDERS={"main": {"type": "carrier_pigeon"}, "sim": {"type": "simulation", "speed": 3}},
        WAAPI_DEFAULT_PROVIDER="nobody",
        WAAPI_LIMITS_STORAGE_URI="carrier-pigeon://loft",
    )

    with pytest.raises(ConfigurationError) as raised:
        WaApi(app)

    starts = (
        "WAAPI_URL_PREFIX must start",
        "WAAPI_KEY_PEPPER is not set",
        "WAAPI_PROVIDERS['main'] has the type 'carrier_pigeon'",
        "WAAPI_PROVIDERS['sim'] speed is not a setting",
        "WAAPI_DEFAULT_PROVIDER names 'nobody'",
        "WAAPI_LIMITS_STORAGE_URI ",
        "There is no database",
    )
    for start in starts:
        assert [text for text in raised.value.problems if text.startswith(start)], start
    assert len(raised.value.problems) == len(starts)


class TestPeppers:
    """Under what keys are hashed."""

    def test_a_pepper_of_its_own_comes_first(self) -> None:
        assert loaded(WAAPI_KEY_PEPPER="salt").peppers[0] == b"salt"

    def test_setting_one_later_keeps_the_keys_that_were_made_without(self) -> None:
        assert loaded(WAAPI_KEY_PEPPER="salt").peppers[1:] == loaded().peppers

    def test_without_one_it_is_derived_from_the_secret_key(self) -> None:
        (derived,) = loaded().peppers

        assert len(derived) == 32
        assert BASE["SECRET_KEY"].encode() not in derived
        assert loaded(SECRET_KEY="another").peppers != (derived,)

    def test_a_secret_key_of_bytes_and_of_text_is_the_same(self) -> None:
        assert loaded(SECRET_KEY=b"k").peppers == loaded(SECRET_KEY="k").peppers

    def test_former_peppers_follow_the_one_in_use(self) -> None:
        settings = loaded(WAAPI_KEY_PEPPER="new", WAAPI_KEY_PEPPER_FALLBACKS=["old", "older"])

        assert settings.peppers[:3] == (b"new", b"old", b"older")

    def test_without_a_pepper_new_keys_are_not_hashed_under_a_former_one(self) -> None:
        (derived,) = loaded().peppers

        assert loaded(WAAPI_KEY_PEPPER_FALLBACKS=["old"]).peppers == (derived, b"old")

    @pytest.mark.parametrize("config", [{}, {"WAAPI_KEY_PEPPER_FALLBACKS": ["old"]}, {"SECRET_KEY": ""}])
    def test_with_neither_a_pepper_nor_a_secret_key_both_are_named(self, config: dict[str, Any]) -> None:
        with pytest.raises(
            ConfigurationError, match="WAAPI_KEY_PEPPER is not set and there is no SECRET_KEY"
        ):
            load(config)

    @pytest.mark.parametrize("config", [{"SECRET_KEY": 7}, {"SECRET_KEY_FALLBACKS": [7]}])
    def test_a_secret_key_that_is_a_number_is_told_in_words(self, config: dict[str, Any]) -> None:
        assert problems(**config) == (
            "SECRET_KEY must be a string or bytes; in the environment, put a number in quotes.",
        )

    def test_the_hosts_rotation_of_its_secret_key_keeps_keys_working(self) -> None:
        (former,) = loaded(SECRET_KEY="old").peppers

        assert loaded(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]).peppers[1:] == (former,)

    def test_without_a_secret_key_a_pepper_is_enough(self) -> None:
        assert load({"WAAPI_KEY_PEPPER": "salt"}).peppers == (b"salt",)
