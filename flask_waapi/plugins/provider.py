"""What a provider is: the class to inherit, what it is given, what it returns.

A provider carries one message to one recipient. It knows nothing of keys, limits, databases or Flask; what
it needs comes in through :class:`ProviderContext`, what happened goes out as a value or as one of the kinds
of ``ProviderError``.
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

from ..content import CONTENT_TYPES, Content, MessageOptions
from .callbacks import CallbackItem, StatusUpdate
from .media import MediaDownload, MediaFacts, MediaUpload
from .provider_errors import UnsupportedFeature
from .throughput import UNLIMITED, Throughput


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
    :param to: the recipient: E.164 with the plus sign, a user id such as ``US.13491208655302741918``, or
        with ``options.recipient_type`` ``group`` the id of a group.
    :param content: what the message says.
    :param attempt: 1 for the first try.
    """

    uuid: UUID
    to: str
    content: Content
    attempt: int = 1
    options: MessageOptions = field(default_factory=MessageOptions)


@dataclass(frozen=True)
class SendResult:
    """The provider has accepted the message.

    :param provider_message_id: its id of it; status reports name it.
    :param recipient_id: the recipient as its callbacks name them, if it says so: a number, with the plus sign
        or without, or a user id.
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
    :param quality: how recipients take it, ``GREEN`` to ``RED``, where the provider tells.
    :param reason: why it has its status, where the provider tells.
    """

    name: str
    language: str
    status: str
    category: str
    parameter_format: str
    components: Sequence[Mapping[str, Any]]
    provider_template_id: str | None = None
    quality: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class TemplateChange:
    """A template to create, or what to change of one.

    :param language: its language code.
    :param category: ``MARKETING``, ``UTILITY`` or ``AUTHENTICATION``; ``None`` leaves it as it is.
    :param components: header, body, footer and buttons, whole, in the terms of WhatsApp's template API;
        ``None`` leaves them as they are.
    :param parameter_format: ``NAMED`` or ``POSITIONAL``; ``None`` leaves it to the provider.
    :param ttl: for how long an undelivered message of it is kept; ``None`` for the network's own time.
    """

    name: str
    language: str
    category: str | None = None
    components: Sequence[Mapping[str, Any]] | None = None
    parameter_format: str | None = None
    ttl: timedelta | None = None


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


