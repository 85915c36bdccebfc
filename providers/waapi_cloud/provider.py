"""The provider: one phone number on the WhatsApp Cloud API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_waapi import (
    CallbackItem,
    CallbackRequest,
    MediaDownload,
    MediaFacts,
    MediaUpload,
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    Provider,
    ProviderContext,
    SendResult,
    TemplateChange,
    TemplateDefinition,
    UnsupportedFeature,
)

from . import callbacks, template_changes, template_examples
from .client import GraphClient
from .envelope import read_callback
from .json_values import as_number
from .media import CloudMedia
from .settings import read_settings
from .templates import read_templates
from .wire import message_body


class CloudProvider(Provider):
    """Sends through the Graph API and reads Meta's webhooks.

    :raises ProviderSettingsError: the instance's settings are incomplete or wrong.
    """

    def __init__(self, context: ProviderContext) -> None:
        self._name = context.name
        self._logger = context.logger
        self._settings = read_settings(context.settings)
        self.throughput = self._settings.throughput
        self._client = GraphClient(self._settings, context.clock)
        self._media = CloudMedia(self._client, self._settings)
        # Until Meta tells this process the number, in a callback or a check.
        self.sends_from = f"phone number id {self._settings.phone_number_id}"

    def __repr__(self) -> str:
        return f"<CloudProvider {self._name!r}, phone number id {self._settings.phone_number_id}>"

    def send(self, message: OutboundMessage) -> SendResult:
        """Hand one message to Meta; an answer without a message id leaves the outcome unknown."""
        edge = "messages" if message.options.marketing is None else "marketing_messages"
        answer = self._client.send(
            f"{self._settings.phone_number_id}/{edge}",
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

    @property
    def makes_templates(self) -> bool:
        """Whether the setting ``business_account_id`` is there."""
        return self._settings.business_account_id is not None

    def create_template(self, change: TemplateChange) -> TemplateDefinition:
        """Make a template in the business account; Meta reviews it."""
        account = self._needed("business_account_id", "make templates")
        return template_changes.create_template(self._client, account, change)

    def edit_template(self, template: TemplateDefinition, change: TemplateChange) -> TemplateDefinition:
        """Change a template, which Meta then reviews."""
        return template_changes.edit_template(self._client, template, change)

    def delete_template(self, name: str, template: TemplateDefinition | None = None) -> None:
        """Delete a template; Meta keeps its name from being used again for 30 days."""
        account = self._needed("business_account_id", "delete templates")
        template_changes.delete_template(self._client, account, name, template)

    @property
    def takes_template_examples(self) -> bool:
        """Whether the setting ``app_id`` is there."""
        return self._settings.app_id is not None

    def upload_template_example(self, upload: MediaUpload) -> str:
        """Upload an example by way of the Meta app."""
        app = self._needed("app_id", "upload examples for templates")
        return template_examples.upload_example(self._client, app, upload)

    def upload_media(self, upload: MediaUpload) -> str:
        """Let Meta keep a medium for 30 days, to be sent by this number."""
        return self._media.upload(upload)

    def describe_media(self, media_id: str) -> MediaFacts:
        """What Meta keeps under an id of this number."""
        return self._media.describe(media_id)

    def download_media(self, media_id: str) -> MediaDownload:
        """The content of a medium, from the server that Meta names for it."""
        return self._media.download(media_id)

    def delete_media(self, media_id: str) -> None:
        """Let Meta forget a medium before its time."""
        self._media.delete(media_id)

    def mark_read(self, provider_message_id: str, *, typing: bool = False) -> None:
        """Show the sender of a received message that it was read; once more does no harm."""
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": provider_message_id,
        }
        if typing:
            body["typing_indicator"] = {"type": "text"}
        self._client.send(f"{self._settings.phone_number_id}/messages", body)

    def check(self) -> str:
        """Ask Meta for the sending number, which needs the address, the token and the id."""
        answer = self._client.read(
            self._settings.phone_number_id,
            {"fields": "id,display_phone_number,verified_name,quality_rating"},
        )
        number = answer.get("display_phone_number")
        if not number:
            raise Misconfigured("The setting phone_number_id does not name a phone number.")
        self._learn_number(str(number))
        name = answer.get("verified_name") or "no verified name"
        quality = answer.get("quality_rating") or "UNKNOWN"
        return f"Reached {number} ({name}), quality {quality}."

    def answer_handshake(self, request: CallbackRequest) -> str:
        """Meta's ``hub.challenge``, for the agreed ``verify_token``."""
        verify_token = self._needed("verify_token", "answer the callback handshake")
        return callbacks.answer_handshake(request, verify_token)

    def verify_callback(self, request: CallbackRequest) -> None:
        """Check Meta's signature; without ``app_secret`` no callback is taken."""
        app_secret = self._needed("app_secret", "check the signature of callbacks")
        callbacks.check_signature(request, app_secret)

    def parse_callback(self, body: bytes) -> Sequence[CallbackItem]:
        """The items of a webhook: statuses, received messages, news of templates and of the account."""
        return read_callback(
            body,
            self._settings.phone_number_id,
            self._settings.business_account_id,
            learn_number=self._learn_number,
        )

    def close(self) -> None:
        """Give back the kept connections."""
        self._client.close()

    def _learn_number(self, shown: str) -> None:
        self.sends_from = as_number(shown) or self.sends_from

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
