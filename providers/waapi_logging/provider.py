"""The provider itself, and the one line it writes for each message."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask_waapi import (
    Content,
    MediaUpload,
    Misconfigured,
    OutboundMessage,
    Provider,
    ProviderContext,
    ProviderSettingsError,
    SendResult,
    Template,
)

_PIECE = 64 * 1024
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class LoggingProvider(Provider):
    """Accepts every message and writes one line about it to the instance's logger.

    It is ``simulated``: a log line reaches no recipient, so test keys and simulated sends may end
    here. It reports no status after ``sent``.

    :raises ProviderSettingsError: one or more settings are unusable; all faults at once.
    """

    simulated = True

    def __init__(self, context: ProviderContext) -> None:
        level, self._show_content = _read_settings(context)
        self._level = logging.getLevelNamesMapping()[level]
        self._logger = context.logger

    def send(self, message: OutboundMessage) -> SendResult:
        """Write the line; never fails."""
        facts = _facts(message, show_content=self._show_content)
        self._logger.log(self._level, "message %s", _line(facts), extra={"waapi_message": facts})
        return SendResult(provider_message_id=f"log.{message.uuid.hex}")

    def upload_media(self, upload: MediaUpload) -> str:
        """Take a medium without keeping it: its id follows from its content."""
        digest = hashlib.sha256()
        while piece := upload.content.read(_PIECE):
            digest.update(piece)
        return f"log.{digest.hexdigest()[:32]}"

    def delete_media(self, media_id: str) -> None:
        """Nothing to do."""

    def mark_read(self, provider_message_id: str, *, typing: bool = False) -> None:
        """Write a line."""
        self._logger.log(self._level, "message read id=%s", json.dumps(provider_message_id))

    def check(self) -> str:
        """Whether the lines come through.

        :raises Misconfigured: the logger drops messages of this level.
        """
        level = logging.getLevelName(self._level)
        if not self._logger.isEnabledFor(self._level):
            raise Misconfigured(
                f"The logger {self._logger.name} drops messages of level {level}:"
                " lower its level in the logging setup."
            )
        return f"Writes messages to the logger {self._logger.name} at level {level}."


def _read_settings(context: ProviderContext) -> tuple[str, bool]:
    given = {name: value for name, value in context.settings.items() if value is not None}
    problems = context.unknown_settings("level", "show_content")
    level = given.get("level", "INFO")
    show_content = given.get("show_content", False)
    if level not in _LEVELS:
        problems.append(f"level must be one of {', '.join(_LEVELS)}.")
    if not isinstance(show_content, bool):
        problems.append("show_content must be true or false.")
    if problems:
        raise ProviderSettingsError(problems)
    return level, show_content


def _facts(message: OutboundMessage, *, show_content: bool) -> dict[str, Any]:
    content = message.content
    facts: dict[str, Any] = {
        "uuid": str(message.uuid),
        "to": f"***{message.to[-4:]}",
        "type": content.type,
        "attempt": message.attempt,
    }
    if isinstance(content, Template):
        facts |= {"template": content.name, "language": content.language}
    if show_content:
        facts["content"] = _words(content)
    return facts


def _words(content: Content) -> dict[str, Any]:
    return asdict(content, dict_factory=_without_gaps)


def _without_gaps(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in members if value not in (None, ())}


def _line(facts: Mapping[str, Any]) -> str:
    # JSON escapes line breaks, so that no message can forge a line of its own.
    return " ".join(f"{name}={json.dumps(value)}" for name, value in facts.items())
