"""What messages cost, as far as the app's settings say; there are no prices in here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

CATEGORIES = ("marketing", "utility", "authentication", "service")
"""What a provider charges by; ``service`` is everything that is no template."""

CURRENCY = "currency"
_PREFIX = re.compile(r"\+[1-9][0-9]{0,6}", re.ASCII)


@dataclass(frozen=True)
class Price:
    """What one message costs. :param prefix: of the recipient's number that decided it; empty for all."""

    amount: Decimal
    currency: str
    category: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


@dataclass(frozen=True)
class Prices:
    """Prices by category and by the beginning of the recipient's number."""

    currency: str
    by_category: Mapping[str, Mapping[str, Decimal]]

    def of(self, category: str, to: str) -> Price | None:
        """The price of a message; ``None`` where none is set for it.

        :param category: in lower case. :param to: the recipient; of a user id no prefix is known.
        """
        prices = self.by_category.get(category, {})
        fitting = [prefix for prefix in prices if to.startswith(prefix)]
        if not fitting:
            return None
        prefix = max(fitting, key=len)
        return Price(prices[prefix], self.currency, category, prefix)


def read_prices(value: Any) -> Prices:
    """The prices of a setting.

    :raises ValueError: it is not usable; the text says what it must be.
    """
    if not isinstance(value, Mapping) or not value:
        raise ValueError('must map categories to prices: {"currency": "EUR", "utility": "0.05", ...}')
    currency = value.get(CURRENCY)
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency, re.ASCII):
        raise ValueError('must have a "currency" of three capital letters, such as "EUR"')
    unknown = [name for name in value if name not in (CURRENCY, *CATEGORIES)]
    if unknown:
        raise ValueError(f"has the category {unknown[0]!r}; there are {', '.join(CATEGORIES)}")
    return Prices(
        currency, {name: _of_category(name, given) for name, given in value.items() if name != CURRENCY}
    )


def _of_category(category: str, given: Any) -> Mapping[str, Decimal]:
    if not isinstance(given, Mapping):
        return {"": _amount(category, given)}
    for prefix in given:
        if prefix != "" and not (isinstance(prefix, str) and _PREFIX.fullmatch(prefix)):
            raise ValueError(
                f'has the prefix {prefix!r} under {category!r}; it must be as "+49" is, or "" for all others'
            )
    return {prefix: _amount(category, amount) for prefix, amount in given.items()}


def _amount(category: str, value: Any) -> Decimal:
    if not isinstance(value, bool) and isinstance(value, int | float | str | Decimal):
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal(-1)
        if amount.is_finite() and 0 <= amount < 1_000_000:
            return amount
    raise ValueError(f'has {value!r} as a price of {category!r}; it must be a number, best as text: "0.05"')
