"""What a send must look like: the limits of the Cloud API's message object, for every type.

Written from Meta's documentation alone, never from what this package sends. What interactive messages,
contact cards and templates are made of is checked in the files of those names, whom a send reaches in
``recipients``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .contacts import check_contacts
from .errors import GraphError
from .interactive import check_interactive
from .media import MediaShelf
from .parts import Part
from .recipients import Recipient, recipient_of
from .template_sends import check_template
from .templates import TemplateShelf

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_CALLBACK_DATA = 512
LONGEST_EMOJI = 32
"""Characters: a single emoji of a family with skin tones has many."""

MOST_PIN_DAYS = 30

CHANGED_IDENTITY = "changed"
"""The ``recipient_identity_key_hash`` that is never the recipient's own."""

_MEDIA_MEMBERS = {
    "image": ("caption",),
    "video": ("caption",),
    "audio": ("voice",),
    "document": ("caption", "filename"),
    "sticker": (),
}
_POLICIES = ("CLOUD_API_FALLBACK", "STRICT")


class MessageRules:
    """Checks sends against a number's templates and media.

    :param sender: the sending number, digits only; nobody can write to oneself.
    """

    def __init__(self, sender: str, templates: TemplateShelf, media: MediaShelf) -> None:
        self._sender = sender
        self._templates = templates
        self._media = media

    def recipient(self, body: dict[str, Any]) -> Recipient:
        """Check the body of a send and give its recipient.

        :raises GraphError: Meta would refuse it at once.
        """
        message = Part(body, "")
        _check_frame(message)
        recipient = recipient_of(body)
        if recipient.id == self._sender:
            raise GraphError(131021)
        kind = message.text("type")
        self._check_for(kind, recipient)(message)
        if recipient.is_user_id and kind == "template" and self._category(message) == "AUTHENTICATION":
            raise GraphError(131062, "A code is sent to a phone number, not to a user id.")
        if message.value.get("recipient_identity_key_hash") == CHANGED_IDENTITY:
            raise GraphError(137000)
        return recipient

    def marketing_recipient(self, body: dict[str, Any]) -> Recipient:
        """Check the body of a send by the marketing endpoint and give its recipient.

        :raises GraphError: Meta would refuse it at once.
        """
        message = Part(body, "")
        if "product_policy" in message:
            message.choice("product_policy", *_POLICIES)
        message.flag("message_activity_sharing")
        if body.get("type") != "template":
            raise GraphError(131055, "Only templates go by this endpoint.")
        recipient = self.recipient(body)
        if self._category(message) != "MARKETING":
            raise GraphError(131055, "The template is not of the category MARKETING.")
        return recipient

    def _check_for(self, kind: str, recipient: Recipient) -> Callable[[Part], None]:
        if kind in _MEDIA_MEMBERS:
            return lambda message: self._check_medium(kind, message.part(kind))
        if kind == "pin" and recipient.is_group:
            return _check_pin
        checks: dict[str, Callable[[Part], None]] = {
            "text": _check_text,
            "location": _check_location,
            "contacts": check_contacts,
            "reaction": _check_reaction,
            "interactive": lambda message: check_interactive(message.part("interactive"), self._media),
            "template": lambda message: check_template(
                message.part("template").value, self._templates, self._check_source
            ),
        }
        if kind not in checks:
            raise GraphError(131051, f"Messages of type {kind!r} cannot be sent here.")
        return checks[kind]

    def _check_medium(self, kind: str, medium: Part) -> None:
        medium.medium(self._media, *_MEDIA_MEMBERS[kind])
        caption = medium.value.get("caption", "")
        if not isinstance(caption, str) or len(caption) > LONGEST_CAPTION:
            raise GraphError(100, f"{kind}['caption'] has at most {LONGEST_CAPTION} characters.")
        medium.optional_text("filename")
        medium.flag("voice")

    def _check_source(self, kind: str, content: dict[str, Any]) -> None:
        Part(content, kind).source(self._media)

    def _category(self, message: Part) -> str | None:
        template = message.part("template").value
        found = self._templates.find(template["name"], template["language"]["code"])
        return None if found is None else found["category"]


def check_read_receipt(body: dict[str, Any]) -> None:
    """Check the body that marks a received message as read, and may show that an answer is being written.

    :raises GraphError: Meta would refuse it.
    """
    receipt = Part(body, "")
    _check_product(receipt)
    receipt.only("messaging_product", "status", "message_id", "typing_indicator")
    _check_message_id(receipt)
    if "typing_indicator" in receipt:
        typing = receipt.part("typing_indicator")
        typing.only("type")
        typing.choice("type", "text")


def _check_product(message: Part) -> None:
    if message.value.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product must be 'whatsapp'.")


def _check_message_id(part: Part) -> None:
    if not part.text("message_id").startswith("wamid."):
        raise part.wrong("message_id", "is the id of a message")


def _check_frame(message: Part) -> None:
    _check_product(message)
    data = message.value.get("biz_opaque_callback_data", "")
    if not isinstance(data, str) or len(data) > LONGEST_CALLBACK_DATA:
        raise GraphError(100, f"biz_opaque_callback_data has at most {LONGEST_CALLBACK_DATA} characters.")
    message.optional_text("recipient_identity_key_hash")
    if "context" in message:
        if message.value.get("type") == "reaction":
            raise GraphError(100, "A reaction has no context.")
        context = message.part("context")
        context.only("message_id")
        _check_message_id(context)


def _check_text(message: Part) -> None:
    text = message.part("text")
    text.only("body", "preview_url")
    body = text.needed("body")
    if not isinstance(body, str) or not 1 <= len(body) <= LONGEST_TEXT:
        raise GraphError(100, f"text['body'] must have 1 to {LONGEST_TEXT} characters.")
    text.flag("preview_url")


def _check_location(message: Part) -> None:
    location = message.part("location")
    location.only("latitude", "longitude", "name", "address")
    for name, limit in (("latitude", 90), ("longitude", 180)):
        degrees = location.needed(name)
        if not isinstance(degrees, int | float) or isinstance(degrees, bool):
            raise GraphError(100, f"{location.place_of(name)} must be a number.")
        if not -limit <= degrees <= limit:
            raise location.wrong(name, f"lies between -{limit} and {limit}")
    location.optional_text("name")
    location.optional_text("address")


def _check_reaction(message: Part) -> None:
    reaction = message.part("reaction")
    reaction.only("message_id", "emoji")
    _check_message_id(reaction)
    emoji = reaction.text("emoji", LONGEST_EMOJI, shortest=0)
    if any(character.isascii() and character.isalpha() for character in emoji):
        raise reaction.wrong("emoji", "is one emoji, or empty to take the reaction back")


def _check_pin(message: Part) -> None:
    pin = message.part("pin")
    pin.only("type", "message_id", "expiration_days")
    if pin.choice("type", "pin", "unpin") == "pin" or "expiration_days" in pin:
        pin.whole_number("expiration_days", 1, MOST_PIN_DAYS)
    _check_message_id(pin)
