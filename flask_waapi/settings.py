"""Every ``WAAPI_*`` setting: one field of :class:`Settings` each, with its default, its check and its help.

``docs/settings.md`` is generated from these fields, so a setting that is not here does not exist.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from typing import Any

from .errors import ConfigurationError

PREFIX = "WAAPI_"

_PEPPER_LABEL = b"flask-waapi key pepper"

Check = Callable[[Any], Any]
"""Turns a configured value into the value used, or raises ``ValueError`` with what it must be."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be a non-empty string")
    return value


def _url_prefix(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or value.endswith("/"):
        raise ValueError("must start with a slash and not end with one")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be True or False")
    return value


def _whole_number(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return value

    return check


def _seconds(low: int, high: int) -> Check:
    def check(value: Any) -> timedelta:
        if isinstance(value, timedelta):
            value = value.total_seconds()
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"must be a number of seconds from {low:,} to {high:,}")
        return timedelta(seconds=value)

    return check


def _one_of(*choices: str) -> Check:
    def check(value: Any) -> str:
        # YAML and JSON readers turn the words on and off into booleans.
        word = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
        if word not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(word)

    return check


def _strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("must be a list of strings")
    if not all(isinstance(item, str) and item for item in value):
        raise ValueError("must be a list of non-empty strings")
    return tuple(value)


def _instance_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value, re.ASCII):
        raise ValueError("must be 1 to 64 letters, digits, dots, dashes or underscores")
    return value


def _providers(value: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(settings, Mapping) for name, settings in value.items()
    ):
        raise ValueError('must map a name to settings: {"main": {"type": "cloud", ...}}')
    for name in value:
        try:
            _instance_name(name)
        except ValueError as error:
            raise ValueError(f"has an instance {name!r}, whose name {error}") from None
    return {name: dict(settings) for name, settings in value.items()}


def _setting(default: Any, check: Check, help_text: str, *, secret: bool = False) -> Any:
    metadata = {"check": check, "help": help_text, "secret": secret, "default": default}
    used = None if default is None else check(default)
    return field(default_factory=lambda: used, metadata=metadata, repr=not secret)


_LIMIT = _whole_number(1, 1_000_000_000)


@dataclass(frozen=True)
class Settings:
    """The configuration of one app, checked."""

    url_prefix: str = _setting("/api/v1", _url_prefix, "Path under which the API is mounted.")
    dashboard_url_prefix: str = _setting(
        "/waapi",
        _url_prefix,
        "Path under which the dashboard is mounted, if the host gives it an access callable.",
    )
    database_uri: str | None = _setting(
        None,
        _text,
        "SQLAlchemy URL of a database of our own. Without it the host's engine is used.",
        secret=True,
    )
    bind_key: str | None = _setting(
        None, _text, "Name in the host's `SQLALCHEMY_BINDS` of the database to use."
    )
    providers: Mapping[str, Mapping[str, Any]] = _setting(
        {},
        _providers,
        'Provider instances by name: `{"main": {"type": "cloud", ...}}`. `type` defaults to the name.'
        " An instance named `simulation` is always there.",
        secret=True,
    )
    default_provider: str | None = _setting(
        None,
        _text,
        "Name of the instance that sends. Needed when more than one is configured; without any,"
        " the simulation.",
    )
    simulation_provider: str = _setting(
        "simulation",
        _instance_name,
        "Name of the instance that ends simulated sends and those of test keys.",
    )
    plugins_disabled: tuple[str, ...] = _setting(
        (), _strings, "Names of `flask_waapi` entry points that are not loaded."
    )
    dispatch: str = _setting(
        "inline",
        _one_of("inline", "thread"),
        "`inline` answers when the provider has; `thread` answers 202 at once and sends from a"
        " background thread.",
    )
    background_thread: bool = _setting(
        True,
        _flag,
        "Whether each serving process runs the thread that sends what waits, applies what providers"
        " have announced and writes the request log. Without it run `flask waapi worker`.",
    )
    send_lease: timedelta = _setting(
        120,
        _seconds(1, 86_400),
        "Seconds for which a message in hand belongs to the process that took it. Must be longer than"
        " any provider's timeout: past it the outcome counts as unknown.",
    )
    max_attempts: int = _setting(
        8,
        _whole_number(1, 100),
        "How often a message that was acknowledged is tried before it fails.",
    )
    template_check: str = _setting(
        "on",
        _one_of("on", "off"),
        "`on` refuses templates and variables that the catalogue does not know; `off` leaves unknown"
        " templates to the provider.",
    )
    template_sync_interval: timedelta = _setting(
        300,
        _seconds(1, 604_800),
        "Seconds between two readings of the provider's templates when an unknown one is asked for.",
    )
    key_pepper: str | None = _setting(
        None,
        _text,
        "Secret under which API keys are hashed. Without it one is derived from `SECRET_KEY`, so"
        " changing that, without keeping it in `SECRET_KEY_FALLBACKS`, makes every key invalid."
        " `openssl rand -hex 32` makes one.",
        secret=True,
    )
    key_pepper_fallbacks: tuple[str, ...] = _setting(
        (),
        _strings,
        "Former peppers: keys issued under them keep working.",
        secret=True,
    )
    standard_rate_limit: int = _setting(
        60, _LIMIT, "Requests a minute for a key that has no limit of its own."
    )
    standard_daily_limit: int = _setting(
        1_000, _LIMIT, "Requests a UTC day for a key that has no limit of its own."
    )
    wrong_key_limit: int = _setting(
        30,
        _LIMIT,
        "Requests a minute with a wrong key from one address (IPv6: one /64) that are answered 401;"
        " further ones get 429. Valid keys are never touched.",
    )
    limits_storage_uri: str = _setting(
        "memory://",
        _text,
        "Where the minute limit counts: `memory://` in each process, `redis://...` across processes.",
        secret=True,
    )
    processes: int = _setting(
        1,
        _whole_number(1, 10_000),
        "How many processes serve the app. Where the minute limit counts in memory, each process"
        " grants its share of the key's limit.",
    )
    max_body_size: int = _setting(
        262_144, _whole_number(1_024, 67_108_864), "Longest request body, in bytes."
    )
    idempotency_lifetime: timedelta = _setting(
        86_400, _seconds(60, 2_592_000), "Seconds for which an `Idempotency-Key` is remembered."
    )
    peppers: tuple[bytes, ...] = field(default=(), init=True, repr=False, metadata={"derived": True})
    """The peppers as key material, the one in use first."""


