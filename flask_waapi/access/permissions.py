"""What a key may be allowed to do."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A permission, by the name used in the CLI, in Python and in the database."""

    SEND_TEMPLATE = "send_template"
    SEND_TEXT = "send_text"
    SEND_MEDIA = "send_media"
    VIEW_TEMPLATES = "view_templates"
    VIEW_MESSAGES = "view_messages"

    @property
    def label(self) -> str:
        """The name a person reads: Send Template."""
        return self.value.replace("_", " ").title()

    @property
    def help(self) -> str:
        """What it allows, in a few words."""
        return _HELP[self]


SENDING = (Permission.SEND_TEMPLATE, Permission.SEND_TEXT, Permission.SEND_MEDIA)
"""What allows to send something."""

_HELP = {
    Permission.SEND_TEMPLATE: "business-initiated messages",
    Permission.SEND_TEXT: "free-form session messages",
    Permission.SEND_MEDIA: "images, video, audio, documents and stickers",
    Permission.VIEW_TEMPLATES: "list and read templates",
    Permission.VIEW_MESSAGES: "history and status of messages",
}
