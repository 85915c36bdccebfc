"""The provider itself: turns outcomes into results and errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_waapi import (
    OutboundMessage,
    Provider,
    ProviderContext,
    SendResult,
    StatusUpdate,
    TemplateDefinition,
)

from .outcomes import Refused, Step, outcome_for
from .settings import read_settings


class SimulationProvider(Provider):
    """Sends nothing and tells at once all that will come of it.

    It keeps no state, so the same message always has the same fate, in any process.

    :raises ProviderSettingsError: one or more settings are unusable; all faults at once.
    """

    simulated = True

    def __init__(self, context: ProviderContext) -> None:
        self._clock = context.clock
        self._settings = read_settings(context)

    def send(self, message: OutboundMessage) -> SendResult:
        """Do what the recipient stands for.

        :raises ProviderError: the recipient is one of the magic ones that refuse.
        """
        outcome = outcome_for(message.to, self._settings.delays, message.attempt)
        if isinstance(outcome, Refused):
            raise outcome.error()
        now = self._clock()
        return SendResult(
            provider_message_id=_provider_message_id(message),
            recipient_id=message.to.removeprefix("+"),
            later=tuple(_status(step, message, now) for step in outcome.later),
        )

    def list_templates(self) -> Iterable[TemplateDefinition]:
        """The templates of the setting ``templates``, or the samples."""
        return self._settings.templates

    def check(self) -> str:
        """Always well."""
        return f"Simulation with {len(self._settings.templates)} templates; nothing is sent."


def _provider_message_id(message: OutboundMessage) -> str:
    return f"sim.{message.uuid.hex}"


def _status(step: Step, message: OutboundMessage, sent_at: datetime) -> StatusUpdate:
    return StatusUpdate(
        status=step.status,
        occurred_at=sent_at + step.after,
        provider_message_id=_provider_message_id(message),
        message_uuid=message.uuid,
        refusal=step.refusal,
    )
