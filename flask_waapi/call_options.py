"""What every call that sends takes and returns, and its way into the pipeline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.orm import Session, scoped_session

from .access.idempotency import IdempotencyClaim
from .api.body import check
from .api.envelope import timestamp
from .api.families import READERS
from .api.requests import read_idempotency_key
from .api.schemas.sends import CALLBACK_DATA
from .api.sending import digest, failure_error
from .identifiers import ACCOUNT, is_account
from .messaging.passing_failures import may_be_repeated
from .messaging.pipeline import Submission
from .messaging.send_requests import Sender
from .messaging.status import FAILED
from .services import Services, current_services
from .storage.joining import HostSession
from .storage.models import Message

DEFAULT_ACCOUNT = "default"

ACTOR = "python"
"""Who has done what a Python call does."""
"""The account of a host that has only one."""


@dataclass(frozen=True)
class SentMessage:
    """A message that has been taken in, as it stands.

    :param status: ``sent`` when a provider has accepted it, ``queued`` while it waits, ``unconfirmed`` when
        the provider's answer was lost; later ``delivered``, ``read``, ``played``, ``failed`` or
        ``canceled``.
    :param problem: why it is ``failed`` or ``unconfirmed``, or is being tried again, in words.
    """

    message_uuid: UUID
    status: str
    to: str
    simulated: bool
    problem: str | None = None


class SendOptions(TypedDict, total=False):
    """What every send takes beside its content.

    ``reference`` is the caller's own word for the message, up to 255 characters; ``simulate`` ends it at the
    simulation; ``send_at`` (aware) lets it wait; ``expires_in`` is how long after that it may still be sent,
    in whole seconds, a fraction counting as one.

    ``reply_to`` is the message that it answers: our ``message_uuid`` or the provider's id. ``recipient_type``
    is ``"group"`` where ``to`` is a group. ``callback_data`` comes back in each status that Meta
    reports; with ``recipient_identity_key_hash`` it is delivered only to who still has that identity.

    ``provider`` is the name of the instance, and so the number, to send it from.

    With ``idempotency_key`` (1 to 255 printable ASCII characters) a repeated call with the same arguments
    sends nothing again and returns the first one's message as it stands.

    With ``session`` the message joins the transaction of the host's session: it is ``queued`` then, is sent
    after the host's commit, and never was after a rollback.
    """

    reference: str | None
    simulate: bool
    send_at: datetime | None
    expires_in: timedelta | float | None
    reply_to: str | None
    recipient_type: str | None
    callback_data: str | None
    recipient_identity_key_hash: str | None
    provider: str | None
    idempotency_key: str | None
    session: HostSession | None
    account: str


def send(family: str, content: Mapping[str, Any], options: SendOptions) -> SentMessage:
    """Send what an API request with this body would send."""
    unknown = sorted(set(options) - set(SendOptions.__annotations__))
    if unknown:
        known = ", ".join(SendOptions.__annotations__)
        raise TypeError(f"There is no option {unknown[0]!r}; there are {known}.")
    services = started_services()
    given = {name: value for name, value in {**content, **_members(options)}.items() if value is not None}
    check(given)
    account = options.get("account", DEFAULT_ACCOUNT)
    provider = options.get("provider")
    asked = given if provider is None else {**given, "provider": provider}
    claim = claim_of(account, family, options.get("idempotency_key"), asked)
    request, sender, session = READERS[family](given), sender_of(account), options.get("session")
    request = replace(request, provider=provider)
    if session is not None and not isinstance(session, Session | scoped_session):
        raise TypeError(f"session={session!r} is no SQLAlchemy session, such as db.session.")
    if session is None:
        submission = services.pipeline.submit(request, sender, claim)
        if claim and not submission.answer and not may_be_repeated(submission.message):
            services.pipeline.keep_answer(claim, submission.message, 201, None)
    else:
        submission = services.pipeline.submit_within(session, request, sender, claim)
    return _told(submission)


def sender_of(account: str) -> Sender:
    """On whose behalf the host's own code sends."""
    # A database's own refusal would cost the host its transaction.
    if not is_account(account):
        raise ValueError(f"account={account!r} is not {ACCOUNT}.")
    return Sender(account)


def _members(options: SendOptions) -> dict[str, Any]:
    """The options that the API's body has too, in its form."""
    return {
        "reference": options.get("reference"),
        "simulate": options.get("simulate", False),
        "send_at": moment(options.get("send_at")),
        "expires_in": whole_seconds(options.get("expires_in")),
        "reply_to": None if options.get("reply_to") is None else str(options["reply_to"]),
        "recipient_type": options.get("recipient_type"),
        CALLBACK_DATA: options.get("callback_data"),
        "recipient_identity_key_hash": options.get("recipient_identity_key_hash"),
    }


def json_form(template: Mapping[str, Any] | None) -> dict[str, Any] | None:
    # A host may hold its values in mappings and sequences that JSON does not know.
    if template is None:
        return None
    members = dict(template)
    variables = members.get("variables", ())
    members["variables"] = dict(variables) if isinstance(variables, Mapping) else list(variables)
    return members


def moment(value: datetime | None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError(f"send_at={value!r} is not a datetime.")
    if value.tzinfo is None:
        raise ValueError(f"send_at={value!r} has no time zone: give an aware one.")
    return timestamp(value)


def whole_seconds(value: timedelta | float | None) -> Any:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    # Up, so that half a second is not none; anything else is for the schema to refuse.
    return math.ceil(value) if isinstance(value, float) and math.isfinite(value) else value


def claim_of(account: str, route: str, key: str | None, body: Any) -> IdempotencyClaim | None:
    if key is not None and not isinstance(key, str):
        raise TypeError(f"idempotency_key={key!r} is not text.")
    checked = read_idempotency_key(key)
    return IdempotencyClaim(account, f"python:{route}", checked, digest(body)) if checked else None


def started_services() -> Services:
    """The services, whose background thread runs."""
    services = current_services()
    if services.settings.background_thread:
        services.loop.start()
    return services


def _told(submission: Submission) -> SentMessage:
    if submission.message.status == FAILED:
        raise failure_error(submission)
    return view(submission.message)


def view(message: Message) -> SentMessage:
    """A message as it stands."""
    return SentMessage(
        message.id, message.status, message.recipient, message.simulated, message.failure_reason
    )
