"""From a Graph error body to the right kind of :class:`flask_waapi.ProviderError`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from json import loads
from typing import Any

from flask_waapi import (
    Misconfigured,
    ProviderError,
    Refusal,
    Rejected,
    Retryable,
    Throttled,
    WindowClosed,
)

from .error_codes import Kind, rule_for

NO_SUCH_NODE = "100"
"""Code of Graph API errors about ids that name nothing, or nothing that the token may see."""

_LONGEST_TEXT = 500
_LONGEST_WAIT = timedelta(days=7)
_TOKEN = re.compile(r"EAA[0-9A-Za-z]{16,}")


@dataclass(frozen=True)
class GraphError:
    """The ``error`` object of the Graph API, as found in answers and in failed statuses.

    :param text: Meta's words, message and details in one.
    :param trace_id: ``fbtrace_id``, by which Meta's support finds the request.
    """

    code: int
    text: str
    details: str = ""
    subcode: int | None = None
    is_transient: bool = False
    trace_id: str | None = None

    def refusal(self) -> Refusal:
        """The error as a status report names it."""
        rule = rule_for(self.code, subcode=self.subcode, http_status=400, is_transient=False)
        return Refusal(str(self.code), self.text or rule.meaning)

    def provider_error(
        self, *, http_status: int, retry_after: timedelta | None, attempt: int
    ) -> ProviderError:
        """The error as a call raises it.

        :param retry_after: what the answer's headers ask for; it goes before the table.
        :param attempt: number of this attempt, from 1.
        """
        rule = rule_for(
            self.code,
            subcode=self.subcode,
            http_status=http_status,
            is_transient=self.is_transient,
        )
        code = str(self.code)
        message = self.text or rule.meaning
        if self.trace_id:
            message += f" (fbtrace_id {self.trace_id})"
        kind = rule.kind_of(attempt, self.details)
        if kind in {Kind.TRANSIENT, Kind.THROTTLED}:
            delay = rule.delay(attempt) if retry_after is None else retry_after
            if rule.scope is not None:
                return Throttled(message, scope=rule.scope, code=code, retry_after=delay)
            return Retryable(message, code=code, retry_after=delay)
        return _FINAL_ERRORS[kind](message, code=code)


_FINAL_ERRORS: dict[Kind, type[ProviderError]] = {
    Kind.REJECTED: Rejected,
    Kind.WINDOW_CLOSED: WindowClosed,
    Kind.MISCONFIGURED: Misconfigured,
}


def read_graph_error(value: Any, secrets: Iterable[str] = ()) -> GraphError | None:
    """The Graph error in a JSON value, or ``None`` when it is not one.

    :param value: an ``error`` object, or an item of a status's ``errors``.
    :param secrets: taken out of the text; Meta repeats a malformed access token in full.
    """
    if not isinstance(value, dict):
        return None
    code = whole_number(value.get("code"))
    if code is None:
        return None
    # Where templates are made, the words that explain the fault stand apart.
    details = _details(value.get("error_data")) or _string(value.get("error_user_msg"))
    message = _string(value.get("message")).removeprefix(f"(#{code})").strip()
    title = message or _string(value.get("title"))
    trace_id = _string(value.get("fbtrace_id"))
    return GraphError(
        code=code,
        text=presentable(_together(title, details), secrets),
        details=details,
        subcode=whole_number(value.get("error_subcode")),
        is_transient=value.get("is_transient") is True,
        trace_id=presentable(trace_id, secrets) or None,
    )


def _details(error_data: Any) -> str:
    # Documented as an object, met as a bare string as well.
    return _string(error_data.get("details") if isinstance(error_data, dict) else error_data)


def _together(title: str, details: str) -> str:
    if details in title or title in details:
        return max(title, details, key=len)
    return f"{title}: {details}"


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def presentable(text: str, secrets: Iterable[str] = ()) -> str:
    """A foreign text in one line of bounded length, without these secrets and without any token."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    line = " ".join(_TOKEN.sub("[secret]", text).split())
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


def whole_number(value: Any) -> int | None:
    """A whole number that Meta writes as a number in one place and as a string in another."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long an answer's headers ask us to stay away; ``None`` when they do not.

    ``Retry-After`` comes as seconds or as a date. ``X-Business-Use-Case-Usage`` holds, per business
    and kind of call, the minutes until access is regained.
    """
    asked = _retry_after_header(headers.get("Retry-After", "").strip(), now)
    if asked is None:
        asked = _regain_access(headers.get("X-Business-Use-Case-Usage", ""))
    return None if asked is None else min(max(asked, timedelta()), _LONGEST_WAIT)


def _retry_after_header(value: str, now: datetime) -> timedelta | None:
    if re.fullmatch(r"[0-9]{1,9}", value):
        return timedelta(seconds=int(value))
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None


def _regain_access(value: str) -> timedelta | None:
    try:
        usage = loads(value)
    except (ValueError, RecursionError):
        return None
    minutes = [
        whole_number(entry.get("estimated_time_to_regain_access"))
        for entries in (usage.values() if isinstance(usage, dict) else ())
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    ]
    longest = max((number for number in minutes if number is not None), default=0)
    return timedelta(minutes=min(longest, 10_080)) if longest > 0 else None
