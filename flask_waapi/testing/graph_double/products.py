"""What messages that sell something must look like: products, catalogs, orders."""

from __future__ import annotations

from .errors import GraphError
from .parts import Part

MOST_SECTIONS = 10
MOST_PRODUCTS = 30
LONGEST_SECTION_TITLE = 24


def check_product(action: Part) -> None:
    """Check the action of a ``product``.

    :raises GraphError: Meta would refuse it; so do the others here.
    """
    action.only("catalog_id", "product_retailer_id")
    action.text("catalog_id")
    action.text("product_retailer_id")


def check_product_list(action: Part) -> None:
    """Check the action of a ``product_list``."""
    action.only("catalog_id", "sections")
    action.text("catalog_id")
    sections = action.parts("sections", 1, MOST_SECTIONS)
    products = 0
    for section in sections:
        section.only("title", "product_items")
        if len(sections) > 1 or "title" in section:
            section.text("title", LONGEST_SECTION_TITLE)
        items = section.parts("product_items", 1, MOST_PRODUCTS)
        for item in items:
            item.only("product_retailer_id")
            item.text("product_retailer_id")
        products += len(items)
    if products > MOST_PRODUCTS:
        raise action.wrong("sections", f"has at most {MOST_PRODUCTS} products in all, not {products}")


def check_catalog(action: Part) -> None:
    """Check the action of a ``catalog_message``."""
    action.only("name", "parameters")
    action.choice("name", "catalog_message")
    if "parameters" in action:
        parameters = action.part("parameters")
        parameters.only("thumbnail_product_retailer_id")
        parameters.text("thumbnail_product_retailer_id")


def check_order(action: Part) -> None:
    """Check the action of an ``order_details``; how it is paid differs by country and is not checked."""
    _check_payment_action(action, "review_and_pay")


def check_order_status(action: Part) -> None:
    """Check the action of an ``order_status``."""
    _check_payment_action(action, "review_order")


def _check_payment_action(action: Part, name: str) -> None:
    action.only("name", "parameters")
    action.choice("name", name)
    if not action.part("parameters").value:
        raise GraphError(131008, f"{action.place_of('parameters')} must not be empty.")
