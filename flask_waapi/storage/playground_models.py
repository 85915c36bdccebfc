"""The table of what was tried in the playground."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from .columns import Clipped, ExactString, long_text
from .models import Base


class PlaygroundRun(Base):
    """One run: what a person sent from the playground, and what was answered.

    ``viewer`` is who ran it, by the name the host gives them; ``payload`` is the text as it was typed.
    """

    __tablename__ = "waapi_playground_runs"
    __table_args__ = (Index(None, "account", "viewer", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ExactString(64))
    viewer: Mapped[str] = mapped_column(Clipped(255))
    key_id: Mapped[UUID]
    key_name: Mapped[str] = mapped_column(Clipped(100))
    operation: Mapped[str] = mapped_column(ExactString(64))
    payload: Mapped[str] = mapped_column(long_text())
    simulated: Mapped[bool]
    status: Mapped[int]
    error_code: Mapped[str | None] = mapped_column(ExactString(64))
    answer: Mapped[str] = mapped_column(Clipped(20_000, long_text()))
    message_id: Mapped[UUID | None]
    duration_ms: Mapped[float] = mapped_column(Double)
    created_at: Mapped[datetime]
