"""What a provider is: the class to inherit, what it is given, what it returns, how it says no.

A provider carries one message to one recipient. It knows nothing of keys, limits, databases or Flask; what
it needs comes in through :class:`ProviderContext`, what happened goes out as a value or as one of the
:class:`ProviderError` kinds. Choosing the right kind is a provider's most important duty: it decides
whether a message is sent again.
"""

from __future__ import annotations

import difflib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from ..content import CONTENT_TYPES, Content


@dataclass(frozen=True)
class ProviderContext:
    """What a provider instance is made from.

    :param name: the instance's name in ``WAAPI_PROVIDERS``.
    :param settings: its settings there, without ``type``. May hold secrets: never log it.
    :param clock: tells the time, aware UTC.
    """

    name: str
    settings: Mapping[str, Any]
    clock: Callable[[], datetime]

    @property
    def logger(self) -> logging.Logger:
        """The logger to write to: ``flask_waapi.provider.<instance name>``."""
        return logging.getLogger(f"flask_waapi.provider.{self.name}")

    def unknown_settings(self, *known: str) -> list[str]:
        """One sentence for each setting not ``known``, for :class:`ProviderSettingsError`."""
        problems = []
        for name in self.settings:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                problems.append(f"{name} is not a setting of this provider.{hint}")
        return problems


@dataclass(frozen=True)
class OutboundMessage:
    """One message to one recipient.

    :param uuid: our id of it. A provider that can carry a word of ours through to its status reports
        carries this one, since it settles a send whose outcome is unknown.
    :param to: the recipient, E.164 with the plus sign.
    :param content: what the message says.
    :param attempt: 1 for the first try.
    """

    uuid: UUID
    to: str
    content: Content
    attempt: int = 1


@dataclass(frozen=True)
class Refusal:
    """Why a provider did not carry a message.

    :param code: the provider's own code, as a string.
    :param reason: its words, fit for the caller's eyes.
    """

    code: str
    reason: str


@dataclass(frozen=True)
class StatusUpdate:
    """One fact about a message that was sent before.

    :param status: ``sent``, ``delivered``, ``read``, ``played`` or ``failed``.
    :param occurred_at: when it happened by the provider's clock, aware UTC.
    :param provider_message_id: the id that :class:`SendResult` gave.
    :param message_uuid: our own id, where the provider echoes it.
    :param refusal: why, when the status is ``failed``.
    """

    status: str
    occurred_at: datetime
    provider_message_id: str
    message_uuid: UUID | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class SendResult:
    """The provider has accepted the message.

    :param provider_message_id: its id of it; status reports name it.
    :param recipient_id: the recipient as the provider writes it, if it says so.
    :param later: facts the provider already knows will come, each at its own time. A provider with a
        network behind it leaves this empty and reports them by callback.
    """

    provider_message_id: str
    recipient_id: str | None = None
    later: Sequence[StatusUpdate] = ()


@dataclass(frozen=True)
class TemplateDefinition:
    """One template in one language, in the terms of WhatsApp's template API.

    :param status: ``APPROVED``, ``PAUSED`` ...; values may be added by the network.
    :param parameter_format: ``NAMED`` or ``POSITIONAL``.
    :param components: header, body, footer and buttons, whole, as the provider keeps them.
    """

    name: str
    language: str
    status: str
    category: str
    parameter_format: str
    components: Sequence[Mapping[str, Any]]
    provider_template_id: str | None = None


@dataclass(frozen=True)
class CallbackRequest:
    """A request that a provider made to us.

    :param headers: by lower-case name.
    :param query: the query string's members.
    :param body: the raw bytes, which a signature covers.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class ProviderError(Exception):
    """Base of the ways in which a provider says no.

    :param message: what happened, fit for the caller's eyes: no token, no address of a server.
    :param code: the provider's own code, if it gave one.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Retryable(ProviderError):
    """Nothing was sent, and the same call may succeed later: overload, throttling, no connection.

    :param retry_after: the provider's own word on when; ``None`` when it gave none.
    """

    def __init__(
        self, message: str, *, code: str | None = None, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Rejected(ProviderError):
    """Nothing was sent, and the same message will never be: bad parameter, unknown recipient."""


class WindowClosed(Rejected):
    """Rejected because the recipient has not written within the last 24 hours."""


class Misconfigured(ProviderError):
    """Nothing was sent because of us, not of the message: credentials, permissions, account state."""


class OutcomeUnknown(ProviderError):
    """The message may have been sent: the connection broke after it was handed over."""


class UnsupportedFeature(ProviderError):
    """This provider has no such ability."""


class CallbackRefused(ProviderError):
    """The callback is not from whom it says: a bad, missing or malformed signature."""


class ProviderSettingsError(Exception):
    """A factory's complaint about the settings of an instance.

    :param problems: one sentence per fault, each naming the setting within the instance.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Provider(ABC):
    """A way to carry messages. One instance per entry of ``WAAPI_PROVIDERS``, shared by all threads.

    Only :meth:`send` must be written; what else a provider can do it adds by overriding.
    """

    content_types: frozenset[type[Content]] = frozenset(CONTENT_TYPES.values())
    """What it can carry; other contents are refused before anything is stored."""

    simulated: ClassVar[bool] = False
    """True when no message can leave the machine. Test keys and simulated sends go only to such a one."""

    @abstractmethod
    def send(self, message: OutboundMessage) -> SendResult:
        """Hand one message over.

        Called from several threads, never within a database transaction. May be called again for the
        same ``uuid`` after :class:`Retryable`, never after any other outcome.

        :raises Retryable: nothing was sent, later may work.
        :raises Rejected: nothing was sent, never will be.
        :raises Misconfigured: nothing was sent, an operator must act.
        :raises OutcomeUnknown: it may have been sent.
        """

    def list_templates(self) -> Iterable[TemplateDefinition]:
        """Every template of this account, whatever its status.

        :raises UnsupportedFeature: the provider keeps no templates (the default).
        :raises ProviderError: the list could not be read whole.
        """
        raise UnsupportedFeature("This provider keeps no list of templates.")

    def check(self) -> str:
        """Whether the provider could send now: one sentence on what was reached.

        :raises ProviderError: it could not; the message says what to mend.
        """
        return "Nothing to check."

    def answer_handshake(self, request: CallbackRequest) -> str:
        """The plain-text answer by which we prove that a callback address is ours.

        :raises CallbackRefused: the request does not know the agreed token.
        :raises UnsupportedFeature: the provider makes no callbacks (the default).
        """
        raise UnsupportedFeature("This provider makes no callbacks.")

    def parse_callback(self, request: CallbackRequest) -> Iterable[StatusUpdate]:
        """The facts in a callback, after its signature has been checked over the raw bytes.

        :raises CallbackRefused: the signature is missing, malformed or wrong.
        :raises UnsupportedFeature: the provider makes no callbacks (the default).
        """
        raise UnsupportedFeature("This provider makes no callbacks.")

    def close(self) -> None:  # noqa: B027 - most providers hold nothing
        """Give back connections; called when the process ends."""
