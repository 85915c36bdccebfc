"""The tables. Their metadata is our own, so that a host's ``create_all`` and migrations pass them by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Double, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .columns import Clipped, ExactString, UtcDateTime, digest, long_text, ordered_uuid

PREFIX = "waapi_"
"""Every table of ours begins with it."""


def _reason() -> Clipped:
    return Clipped(2_000, long_text())


class Base(DeclarativeBase):
    """Base of our models, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        UUID: ordered_uuid(),
    }


class ApiKey(Base):
    """A key: who may do what, and how much. Its secrets are :class:`KeySecret` rows.

    ``rate_limit`` and ``daily_limit`` are ``None`` where the standard limits hold.
    """

    __tablename__ = "waapi_keys"
    __table_args__ = (UniqueConstraint("account", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    name: Mapped[str] = mapped_column(ExactString(100))
    description: Mapped[str] = mapped_column(long_text(), default="")
    permissions: Mapped[list[str]] = mapped_column(JSON)
    mode: Mapped[str] = mapped_column(ExactString(8))
    rate_limit: Mapped[int | None]
    daily_limit: Mapped[int | None]
    allowed_networks: Mapped[list[str]] = mapped_column(JSON)
    enabled: Mapped[bool]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class KeySecret(Base):
    """One secret of a key; only its HMAC is kept, and its last four characters for display."""

    __tablename__ = "waapi_key_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[UUID] = mapped_column(ForeignKey(ApiKey.id, ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(digest(), unique=True)
    last_four: Mapped[str] = mapped_column(ExactString(4))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class DailyUsage(Base):
    """Requests a key has been granted on one UTC day."""

    __tablename__ = "waapi_daily_usage"

    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int]
    last_used_at: Mapped[datetime]


class Message(Base):
    """One message to one recipient, from before it is sent until its end.

    ``due_at`` says when the delivery loop must look at it next, ``None`` when it need not;
    ``claimed_at`` is set while a process has it in hand.
    """

    __tablename__ = "waapi_messages"
    __table_args__ = (
        Index(None, "account", "id"),
        Index(None, "account", "recipient", "id"),
        Index(None, "account", "reference", "id"),
        Index(None, "account", "template_name", "id"),
        Index(None, "account", "status", "id"),
        Index(None, "provider", "provider_message_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    key_id: Mapped[UUID | None]
    recipient: Mapped[str] = mapped_column(ExactString(32))
    type: Mapped[str] = mapped_column(ExactString(24))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    template_name: Mapped[str | None] = mapped_column(ExactString(512))
    template_language: Mapped[str | None] = mapped_column(ExactString(16))
    rendered: Mapped[str | None] = mapped_column(long_text())
    reference: Mapped[str | None] = mapped_column(ExactString(255))
    simulated: Mapped[bool]
    provider: Mapped[str] = mapped_column(ExactString(64))
    provider_message_id: Mapped[str | None] = mapped_column(Clipped(255))
    status: Mapped[str] = mapped_column(ExactString(16))
    failure_code: Mapped[str | None] = mapped_column(ExactString(64))
    provider_code: Mapped[str | None] = mapped_column(Clipped(64))
    failure_reason: Mapped[str | None] = mapped_column(_reason())
    attempts: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    claimed_at: Mapped[datetime | None]
    request_id: Mapped[str | None] = mapped_column(ExactString(128))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def failure(self) -> dict[str, str | None] | None:
        """Why it has not gone well so far; ``None`` when it has."""
        if self.failure_code is None and self.failure_reason is None:
            return None
        return {
            "code": self.failure_code,
            "provider_code": self.provider_code,
            "reason": self.failure_reason,
        }


class MessageEvent(Base):
    """One fact about a message. Rows are only ever added; the status is a fold over them."""

    __tablename__ = "waapi_message_events"
    __table_args__ = (UniqueConstraint("message_id", "fingerprint"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(Clipped(80))
    status: Mapped[str] = mapped_column(Clipped(16))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    provider_code: Mapped[str | None] = mapped_column(Clipped(64))
    reason: Mapped[str | None] = mapped_column(_reason())


class ScheduledUpdate(Base):
    """A fact that a provider has announced for a later time; it becomes an event then."""

    __tablename__ = "waapi_scheduled_updates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(Clipped(16))
    occurred_at: Mapped[datetime]
    provider_code: Mapped[str | None] = mapped_column(Clipped(64))
    reason: Mapped[str | None] = mapped_column(_reason())


class StoredTemplate(Base):
    """A template in one language, as the provider instance last listed it."""

    __tablename__ = "waapi_templates"
    __table_args__ = (UniqueConstraint("provider", "name", "language"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(ExactString(64))
    name: Mapped[str] = mapped_column(ExactString(512))
    language: Mapped[str] = mapped_column(ExactString(16))
    status: Mapped[str] = mapped_column(Clipped(32))
    category: Mapped[str] = mapped_column(Clipped(32))
    parameter_format: Mapped[str] = mapped_column(Clipped(16))
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    provider_template_id: Mapped[str | None] = mapped_column(Clipped(64))


class TemplateSync(Base):
    """When a provider instance's templates were last read, and what came of it."""

    __tablename__ = "waapi_template_syncs"

    provider: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    attempted_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(_reason())


class IdempotencyRecord(Base):
    """The first request with an ``Idempotency-Key``, and its answer once there is one.

    It is written in the transaction that stores the message, so the two exist together or not at all.
    """

    __tablename__ = "waapi_idempotency"
    __table_args__ = (UniqueConstraint("account", "route", "idempotency_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    route: Mapped[str] = mapped_column(ExactString(64))
    idempotency_key: Mapped[str] = mapped_column(ExactString(255))
    request_digest: Mapped[bytes] = mapped_column(digest())
    message_id: Mapped[UUID]
    answer_status: Mapped[int | None]
    answer_body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """Who changed which key, and how; written in the transaction of the change."""

    __tablename__ = "waapi_audit"
    __table_args__ = (Index(None, "account", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    occurred_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Clipped(255))
    action: Mapped[str] = mapped_column(ExactString(32))
    key_id: Mapped[UUID]
    key_name: Mapped[str] = mapped_column(ExactString(100))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class ApiRequest(Base):
    """One call of the API by a known key."""

    __tablename__ = "waapi_requests"
    __table_args__ = (Index(None, "account", "occurred_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    key_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    method: Mapped[str] = mapped_column(Clipped(8))
    endpoint: Mapped[str] = mapped_column(Clipped(255))
    status: Mapped[int]
    error_code: Mapped[str | None] = mapped_column(ExactString(64))
    duration_ms: Mapped[float] = mapped_column(Double)
    request_id: Mapped[str] = mapped_column(ExactString(128))


class StoredCallback(Base):
    """A callback as it came in, kept whole once its signature was good."""

    __tablename__ = "waapi_callbacks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(ExactString(64))
    received_at: Mapped[datetime]
    body: Mapped[str] = mapped_column(long_text())
    applied: Mapped[int]
    unmatched: Mapped[int]


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """A filter for a host's Flask-Migrate: ``Migrate(app, db, include_name=flask_waapi.include_name)``.

    Without it the host's autogenerate finds our tables in the database, not in the host's models, and
    writes a migration that drops them.

    :returns: False for our tables.
    """
    return not (type_ == "table" and name is not None and name.startswith(PREFIX))
