"""POST to a URL that a stranger has chosen: to public addresses only, and bounded in time and bytes.

Built on ``http.client``, which follows no redirects, asks no proxy, keeps no cookies and inflates nothing.
The host is looked up once, all its addresses are checked, and a checked one is dialled: a name that changes
its address in between gains nothing.

What a customer is told does not tell apart whether an address was refused by us, by the network or by the
name server, so nobody can explore a network with it. ``Answer.reason`` does, and is for the log.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from socket import socket

from .addresses import Lookup, NotPublic, look_up, public_addresses
from .bounded import Channel, Deadline, TooMuch, dial, kind_of, never_dialling, secured, trusted
from .urls import Endpoint, problems_of, read

TOTAL = timedelta(seconds=15)
"""From the name's lookup to the answer's last byte; Standard Webhooks 1.0 recommends 15 to 30 seconds."""

MOST_BODY = 20_000
"""Bytes of an answer's body that are read."""

LONGEST_RETRY_AFTER = timedelta(hours=24)

UNREACHABLE = "The endpoint could not be reached."
UNVERIFIED = "No verified TLS connection to the endpoint could be made."
TOO_SLOW = "The endpoint did not answer completely in time."
BROKEN_OFF = "The endpoint closed the connection before it had answered completely."
NOT_HTTP = "The endpoint did not answer in valid HTTP."
NOT_PUBLIC = "its host does not lead to a public address: check the name, and where it leads"

OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers, in lower case, that a caller of :func:`post` cannot give."""


@dataclass(frozen=True)
class Answer:
    """What became of one attempt.

    :param status: the HTTP status; None when there was none.
    :param body: the beginning of the answer's body.
    :param retry_after: how long the other side asks us to wait, at most 24 hours.
    :param problem: why there is no complete answer, one of the few sentences of this module; None when
        there is one, whatever its status.
    :param duration: from begin to end. Of an endpoint that could not be reached, a customer must not see it.
    :param reason: what lies behind the problem, for the log alone.
    """

    status: int | None
    body: str
    retry_after: timedelta | None
    problem: str | None
    duration: timedelta
    reason: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the event is delivered: the status is 2xx and the answer complete."""
        return is_success(self.status, self.problem)


def is_success(status: int | None, problem: str | None) -> bool:
    """Whether the other side has taken what was sent. :param problem: why its answer is not complete."""
    return problem is None and status is not None and 200 <= status < 300


class _Failed(Exception):
    def __init__(self, problem: str, reason: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.reason = reason


@dataclass
class _Heard:
    status: int | None = None
    body: bytes = b""
    retry_after: timedelta | None = None


def _now() -> datetime:
    return datetime.now(UTC)


def check_url(
    url: str,
    *,
    allow_http: bool,
    allow_loopback: bool,
    resolve: bool = False,
    total: timedelta = TOTAL,
    lookup: Lookup = look_up,
) -> list[str]:
    """What is wrong with a URL for webhooks, in words that a customer can act on.

    :param allow_http: whether ``http`` will do, and its ports 80 and 8080.
    :param allow_loopback: whether the host may be this machine, then at any port and by ``http`` too.
    :param resolve: look the host up too, if all else is well. It may lead elsewhere later, so :func:`post`
        checks again.
    :param total: how long that may take.
    :returns: the problems, each to be read after "The URL cannot be used:"; none when it can.
    """
    problems = problems_of(url, allow_http=allow_http, allow_loopback=allow_loopback)
    if problems or not resolve:
        return problems
    try:
        _addresses(read(url), Deadline(total), lookup, allow_loopback=allow_loopback)
    except _Failed:
        return [NOT_PUBLIC]
    return []


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_http: bool,
    allow_loopback: bool,
    total: timedelta = TOTAL,
    lookup: Lookup = look_up,
    tls: ssl.SSLContext | None = None,
    now: Callable[[], datetime] = _now,
) -> Answer:
    """Send a body to a URL, once.

    :param headers: none of :data:`OWN_HEADERS`.
    :param total: the time from the name's lookup to the answer's last byte.
    :param lookup: turns the host into IP addresses.
    :param tls: what decides on certificates, in place of the system's and ``certifi``'s authorities.
    :param now: tells the time, for a ``Retry-After`` that is a date.
    :returns: what became of it, whatever the other side does.
    :raises ValueError: the headers cannot be sent.
    """
    if taken := sorted(OWN_HEADERS.intersection(name.lower() for name in headers)):
        raise ValueError(
            f"headers {', '.join(taken)} of a webhook: leave them out, they are set when sending"
        )
    begin = time.monotonic()
    heard = _Heard()
    problem = reason = None
    try:
        if problems := problems_of(url, allow_http=allow_http, allow_loopback=allow_loopback):
            raise _Failed(UNREACHABLE, "; ".join(problems))
        endpoint = read(url)
        request = _request(endpoint, body, headers)
        deadline = Deadline(total)
        addresses = _addresses(endpoint, deadline, lookup, allow_loopback=allow_loopback)
        with _connected(endpoint, addresses, deadline, tls) as connection:
            request.sock = Channel(connection, deadline)
            _exchange(request, body, heard, now)
    except _Failed as failure:
        problem, reason = failure.problem, failure.reason
    duration = timedelta(seconds=time.monotonic() - begin)
    return Answer(heard.status, _text(heard.body), heard.retry_after, problem, duration, reason)


