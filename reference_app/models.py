"""The order desk's own tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask_login import UserMixin  # type: ignore[import-untyped]
from sqlalchemy import DateTime, ForeignKey, String, Text, TypeDecorator, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; the databases keep it without a zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To the database."""
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """From the database."""
        return value and value.replace(tzinfo=UTC)


class User(UserMixin, db.Model):  # type: ignore[misc, name-defined]
    """Somebody who works at the desk."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))

    def get_id(self) -> str:
        """What the session and the dashboard's audit trail call them."""
        return self.name

    def set_password(self, password: str) -> None:
        """Keep a new password, hashed."""
        self.password_hash = generate_password_hash(password)

    def has_password(self, password: str) -> bool:
        """Whether this is the password."""
        return check_password_hash(self.password_hash, password)


class Customer(db.Model):  # type: ignore[misc, name-defined]
    """Who orders. :param phone: where the confirmations go, E.164."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(16))
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(db.Model):  # type: ignore[misc, name-defined]
    """An order and the message that confirms it.

    :param message_uuid: the message that flask-waapi took in last; ``None`` when it took none.
    :param problem: why the last try to send was refused, in words; ``None`` when it was not.
    :param is_demo: whether it belongs to the history that was made at the first start.
    """

    # "order" is a word of SQL.
    __tablename__ = "customer_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    message_uuid: Mapped[UUID | None] = mapped_column(Uuid)
    problem: Mapped[str | None] = mapped_column(Text)
    is_demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    customer: Mapped[Customer] = relationship(back_populates="orders")
    items: Mapped[list[OrderItem]] = relationship(
        back_populates="order", cascade="all, delete-orphan", order_by="OrderItem.id"
    )

    @property
    def number(self) -> str:
        """What the customer and the API know it by."""
        return f"ORD-{self.id:05}"

    @property
    def total_cents(self) -> int:
        """Price of all items, in cents."""
        return sum(item.quantity * item.price_cents for item in self.items)


class ReceivedEvent(db.Model):  # type: ignore[misc, name-defined]
    """An event that a webhook has told. :param webhook_id: the same when it is told again."""

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(64), unique=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    type: Mapped[str] = mapped_column(String(64))
    message_uuid: Mapped[str | None] = mapped_column(String(36))
    reference: Mapped[str | None] = mapped_column(String(255))


class OrderItem(db.Model):  # type: ignore[misc, name-defined]
    """A number of one product, at the price of the day."""

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    product: Mapped[str] = mapped_column(String(100))
    quantity: Mapped[int]
    price_cents: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="items")
