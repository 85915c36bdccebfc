"""The provider itself: turns outcomes into results and errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from flask_waapi import (
    MediaDownload,
    MediaFacts,
    MediaUpload,
    OutboundMessage,
    Provider,
    ProviderContext,
    SendResult,
    StatusUpdate,
    TemplateChange,
    TemplateDefinition,
    UnsupportedFeature,
)

from .examples import EXAMPLES
from .outcomes import Refused, Step, outcome_for
from .settings import read_settings
from .template_file import NO_FILE

_PIECE = 64 * 1024
_KEEPS_NOTHING = "The simulation keeps no media, only their ids."


class SimulationProvider(Provider):
    """Sends nothing and tells at once all that will come of it.

    It keeps no state but a file of templates, so the same message always has the same fate, in any
    process.

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

    def test_recipients(self) -> Sequence[tuple[str, str]]:
        """The magic recipients."""
        return EXAMPLES

    def list_templates(self) -> Iterable[TemplateDefinition]:
        """The templates of the setting ``templates``, of its file as it is now, or the samples.

        :raises Misconfigured: the file has become unusable.
        """
        return self._settings.templates.read()

    @property
    def makes_templates(self) -> bool:
        """Whether the templates are those of a file."""
        return self._settings.templates.may_change

    def create_template(self, change: TemplateChange) -> TemplateDefinition:
        """Write a template into the file of the setting ``templates``; it is approved at once.

        :raises UnsupportedFeature: the templates are not those of a file.
        """
        return self._settings.templates.add(change)

    def edit_template(self, template: TemplateDefinition, change: TemplateChange) -> TemplateDefinition:
        """Change a template in the file.

        :raises UnsupportedFeature: the templates are not those of a file.
        """
        return self._settings.templates.replace(change)

    def delete_template(self, name: str, template: TemplateDefinition | None = None) -> None:
        """Take a template out of the file.

        :raises UnsupportedFeature: the templates are not those of a file.
        """
        self._settings.templates.remove(name, template.language if template is not None else None)

    @property
    def takes_template_examples(self) -> bool:
        """Whether the templates are those of a file."""
        return self.makes_templates

    def upload_template_example(self, upload: MediaUpload) -> str:
        """Take an example without keeping it: its handle follows from its content.

        :raises UnsupportedFeature: the templates are not those of a file.
        """
        if not self.makes_templates:
            raise UnsupportedFeature(NO_FILE)
        return f"4::{_id_of(upload)}"

    def upload_media(self, upload: MediaUpload) -> str:
        """Take a medium without keeping it: its id follows from its content."""
        return _id_of(upload)

    def describe_media(self, media_id: str) -> MediaFacts:
        """Nothing is known of any medium.

        :raises UnsupportedFeature: always.
        """
        raise UnsupportedFeature(_KEEPS_NOTHING)

    def download_media(self, media_id: str) -> MediaDownload:
        """There is no content to fetch.

        :raises UnsupportedFeature: always.
        """
        raise UnsupportedFeature(_KEEPS_NOTHING)

    def delete_media(self, media_id: str) -> None:
        """Nothing to do."""

    def mark_read(self, provider_message_id: str, *, typing: bool = False) -> None:
        """Nobody is there to see it."""

    def check(self) -> str:
        """Always well."""
        return f"Simulation with {len(self._settings.templates.read())} templates; nothing is sent."


def _id_of(upload: MediaUpload) -> str:
    digest = hashlib.sha256()
    while piece := upload.content.read(_PIECE):
        digest.update(piece)
    return f"sim.{digest.hexdigest()[:32]}"


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
