"""What a check answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from ..gates import STATES, GateName, Step
from ..prices import CATEGORIES
from .checking import NO_PRICE, Checked
from .envelope import error_members


class FaultSchema(Schema):
    """One thing wrong with the body."""

    pointer = fields.String(metadata={"description": "JSON pointer to the member within the checked body."})
    message = fields.String()
    expected = fields.String()


class GateSchema(Schema):
    """What the request meets at a gate."""

    gate = fields.String(validate=validate.OneOf([str(gate) for gate in GateName]))
    label = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    reason = fields.String(metadata={"description": "Why, in plain words."})
    code = fields.String(allow_none=True, metadata={"description": "Of the error that it refuses with."})
    faults = fields.List(fields.Nested(FaultSchema))


class PriceSchema(Schema):
    """What it would cost, as far as the app's settings tell."""

    amount = fields.String(allow_none=True, metadata={"description": "A decimal number; null if not known."})
    currency = fields.String(allow_none=True)
    category = fields.String(
        allow_none=True,
        metadata={"description": f"What it is charged as: {', '.join(CATEGORIES)}, where that is known."},
    )
    prefix = fields.String(
        allow_none=True, metadata={"description": "Of the recipient's number, by which the price was found."}
    )
    note = fields.String()


class CheckedSchema(Schema):
    """What would become of a send."""

    would_send = fields.Boolean(metadata={"description": "Whether no gate refuses it."})
    endpoint = fields.String()
    gates = fields.List(fields.Nested(GateSchema))
    error = fields.Dict(allow_none=True, metadata={"description": "What the send would be refused with."})
    type = fields.String(allow_none=True)
    text = fields.String(
        allow_none=True, metadata={"description": "What the recipient would read, as far as it is text."}
    )
    provider = fields.String(allow_none=True)
    simulated = fields.Boolean(allow_none=True)
    price = fields.Nested(PriceSchema)


CHECKED = CheckedSchema()


def checked_data(endpoint: str, checked: Checked) -> dict[str, Any]:
    """A check as the API shows it."""
    decision, price = checked.decision, checked.price
    (about_price,) = (step for step in checked.steps if step.gate is GateName.PRICE)
    return {
        "would_send": checked.would_send,
        "endpoint": endpoint,
        "gates": [gate_data(step) for step in checked.steps],
        "error": None if checked.error is None else error_members(checked.error),
        "type": decision and decision.wording.content.message_type,
        "text": decision and decision.wording.text,
        "provider": decision and decision.route.used,
        "simulated": decision and decision.simulated,
        "price": {
            "amount": None if price is None else f"{price.amount:f}",
            "currency": price and price.currency,
            "category": checked.category,
            "prefix": price and price.prefix,
            "note": about_price.reason if decision else NO_PRICE,
        },
    }


def gate_data(step: Step) -> dict[str, Any]:
    """A gate as the API shows it."""
    return {
        "gate": str(step.gate),
        "label": step.label,
        "state": step.state,
        "reason": step.reason,
        "code": step.code,
        "faults": [dict(vars(fault)) for fault in step.faults],
    }
