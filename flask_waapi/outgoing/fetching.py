"""GET what a stranger's link leads to: from public addresses only, and bounded in time and bytes.

As with webhooks (:mod:`.safe_http`): the host is looked up once, all its addresses are checked, and a checked
one is dialled; no proxy is asked, no cookie kept, nothing inflated. A redirect is followed a few times, and
each address it leads to is checked like the first.

Whether a name is unknown or leads into a private network is not told apart, so nobody can explore one with
it. :attr:`FetchError.reason` does, and is for the log.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPException, HTTPResponse, IncompleteRead
from importlib.metadata import version
from socket import EAI_AGAIN, EAI_FAIL, gaierror, socket
from typing import BinaryIO
from urllib.parse import urljoin

from .addresses import Lookup, NotPublic, look_up, public_addresses
from .bounded import Channel, Deadline, TooMuch, dial, kind_of, never_dialling, secured, trusted
from .safe_http import retry_after
from .urls import Endpoint, problems_of, read

MOST_REDIRECTS = 3

NOT_PUBLIC = "Its host does not lead to a public address."
UNREACHABLE = "Its server could not be reached."
UNVERIFIED = "No verified TLS connection to its server could be made."
TOO_SLOW = "Its content did not come completely in time."
BROKEN_OFF = "Its server closed the connection before the content was complete."
NOT_HTTP = "Its server did not answer in valid HTTP."
TOO_MUCH = "Its server sent more than there is to a medium."
NO_ROOM = "There was no room to keep its content."

_OK = 200
_REDIRECTS = {301, 302, 303, 307, 308}
_PASSING = {408, 425, 429}
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Fetched:
    """What was fetched. :param size: bytes. :param sha256: of the content, lower-case hex."""

    size: int
    sha256: str


class FetchError(Exception):
    """There is no content.

    :param message: what happened, a sentence fit for the caller's eyes.
    :param reason: what lies behind it, for the log alone.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or message


class LinkUnusable(FetchError):
    """The link does not give the content, and will not give it later."""


class LinkUnavailable(FetchError):
    """The link may give the content later. :param retry_after: its server's own word on when."""

    def __init__(self, message: str, reason: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message, reason)
        self.retry_after = retry_after


def _now() -> datetime:
    return datetime.now(UTC)


def fetch(
    link: str,
    into: BinaryIO,
    *,
    largest: int,
    deadline: Deadline,
    allow_http: bool,
    allow_loopback: bool,
    lookup: Lookup = look_up,
    tls: ssl.SSLContext | None = None,
    now: Callable[[], datetime] = _now,
) -> Fetched:
    """Write what a link leads to into a file, piece by piece.

    :param largest: bytes of content that are taken at most.
    :param deadline: when it must be complete.
    :param allow_http: whether ``http`` will do, and its ports 80 and 8080.
    :param allow_loopback: whether the host may be this machine, then at any port and by ``http`` too.
    :param lookup: turns the host into IP addresses.
    :param tls: what decides on certificates, in place of the system's and ``certifi``'s authorities.
    :param now: tells the time, for a ``Retry-After`` that is a date.
    :raises LinkUnusable: the address may not be asked, or its answer is none that we take.
    :raises LinkUnavailable: there was no complete answer, or one that asks to come later.
    """
    url: str | None = link
    for _ in range(1 + MOST_REDIRECTS):
        # What stands behind it is for browsers, and never sent.
        url = str(url).partition("#")[0]
        if problems := problems_of(url, allow_http=allow_http, allow_loopback=allow_loopback):
            raise LinkUnusable(f"It cannot be used: {'; '.join(problems)}.")
        endpoint = read(url)
        with _connected(endpoint, deadline, lookup, tls, allow_loopback=allow_loopback) as connection:
            channel = Channel(connection, deadline)
            with _telling(), _answer(endpoint, channel) as response:
                url = _elsewhere(response, url)
                if url is None:
                    _check_answer(response, now())
                    return _received(response, channel, into, largest)
    raise LinkUnusable(f"It is redirected more than {MOST_REDIRECTS} times.")


