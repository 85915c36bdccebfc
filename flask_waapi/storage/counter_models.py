"""Counters by the hour, so that a plot of a month reads hundreds of rows in place of millions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Double
from sqlalchemy.orm import Mapped, mapped_column

from .columns import ExactString
from .models import Base


class RequestHour(Base):
    """Calls of the API by one key within one UTC hour that had one outcome.

    ``error_code`` is empty where there is none. Written in the transaction that writes the entries of the
    log, so that the two agree.
    """

    __tablename__ = "waapi_request_hours"

    account: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    key_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    error_code: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    duration_ms: Mapped[float] = mapped_column(Double)


class MessageHour(Base):
    """Outbound messages made within one UTC hour that have one status and one failure code, as counted.

    The rows of an hour are written anew together, from the messages themselves. ``failure_code`` is empty
    where there is none.
    """

    __tablename__ = "waapi_message_hours"

    account: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(ExactString(16), primary_key=True)
    failure_code: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    messages: Mapped[int] = mapped_column(BigInteger)


class CountedHour(Base):
    """When the messages of an hour were last counted; whoever counts them holds this row."""

    __tablename__ = "waapi_counted_hours"

    account: Mapped[str] = mapped_column(ExactString(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime]
