"""Read receipts."""

from __future__ import annotations

from marshmallow import Schema

from ..fields import StrictBoolean


class ReadReceiptSchema(Schema):
    """What goes with a read receipt."""

    typing = StrictBoolean(
        metadata={
            "description": "Also show that an answer is being written, for up to 25 seconds.",
            "expected": "true or false",
        }
    )
