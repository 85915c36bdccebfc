"""The double itself: a server, an account, and what a test may ask of them."""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from .errors import GraphError, error_response, to_json
from .faults import (
    Delay,
    ErrorAnswer,
    Fault,
    FaultQueue,
    Hang,
    Life,
    RawAnswer,
    magic_fault,
    magic_life,
)
from .inbound import inbound_item, inbound_value
from .journal import AcceptedMessage, Journal, RecordedRequest
from .media import MediaShelf
from .routes import Account, Found, Routes, Send
from .server import HOST, Answer, DoubleServer, NoAnswer
from .statuses import (
    PostedCallback,
    Poster,
    Reporter,
    SignedCallback,
    envelope,
    envelope_of_statuses,
    http_exchange,
    signed,
    status_item,
    value_of,
)
from .templates import TemplateShelf
from .uploads import ExampleShelf

JSON_TYPE = "application/json"
DEFAULT_LIFE: Life = (("sent", None), ("delivered", None), ("read", None))
REACTION_LIFE: Life = (("sent", None),)
DEFAULT_DELAYS = {"sent": 0.2, "delivered": 0.5, "read": 1.0, "failed": 0.5}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GraphDouble:
    """A Cloud API on this machine, for one number; use it in a ``with`` statement.

    :param port: 0 chooses a free one.
    :param callback_url: where callbacks are posted; without it none are.
    :param status_delays: seconds from the send to each status; one that is missing has none.
    :param statuses_per_callback: Meta batches statuses under load; so does the double, up to this.
    :param callback_attempts: how often a callback is posted that is not answered with 200.
    :param callback_pause: seconds before the second of these attempts.
    :param hang_seconds: how long a :class:`Hang` holds a connection.
    :param new_template_status: of templates created over the API.
    :param clock: tells the time of statuses, aware UTC.
    :param random_bytes: gives so many random bytes, for ids; a seeded one makes them repeatable.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        access_token: str = "graph-double-token",  # noqa: S107 - it guards nothing
        phone_number_id: str = "106540352242922",
        business_account_id: str = "102290129340398",
        app_id: str = "1208754019283746",
        display_phone_number: str = "+1 555-555-0100",
        app_secret: str = "graph-double-app-secret",  # noqa: S107
        callback_url: str | None = None,
        status_delays: Mapping[str, float] | None = None,
        statuses_per_callback: int = 1,
        callback_attempts: int = 3,
        callback_pause: float = 0.2,
        hang_seconds: float = 60.0,
        new_template_status: str = "APPROVED",
        clock: Callable[[], datetime] = _utc_now,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.account = Account(
            phone_number_id, business_account_id, app_id, display_phone_number, access_token
        )
        self.app_secret = app_secret
        self.templates = TemplateShelf(new_template_status)
        self.media = MediaShelf()
        self.examples = ExampleShelf()
        self._delays = DEFAULT_DELAYS if status_delays is None else status_delays
        self._hang_seconds = hang_seconds
        self._clock = clock
        self._random_bytes = random_bytes
        self._journal = Journal()
        self._faults = FaultQueue()
        self._routes = Routes(self.account, self.templates, self.media, self.examples)
        self._poster: Poster | None = None
        if callback_url is not None:
            self._poster = Poster(callback_url, app_secret, attempts=callback_attempts, pause=callback_pause)
        self._per_callback = statuses_per_callback
        self._reporter: Reporter | None = None
        self._port = port
        self._server: DoubleServer | None = None

    # Life

    def start(self) -> Self:
        """Begin to listen.

        :raises OSError: the port is taken.
        """
        self._server = DoubleServer(self._port, self._handle)
        self._port = self._server.port
        if self._poster is not None:
            self._reporter = Reporter(
                self._poster, self.account, self._clock, per_callback=self._per_callback
            )
        self._server.start()
        return self

    def stop(self) -> None:
        """Break every connection and end every thread; what was recorded stays."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._reporter is not None:
            self._reporter.stop()
            self._reporter = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # What a client needs to know

    @property
    def base_url(self) -> str:
        """The address to use in place of ``https://graph.facebook.com``."""
        return f"http://{HOST}:{self._port}"

    @property
    def provider_settings(self) -> dict[str, str]:
        """Settings of a ``cloud`` instance that sends here, without ``type`` and verify token."""
        return {
            "base_url": self.base_url,
            "phone_number_id": self.account.phone_number_id,
            "business_account_id": self.account.business_account_id,
            "app_id": self.account.app_id,
            "access_token": self.account.access_token,
            "app_secret": self.app_secret,
        }

    # What has happened

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request, in the order in which they came."""
        return self._journal.requests

    @property
    def messages(self) -> tuple[AcceptedMessage, ...]:
        """Every message taken, in the order in which they were."""
        return self._journal.messages

    @property
    def callbacks(self) -> tuple[PostedCallback, ...]:
        """Every attempt to post a callback."""
        return () if self._poster is None else self._poster.posted

    def wait_for_messages(self, count: int, timeout: float = 10.0) -> bool:
        """Wait until so many messages were taken; whether they were."""
        return self._journal.wait_for_messages(count, timeout)

    def wait_until_reported(self, timeout: float = 10.0) -> bool:
        """Wait until every status due by itself has been posted; whether that came true."""
        return self._reporter is None or self._reporter.wait_until_quiet(timeout)

    # What a script may ask for

    def fail_next(self, fault: Fault, *, times: int = 1, edge: str = "messages") -> None:
        """Let a fault befall the next requests.

        :param edge: the last part of their path: ``messages``, ``message_templates``, ``media``,
            ``uploads``, or the id of a node.
        """
        self._faults.add(edge, fault, times)

    def status(self, wamid: str, status: str, code: int | None = None) -> dict[str, Any]:
        """A status item of a message, to put into a batch or to spoil.

        :raises KeyError: the double has not taken that message.
        """
        return status_item(self._journal.message(wamid), status, code, self._clock())

    def report(self, wamid: str, status: str, code: int | None = None) -> int | None:
        """Post one status now; the receiver's HTTP status, ``None`` when it did not answer."""
        return self.report_batch([self.status(wamid, status, code)])

    def report_batch(self, items: Sequence[Any]) -> int | None:
        """Post these status items in one callback now.

        :raises RuntimeError: the double has no ``callback_url``.
        """
        return self._needed_poster().post(envelope_of_statuses(self.account, items, self._clock()))

    def message_from(
        self, sender: str, kind: str = "text", payload: Any = None, **members: Any
    ) -> dict[str, Any]:
        """A message item that a customer wrote, to put into a batch or to spoil.

        :param payload: what stands under the name of its type; a text says ``Hello`` without it.
        :param members: others of the item, such as ``context``.
        """
        if kind == "text" and payload is None:
            payload = {"body": "Hello"}
        return inbound_item(sender, self._new_id(sender), kind, payload, self._clock(), members)

    def receive(self, sender: str, kind: str = "text", payload: Any = None, **members: Any) -> int | None:
        """Let a customer write: post one message now, as :meth:`message_from` makes it."""
        return self.receive_batch([self.message_from(sender, kind, payload, **members)])

    def receive_batch(self, items: Sequence[Any], *, name: str = "A Customer") -> int | None:
        """Post these message items in one callback now; their senders are all called that.

        :raises RuntimeError: the double has no ``callback_url``.
        """
        return self.tell("messages", inbound_value(self.account, items, name))

    def value(self, **lists: Sequence[Any]) -> dict[str, Any]:
        """The value of a change of the number, with lists such as ``message_echoes``."""
        return value_of(self.account, **lists)

    def tell(self, field: str, value: Any) -> int | None:
        """Post a change of any field now: ``account_update``, ``message_template_status_update`` ...

        :raises RuntimeError: the double has no ``callback_url``.
        """
        return self._needed_poster().post(envelope(self.account, field, value, self._clock()))

    def signed_change(self, field: str, value: Any) -> SignedCallback:
        """The callback with a change of any field, to hand over without HTTP."""
        return self.sign(envelope(self.account, field, value, self._clock()))

    def signed_callback(self, items: Sequence[Any]) -> SignedCallback:
        """The callback with these status items, to hand over without HTTP."""
        return self.sign(envelope_of_statuses(self.account, items, self._clock()))

    def sign(self, body: Any) -> SignedCallback:
        """Any body, signed as Meta does; bytes are taken as they are."""
        return signed(body, self.app_secret)

    def handshake(self, verify_token: str, challenge: str = "1158201444") -> tuple[int, str]:
        """Ask the receiver of callbacks to prove that it knows the token: status and answer.

        :raises RuntimeError: the double has no ``callback_url``.
        """
        url = self._needed_poster().url
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": verify_token,
            "hub.challenge": challenge,
        }
        separator = "&" if "?" in url else "?"
        status, body = http_exchange("GET", url + separator + urlencode(query))
        return status, body.decode("utf-8", "replace")

    # How a request is answered

    def _handle(self, request: RecordedRequest) -> Answer | NoAnswer:
        self._journal.add_request(request)
        fault = self._faults.take(request.path)
        if fault is not None and not fault.accepted:
            return self._misbehave(fault)
        try:
            found = self._routes.find(request, self.base_url)
        except GraphError as error:
            return self._misbehave(error.answer)
        if isinstance(found, Send):
            fault = fault or magic_fault(found.recipient.id)
            if fault is not None and not fault.accepted:
                return self._misbehave(fault)
            found = Found(self._accept(found))
        if isinstance(fault, Delay):
            return replace(_answer(found), delay=fault.seconds)
        return _answer(found) if fault is None else self._misbehave(fault)

    def _misbehave(self, fault: Fault) -> Answer | NoAnswer:
        match fault:
            case ErrorAnswer():
                status, headers, body = error_response(fault, self._trace_id())
                return Answer(status, to_json(body), {"Content-Type": JSON_TYPE, **headers})
            case RawAnswer():
                headers = {"Content-Type": fault.content_type}
                if fault.retry_after is not None:
                    headers["Retry-After"] = str(fault.retry_after)
                return Answer(fault.http_status, fault.body, headers)
            case Hang():
                return NoAnswer(self._hang_seconds)
            case _:
                return NoAnswer()

    def _accept(self, send: Send) -> dict[str, Any]:
        recipient = send.recipient
        message = AcceptedMessage(self._new_id(recipient.id), recipient.id, send.body, self._clock())
        self._journal.add_message(message)
        if self._reporter is not None:
            life = magic_life(message.to)
            if life is None:
                life = REACTION_LIFE if message.type == "reaction" else DEFAULT_LIFE
            delays = itertools.accumulate((self._delays.get(status, 0.0) for status, _ in life), max)
            # A life keeps its order, also where that is not the order of the delays.
            self._reporter.schedule(message, life, list(delays))
        return {
            "messaging_product": "whatsapp",
            "contacts": [recipient.as_contact()],
            "messages": [{"id": message.wamid}],
        }

    def _new_id(self, number: str) -> str:
        # The other side's digits are part of a real id as well, so that ids differ in length.
        suffix = b"\x15\x02\x00\x11\x18\x12" + self._random_bytes(12)
        return f"wamid.{base64.b64encode(number.encode() + suffix).decode()}"

    def _trace_id(self) -> str:
        return "A" + base64.urlsafe_b64encode(self._random_bytes(12)).decode()

    def _needed_poster(self) -> Poster:
        if self._poster is None:
            raise RuntimeError("This GraphDouble has no callback_url to post to.")
        return self._poster


def _answer(found: Found) -> Answer:
    content = to_json(found.value) if found.content is None else found.content
    return Answer(200, content, {"Content-Type": found.content_type})
