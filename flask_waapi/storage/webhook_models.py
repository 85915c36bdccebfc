"""Tables of the webhooks to the accounts' own endpoints."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Clipped, ExactString, digest, long_text
from .models import Base, words


class WebhookEndpoint(Base):
    """Where an account wants to hear of its events.

    ``state`` is ``active``, ``paused`` (deliveries wait) or ``disabled`` (there are none). ``events`` holds
    types, or ``*`` for all. ``failing_since`` is when the first of an unbroken row of failures was.
    """

    __tablename__ = "waapi_webhook_endpoints"
    __table_args__ = (Index(None, "account", "state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    url: Mapped[str] = mapped_column(long_text())
    description: Mapped[str] = mapped_column(long_text(), default="")
    events: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(ExactString(8))
    state_reason: Mapped[str | None] = mapped_column(words())
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class WebhookSecret(Base):
    """One signing secret of an endpoint. It is derived from the salt under a pepper, and kept nowhere."""

    __tablename__ = "waapi_webhook_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey(WebhookEndpoint.id, ondelete="CASCADE"), index=True)
    salt: Mapped[bytes] = mapped_column(digest())
    pepper: Mapped[str] = mapped_column(ExactString(16))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """An event that at least one endpoint is to hear of; ``body`` is what is sent, to the byte.

    :attr:`fingerprint` keeps what must be told once from being told twice.
    """

    __tablename__ = "waapi_webhook_events"
    __table_args__ = (UniqueConstraint("account", "fingerprint"), Index(None, "account", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    type: Mapped[str] = mapped_column(ExactString(64))
    body: Mapped[str] = mapped_column(long_text())
    message_id: Mapped[UUID | None] = mapped_column(index=True)
    fingerprint: Mapped[str | None] = mapped_column(ExactString(160))
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(index=True)


class WebhookDelivery(Base):
    """One event on its way to one endpoint.

    ``state`` is ``pending`` until it has ``succeeded`` or is given up as ``failed``. While it waits,
    ``due_at`` says when it is tried; while a process has it in hand (``claimed_at`` is set), when its lease
    ends.

    A delivery waits for those of the same endpoint and message that came before it.
    """

    __tablename__ = "waapi_webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index(None, "endpoint_id", "state", "due_at"),
        Index(None, "endpoint_id", "message_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey(WebhookEndpoint.id, ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey(WebhookEvent.id, ondelete="CASCADE"), index=True)
    message_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(ExactString(16))
    due_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class WebhookAttempt(Base):
    """One try to deliver, and what the endpoint answered."""

    __tablename__ = "waapi_webhook_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey(WebhookDelivery.id, ondelete="CASCADE"), index=True)
    attempt: Mapped[int]
    attempted_at: Mapped[datetime]
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Clipped(4_000, long_text()))
    problem: Mapped[str | None] = mapped_column(words())
