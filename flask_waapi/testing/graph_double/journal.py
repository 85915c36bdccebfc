"""What the double has seen and taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Condition
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class RecordedRequest:
    """One request, as it came.

    :param target: path and query as the request line has them.
    :param headers: by lower-case name.
    :param body: empty where it was too long to be kept.
    :param connection: number of the connection it came over, from 1.
    :param file: a body that is too long to be kept, until the request is answered.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    file: BinaryIO | None = field(default=None, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query's members; of repeated ones the last."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def json(self) -> Any:
        """The body as JSON; ``None`` when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class AcceptedMessage:
    """A message that the double has taken.

    :param to: the recipient, digits only.
    :param body: the JSON of the send.
    """

    wamid: str
    to: str
    body: Mapping[str, Any]
    accepted_at: datetime

    @property
    def type(self) -> str:
        """The message type."""
        return str(self.body["type"])

    @property
    def callback_data(self) -> str | None:
        """``biz_opaque_callback_data``, which every status repeats."""
        value = self.body.get("biz_opaque_callback_data")
        return None if value is None else str(value)


class Journal:
    """Requests and messages in the order in which they came; for any number of threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._requests: list[RecordedRequest] = []
        self._messages: dict[str, AcceptedMessage] = {}

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far."""
        with self._changed:
            return tuple(self._requests)

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """Every message taken so far."""
        with self._changed:
            return tuple(self._messages.values())

    def add_request(self, request: RecordedRequest) -> None:
        """Note a request."""
        with self._changed:
            self._requests.append(request)

    def add_message(self, message: AcceptedMessage) -> None:
        """Note a message."""
        with self._changed:
            self._messages[message.wamid] = message
            self._changed.notify_all()

    def message(self, wamid: str) -> AcceptedMessage:
        """The message of that id.

        :raises KeyError: the double has not taken it.
        """
        with self._changed:
            return self._messages[wamid]

    def wait_for_messages(self, count: int, timeout: float) -> bool:
        """Wait until so many messages were taken; whether they were."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._messages) >= count, timeout)
