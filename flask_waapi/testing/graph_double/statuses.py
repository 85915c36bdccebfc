"""Callbacks: Meta's envelope, its signature, and the thread that posts them in time."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Condition, Thread
from typing import Any
from urllib.parse import urlsplit

from .errors import status_error, to_json
from .faults import Life
from .journal import AcceptedMessage
from .recipients import recipient_of
from .routes import Account

RECEIVER_TIMEOUT = 10.0
"""Seconds that the receiver of a callback has to answer."""

Status = dict[str, Any]


@dataclass(frozen=True)
class SignedCallback:
    """A callback as it is posted. :param headers: by lower-case name."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class PostedCallback:
    """An attempt to post a callback.

    :param http_status: of the receiver's answer; ``None`` when there was none.
    """

    body: bytes
    http_status: int | None


def status_item(message: AcceptedMessage, status: str, code: int | None, occurred_at: datetime) -> Status:
    """One status of a message. :param code: the error of a failed one."""
    item: Status = {
        "id": message.wamid,
        "status": status,
        "timestamp": str(int(occurred_at.timestamp())),
        **recipient_of(message.body).as_reported(),
    }
    if message.callback_data is not None:
        item["biz_opaque_callback_data"] = message.callback_data
    if status in {"sent", "delivered"}:
        category = "utility" if message.type == "template" else "service"
        item["pricing"] = {"billable": True, "pricing_model": "PMP", "category": category}
    if code is not None:
        item["errors"] = [status_error(code)]
    return item


def value_of(account: Account, **lists: Sequence[Any]) -> dict[str, Any]:
    """The value of a change that concerns the number, with these lists of items."""
    metadata = {
        "display_phone_number": account.sender,
        "phone_number_id": account.phone_number_id,
    }
    value = {name: list(items) for name, items in lists.items()}
    return {"messaging_product": "whatsapp", "metadata": metadata, **value}


def envelope(account: Account, field: str, value: Any, sent_at: datetime) -> dict[str, Any]:
    """The body of a callback with one change."""
    return {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": account.business_account_id,
                "time": int(sent_at.timestamp()),
                "changes": [{"field": field, "value": value}],
            }
        ],
    }


def envelope_of_statuses(account: Account, items: Sequence[Any], sent_at: datetime) -> dict[str, Any]:
    """The body of a callback with these statuses."""
    return envelope(account, "messages", value_of(account, statuses=items), sent_at)


def signed(body: Any, app_secret: str) -> SignedCallback:
    """A JSON value as Meta signs and posts it; bytes are taken as they are."""
    content = body if isinstance(body, bytes) else to_json(body)
    digest = hmac.new(app_secret.encode(), content, hashlib.sha256).hexdigest()
    return SignedCallback(
        {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}, content
    )


def http_exchange(
    method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body of the answer.

    :raises OSError: there is no answer.
    :raises HTTPException: the answer is not HTTP.
    """
    parts = urlsplit(url)
    connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connection_type(parts.hostname or "", parts.port, timeout=RECEIVER_TIMEOUT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@dataclass(order=True)
class _Due:
    moment: float
    order: int
    message: AcceptedMessage = field(compare=False)
    status: str = field(compare=False)
    code: int | None = field(compare=False)


class Poster:
    """Posts callbacks to one address, each tried a few times.

    :param attempts: how often a callback is posted that is not answered with 200.
    :param pause: seconds before the second attempt; it doubles from one to the next.
    """

    def __init__(self, url: str, app_secret: str, *, attempts: int, pause: float) -> None:
        self.url = url
        self._app_secret = app_secret
        self._attempts = attempts
        self._pause = pause
        self._changed = Condition()
        self._posted: list[PostedCallback] = []
        self._stopped = False

    @property
    def posted(self) -> tuple[PostedCallback, ...]:
        """Every attempt so far."""
        with self._changed:
            return tuple(self._posted)

    def post(self, body: Any) -> int | None:
        """Post a callback; the status of the last answer, ``None`` when there was none."""
        callback = signed(body, self._app_secret)
        status: int | None = None
        for attempt in range(self._attempts):
            if attempt and self._wait(self._pause * 2 ** (attempt - 1)):
                break
            try:
                status, _ = http_exchange("POST", self.url, body=callback.body, headers=callback.headers)
            except (OSError, HTTPException):
                status = None
            with self._changed:
                self._posted.append(PostedCallback(callback.body, status))
            if status == 200:
                break
        return status

    def _wait(self, seconds: float) -> bool:
        """Wait so long; whether the double was stopped meanwhile."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped, seconds)

    def stop(self) -> None:
        """Give up the attempts that are still to come."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


class Reporter:
    """Reports statuses at their time, in a thread of its own.

    :param per_callback: at most so many statuses, due at once, share a callback.
    """

    def __init__(
        self, poster: Poster, account: Account, clock: Callable[[], datetime], *, per_callback: int
    ) -> None:
        self._poster = poster
        self._account = account
        self._clock = clock
        self._per_callback = per_callback
        self._changed = Condition()
        self._waiting: list[_Due] = []
        self._order = itertools.count()
        self._busy = False
        self._stopped = False
        self._thread = Thread(target=self._run, name="graph-double-reporter", daemon=True)
        self._thread.start()

    def schedule(self, message: AcceptedMessage, life: Life, delays: Sequence[float]) -> None:
        """Report the statuses of a message, each in so many seconds from now."""
        # Together, or the first would be on its way before those that may share its callback are known.
        with self._changed:
            now = time.monotonic()
            for (status, code), delay in zip(life, delays, strict=True):
                due = _Due(now + delay, next(self._order), message, status, code)
                heapq.heappush(self._waiting, due)
            self._changed.notify_all()

    def wait_until_quiet(self, timeout: float) -> bool:
        """Wait until nothing is left to report; whether that came true."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def stop(self) -> None:
        """Report nothing more, and end the thread."""
        self._poster.stop()
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            now = self._clock()
            items = [status_item(due.message, due.status, due.code, now) for due in batch]
            self._poster.post(envelope_of_statuses(self._account, items, now))

    def _next_batch(self) -> list[_Due]:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            while not self._stopped:
                if self._waiting and self._waiting[0].moment <= time.monotonic():
                    self._busy = True
                    return self._due_now()
                pause = self._waiting[0].moment - time.monotonic() if self._waiting else None
                self._changed.wait(pause)
            return []

    def _due_now(self) -> list[_Due]:
        now = time.monotonic()
        batch: list[_Due] = []
        while self._waiting and self._waiting[0].moment <= now and len(batch) < self._per_callback:
            batch.append(heapq.heappop(self._waiting))
        return batch
