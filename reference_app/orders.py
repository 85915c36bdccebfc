"""Orders: place one, see what became of its confirmation, send that again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required  # type: ignore[import-untyped]
from sqlalchemy.orm import joinedload, selectinload

from flask_waapi import WaApiError

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
ORDERS_SHOWN = 50

UNKNOWN = "unknown"
"""The status of a message of which flask-waapi cannot tell."""

blueprint = Blueprint("orders", __name__, url_prefix="/orders")
forms.protect(blueprint)


@dataclass
class OrderForm:
    """What was filled in, and what is wrong with it, by field."""

    name: str = ""
    phone: str = ""
    quantities: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


@blueprint.get("/")
@login_required  # type: ignore[untyped-decorator]
def list_orders() -> ResponseReturnValue:
    """The newest orders."""
    query = db.select(Order).options(joinedload(Order.customer), selectinload(Order.items))
    orders = db.session.scalars(query.order_by(Order.id.desc()).limit(ORDERS_SHOWN)).all()
    # One look-up by primary key for each order shown.
    rows = [(order, message_status(order)) for order in orders]
    return render_template("orders.html", rows=rows, shown=ORDERS_SHOWN)


@blueprint.get("/new")
@login_required  # type: ignore[untyped-decorator]
def new_order() -> ResponseReturnValue:
    """An empty form."""
    return render_template("new_order.html", form=OrderForm(), products=PRODUCTS, most=LARGEST_QUANTITY)


@blueprint.post("/new")
@login_required  # type: ignore[untyped-decorator]
def place_order() -> ResponseReturnValue:
    """Keep the order, then confirm it."""
    filled = _read_form()
    if filled.problems:
        page = render_template("new_order.html", form=filled, products=PRODUCTS, most=LARGEST_QUANTITY)
        return page, 422
    order = Order(
        customer=_customer(filled.name, filled.phone),
        placed_at=datetime.now(UTC),
        items=[
            OrderItem(product=product, quantity=quantity, price_cents=PRODUCTS[product])
            for product, quantity in filled.quantities.items()
        ],
    )
    db.session.add(order)
    db.session.commit()
    send_confirmation(order)
    return redirect(url_for(".show_order", order_id=order.id))


@blueprint.get("/<int:order_id>")
@login_required  # type: ignore[untyped-decorator]
def show_order(order_id: int) -> ResponseReturnValue:
    """An order and how far its confirmation has come."""
    order = _order(order_id)
    return render_template("order.html", order=order, status=message_status(order))


@blueprint.post("/<int:order_id>/confirmation")
@login_required  # type: ignore[untyped-decorator]
def send_again(order_id: int) -> ResponseReturnValue:
    """Send a confirmation that did not get through, to the same number or a corrected one."""
    order = _order(order_id)
    status = message_status(order)
    if not may_send(status):
        flash(f"The confirmation of {order.number} was not sent again: its status is {status}.")
        return redirect(url_for(".show_order", order_id=order.id))
    phone = request.form.get("phone", "").strip()
    if problem := _phone_problem(phone):
        page = render_template("order.html", order=order, status=status, phone=phone, problem=problem)
        return page, 422
    order.customer.phone = phone
    send_confirmation(order)
    return redirect(url_for(".show_order", order_id=order.id))


def message_status(order: Order) -> str | None:
    """How far the confirmation has come; ``None`` when none was taken in."""
    if order.message_uuid is None:
        return None
    try:
        return waapi.get_message(order.message_uuid).status
    except WaApiError:
        return UNKNOWN


@blueprint.app_template_test("sendable")
def may_send(status: str | None) -> bool:
    """Whether there is no confirmation that has arrived, or may yet."""
    return status in {None, "failed"}


def send_confirmation(order: Order) -> None:
    """Send the confirmation; the order stands whatever comes of it."""
    recipient, reference = order.customer.phone, order.number
    variables = {
        "customer_name": order.customer.name,
        "order_id": order.number,
        "total": f"{order.total_cents / 100:.2f}",
    }
    # Nothing of ours may be open while a provider is called: SQLite has one writer, and other databases
    # would hold a connection for as long as the network takes.
    db.session.commit()
    try:
        sent = waapi.send_template(recipient, TEMPLATE, LANGUAGE, variables, reference=reference)
    except WaApiError as error:
        order.message_uuid, order.problem = None, error.message
    else:
        order.message_uuid, order.problem = sent.message_uuid, None
    db.session.commit()


def _order(order_id: int) -> Order:
    order = db.session.get(Order, order_id)
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
