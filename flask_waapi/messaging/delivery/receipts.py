"""Read receipts: showing people that we have read what they wrote."""

from __future__ import annotations

from uuid import UUID

from ...errors import MessageNotReceived
from ...plugins.registry import Providers
from ...storage.models import Message
from ...storage.session import Store
from .. import history
from ..account_events import INBOUND
from ..asking import ask


class ReadReceipts:
    """The read receipts of one app."""

    def __init__(self, store: Store, providers: Providers) -> None:
        self._store = store
        self._providers = providers

    def received(self, account: str, message_id: UUID) -> Message:
        """A message that somebody has written to the account.

        :raises NotFound: the account has no such message.
        :raises MessageNotReceived: it is one that was sent.
        """
        message = history.get(self._store, account, message_id)
        if message.direction != INBOUND or message.is_echo or message.provider_message_id is None:
            raise MessageNotReceived(f"The message {message_id} was not written to us, so it cannot be read.")
        return message

    def mark(self, message: Message, *, typing: bool) -> None:
        """Show the sender of a received message that it was read, with all before it.

        :param typing: also show that an answer is being written.
        :raises FeatureUnsupported: the provider has no read receipts.
        :raises MessageRejected: the provider refuses it, as for a message older than 30 days.
        :raises ProviderUnavailable: the provider cannot be reached.
        :raises ProviderFailed: the provider refuses us.
        """
        read = message.provider_message_id or ""
        ask(
            self._providers,
            message.provider,
            lambda provider: provider.mark_read(read, typing=typing),
            "The message was not marked as read",
        )
