"""Orders: place one, see what became of its confirmation, send that again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required  # type: ignore[import-untyped]
from sqlalchemy.orm import joinedload, selectinload

from flask_waapi import SentMessage, WaApiError

from . import forms
from .extensions import db, waapi
from .models import Customer, Order, OrderItem

TEMPLATE, LANGUAGE = "order_confirmation", "en"

PRODUCTS = {
    "Coffee beans, 1 kg": 1850,
    "Filter papers, 100 pieces": 420,
    "Hand grinder": 5900,
    "Stoneware cup": 1290,
}
"""Price of each product, in cents."""

LARGEST_QUANTITY = 99
LARGEST_ID = 2**63 - 1
"""That a column can hold: drivers break on more."""

ORDERS_SHOWN = 50

SENDABLE = {"not sent", "failed", "canceled"}
"""Statuses of a confirmation that has not arrived and will not."""

blueprint = Blueprint("orders", __name__, url_prefix="/orders")
forms.protect(blueprint)


@dataclass
class OrderForm:
    """What was filled in, and what is wrong with it, by field."""

    name: str = ""
    phone: str = ""
    quantities: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Confirmation:
    """How far an order's confirmation has come, and why no further."""

    status: str
    problem: str | None = None

    @classmethod
    def of(cls, order: Order) -> Confirmation:
        """The confirmation as it stands now."""
        if order.message_uuid is None:
            return cls("not sent", order.problem)
        try:
            sent = waapi.get_message(order.message_uuid)
        except WaApiError:
            return cls("unknown")
        return cls(sent.status, sent.problem)

    @property
    def is_sendable(self) -> bool:
        """Whether there is none that has arrived, or may yet."""
        return self.status in SENDABLE


@blueprint.get("/")
@login_required  # type: ignore[untyped-decorator]
def list_orders() -> ResponseReturnValue:
    """The newest orders."""
    query = db.select(Order).options(joinedload(Order.customer), selectinload(Order.items))
    orders = db.session.scalars(query.order_by(Order.id.desc()).limit(ORDERS_SHOWN)).all()
    # One look-up by primary key for each order shown.
    rows = [(order, Confirmation.of(order)) for order in orders]
    return render_template("orders.html", rows=rows, shown=ORDERS_SHOWN)


@blueprint.get("/new")
@login_required  # type: ignore[untyped-decorator]
def new_order() -> ResponseReturnValue:
    """An empty form."""
    return render_template("new_order.html", form=OrderForm(), products=PRODUCTS, most=LARGEST_QUANTITY)


@blueprint.post("/new")
@login_required  # type: ignore[untyped-decorator]
def place_order() -> ResponseReturnValue:
    """Keep the order together with its confirmation, which is sent once both are kept."""
    filled = _read_form()
    if filled.problems:
        page = render_template("new_order.html", form=filled, products=PRODUCTS, most=LARGEST_QUANTITY)
        return page, 422
    order = place(filled.name, filled.phone, filled.quantities, datetime.now(UTC))
    confirm(order)
    db.session.commit()
    return redirect(url_for(".show_order", order_id=order.id))


@blueprint.get("/<int:order_id>")
@login_required  # type: ignore[untyped-decorator]
def show_order(order_id: int) -> ResponseReturnValue:
    """An order and how far its confirmation has come."""
    order = _order(order_id)
    return render_template("order.html", order=order, confirmation=Confirmation.of(order))


@blueprint.post("/<int:order_id>/confirmation")
@login_required  # type: ignore[untyped-decorator]
def send_again(order_id: int) -> ResponseReturnValue:
    """Send a confirmation that did not get through, to the same number or a corrected one."""
    order = _order(order_id)
    confirmation = Confirmation.of(order)
    if not confirmation.is_sendable:
        flash(f"The confirmation of {order.number} was not sent again: its status is {confirmation.status}.")
        return redirect(url_for(".show_order", order_id=order.id))
    phone = request.form.get("phone", "").strip()
    if problem := _phone_problem(phone):
        page = render_template(
            "order.html", order=order, confirmation=confirmation, phone=phone, problem=problem
        )
        return page, 422
    order.customer.phone = phone
    confirm(order)
    db.session.commit()
    return redirect(url_for(".show_order", order_id=order.id))


def place(
    name: str, phone: str, quantities: Mapping[str, int], moment: datetime, *, is_demo: bool = False
) -> Order:
    """Put an order into the transaction in hand; its number is known then.

    :param quantities: by product.
    """
    order = Order(
        customer=_customer(name, phone),
        placed_at=moment,
        is_demo=is_demo,
        items=[
            OrderItem(product=product, quantity=quantity, price_cents=PRODUCTS[product])
            for product, quantity in quantities.items()
        ],
    )
    db.session.add(order)
    # The order's number is its id.
    db.session.flush()
    return order


def confirm(order: Order, session: Any = db.session) -> None:
    """Put the confirmation into the order's transaction: it is sent after the commit, and only then."""
    variables = {
        "customer_name": order.customer.name,
        "order_id": order.number,
        "total": f"{order.total_cents / 100:.2f}",
    }
    try:
        sent: SentMessage = waapi.send_template(
            order.customer.phone,
            TEMPLATE,
            LANGUAGE,
            variables,
            reference=order.number,
            session=session,
        )
    except WaApiError as error:
        # The order stands whatever comes of its confirmation.
        order.message_uuid, order.problem = None, error.message
    else:
        order.message_uuid, order.problem = sent.message_uuid, None


def _order(order_id: int) -> Order:
    order = db.session.get(Order, order_id) if order_id <= LARGEST_ID else None
    if order is None:
        abort(404, f"There is no order {order_id}.")
    return order


def _customer(name: str, phone: str) -> Customer:
    query = db.select(Customer).where(Customer.phone == phone, Customer.name == name)
    return db.session.scalars(query).first() or Customer(name=name, phone=phone)


def _read_form() -> OrderForm:
    filled = OrderForm(
        name=request.form.get("name", "").strip(),
        phone=request.form.get("phone", "").strip(),
    )
    if not 1 <= len(filled.name) <= 100 or not filled.name.isprintable():
        filled.problems["name"] = "Fill in a name of up to 100 characters."
    if problem := _phone_problem(filled.phone):
        filled.problems["phone"] = problem
    for product in PRODUCTS:
        given = request.form.get(product, "").strip() or "0"
        if not re.fullmatch(r"[0-9]{1,2}", given, re.ASCII):
            filled.problems["products"] = f"Quantities are whole numbers from 0 to {LARGEST_QUANTITY}."
        elif int(given) > 0:
            filled.quantities[product] = int(given)
    if not filled.quantities and "products" not in filled.problems:
        filled.problems["products"] = "Choose at least one product."
    return filled


def _phone_problem(phone: str) -> str | None:
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", phone, re.ASCII):
        return None
    return "Write the number with a plus sign and the country code, digits only: +1234567890."
