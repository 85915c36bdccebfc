"""Prices come from the app's settings: what they may be, and which one counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from flask_waapi import ConfigurationError
from flask_waapi.prices import read_prices
from flask_waapi.settings import load


def test_a_price_holds_for_all_or_by_the_longest_prefix() -> None:
    prices = read_prices(
        {"currency": "EUR", "service": 0, "utility": {"": "0.04", "+4": "0.06", "+49": "0.05"}}
    )

    assert str(prices.of("utility", "+49170")) == "0.05 EUR"
    assert str(prices.of("utility", "+4470")) == "0.06 EUR"
    assert str(prices.of("utility", "+1")) == "0.04 EUR"
    assert str(prices.of("service", "US.1")) == "0 EUR"
    assert str(read_prices({"currency": "IDR", "utility": "1E+3"}).of("utility", "+62")) == "1000 IDR"
    assert prices.of("marketing", "+49") is None
    assert read_prices({"currency": "EUR", "utility": {"+49": 1}}).of("utility", "+1") is None


@pytest.mark.parametrize("amount", ["0.05", 0.05, 1, Decimal("0.05")])
def test_an_amount_may_be_a_number_or_text(amount: Any) -> None:
    price = read_prices({"currency": "EUR", "utility": amount}).of("utility", "+1")

    assert price is not None
    assert price.amount == Decimal(str(amount))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("0.05", "must map categories to prices"),
        ({}, "must map categories to prices"),
        ({"utility": 1}, 'must have a "currency"'),
        ({"currency": "euro", "utility": 1}, 'must have a "currency"'),
        ({"currency": "EUR", "transport": 1}, "has the category 'transport'"),
        ({"currency": "EUR", "utility": -1}, "has -1 as a price"),
        ({"currency": "EUR", "utility": True}, "has True as a price"),
        ({"currency": "EUR", "utility": "NaN"}, "has 'NaN' as a price"),
        ({"currency": "EUR", "utility": "cheap"}, "has 'cheap' as a price"),
        ({"currency": "EUR", "utility": {"49": 1}}, "has the prefix '49'"),
        ({"currency": "EUR", "utility": {49: 1}}, "has the prefix 49"),
    ],
)
def test_what_is_no_price_is_refused_in_words_that_help(given: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({"SECRET_KEY": "a secret of tests", "WAAPI_PRICES": given})

    assert said in raised.value.problems[0]