def _addresses(
    endpoint: Endpoint, deadline: Deadline, lookup: Lookup, *, allow_loopback: bool
) -> Sequence[str]:
    try:
        return public_addresses(
            deadline.left(), lookup, endpoint.host, endpoint.port, allow_loopback=allow_loopback
        )
    except NotPublic as error:
        raise _Failed(UNREACHABLE, str(error)) from None
    # The codec for host names raises a ValueError.
    except (OSError, ValueError) as error:
        raise _Failed(UNREACHABLE, kind_of(error)) from None


def _connected(
    endpoint: Endpoint, addresses: Sequence[str], deadline: Deadline, tls: ssl.SSLContext | None
) -> socket:
    try:
        connection = dial(addresses, endpoint.port, deadline)
    except OSError as error:
        raise _Failed(UNREACHABLE, kind_of(error)) from None
    if endpoint.scheme == "http":
        return connection
    try:
        return secured(connection, endpoint.host, tls or trusted(), deadline)
    except (OSError, ValueError) as error:
        raise _Failed(_problem(error), kind_of(error)) from None


def _request(endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> HTTPConnection:
    connection = never_dialling(endpoint.host, endpoint.port)
    connection.putrequest("POST", endpoint.target, skip_host=True, skip_accept_encoding=True)
    own = {
        "Host": endpoint.host_header,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(body)),
    }
    for name, value in (own | dict(headers)).items():
        connection.putheader(name, value)
    return connection


def _exchange(request: HTTPConnection, body: bytes, heard: _Heard, now: Callable[[], datetime]) -> None:
    try:
        # Who refuses a request early closes before the end of it, and may have answered.
        with suppress(BrokenPipeError):
            request.endheaders(body)
        with request.getresponse() as response:
            heard.status = response.status
            heard.retry_after = retry_after(response.headers.get("Retry-After"), now())
            _read_body(response, heard)
    except (OSError, HTTPException, ValueError) as error:
        raise _Failed(_problem(error), kind_of(error)) from None


def _read_body(response: HTTPResponse, heard: _Heard) -> None:
    # Counted here, since read1() of older Pythons does not.
    announced = response.length
    most = MOST_BODY if announced is None else min(MOST_BODY, announced)
    try:
        while len(heard.body) < most and (piece := response.read1(most - len(heard.body))):
            heard.body += piece
    except TooMuch:
        # Its status stands, as that of a body longer than we read does.
        return
    if announced is not None and len(heard.body) < most:
        raise IncompleteRead(b"", announced - len(heard.body))


def _problem(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return TOO_SLOW
    if isinstance(error, ssl.SSLError):
        return UNVERIFIED
    if isinstance(error, (OSError, IncompleteRead)):
        return BROKEN_OFF
    return NOT_HTTP


def _text(body: bytes) -> str:
    # PostgreSQL stores no NUL in a text.
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a ``Retry-After`` header asks to wait, RFC 9110 section 10.2.3.

    :returns: between none and 24 hours; None when the header is missing or not to be understood.
    """
    value = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", value, re.ASCII):
        return min(timedelta(seconds=min(int(value), 10**6)), LONGEST_RETRY_AFTER)
    # No form of an HTTP date is longer.
    if not value or len(value) > 40:
        return None
    try:
        date = parsedate_to_datetime(value)
        wait = date.replace(tzinfo=date.tzinfo or UTC) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
