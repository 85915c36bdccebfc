"""The tables. Their metadata is our own, so that a host's ``create_all`` and migrations pass them by."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Double, ForeignKey, Index, MetaData, SmallInteger, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .columns import Clipped, ExactString, UtcDateTime, digest, long_text, ordered_uuid

PREFIX = "waapi_"
"""Every table of ours begins with it."""


def words() -> Clipped:
    """Type of a column for a provider's or an operator's words."""
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

    ``rate_limit`` and ``daily_limit`` are ``None`` where the standard limits hold. ``provider`` is the
    instance that sends its messages, ``None`` where that is not for the key to say.
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
    provider: Mapped[str | None] = mapped_column(ExactString(64))
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

    =============  =======  ==============  ============
    It is          lane     due_at          claimed_at
    =============  =======  ==============  ============
    waiting        set      when to send    none
    in hand        none     end of lease    since when
    unconfirmed    none     end of waiting  none
    at its end     none     none            none
    =============  =======  ==============  ============

    ``round`` counts how often it was set on its way: 1, and one more each time a failed one is retried by
    hand. ``attempts`` counts the tries of the round.

    One that came in (``direction`` is ``inbound``) is at its end from the start: ``sender`` is who wrote it,
    ``recipient`` our own number, ``content`` what the provider told, whole.
    """

    __tablename__ = "waapi_messages"
    __table_args__ = (
        Index(None, "account", "id"),
        Index(None, "account", "recipient", "id"),
        Index(None, "account", "reference", "id"),
        Index(None, "account", "template_name", "id"),
        Index(None, "account", "status", "id"),
        Index(None, "provider", "provider_message_id"),
        Index(None, "provider", "recipient", "id"),
        Index(None, "account", "direction", "id"),
        Index(None, "account", "sender", "id"),
        Index(None, "account", "key_id", "id"),
        Index(None, "lane", "due_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    key_id: Mapped[UUID | None]
    direction: Mapped[str] = mapped_column(ExactString(8), server_default="outbound")
    sender: Mapped[str | None] = mapped_column(ExactString(160))
    sender_name: Mapped[str | None] = mapped_column(Clipped(255))
    reply_to: Mapped[str | None] = mapped_column(Clipped(255))
    is_echo: Mapped[bool] = mapped_column(server_default=false())
    recipient: Mapped[str] = mapped_column(ExactString(160))
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
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
    failure_reason: Mapped[str | None] = mapped_column(words())
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    lane: Mapped[str | None] = mapped_column(ExactString(140))
    due_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(server_default="1")
    attempts: Mapped[int]
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
    """One fact about a message. Rows are only ever added; the status is a fold over them.

    ``round`` is the message's round that it belongs to, ``attempt`` the try that it came of, if it did;
    ``answered`` marks the failure that its sender was answered with, and asked to send it again.
    """

    __tablename__ = "waapi_message_events"
    __table_args__ = (UniqueConstraint("message_id", "fingerprint"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(Clipped(80))
    status: Mapped[str] = mapped_column(Clipped(16))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    round: Mapped[int] = mapped_column(server_default="1")
    attempt: Mapped[int | None]
    answered: Mapped[bool] = mapped_column(server_default=false())
    provider_message_id: Mapped[str | None] = mapped_column(Clipped(255))
    code: Mapped[str | None] = mapped_column(ExactString(64))
    provider_code: Mapped[str | None] = mapped_column(Clipped(64))
    reason: Mapped[str | None] = mapped_column(words())
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ScheduledUpdate(Base):
    """A fact that a provider has announced for a later time; it becomes an event then."""

    __tablename__ = "waapi_scheduled_updates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(Clipped(16))
    occurred_at: Mapped[datetime]
    provider_message_id: Mapped[str | None] = mapped_column(Clipped(255))
    provider_code: Mapped[str | None] = mapped_column(Clipped(64))
    reason: Mapped[str | None] = mapped_column(words())


class StoredTemplate(Base):
    """A template in one language, as the provider instance last listed it or has reported since.

    ``changed_at`` holds, by the name of a column, when the provider last reported a change of it.
    """

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
    quality: Mapped[str | None] = mapped_column(Clipped(32))
    reason: Mapped[str | None] = mapped_column(words())
    changed_at: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))


class TemplateSync(Base):
    """When a provider instance's templates were last read, and what came of it.

    ``stale_at`` is when something was last reported that only another reading can tell.
    """

    __tablename__ = "waapi_template_syncs"

    provider: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    attempted_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(words())
    stale_at: Mapped[datetime | None]


class IdempotencyRecord(Base):
    """The first request with an ``Idempotency-Key``, and its answer once there is one.

    It is written in the transaction that stores the message, so the two exist together or not at all. That
    of a batch has its answer at once. ``subject_id`` is the message's id, or the batch's.
    """

    __tablename__ = "waapi_idempotency"
    __table_args__ = (UniqueConstraint("account", "route", "idempotency_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    route: Mapped[str] = mapped_column(ExactString(64))
    idempotency_key: Mapped[str] = mapped_column(ExactString(255))
    request_digest: Mapped[bytes] = mapped_column(digest())
    subject_id: Mapped[UUID]
    answer_status: Mapped[int | None]
    answer_body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """Who changed which key, webhook endpoint or template, and how; written with the change."""

    __tablename__ = "waapi_audit"
    __table_args__ = (Index(None, "account", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    occurred_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Clipped(255))
    action: Mapped[str] = mapped_column(ExactString(32))
    subject_id: Mapped[UUID]
    subject_name: Mapped[str] = mapped_column(Clipped(100))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class ApiRequest(Base):
    """One call of the API by a known key. ``message_id`` is the message that came of it, or that it read."""

    __tablename__ = "waapi_requests"
    __table_args__ = (
        Index(None, "account", "id"),
        Index(None, "account", "key_id", "id"),
        Index(None, "account", "error_code", "id"),
        Index(None, "account", "key_id", "error_code", "id"),
        Index(None, "account", "request_id", "id"),
        Index(None, "account", "message_id", "id"),
    )

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
    message_id: Mapped[UUID | None]


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """A filter for a host's Flask-Migrate: ``Migrate(app, db, include_name=flask_waapi.include_name)``.

    Without it the host's autogenerate finds our tables in the database, not in the host's models, and
    writes a migration that drops them.

    :returns: False for our tables.
    """
    return not (type_ == "table" and name is not None and name.startswith(PREFIX))
