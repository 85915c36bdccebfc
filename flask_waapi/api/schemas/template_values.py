"""The values of a template's placeholders: text, an amount of money, a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from ...content import Currency, Variable
from ..fields import text

MOST_VARIABLES = 200
"""More than any template has room for."""

LARGEST_VALUE = 32_768
"""Characters; Cloud API, text parameter."""

_NOT_A_VALUE = "The value is not text."


class CurrencySchema(Schema):
    """An amount of money."""

    fallback_value = text(1, LARGEST_VALUE, "What is shown.", required=True)
    code = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Z]{3}\Z", error="This is no code of a currency."),
        metadata={"description": "Of the currency, ISO 4217.", "expected": "three capitals, such as EUR"},
    )
    amount_1000 = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(-(10**15), 10**15),
        metadata={"description": "The amount times 1000.", "expected": "a whole number"},
    )


class DateTimeSchema(Schema):
    """A moment."""

    fallback_value = text(1, LARGEST_VALUE, "What is shown.", required=True)


_CURRENCY, _DATE_TIME = CurrencySchema(), DateTimeSchema()


class Variables(fields.Field[Any]):
    """Template variables: an object of values by placeholder, or a list of values in their order."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict | list):
            raise ValidationError("The variables are neither an object nor a list.")
        if len(value) > MOST_VARIABLES:
            raise ValidationError(f"There are {len(value)} variables.")
        values, faults = {}, {}
        for key, item in _items(value):
            try:
                values[key] = _value(item)
            except ValidationError as error:
                faults[key] = error.messages
        if faults:
            raise ValidationError(faults)
        return values if isinstance(value, dict) else list(values.values())


def _items(value: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    yield from value.items() if isinstance(value, dict) else enumerate(value)


def _value(item: Any) -> str | Variable:
    if isinstance(item, str):
        if len(item) > LARGEST_VALUE:
            raise ValidationError(f"The value has more than {LARGEST_VALUE} characters.")
        return item
    if isinstance(item, dict) and item.keys() == {"currency"}:
        given = _loaded("currency", item, _CURRENCY)
        currency = Currency(given["code"], given["amount_1000"])
        return Variable(given["fallback_value"], currency=currency)
    if isinstance(item, dict) and item.keys() == {"date_time"}:
        return Variable(_loaded("date_time", item, _DATE_TIME)["fallback_value"], is_date_time=True)
    raise ValidationError(_NOT_A_VALUE)


def _loaded(name: str, item: dict[str, Any], schema: Schema) -> dict[str, Any]:
    if not isinstance(item[name], dict):
        raise ValidationError({name: ["This is not an object."]})
    try:
        loaded: dict[str, Any] = schema.load(item[name])
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from None
    return loaded
