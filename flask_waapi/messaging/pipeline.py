"""The gates of a message, in their one order, for every way in: API, Python, CLI and playground.

idempotency -> recipient -> template and variables -> what the provider can do -> stored -> sent.
A simulated message passes the same gates and differs in one thing: the provider at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from .. import content as contents
from ..access import idempotency
from ..access.idempotency import Answer, IdempotencyClaim
from ..access.keys import Keys
from ..content import Content, Text
from ..errors import (
    Fault,
    FeatureUnsupported,
    IdempotencyInProgress,
    TemplateNotFound,
    ValidationFailed,
)
from ..identifiers import uuid7
from ..plugins.registry import Providers
from ..settings import Settings
from ..storage.models import Message
from ..storage.session import Store
from .delivery import Delivery
from .events import attempted, first
from .rendering import Filled, TemplateDraft, fill, fill_unchecked
from .status import QUEUED
from .templates import APPROVED, Catalogue

E164 = r"\+[1-9][0-9]{6,14}"
"""The shape of a recipient. Whether the number exists is for the provider to say."""


@dataclass(frozen=True)
class SendRequest:
    """A message as it was asked for.

    :param content: what it says; ``None`` when its faults left nothing to go on with.
    :param reference: the caller's own word for it, up to 255 characters.
    :param faults: what the schema found wrong already; told together with what the gates find.
    """

    to: str
    content: Content | TemplateDraft | None
    reference: str | None = None
    simulate: bool = False
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Sender:
    """On whose behalf a message is sent.

    :param key_id: the API key; ``None`` for the host's own code.
    :param simulated: whether nothing this sender sends may leave the machine.
    :param request_id: of the request that brought it.
    """

    account: str
    key_id: UUID | None = None
    simulated: bool = False
    request_id: str | None = None


@dataclass(frozen=True)
class Submission:
    """What became of a request.

    :param answer: the first answer, when the request repeats one that was answered.
    """

    message: Message
    answer: Answer | None = None


class Pipeline:
    """Takes requests to send from one app."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        catalogue: Catalogue,
        providers: Providers,
        delivery: Delivery,
        settings: Settings,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._keys = keys
        self._catalogue = catalogue
        self._providers = providers
        self._delivery = delivery
        self._settings = settings
        self._clock = clock
        self._wake = wake

    def submit(
        self, request: SendRequest, sender: Sender, claim: IdempotencyClaim | None = None
    ) -> Submission:
        """Take a message through the gates, store it and send it.

        :returns: the message as it now stands; one that a provider refused is returned too, ``failed``.
        :raises ValidationFailed: something is wrong with the request; everything at once.
        :raises TemplateNotFound: there is no such template in that language.
        :raises FeatureUnsupported: the provider cannot carry this.
        :raises IdempotencyMismatch: the claim was made for another body before.
        :raises IdempotencyInProgress: the first request with the claim is not answered yet.
        :raises KeyInactive: the key was switched off meanwhile.
        """
        repeated = claim and self._repeated(claim)
        if repeated:
            return repeated
        message = self._check(request, sender)
        try:
            self._store.write(lambda session: self._save(session, message, sender, claim))
        except IntegrityError as error:
            # Another request with the same claim was faster.
            repeated = claim and self._repeated(claim)
            if not repeated:
                raise _still_in_progress() from error
            return repeated
        if self._settings.dispatch == "thread":
            self._wake()
            return Submission(message)
        sent = self._delivery.attempt(message, acknowledged=False)
        self._wake()
        return Submission(sent)

    def keep_answer(
        self, claim: IdempotencyClaim, message: Message, status: int, body: dict[str, object]
    ) -> None:
        """Keep the answer to the first request with a claim for those that repeat it."""
        idempotency.keep_answer(self._store, claim, message.id, status, body)

    def release(self, claim: IdempotencyClaim, message: Message) -> None:
        """Give a claim back whose message had no effect and may succeed when it is asked for again."""
        idempotency.release(self._store, claim, message.id)

    def _repeated(self, claim: IdempotencyClaim) -> Submission | None:
        now = self._clock()
        answer = idempotency.find(self._store, claim, now - self._settings.idempotency_lifetime)
        if answer is None:
            return None
        with self._store.read() as session:
            message = session.get_one(Message, answer.message_id)
        in_hand = message.claimed_at is not None and (message.due_at or now) > now
        if answer.status is None and in_hand:
            raise _still_in_progress()
        return Submission(message, answer)

    def _check(self, request: SendRequest, sender: Sender) -> Message:
        provider_name = self._providers.default
        simulated = request.simulate or sender.simulated
        faults = [*request.faults, *_recipient_faults(request)]
        content, text = self._content(request, provider_name, simulated, faults)
        if faults or content is None:
            raise ValidationFailed(faults)
        used_name, provider = self._providers.end_for(provider_name, simulated=simulated)
        if type(content) not in provider.content_types:
            raise FeatureUnsupported(
                f"The provider {used_name!r} cannot send messages of type {content.type}.",
                details={"provider": used_name, "type": content.type},
            )
        now = self._clock()
        draft = request.content if isinstance(request.content, TemplateDraft) else None
        return Message(
            id=uuid7(now),
            account=sender.account,
            key_id=sender.key_id,
            recipient=request.to,
            type=content.type,
            content=contents.to_json(content),
            template_name=draft.name if draft else None,
            template_language=draft.language if draft else None,
            rendered=text,
            reference=request.reference,
            simulated=provider.simulated,
            provider=used_name,
            status=QUEUED,
            attempts=0,
            due_at=now,
            request_id=sender.request_id,
            created_at=now,
            updated_at=now,
        )

    def _content(
        self, request: SendRequest, provider: str, simulated: bool, faults: list[Fault]
    ) -> tuple[Content | None, str | None]:
        if not isinstance(request.content, TemplateDraft):
            return request.content, _text_of(request.content)
        filled = self._fill(request.content, provider, simulated, faults)
        return filled.content, filled.text

    def _fill(self, draft: TemplateDraft, provider: str, simulated: bool, faults: list[Fault]) -> Filled:
        if self._settings.template_check == "off" or not self._catalogue.keeps_templates(provider):
            return fill_unchecked(draft)
        try:
            # A simulated request must not reach a real provider, not even to ask for its templates.
            refresh = not simulated or self._providers[provider].simulated
            definition = self._catalogue.find(provider, draft.name, draft.language, refresh=refresh)
        except FeatureUnsupported:
            return fill_unchecked(draft)
        except TemplateNotFound:
            if faults:
                raise ValidationFailed(faults) from None
            raise
        if definition.status != APPROVED:
            message = f"The template {draft.name!r} is {definition.status}, so it cannot be sent."
            faults.append(Fault("/template_name", message, "an approved template"))
        filled = fill(definition, draft)
        faults += filled.faults
        return filled

    def _save(
        self, session: Session, message: Message, sender: Sender, claim: IdempotencyClaim | None
    ) -> None:
        now = message.created_at
        if self._settings.dispatch == "inline":
            self._delivery.claim_new(message, now)
        session.add(message)
        session.flush()
        first(session, message, attempted(QUEUED, now, 0), now)
        if claim is not None:
            idempotency.reserve(session, claim, message.id, now, self._settings.idempotency_lifetime)
        if sender.key_id is not None:
            self._keys.confirm(session, sender.key_id)


def _still_in_progress() -> IdempotencyInProgress:
    return IdempotencyInProgress(
        "The first request with this Idempotency-Key is still being answered: try again.", retry_after=1
    )


def _text_of(content: Content | None) -> str | None:
    if isinstance(content, Text):
        return content.body
    return getattr(content, "caption", None)


def _recipient_faults(request: SendRequest) -> list[Fault]:
    if any(fault.pointer in {"", "/to"} for fault in request.faults):
        return []
    if re.fullmatch(E164, request.to, re.ASCII):
        return []
    return [
        Fault(
            "/to",
            "Invalid phone number format",
            "E.164: a plus sign, country code and number, 7 to 15 digits, such as +1234567890",
        )
    ]
