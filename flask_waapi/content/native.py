"""A message in the words of the WhatsApp Cloud API itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .model import Content


@dataclass(frozen=True)
class Native(Content):
    """A message as the Cloud API's message object has it, handed over unchanged.

    :param kind: the message's type: ``interactive``, ``template``, or one that is newer than this library.
    :param members: what stands beside ``type`` in the message object, mostly one member of that name.
    """

    type: ClassVar[str] = "native"

    kind: str
    members: Mapping[str, Any]

    @property
    def message_type(self) -> str:
        """The type of the message it makes."""
        return self.kind
