"""Every ``WAAPI_*`` setting: one field of :class:`Settings` each, with its default, its check and its help.

``docs/settings.md`` is generated from these fields, so a setting that is not here does not exist.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from typing import Any

from . import setting_checks as checks
from .errors import ConfigurationError
from .prices import Prices, read_prices
from .setting_checks import Check

FETCH = "fetch"
"""Value of ``WAAPI_MEDIA_LINKS`` by which links are fetched by us."""

PREFIX = "WAAPI_"

_PEPPER_LABEL = b"flask-waapi key pepper"


def _setting(default: Any, check: Check, help_text: str, *, secret: bool = False) -> Any:
    metadata = {"check": check, "help": help_text, "secret": secret, "default": default}
    used = None if default is None else check(default)
    return field(default_factory=lambda: used, metadata=metadata, repr=not secret)


_LIMIT = checks.whole_number(1, 1_000_000_000)


@dataclass(frozen=True)
class Settings:
    """The configuration of one app, checked."""

    url_prefix: str = _setting("/api/v1", checks.url_prefix, "Path under which the API is mounted.")
    dashboard_url_prefix: str = _setting(
        "/waapi",
        checks.url_prefix,
        "Path under which the dashboard is mounted, if the host gives it an access callable.",
    )
    database_uri: str | None = _setting(
        None,
        checks.text,
        "SQLAlchemy URL of a database of our own. Without it the host's engine is used.",
        secret=True,
    )
    bind_key: str | None = _setting(
        None, checks.text, "Name in the host's `SQLALCHEMY_BINDS` of the database to use."
    )
    providers: Mapping[str, Mapping[str, Any]] = _setting(
        {},
        checks.providers,
        'Provider instances by name: `{"main": {"type": "cloud", ...}}`. `type` defaults to the name.'
        " An instance named `simulation` is always there.",
        secret=True,
    )
    default_provider: str | None = _setting(
        None,
        checks.text,
        "Name of the instance that sends. Needed when more than one is configured; without any,"
        " the simulation.",
    )
    simulation_provider: str = _setting(
        "simulation",
        checks.instance_name,
        "Name of the instance that ends simulated sends and those of test keys.",
    )
    plugins_disabled: tuple[str, ...] = _setting(
        (), checks.strings, "Names of `flask_waapi` entry points that are not loaded."
    )
    dispatch: str = _setting(
        "inline",
        checks.one_of("inline", "thread", "worker", "celery"),
        "Who sends. `inline`: the request, which is answered when the provider has. The others answer 202 at"
        " once: `thread` sends from the background thread of the process, `worker` from `flask waapi worker`,"
        " `celery` from Celery workers. See [scaling](scaling.md).",
    )
    background_thread: bool = _setting(
        True,
        checks.flag,
        "Whether each serving process runs a thread for what happens apart from requests: it writes the"
        " request log, wakes Celery workers and, with `inline` and `thread`, sends what waits. Without it"
        " run `flask waapi worker`.",
    )
    send_threads: int = _setting(
        8,
        checks.whole_number(1, 1_000),
        "How many waiting messages a process hands over at once, for each provider instance.",
    )
    send_lease: timedelta = _setting(
        120,
        checks.seconds(1, 86_400),
        "Seconds for which a message in hand belongs to the process that took it. Must be longer than"
        " any provider's timeout: past it the outcome counts as unknown.",
    )
    media_links: str = _setting(
        "pass",
        checks.one_of("pass", FETCH),
        "What becomes of the `link` of a medium: `pass` hands it to the provider, which fetches it; `fetch`"
        " fetches it here when the message is sent, and uploads what it finds. See"
        " [media](media.md#links-that-are-fetched-here).",
    )
    media_link_timeout: timedelta = _setting(
        30,
        checks.seconds(1, 3_600),
        "Seconds that the links of one message may take, where they are fetched. A message in hand then"
        " belongs to its process for twice as long in addition to `WAAPI_SEND_LEASE`.",
    )
    media_link_allow_http: bool = _setting(
        False,
        checks.flag,
        "Whether links that are fetched may be `http://` too; what comes then can be changed on the way.",
    )
    media_link_allow_loopback: bool = _setting(
        False,
        checks.flag,
        "Whether links that are fetched may lead to this machine (`http://127.0.0.1:8000/...`), for"
        " development: anybody who may send media can then have sent to them what is served here.",
    )
    max_attempts: int = _setting(
        8,
        checks.whole_number(1, 100),
        "How often a message that was acknowledged is tried before it fails.",
    )
    retry_max_age: timedelta = _setting(
        86_400,
        checks.seconds(0, 2_592_000),
        "Seconds after which a message that was acknowledged is not tried again.",
    )
    unconfirmed_after: timedelta = _setting(
        3_600,
        checks.seconds(0, 2_592_000),
        "Seconds for which a message whose outcome is unknown waits for a status report.",
    )
    unconfirmed_policy: str = _setting(
        "fail",
        checks.one_of("fail", "resend"),
        "What becomes of it then: `fail` gives it up; `resend` sends it again, so that the recipient may"
        " have it twice.",
    )
    service_window: str = _setting(
        "enforce",
        checks.one_of("enforce", "warn", "off"),
        "What becomes of a free-form message (all but templates) to somebody who has not written within 24"
        " hours: `enforce` refuses it with 409 SERVICE_WINDOW_CLOSED, `warn` logs it and lets the provider"
        " decide, `off` does not look.",
    )
    inbound_account: str = _setting(
        "default",
        checks.account,
        "Account of messages that come in from somebody to whom no account has written before; others are"
        " of the account that wrote last.",
    )
    template_check: str = _setting(
        "on",
        checks.one_of("on", "off"),
        "`on` refuses templates and variables that the catalogue does not know; `off` leaves unknown"
        " templates to the provider.",
    )
    template_sync_interval: timedelta = _setting(
        300,
        checks.seconds(1, 604_800),
        "Seconds between two readings of the provider's templates when an unknown one is asked for.",
    )
    template_refresh_interval: timedelta = _setting(
        3_600,
        checks.seconds(0, 2_592_000),
        "Seconds after which the templates of an instance are read anew in the background; 0 for never.",
    )
    key_pepper: str | None = _setting(
        None,
        checks.text,
        "Secret under which API keys are hashed. Without it one is derived from `SECRET_KEY`, so"
        " changing that, without keeping it in `SECRET_KEY_FALLBACKS`, makes every key invalid."
        " `openssl rand -hex 32` makes one.",
        secret=True,
    )
    key_pepper_fallbacks: tuple[str, ...] = _setting(
        (),
        checks.strings,
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
        checks.text,
        "Where the minute limit counts, and the pace of each number is kept: `memory://` in each process,"
        " `redis://...` across processes.",
        secret=True,
    )
    processes: int = _setting(
        1,
        checks.whole_number(1, 10_000),
        "How many processes serve the app and send. Where the minute limit counts in memory, each process"
        " grants its share of the key's limit, but at least 1, and sends its share of what a number may"
        " send.",
    )
    max_body_size: int = _setting(
        262_144, checks.whole_number(1_024, 67_108_864), "Longest request body, in bytes."
    )
    max_batch_body_size: int = _setting(
        4_194_304, checks.whole_number(1_024, 67_108_864), "Longest request body of a batch, in bytes."
    )
    max_upload_size: int = _setting(
        105_906_176,
        checks.whole_number(1_024, 1_073_741_824),
        "Longest request body with a file, in bytes. By default the largest medium that WhatsApp takes,"
        " 100 MB, and 1 MB for the form around it.",
    )
    celery_sweep_interval: timedelta = _setting(
        5,
        checks.seconds(1, 3_600),
        "Seconds between two looks of the Celery workers at what waits, whether or not they were woken.",
    )
    log_lifetime: timedelta = _setting(
        2_592_000,
        checks.seconds(3_600, 315_360_000),
        "Seconds for which callbacks, webhook events, the log of their deliveries, that of API requests and"
        " the playground's runs are kept.",
    )
    playground_history: str = _setting(
        "full",
        checks.one_of("full", "redacted", "off"),
        "What the playground keeps of each run, for whoever ran it: `full`; `redacted`, without recipients"
        " and texts; or `off`, nothing.",
    )
    webhook_concurrency: int = _setting(
        4,
        checks.whole_number(1, 100),
        "How many webhooks a process delivers at once to one endpoint; to one that keeps failing, one.",
    )
    webhook_disable_after: timedelta = _setting(
        432_000,
        checks.seconds(3_600, 2_592_000),
        "Seconds of failures without any success after which an endpoint is switched off.",
    )
    webhook_allow_http: bool = _setting(
        False,
        checks.flag,
        "Whether endpoints may be `http://` too; what is sent there can be read on the way.",
    )
    webhook_allow_loopback: bool = _setting(
        False,
        checks.flag,
        "Whether endpoints may be on this machine (`http://127.0.0.1:8000/...`), for development: anybody"
        " who may make an endpoint can then reach what listens here.",
    )
    prices: Prices | None = _setting(
        None,
        read_prices,
        "What a message costs, for the playground and for checks: a `currency`, and for each category"
        " (`marketing`, `utility`, `authentication`, `service`) a price, or prices by the beginning of the"
        ' recipient\'s number: `{"currency": "EUR", "utility": {"+49": "0.05", "": "0.04"}}`. Without it no'
        " price is told. It changes nothing of what is sent.",
    )
    idempotency_lifetime: timedelta = _setting(
        86_400, checks.seconds(60, 2_592_000), "Seconds for which an `Idempotency-Key` is remembered."
    )
    peppers: tuple[bytes, ...] = field(default=(), init=True, repr=False, metadata={"derived": True})
    """The peppers as key material, the one in use first."""

    @property
    def hand_lease(self) -> timedelta:
        """For how long a message in hand is claimed: the time for its send, and before that for its links."""
        if self.media_links != FETCH:
            return self.send_lease
        # As long again for handing over what was fetched.
        return self.send_lease + 2 * self.media_link_timeout

    @property
    def provider_names(self) -> tuple[str, ...]:
        """The names of the provider instances, the simulation's among them."""
        return tuple(dict.fromkeys([*self.providers, self.simulation_provider]))


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
