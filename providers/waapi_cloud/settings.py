"""The settings of one Cloud API instance, checked all at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from flask_waapi import ProviderSettingsError, Throughput

_REQUIRED = {
    "phone_number_id": "the id (not the number) of the sending phone number",
    "access_token": "a token with the permission whatsapp_business_messaging",
}


@dataclass(frozen=True)
class CloudSettings:
    """What one instance needs to know.

    :param phone_number_id: id of the number that sends.
    :param access_token: a system user's token; Meta's scopes are ``whatsapp_business_messaging``
        for sending and ``whatsapp_business_management`` for templates.
    :param business_account_id: id of the WhatsApp Business Account; templates belong to it.
    :param app_id: id of the Meta app that uploads the examples of templates with media headers.
    :param app_secret: signs the callbacks of the Meta app that is subscribed to the account.
    :param verify_token: the word agreed with Meta for the callback handshake.
    :param base_url: where the Graph API is; another one serves a proxy or a test double.
    :param api_version: the default is the newest version of which Meta has published a description
        of every request and answer; any later one that Meta offers may be set.
    :param connect_timeout: seconds to reach the server.
    :param read_timeout: seconds to wait for its answer.
    :param messages_per_second: what Meta lets the number send; 80 until it is upgraded, 1,000 after.
        0 leaves it to Meta to refuse what is too fast.
    :param recipient_interval: seconds between two messages to one recipient; 0 likewise.
    :param recipient_burst: how many may go at once to one recipient.
    """

    phone_number_id: str
    access_token: str = field(repr=False)
    business_account_id: str | None = None
    app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)
    verify_token: str | None = field(default=None, repr=False)
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v23.0"
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    messages_per_second: float = 80.0
    recipient_interval: float = 6.0
    recipient_burst: int = 45

    @property
    def throughput(self) -> Throughput:
        """How fast the number may send."""
        return Throughput(
            number=self.phone_number_id,
            messages_per_second=self.messages_per_second,
            # A tenth of a second's worth: what Meta counts is messages within a second.
            burst=max(1, round(self.messages_per_second / 10)),
            recipient_interval=self.recipient_interval,
            recipient_burst=self.recipient_burst,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not be seen in any message."""
        return tuple(secret for secret in (self.access_token, self.app_secret, self.verify_token) if secret)


def read_settings(values: Mapping[str, Any]) -> CloudSettings:
    """Check the settings of an instance; ``None`` counts as not given.

    :raises ProviderSettingsError: with every fault; none of them repeats a value.
    """
    given = {name: value for name, value in values.items() if value is not None}
    problems = [_unknown(name) for name in given if name not in _CHECKS]
    problems += [
        f"lacks the setting {name!r}, {meaning}." for name, meaning in _REQUIRED.items() if name not in given
    ]
    checked: dict[str, Any] = {}
    for name, check in _CHECKS.items():
        if name in given:
            try:
                checked[name] = check(given[name])
            except ValueError as error:
                problems.append(f"has a setting {name!r} that {error}.")
    if problems:
        raise ProviderSettingsError(problems)
    return CloudSettings(**checked)


def _unknown(name: str) -> str:
    names = [known.name for known in fields(CloudSettings)]
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}."
    return f"has a setting {name!r} that does not exist; {hint}"


def _digits(value: Any) -> str:
    # YAML and JSON readers make a number of an id that is written without quotes.
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,64}", text):
        raise ValueError("must be an id of digits only")
    return text


def _secret(value: Any) -> str:
    # The access token becomes a header line: a blank or a line break from a copied file breaks it.
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value):
        raise ValueError("must be a string of visible ASCII characters, without spaces")
    return value


def _base_url(value: Any) -> str:
    fault = "must be an http(s) address without user, query and fragment"
    # Parsers disagree on which host a backslash leaves; urlsplit drops tabs and line breaks.
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value) or "\\" in value:
        raise ValueError(fault)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(fault)
    if "@" in parts.netloc or "?" in value or "#" in value:
        raise ValueError(fault)
    return value.rstrip("/")


def _api_version(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"v[0-9]{1,3}\.[0-9]", value):
        raise ValueError("must be a version such as 'v23.0'")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 300:
        raise ValueError("must be a number of seconds from 0.01 to 300")
    return float(value)


def _from_zero(highest: int, what: str) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # Slower than one in a minute, a wait would look like a standstill.
        if not is_number or not (value == 0 or 1 / 60 <= value <= highest):
            raise ValueError(f"must be 0 or a number of {what} from 1/60 to {highest:,}")
        return float(value)

    return check


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000:
        raise ValueError("must be a whole number from 1 to 10,000")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "phone_number_id": _digits,
    "access_token": _secret,
    "business_account_id": _digits,
    "app_id": _digits,
    "app_secret": _secret,
    "verify_token": _secret,
    "base_url": _base_url,
    "api_version": _api_version,
    "connect_timeout": _seconds,
    "read_timeout": _seconds,
    "messages_per_second": _from_zero(10_000, "messages"),
    "recipient_interval": _from_zero(3_600, "seconds"),
    "recipient_burst": _count,
}