class Provider(ABC):
    """A way to carry messages. One instance per entry of ``WAAPI_PROVIDERS``, shared by all threads.

    Only :meth:`send` must be written; what else a provider can do it adds by overriding.
    """

    content_types: frozenset[type[Content]] = frozenset(CONTENT_TYPES)
    """What it can carry; other contents are refused before anything is stored."""

    throughput: Throughput = UNLIMITED
    """How fast it may send."""

    service_window: bool = True
    """Whether free-form messages may only go to who has written within 24 hours, as WhatsApp demands."""

    sends_from: str | None = None
    """Who the recipients see, such as ``+15550000000``, in up to 100 characters; for people to read."""

    simulated: ClassVar[bool] = False
    """True when no message can leave the machine. Test keys and simulated sends go only to such a one."""

    @abstractmethod
    def send(self, message: OutboundMessage) -> SendResult:
        """Hand one message over.

        Called from several threads, never within a database transaction. May be called again for the
        same ``uuid`` after :class:`Retryable`, never after any other outcome.

        :raises Retryable: nothing was sent, later may work.
        :raises Throttled: likewise, and all that follows is to go slower.
        :raises Rejected: nothing was sent, never will be.
        :raises Misconfigured: nothing was sent, an operator must act.
        :raises OutcomeUnknown: it may have been sent.
        """

    def test_recipients(self) -> Sequence[tuple[str, str]]:
        """Recipients that stand for an outcome, for people who want to see how an app takes it.

        :returns: each as a number, E.164 with the plus sign, and what becomes of a message to it, in a few
            words; the ones that are asked for most come first. None by default.
        """
        return ()

    def list_templates(self) -> Iterable[TemplateDefinition]:
        """Every template of this account, whatever its status.

        :raises UnsupportedFeature: the provider keeps no templates (the default).
        :raises ProviderError: the list could not be read whole.
        """
        raise UnsupportedFeature("This provider keeps no list of templates.")

    @property
    def makes_templates(self) -> bool:
        """Whether templates can be made here, so that nobody fills in a form in vain.

        By default, whether :meth:`create_template` is overridden; an instance that depends on its settings
        for that says so itself.
        """
        return type(self).create_template is not Provider.create_template

    def create_template(self, change: TemplateChange) -> TemplateDefinition:
        """Make a template; ``category`` and ``components`` are set.

        :returns: as the provider has taken it; its status and category are for the provider to say.
        :raises UnsupportedFeature: templates are not made here (the default).
        :raises ProviderError: it was refused, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider makes no templates.")

    def edit_template(self, template: TemplateDefinition, change: TemplateChange) -> TemplateDefinition:
        """Change a template.

        :param template: as it was listed.
        :returns: as it is since; its status is for the provider to say.
        :raises UnsupportedFeature: templates are not changed here (the default).
        :raises ProviderError: it was refused, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider changes no templates.")

    def delete_template(self, name: str, template: TemplateDefinition | None = None) -> None:
        """Delete a template.

        :param template: the language to delete, as it was listed; ``None`` for all languages of the name.
        :raises UnsupportedFeature: templates are not deleted here (the default).
        :raises ProviderError: it was refused, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider deletes no templates.")

    @property
    def takes_template_examples(self) -> bool:
        """Whether :meth:`upload_template_example` works here; told as :attr:`makes_templates` is."""
        return type(self).upload_template_example is not Provider.upload_template_example

    def upload_template_example(self, upload: MediaUpload) -> str:
        """Hand over a file by which those who review a template see what its media header is to hold.

        :returns: its handle, to stand among the examples of the header.
        :raises UnsupportedFeature: no such examples are taken here (the default).
        :raises ProviderError: it was refused, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider takes no examples for templates.")

    def upload_media(self, upload: MediaUpload) -> str:
        """Hand a medium over, to be sent by its id.

        :returns: its id, good for sends by this instance.
        :raises UnsupportedFeature: the provider keeps no media (the default).
        :raises ProviderError: it was refused, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider keeps no media.")

    def describe_media(self, media_id: str) -> MediaFacts:
        """What the provider keeps under an id.

        :raises UnsupportedFeature: the provider keeps no media (the default).
        :raises ProviderError: there is no such medium, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider keeps no media.")

    def download_media(self, media_id: str) -> MediaDownload:
        """The content of a medium.

        :raises UnsupportedFeature: the provider keeps no media (the default).
        :raises ProviderError: there is no such medium, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider keeps no media.")

    def delete_media(self, media_id: str) -> None:
        """Forget a medium.

        :raises UnsupportedFeature: the provider keeps no media (the default).
        :raises ProviderError: there is no such medium, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider keeps no media.")

    def mark_read(self, provider_message_id: str, *, typing: bool = False) -> None:
        """Show the sender of a received message, and of those before it, that it was read.

        :param provider_message_id: the provider's id of the received message.
        :param typing: also show that an answer is being written.
        :raises UnsupportedFeature: the provider has no read receipts (the default).
        :raises ProviderError: it was refused, or the provider cannot be reached.
        """
        raise UnsupportedFeature("This provider has no read receipts.")

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

    def verify_callback(self, request: CallbackRequest) -> None:
        """Return only if the callback is from whom it says, by its signature over the raw bytes.

        :raises CallbackRefused: the signature is missing, malformed or wrong.
        :raises UnsupportedFeature: the provider makes no callbacks (the default).
        """
        raise UnsupportedFeature("This provider makes no callbacks.")

    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        """What a callback reports whose signature was good when it came.

        Called after the callback has been answered, and again whenever it is replayed; so it must not
        depend on anything but the body. An item that cannot be read must cost no other.

        :raises UnsupportedFeature: the provider makes no callbacks (the default).
        """
        raise UnsupportedFeature("This provider makes no callbacks.")

    def close(self) -> None:  # noqa: B027 - most providers hold nothing
        """Give back connections; called when the process ends."""
