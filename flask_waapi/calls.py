"""Messages from Python: the same gates as the API, keys and limits aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from .api.batches import batch_body
from .api.body import check
from .api.families import item_request
from .call_options import (
    ACTOR,
    DEFAULT_ACCOUNT,
    SentMessage,
    claim_of,
    moment,
    sender_of,
    started_services,
    view,
    whole_seconds,
)
from .errors import NotFound, WaApiError, error_of
from .messaging import history
from .plugins.events import AccountEvent
from .send_calls import SendCalls
from .services import current_services
from .storage.models import Message


class MessageCalls(SendCalls):
    """The calls of :class:`flask_waapi.WaApi` that send messages and read what became of them."""

    def send_batch(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        idempotency_key: str | None = None,
        account: str = DEFAULT_ACCOUNT,
    ) -> list[SentMessage | WaApiError]:
        """Queue many messages at once, as ``POST messages/batch`` does, and any number of them.

        :param messages: the items of the API's batch, ``{"type": "text", "to": ..., "text": ...}``.
        :param idempotency_key: with it a repeated call with the same messages returns what the first did.
        :returns: for each message, in their order: what was stored, or why it was refused.
        """
        services = started_services()
        items = [_json_form(message) for message in messages]
        check(items)
        wanted = [item_request(item, f"/messages/{index}")[0] for index, item in enumerate(items)]
        claim = claim_of(account, "batch", idempotency_key, items)
        submission = services.pipeline.submit_batch(
            wanted, sender_of(account), claim, lambda results: (202, batch_body(results))
        )
        if submission.answer is not None and submission.answer.body is not None:
            return [_read_result(result) for result in submission.answer.body["data"]]
        return [view(result) if isinstance(result, Message) else result for result in submission.results]

    def get_message(self, message_uuid: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> SentMessage:
        """A message as it stands now.

        :raises NotFound: the account has no such message.
        """
        return view(history.get(current_services().store, account, _uuid(message_uuid)))

    def cancel_message(self, message_uuid: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> SentMessage:
        """Take back a message that still waits, as ``DELETE messages/<uuid>`` does.

        :raises NotFound: the account has no such message.
        :raises MessageNotQueued: it is being sent, was sent, or has ended.
        """
        return view(current_services().interventions.cancel(account, _uuid(message_uuid), actor=ACTOR))

    def mark_read(
        self, message_uuid: UUID | str, *, typing: bool = False, account: str = DEFAULT_ACCOUNT
    ) -> None:
        """Mark a message that came in as read, as ``POST messages/<uuid>/read`` does.

        :param typing: also show its sender that an answer is being written.
        :raises NotFound: the account has no such message.
        :raises MessageNotReceived: it is one that was sent.
        :raises WaApiError: the provider did not take it.
        """
        receipts = current_services().receipts
        receipts.mark(receipts.received(account, _uuid(message_uuid)), typing=typing)

    def retry_message(self, message_uuid: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> SentMessage:
        """Set a failed message on its way again, with as many attempts as a new one.

        :raises NotFound: the account has no such message.
        :raises MessageNotFailed: its status is not ``failed``.
        """
        return view(started_services().interventions.retry(account, _uuid(message_uuid), actor=ACTOR))

    def simulate_received(
        self, sender: str, text: str, *, account: str = DEFAULT_ACCOUNT, provider: str | None = None
    ) -> AccountEvent:
        """Let somebody write to us in the simulation, which has no callbacks.

        It opens their service window there and is told like any message that comes in.

        :param sender: who writes, E.164.
        :param account: whose the message is where none has written to the sender before.
        :param provider: a simulated instance; without it, the one at which simulated messages end.
        :returns: what was told of it, with the ``message_uuid`` and the ``account``.
        :raises ValidationFailed: the sender is no number, the text is empty or too long, or the provider is
            not simulated.
        """
        sender_of(account)
        return current_services().receiving.simulate(sender, text, account=account, provider=provider)


def _uuid(value: UUID | str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise NotFound(f"There is no message {value!r} in this account: that is no UUID.") from None


def _json_form(item: Any) -> Any:
    """A message of a batch as the API's body has it; what is not one is refused there."""
    if not isinstance(item, Mapping):
        return item
    members = dict(item)
    for name, read in (("send_at", moment), ("expires_in", whole_seconds)):
        if isinstance(members.get(name), datetime | timedelta):
            members[name] = read(members[name])
    return members


def _read_result(result: Mapping[str, Any]) -> SentMessage | WaApiError:
    if result["success"]:
        data = result["data"]
        return SentMessage(UUID(data["message_uuid"]), data["status"], data["to"], data["simulated"])
    error = result["error"]
    return error_of(error["code"], error["message"], error.get("details"))
