"""Tables of what providers tell us: callbacks, and what they say of people, numbers and accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Clipped, ExactString, long_text
from .models import Base, words


class StoredCallback(Base):
    """A callback as it came in, kept whole once its signature was good.

    ``due_at`` says when it is to be applied, again after a process died over it or on replay; ``None`` once
    that is done. The counts are of its items and of the last time that it was applied.
    """

    __tablename__ = "waapi_callbacks"
    __table_args__ = (Index(None, "due_at", "id"), Index(None, "provider", "received_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(ExactString(64))
    received_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[str] = mapped_column(long_text())
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    applied: Mapped[int]
    unmatched: Mapped[int]
    parked: Mapped[int] = mapped_column(server_default="0")


class ParkedItem(Base):
    """One item of a callback that could not be applied; its callback can be applied again.

    :attr:`state` is ``unknown`` (of a kind nobody here knows), ``broken`` (it cannot be read, or applying it
    failed) or ``unmatched`` (a report about a message that is not, or not yet, one of ours).
    """

    __tablename__ = "waapi_parked_items"
    __table_args__ = (
        UniqueConstraint("callback_id", "position"),
        Index(None, "provider", "provider_message_id"),
        Index(None, "state", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    callback_id: Mapped[UUID] = mapped_column(ForeignKey(StoredCallback.id, ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(ExactString(64))
    position: Mapped[str] = mapped_column(Clipped(120))
    state: Mapped[str] = mapped_column(ExactString(16))
    reason: Mapped[str] = mapped_column(words())
    raw: Mapped[Any] = mapped_column(JSON)
    provider_message_id: Mapped[str | None] = mapped_column(Clipped(255))
    parked_at: Mapped[datetime] = mapped_column(index=True)


class Contact(Base):
    """A person as one provider instance knows them: when they last wrote, what they do not want."""

    __tablename__ = "waapi_contacts"

    provider: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    number: Mapped[str] = mapped_column(ExactString(160), primary_key=True)
    name: Mapped[str | None] = mapped_column(Clipped(255))
    last_received_at: Mapped[datetime | None]
    marketing_stopped: Mapped[bool] = mapped_column(server_default=false())
    marketing_changed_at: Mapped[datetime | None]


class ContactAlias(Base):
    """Another name of a person, as one provider instance tells: a number as it is dialled, a user id.

    ``number`` is the name under which their :class:`Contact` is noted.
    """

    __tablename__ = "waapi_contact_aliases"
    __table_args__ = (Index(None, "provider", "number"),)

    provider: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    name: Mapped[str] = mapped_column(ExactString(160), primary_key=True)
    number: Mapped[str] = mapped_column(ExactString(160))


class ProviderState(Base):
    """What a provider instance last said of one side of its account: quality, throughput, a restriction.

    ``stops`` names what must not be sent while it lasts: ``template``, ``free_form``; ``until`` is when that
    ends by itself.
    """

    __tablename__ = "waapi_provider_states"

    provider: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    subject: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    severity: Mapped[str] = mapped_column(ExactString(16))
    summary: Mapped[str] = mapped_column(words())
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    stops: Mapped[list[str]] = mapped_column(JSON)
    until: Mapped[datetime | None]
    occurred_at: Mapped[datetime]
