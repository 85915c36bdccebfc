"""What a send may say beside its content."""

from __future__ import annotations

from dataclasses import dataclass

INDIVIDUAL = "individual"
GROUP = "group"


@dataclass(frozen=True)
class Marketing:
    """Lets a marketing template go by the network's own marketing endpoint.

    :param product_policy: ``CLOUD_API_FALLBACK`` or ``STRICT``: whether it goes the usual way where that
        endpoint cannot take it; ``None`` leaves it to the network.
    :param message_activity_sharing: whether the network may use what becomes of it to choose recipients.
    """

    product_policy: str | None = None
    message_activity_sharing: bool | None = None


@dataclass(frozen=True)
class MessageOptions:
    """What a message is sent with.

    :param recipient_type: ``individual`` or ``group``.
    :param reply_to: the provider's id of the message that it answers; it is shown quoted.
    :param callback_data: up to 475 characters that come back in each status report.
    :param identity_key_hash: deliver it only if the recipient's identity still has this hash.
    :param marketing: send it by the marketing endpoint.
    """

    recipient_type: str = INDIVIDUAL
    reply_to: str | None = None
    callback_data: str | None = None
    identity_key_hash: str | None = None
    marketing: Marketing | None = None
