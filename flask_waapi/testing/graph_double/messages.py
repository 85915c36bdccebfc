"""What a send must look like: the limits of the Cloud API's message object.

Only the types that the API documents as objects under their own name are checked; ``interactive``,
``contacts`` and the like are answered as unsupported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import GraphError
from .media import MediaShelf
from .template_sends import check_template
from .templates import TemplateShelf

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_CALLBACK_DATA = 512

_MEDIA_MEMBERS = {
    "image": {"id", "link", "caption"},
    "video": {"id", "link", "caption"},
    "audio": {"id", "link", "voice"},
    "document": {"id", "link", "caption", "filename"},
    "sticker": {"id", "link"},
}


class MessageRules:
    """Checks sends against a number's templates and media.

    :param sender: the sending number, digits only; nobody can write to oneself.
    """

    def __init__(self, sender: str, templates: TemplateShelf, media: MediaShelf) -> None:
        self._sender = sender
        self._templates = templates
        self._media = media

    def recipient(self, body: dict[str, Any]) -> str:
        """Check the body of a send and give its recipient, digits only.

        :raises GraphError: Meta would refuse it at once.
        """
        _check_frame(body)
        recipient = _digits(body.get("to"))
        if recipient == self._sender:
            raise GraphError(131021)
        kind = body.get("type")
        if not isinstance(kind, str):
            raise GraphError(131008, "The parameter type is required.")
        content = body.get(kind)
        check = self._check_for(kind)
        if not isinstance(content, dict):
            raise GraphError(131008, f"The parameter {kind} is required.")
        check(content)
        return recipient

    def _check_for(self, kind: str) -> Callable[[dict[str, Any]], None]:
        if kind in _MEDIA_MEMBERS:
            return lambda content: self._check_medium(kind, content)
        if kind == "text":
            return _check_text
        if kind == "template":
            return lambda content: check_template(content, self._templates, self._check_link)
        raise GraphError(131051, f"The double does not send messages of type {kind!r}.")

    def _check_medium(self, kind: str, content: dict[str, Any]) -> None:
        unknown = content.keys() - _MEDIA_MEMBERS[kind]
        if unknown:
            raise GraphError(100, f"Unexpected key {min(unknown)!r} in {kind}.")
        self._check_link(kind, content)
        caption = content.get("caption", "")
        if not isinstance(caption, str) or len(caption) > LONGEST_CAPTION:
            raise GraphError(100, f"{kind}['caption'] has at most {LONGEST_CAPTION} characters.")

    def _check_link(self, kind: str, content: dict[str, Any]) -> None:
        media_id, link = content.get("id"), content.get("link")
        if (media_id is None) == (link is None):
            raise GraphError(131008, f"{kind} needs exactly one of id and link.")
        if media_id is not None and media_id not in self._media:
            raise GraphError(131009, f"There is no medium with the id of {kind}.")
        if link is not None and not re.match(r"https?://[^/\s]", str(link)):
            raise GraphError(131009, f"{kind}['link'] is not an http(s) address.")


def check_read_receipt(body: dict[str, Any]) -> None:
    """Check the body that marks a received message as read."""
    _check_product(body)
    message_id = body.get("message_id")
    if not isinstance(message_id, str) or not message_id.startswith("wamid."):
        raise GraphError(131009, "The parameter message_id is not the id of a message.")


def _check_product(body: dict[str, Any]) -> None:
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product must be 'whatsapp'.")


def _check_frame(body: dict[str, Any]) -> None:
    _check_product(body)
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "The double sends to individual recipients only.")
    data = body.get("biz_opaque_callback_data", "")
    if not isinstance(data, str) or len(data) > LONGEST_CALLBACK_DATA:
        raise GraphError(100, f"biz_opaque_callback_data has at most {LONGEST_CALLBACK_DATA} characters.")


def _digits(to: Any) -> str:
    if to is None:
        raise GraphError(131008, "The parameter to is required.")
    digits = re.sub(r"[ ()+-]", "", to) if isinstance(to, str) else ""
    if not re.fullmatch(r"[0-9]{5,20}", digits):
        raise GraphError(131009, "The parameter to is not a phone number.")
    return digits


def _check_text(content: dict[str, Any]) -> None:
    body = content.get("body")
    if body is None:
        raise GraphError(131008, "The parameter text['body'] is required.")
    if not isinstance(body, str) or not 1 <= len(body) <= LONGEST_TEXT:
        raise GraphError(100, f"text['body'] must have 1 to {LONGEST_TEXT} characters.")
    if not isinstance(content.get("preview_url", False), bool):
        raise GraphError(100, "text['preview_url'] must be a boolean.")
