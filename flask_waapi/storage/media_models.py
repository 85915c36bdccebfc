"""The table of media that accounts may use."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Clipped, ExactString
from .models import Base


class StoredMedium(Base):
    """A medium that a provider instance keeps: uploaded by an account, or part of a message that came in.

    ``message_id`` is the message it came in with. ``expires_at`` is when the provider forgets it.
    """

    __tablename__ = "waapi_media"
    __table_args__ = (
        UniqueConstraint("account", "provider", "media_id"),
        Index(None, "provider", "media_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    provider: Mapped[str] = mapped_column(ExactString(64))
    media_id: Mapped[str] = mapped_column(ExactString(255))
    message_id: Mapped[UUID | None]
    mime_type: Mapped[str | None] = mapped_column(Clipped(128))
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(Clipped(64))
    filename: Mapped[str | None] = mapped_column(Clipped(255))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
