"""Sending one message from Python: a call for each family of contents, as the API has an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

from .call_options import SendOptions, SentMessage, json_form, moment, send
from .content import Contact, Contacts, Interactive, to_json


class SendCalls:
    """The calls of :class:`flask_waapi.WaApi` that send one message."""

    def send_template(
        self,
        to: str,
        template_name: str | None = None,
        language: str | None = None,
        variables: Mapping[str, Any] | Sequence[Any] = (),
        *,
        header: Mapping[str, Any] | None = None,
        buttons: Sequence[Mapping[str, Any]] = (),
        limited_time_offer: Mapping[str, Any] | None = None,
        cards: Sequence[Mapping[str, Any]] = (),
        template: Mapping[str, Any] | None = None,
        marketing: Mapping[str, Any] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a template message, as ``POST messages/template/send`` does.

        :param variables: texts by placeholder name or in their order; a value may also be
            ``{"currency": {...}}`` or ``{"date_time": {...}}``.
        :param limited_time_offer: ``{"expiration": ...}``, an aware datetime.
        :param cards: of a carousel: ``{"variables": ..., "header": ..., "buttons": ...}`` for each card.
        :param template: Meta's own ``template`` object instead of the members above.
        :param marketing: sends it by Meta's marketing endpoint:
            ``{"product_policy": ..., "message_activity_sharing": ...}``.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        if template is not None:
            body: dict[str, Any] = {"template": dict(template)}
        else:
            body = {"variables": dict(variables) if isinstance(variables, Mapping) else list(variables)}
        body |= {
            "to": to,
            "template_name": template_name,
            "language": language,
            "header": header,
            "buttons": list(buttons) or None,
            "limited_time_offer": _offer(limited_time_offer),
            "cards": list(cards) or None,
            "marketing": marketing,
        }
        return send("template", body, options)

    def send_text(
        self,
        to: str,
        text: str,
        *,
        preview_url: bool = False,
        fallback_template: Mapping[str, Any] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a text, as ``POST messages/text/send`` does.

        :param fallback_template: what is sent instead where the service window is closed:
            ``{"template_name": ..., "language": ..., "variables": ...}``.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        fallback = json_form(fallback_template)
        body = {"to": to, "text": text, "preview_url": preview_url, "fallback_template": fallback}
        return send("text", body, options)

    def send_media(
        self,
        to: str,
        type: str,  # noqa: A002 - the name of the API's member
        *,
        link: str | None = None,
        media_id: str | None = None,
        caption: str | None = None,
        filename: str | None = None,
        voice: bool = False,
        fallback_template: Mapping[str, Any] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a medium, as ``POST messages/media/send`` does.

        :param voice: show a sound as a voice note.
        :param fallback_template: as of :meth:`send_text`.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        body = {
            "to": to,
            "type": type,
            "link": link,
            "media_id": media_id,
            "caption": caption,
            "filename": filename,
            "voice": voice or None,
            "fallback_template": json_form(fallback_template),
        }
        return send("media", body, options)

    def send_interactive(
        self,
        to: str,
        interactive: Interactive | Mapping[str, Any],
        *,
        fallback_template: Mapping[str, Any] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send buttons, a list, a link and so on, as ``POST messages/interactive/send`` does.

        :param interactive: such as ``ReplyButtons("Right?", (ReplyButton("yes", "Yes"),))``; or Meta's own
            ``interactive`` object.
        :param fallback_template: as of :meth:`send_text`.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        if isinstance(interactive, Interactive):
            members = to_json(interactive)
            body = {"type": members.pop("kind"), **members}
        else:
            body = {"interactive": dict(interactive)}
        fallback = {"fallback_template": json_form(fallback_template)}
        return send("interactive", {"to": to, **body, **fallback}, options)

    def send_location(
        self,
        to: str,
        latitude: float,
        longitude: float,
        *,
        name: str | None = None,
        address: str | None = None,
        fallback_template: Mapping[str, Any] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send a place, as ``POST messages/location/send`` does.

        :param latitude: degrees north. :param longitude: degrees east.
        :param fallback_template: as of :meth:`send_text`.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        body = {
            "to": to,
            "latitude": latitude,
            "longitude": longitude,
            "name": name,
            "address": address,
            "fallback_template": json_form(fallback_template),
        }
        return send("location", body, options)

    def send_contacts(
        self,
        to: str,
        contacts: Sequence[Contact | Mapping[str, Any]],
        *,
        fallback_template: Mapping[str, Any] | None = None,
        **options: Unpack[SendOptions],
    ) -> SentMessage:
        """Send contact cards, as ``POST messages/contacts/send`` does.

        :param contacts: :class:`Contact` objects, or Meta's own objects.
        :param fallback_template: as of :meth:`send_text`.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        cards = [_card(contact) for contact in contacts]
        body = {"to": to, "contacts": cards, "fallback_template": json_form(fallback_template)}
        return send("contacts", body, options)

    def send_reaction(
        self, to: str, message_id: str, emoji: str, **options: Unpack[SendOptions]
    ) -> SentMessage:
        """React to a message, as ``POST messages/reaction/send`` does.

        :param message_id: our ``message_uuid`` of it, or the provider's id.
        :param emoji: one emoji; ``""`` takes the reaction back.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        return send("reaction", {"to": to, "message_id": str(message_id), "emoji": emoji}, options)

    def send_raw(self, to: str, raw: Mapping[str, Any], **options: Unpack[SendOptions]) -> SentMessage:
        """Send what is newer than this library, as ``POST messages/raw/send`` does.

        :param raw: Meta's message object without its recipient: ``{"type": "poll", "poll": {...}}``.
        :param options: :class:`SendOptions`.
        :raises WaApiError: what the API would answer with.
        """
        return send("raw", {"to": to, "raw": dict(raw)}, options)


def _offer(offer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if offer is None:
        return None
    end = offer.get("expiration")
    return {**offer, "expiration": moment(end) if isinstance(end, datetime) else end}


def _card(contact: Contact | Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(contact, Contact):
        return dict(contact)
    (card,) = to_json(Contacts((contact,)))["contacts"]
    found: dict[str, Any] = card
    return found
