"""``docs/errors.md``, from the table of error codes: ``python -m waapi_cloud.error_page``."""

from __future__ import annotations

from datetime import timedelta

from .error_codes import RANGES, RULES, Kind, Rule

_HEAD = """# Errors of the Cloud API

Generated from the code by `python -m waapi_cloud.error_page`. What becomes of a message when Meta answers
a send with an error; Meta's code is in `error.details.provider_code` and in the message's
`provider_code`.

- **tried again**: a message that was acknowledged (202) stays `queued` and is tried again, after the
  time that Meta asks for, else after the wait of the table, else 5 seconds, doubled each time up to an
  hour; until `WAAPI_MAX_ATTEMPTS` or `WAAPI_RETRY_MAX_AGE` ends it. A send that is answered when Meta has
  (`WAAPI_DISPATCH = "inline"`) is not tried again: it is `failed`, and its caller hears 503
  `PROVIDER_UNAVAILABLE` with a `Retry-After`.
- **sent slower**: the number, or what it sends to this one recipient, rests for the wait, then goes on at
  half its rate, which grows back within a minute. The message stays `queued`, its caller hears 202, and
  `failure_code` says `PROVIDER_THROTTLED` meanwhile. It does not count towards `WAAPI_MAX_ATTEMPTS`; only
  `WAAPI_RETRY_MAX_AGE` and `expires_in` end it.
- **rejected**: this message will never be sent: `failed`, 422 `MESSAGE_REJECTED`.
- **window closed**: likewise, but a template would be: `failed`, 409 `SERVICE_WINDOW_CLOSED`.
- **misconfigured**: our account or its credentials need an operator, and no other message would fare
  better: `failed`, 502 `PROVIDER_ERROR`, and an error in the log. Never 401 or 403, so that nobody takes
  it for a fault of their API key; not 429 either, since waiting does not help.

100 with subcode 33 says that the phone number id, or the business account's, is unknown: misconfigured.
Whatever the code, an answer that is lost after the message was handed over leaves it `unconfirmed`, 202.
A code that is not here goes by Meta's own flag `is_transient`, then by the HTTP status: 5xx and 429 are
tried again, 401 is misconfigured, the rest is rejected. The same codes in a status that Meta reports later
make a sent message `failed` with `DELIVERY_FAILED`.

| code | meaning | the message is | wait | message | answer |
|---|---|---|---|---|---|"""

_ANSWERS = {
    Kind.TRANSIENT: ("tried again", "`failed`", "503 `PROVIDER_UNAVAILABLE`"),
    Kind.THROTTLED: ("tried again", "`failed`", "503 `PROVIDER_UNAVAILABLE`"),
    Kind.REJECTED: ("rejected", "`failed`", "422 `MESSAGE_REJECTED`"),
    Kind.WINDOW_CLOSED: ("window closed", "`failed`", "409 `SERVICE_WINDOW_CLOSED`"),
    Kind.MISCONFIGURED: ("misconfigured", "`failed`", "502 `PROVIDER_ERROR`"),
}


def error_page() -> str:
    """The page ``docs/errors.md``."""
    named = {(code, code): rule for code, rule in RULES.items()}
    families = {(codes.start, codes.stop - 1): rule for codes, rule in RANGES}
    rows = [_row(_codes(*codes), rule) for codes, rule in sorted({**named, **families}.items(), key=_place)]
    return "\n".join([_HEAD, *rows])


def _place(row: tuple[tuple[int, int], Rule]) -> tuple[int, int]:
    return row[0]


def _codes(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _row(codes: str, rule: Rule) -> str:
    fate, status, answer = _ANSWERS[rule.kind]
    if rule.scope is not None:
        fate, status, answer = "sent slower", "`queued`", "202"
    if rule.attempts is not None:
        times = "once" if rule.attempts == 1 else f"{rule.attempts} times"
        fate = f"{fate} {times}, then rejected"
    if rule.transient_details is not None:
        fate += "; tried again where the details name a 429 or 5xx"
    return f"| {codes} | {rule.meaning} | {fate} | {_wait(rule)} | {status} | {answer} |"


def _wait(rule: Rule) -> str:
    if rule.wait is None:
        return ""
    first = _duration(rule.wait)
    if rule.growth == 1 or rule.wait >= rule.longest:
        return first
    return f"{first}, times {rule.growth} at each attempt, up to {_duration(rule.longest)}"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


if __name__ == "__main__":
    print(error_page())  # noqa: T201 - what it is for
