"""A provider that reaches recipients as far as the core can tell, and writes down what it is asked to do."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flask_waapi import (
    CallbackItem,
    CallbackRefused,
    CallbackRequest,
    Content,
    OutboundMessage,
    Provider,
    ProviderContext,
    ProviderEvent,
    SendResult,
    TemplateDefinition,
    Throughput,
    hookimpl,
)
from flask_waapi.content import CONTENT_TYPES

Outcome = SendResult | BaseException | Callable[[OutboundMessage], SendResult]
"""What one send comes to: a result, an error to raise, or a function that decides."""

ORDER_CONFIRMATION = TemplateDefinition(
    name="order_confirmation",
    language="en",
    status="APPROVED",
    category="UTILITY",
    parameter_format="NAMED",
    components=[
        {"type": "BODY", "text": "Hi {{customer_name}}, your order {{order_id}} comes to {{total}}."},
    ],
)


@dataclass
class Script:
    """What recorders do next and what they were asked; shared by the instances of one app.

    :param outcomes: of the coming sends, in order; without one a send is accepted.
    :param updates: what the coming callback says.
    """

    outcomes: deque[Outcome] = field(default_factory=deque)
    templates: list[TemplateDefinition] = field(default_factory=lambda: [ORDER_CONFIRMATION])
    template_error: Exception | None = None
    updates: list[ProviderEvent] = field(default_factory=list)
    content_types: frozenset[type[Content]] = frozenset(CONTENT_TYPES)
    throughput: Throughput = field(default_factory=Throughput)
    sent: list[OutboundMessage] = field(default_factory=list)
    listings: int = 0
    closed: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How often a recorder was asked for anything that would have gone to its network."""
        return len(self.sent) + self.listings


class Recorder(Provider):
    """One instance of a :class:`Script`'s provider."""

    def __init__(self, context: ProviderContext, script: Script) -> None:
        self.name = context.name
        self.content_types = script.content_types
        self.throughput = script.throughput
        self._script = script
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def send(self, message: OutboundMessage) -> SendResult:
        with self._lock:
            self._script.sent.append(message)
            outcome = self._script.outcomes.popleft() if self._script.outcomes else None
            number = next(self._numbers)
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, SendResult):
            return outcome
        if outcome is not None:
            return outcome(message)
        return SendResult(f"{self.name}-{number}")

    def list_templates(self) -> Iterable[TemplateDefinition]:
        self._script.listings += 1
        if self._script.template_error is not None:
            raise self._script.template_error
        return list(self._script.templates)

    def verify_callback(self, request: CallbackRequest) -> None:
        if request.headers.get("x-signature") != "good":
            raise CallbackRefused("The signature is wrong.")

    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        return [
            CallbackItem(f"updates[{index}]", {"index": index}, (update,))
            for index, update in enumerate(self._script.updates)
        ]

    def close(self) -> None:
        self._script.closed.append(self.name)


class SimulatedRecorder(Recorder):
    """The same, for an instance that ends simulated sends."""

    simulated = True


class RecorderPlugin:
    """Registers the types ``recorder`` and ``simulated_recorder``."""

    def __init__(self, script: Script) -> None:
        self._script = script

    @hookimpl
    def waapi_register_providers(self, register: Callable[..., None]) -> None:
        """The plugin hook."""
        register("recorder", lambda context: Recorder(context, self._script))
        register("simulated_recorder", lambda context: SimulatedRecorder(context, self._script))