def table() -> list[Field[Any]]:
    """The settings, in the order of their documentation."""
    return [row for row in fields(Settings) if "derived" not in row.metadata]


def load(config: Mapping[str, Any]) -> Settings:
    """The settings in a Flask configuration.

    :raises ConfigurationError: one or more are unusable or unknown; the message names them all.
    """
    settings, problems = read(config)
    if problems:
        raise ConfigurationError(problems)
    return settings


def read(config: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """The settings in a Flask configuration, and what is wrong with it.

    A setting that is unusable has its default, so that the parts built on the others can be checked too.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for row in table():
        name = PREFIX + row.name.upper()
        if config.get(name) is None:
            continue
        try:
            values[row.name] = row.metadata["check"](config[name])
        except ValueError as error:
            shown = "" if row.metadata["secret"] else f", not {config[name]!r}"
            problems.append(f"{name} {error}{shown}.")
    problems += _unknown_names(config)
    values["peppers"] = _peppers(values, _derived_peppers(config, problems))
    if config.get("WAAPI_KEY_PEPPER") is None and not config.get("SECRET_KEY"):
        problems.append(
            "WAAPI_KEY_PEPPER is not set and there is no SECRET_KEY to derive it from: set one of them."
        )
    return Settings(**values), problems


def _peppers(values: Mapping[str, Any], derived: tuple[bytes, ...]) -> tuple[bytes, ...]:
    former = tuple(pepper.encode() for pepper in values.get("key_pepper_fallbacks", ()))
    if "key_pepper" not in values:
        return *derived, *former
    # The derived ones stay valid when a pepper is set later, so that keys made before keep working.
    return values["key_pepper"].encode(), *former, *derived


def _derived_peppers(config: Mapping[str, Any], problems: list[str]) -> tuple[bytes, ...]:
    secret_keys = [config.get("SECRET_KEY"), *(config.get("SECRET_KEY_FALLBACKS") or ())]
    given = [key for key in secret_keys if key]
    if not all(isinstance(key, str | bytes) for key in given):
        problems.append("SECRET_KEY must be a string or bytes; in the environment, put a number in quotes.")
        return ()
    return tuple(
        hmac.digest(key.encode() if isinstance(key, str) else key, _PEPPER_LABEL, hashlib.sha256)
        for key in given
    )


def _unknown_names(config: Mapping[str, Any]) -> list[str]:
    known = [PREFIX + row.name.upper() for row in table()]
    problems = []
    for name in sorted(config):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            problems.append(f"{name} is not a setting of flask-waapi.{hint}")
    return problems
