"""A template and what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .interactive import ProductSection
from .model import Content, Document, Image, Location, Video


@dataclass(frozen=True)
class Currency:
    """An amount of money.

    :param code: of the currency, ISO 4217.
    :param amount_1000: the amount times 1000.
    """

    code: str
    amount_1000: int


@dataclass(frozen=True)
class Variable:
    """One value for a placeholder.

    :param value: the text that stands in its place.
    :param name: the placeholder's name; ``None`` where placeholders go by position.
    :param currency: the amount that ``value`` tells, where it is one.
    :param is_date_time: whether ``value`` tells a moment.
    """

    value: str
    name: str | None = None
    currency: Currency | None = None
    is_date_time: bool = False


@dataclass(frozen=True)
class HeaderProduct:
    """The product that a template's header shows."""

    catalog_id: str
    product_retailer_id: str


@dataclass(frozen=True)
class Header:
    """What fills a template's header; exactly one member is set.

    :param variable: the value of a text header's one placeholder.
    """

    variable: Variable | None = None
    image: Image | None = None
    video: Video | None = None
    document: Document | None = None
    location: Location | None = None
    product: HeaderProduct | None = None


@dataclass(frozen=True)
class Button:
    """What fills one of a template's buttons.

    :param index: position among the template's buttons, from 0.
    :param kind: ``url``, ``quick_reply``, ``copy_code``, ``flow``, ``catalog`` or ``mpm`` (several products).
    :param value: of the first three: the address suffix, the payload sent back, or the code to copy.
    :param flow_token: of a flow; comes back with the answer.
    :param flow_action_data: what a flow's first screen starts with.
    :param thumbnail_product_retailer_id: of the last two: the product whose picture is shown.
    :param sections: of ``mpm``: the products.
    """

    index: int
    kind: str
    value: str = ""
    flow_token: str | None = None
    flow_action_data: Mapping[str, Any] | None = None
    thumbnail_product_retailer_id: str | None = None
    sections: tuple[ProductSection, ...] = ()


@dataclass(frozen=True)
class LimitedTimeOffer:
    """Until when a template's offer holds. :param expiration_time_ms: milliseconds since 1970, UTC."""

    expiration_time_ms: int


@dataclass(frozen=True)
class TemplateCard:
    """What fills one card of a template; its members are those of :class:`Template`."""

    body: tuple[Variable, ...] = ()
    header: Header | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Template(Content):
    """A business-initiated message from an approved template.

    :param name: the template's name at the provider.
    :param language: its language code, ``en`` or ``pt_BR``.
    :param body: the values of the body's placeholders: those that go by position in the order of their
        numbers, named ones in the order of the template's text.
    :param cards: in the order of the template's cards.
    """

    type: ClassVar[str] = "template"

    name: str
    language: str
    body: tuple[Variable, ...] = ()
    header: Header | None = None
    buttons: tuple[Button, ...] = ()
    limited_time_offer: LimitedTimeOffer | None = None
    cards: tuple[TemplateCard, ...] = ()