@contextmanager
def _connected(
    endpoint: Endpoint,
    deadline: Deadline,
    lookup: Lookup,
    tls: ssl.SSLContext | None,
    *,
    allow_loopback: bool,
) -> Iterator[socket]:
    host, port = endpoint.host, endpoint.port
    with _telling():
        try:
            addresses = public_addresses(deadline.left(), lookup, host, port, allow_loopback=allow_loopback)
        except NotPublic as error:
            raise LinkUnusable(NOT_PUBLIC, str(error)) from None
        except gaierror as error:
            if error.errno in {EAI_AGAIN, EAI_FAIL}:
                raise LinkUnavailable(UNREACHABLE, kind_of(error)) from None
            raise LinkUnusable(NOT_PUBLIC, kind_of(error)) from None
        except ValueError as error:
            # The codec for host names.
            raise LinkUnusable(NOT_PUBLIC, kind_of(error)) from None
        except TimeoutError:
            raise
        except OSError as error:
            raise LinkUnavailable(UNREACHABLE, kind_of(error)) from None
        try:
            connection = dial(addresses, port, deadline)
        except OSError as error:
            raise LinkUnavailable(UNREACHABLE, kind_of(error)) from None
        if endpoint.scheme == "https":
            connection = secured(connection, host, tls or trusted(), deadline)
    with connection:
        yield connection


@contextmanager
def _answer(endpoint: Endpoint, channel: Channel) -> Iterator[HTTPResponse]:
    request = never_dialling(endpoint.host, endpoint.port)
    request.sock = channel
    request.putrequest("GET", endpoint.target, skip_host=True, skip_accept_encoding=True)
    headers = {
        "Host": endpoint.host_header,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": _user_agent(),
    }
    for name, value in headers.items():
        request.putheader(name, value)
    request.endheaders()
    with request.getresponse() as response:
        yield response


@cache
def _user_agent() -> str:
    return f"flask-waapi/{version('flask-waapi')}"


def _elsewhere(response: HTTPResponse, url: str) -> str | None:
    """Where an answer redirects to, yet to be checked."""
    location = response.headers.get("Location")
    return urljoin(url, location) if response.status in _REDIRECTS and location else None


def _check_answer(response: HTTPResponse, now: datetime) -> None:
    status = response.status
    told = f"Its server answered with HTTP status {status}."
    if status >= 500 or status in _PASSING:
        raise LinkUnavailable(told, retry_after=retry_after(response.headers.get("Retry-After"), now))
    if status != _OK:
        raise LinkUnusable(told)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity"}:
        raise LinkUnusable("Its server sent the content compressed, which we had not asked for.")


def _received(response: HTTPResponse, channel: Channel, into: BinaryIO, largest: int) -> Fetched:
    announced = response.length
    if announced is not None and announced > largest:
        raise LinkUnusable(f"Its content has {announced:,} bytes; it may have up to {largest:,}.")
    # Twice, since a chunk may be small beside the line that tells its size.
    channel.admit(2 * largest)
    # Counted here, since read1() of older Pythons does not.
    most = largest + 1 if announced is None else announced
    digest, size = hashlib.sha256(), 0
    while size < most and (piece := response.read1(min(_PIECE, most - size))):
        size += len(piece)
        digest.update(piece)
        _write(into, piece)
    if size > largest:
        raise LinkUnusable(f"Its content has more than the {largest:,} bytes that it may have.")
    if announced is not None and size < announced:
        raise IncompleteRead(b"", announced - size)
    return Fetched(size, digest.hexdigest())


def _write(into: BinaryIO, piece: bytes) -> None:
    try:
        into.write(piece)
    except OSError as error:
        raise LinkUnavailable(NO_ROOM, kind_of(error)) from None


@contextmanager
def _telling() -> Iterator[None]:
    """Tell what goes wrong within as a :class:`FetchError`."""
    try:
        yield
    except TimeoutError as error:
        raise LinkUnavailable(TOO_SLOW, kind_of(error)) from None
    except ssl.SSLCertVerificationError as error:
        raise LinkUnusable(UNVERIFIED, kind_of(error)) from None
    except ssl.SSLError as error:
        raise LinkUnavailable(UNVERIFIED, kind_of(error)) from None
    except (OSError, IncompleteRead) as error:
        raise LinkUnavailable(BROKEN_OFF, kind_of(error)) from None
    except TooMuch as error:
        raise LinkUnusable(TOO_MUCH, kind_of(error)) from None
    except (HTTPException, ValueError) as error:
        raise LinkUnusable(NOT_HTTP, kind_of(error)) from None
