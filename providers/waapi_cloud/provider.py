"""The provider: one phone number on the WhatsApp Cloud API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_waapi import (
    CallbackRequest,
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    Provider,
    ProviderContext,
    SendResult,
    StatusUpdate,
    TemplateDefinition,
    UnsupportedFeature,
)

from . import callbacks
from .client import GraphClient
from .settings import read_settings
from .templates import read_templates
from .wire import message_body


class CloudProvider(Provider):
    """Sends through the Graph API and reads Meta's webhooks.

    :raises ProviderSettingsError: the instance's settings are incomplete or wrong.
    """

    def __init__(self, context: ProviderContext) -> None:
        self._name = context.name
        self._clock = context.clock
        self._logger = context.logger
        self._settings = read_settings(context.settings)
        self._client = GraphClient(self._settings, context.clock)

    def __repr__(self) -> str:
        return f"<CloudProvider {self._name!r}, phone number id {self._settings.phone_number_id}>"

    def send(self, message: OutboundMessage) -> SendResult:
        """Hand one message to Meta; an answer without a message id leaves the outcome unknown."""
        answer = self._client.send(
            f"{self._settings.phone_number_id}/messages",
            message_body(message),
            attempt=message.attempt,
        )
        message_id = _first(answer.get("messages")).get("id")
        if not isinstance(message_id, str) or not message_id:
            raise OutcomeUnknown("The Cloud API answered without a message id.")
        # Absent for recipients who are known by a user name.
        recipient_id = _first(answer.get("contacts")).get("wa_id")
        return SendResult(message_id, recipient_id if isinstance(recipient_id, str) else None)

    def list_templates(self) -> Sequence[TemplateDefinition]:
        """Every template of the business account, in every language and status."""
        account = self._needed("business_account_id", "list templates")
        return read_templates(self._client, account, self._logger)

    def check(self) -> str:
        """Ask Meta for the sending number, which needs the address, the token and the id."""
        answer = self._client.read(
            self._settings.phone_number_id,
            {"fields": "id,display_phone_number,verified_name,quality_rating"},
        )
        number = answer.get("display_phone_number")
        if not number:
            raise Misconfigured("The setting phone_number_id does not name a phone number.")
        name = answer.get("verified_name") or "no verified name"
        quality = answer.get("quality_rating") or "UNKNOWN"
        return f"Reached {number} ({name}), quality {quality}."

    def answer_handshake(self, request: CallbackRequest) -> str:
        """Meta's ``hub.challenge``, for the agreed ``verify_token``."""
        verify_token = self._needed("verify_token", "answer the callback handshake")
        return callbacks.answer_handshake(request, verify_token)

    def parse_callback(self, request: CallbackRequest) -> Sequence[StatusUpdate]:
        """The statuses of messages in a webhook, once its signature has been checked."""
        app_secret = self._needed("app_secret", "check the signature of callbacks")
        callbacks.check_signature(request, app_secret)
        return callbacks.read_statuses(request.body, clock=self._clock, logger=self._logger)

    def close(self) -> None:
        """Give back the kept connections."""
        self._client.close()

    def _needed(self, setting: str, purpose: str) -> str:
        value: str | None = getattr(self._settings, setting)
        if value is None:
            raise UnsupportedFeature(
                f"The provider {self._name!r} needs the setting {setting!r} to {purpose}."
            )
        return value


def _first(values: Any) -> dict[str, Any]:
    first = values[0] if isinstance(values, list) and values else None
    return first if isinstance(first, dict) else {}
