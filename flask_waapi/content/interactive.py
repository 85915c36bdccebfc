"""Interactive messages: one dataclass per kind, ``kind`` being the Cloud API's ``interactive.type``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .model import Content, Document, Image, Video


@dataclass(frozen=True)
class InteractiveHeader:
    """What stands above the body; exactly one member is set."""

    text: str | None = None
    image: Image | None = None
    video: Video | None = None
    document: Document | None = None


@dataclass(frozen=True)
class Interactive(Content):
    """Base of the interactive messages."""

    type: ClassVar[str] = "interactive"
    kind: ClassVar[str]


@dataclass(frozen=True)
class ReplyButton:
    """A button that answers for the recipient. :param id: comes back with the answer."""

    id: str
    title: str


@dataclass(frozen=True)
class ReplyButtons(Interactive):
    """A text with one to three reply buttons."""

    kind: ClassVar[str] = "button"

    body: str
    buttons: tuple[ReplyButton, ...]
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class Row:
    """A choice in a list. :param id: comes back with the answer."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True)
class Section:
    """Choices under a title, which only a single section may go without."""

    rows: tuple[Row, ...]
    title: str | None = None


@dataclass(frozen=True)
class ListMessage(Interactive):
    """A text with a button that opens a list of up to ten choices. :param button: the button's words."""

    kind: ClassVar[str] = "list"

    body: str
    button: str
    sections: tuple[Section, ...]
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class CallToAction(Interactive):
    """A text with a button that opens a web address."""

    kind: ClassVar[str] = "cta_url"

    body: str
    display_text: str
    url: str
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class LocationRequest(Interactive):
    """A text with a button by which the recipient sends their location."""

    kind: ClassVar[str] = "location_request_message"

    body: str


@dataclass(frozen=True)
class ContactInfoRequest(Interactive):
    """A text with a button by which the recipient sends their contact details."""

    kind: ClassVar[str] = "request_contact_info"

    body: str


@dataclass(frozen=True)
class SavedAddress:
    """An address the recipient may choose. :param value: its fields by name."""

    id: str
    value: Mapping[str, str]


@dataclass(frozen=True)
class AddressRequest(Interactive):
    """A form for a postal address, for recipients in India and Singapore.

    :param country: ``IN`` or ``SG``.
    :param values: what the form starts with, by field.
    :param validation_errors: what was wrong with an address sent before, by field.
    """

    kind: ClassVar[str] = "address_message"

    body: str
    country: str
    values: Mapping[str, str] | None = None
    saved_addresses: tuple[SavedAddress, ...] = ()
    validation_errors: Mapping[str, str] | None = None
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class Flow(Interactive):
    """A text with a button that opens a flow; exactly one of ``flow_id`` and ``flow_name`` is set.

    :param flow_cta: the button's words.
    :param mode: ``published`` or ``draft``.
    :param flow_token: comes back with the answer.
    :param flow_action: ``navigate`` opens ``screen``, ``data_exchange`` asks the flow's endpoint.
    :param data: what ``screen`` starts with.
    """

    kind: ClassVar[str] = "flow"

    body: str
    flow_cta: str
    flow_id: str | None = None
    flow_name: str | None = None
    mode: str = "published"
    flow_token: str = "unused"  # noqa: S105 - no secret: what Meta shows where there is none
    flow_action: str | None = None
    screen: str | None = None
    data: Mapping[str, Any] | None = None
    flow_message_version: str = "3"
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class Product(Interactive):
    """One product of a catalog."""

    kind: ClassVar[str] = "product"

    catalog_id: str
    product_retailer_id: str
    body: str | None = None
    footer: str | None = None


@dataclass(frozen=True)
class ProductSection:
    """Products under a title, which only a single section may go without."""

    product_retailer_ids: tuple[str, ...]
    title: str | None = None


@dataclass(frozen=True)
class ProductList(Interactive):
    """Up to thirty products of a catalog. :param header: the text above, which it must have."""

    kind: ClassVar[str] = "product_list"

    header: str
    body: str
    catalog_id: str
    sections: tuple[ProductSection, ...]
    footer: str | None = None


@dataclass(frozen=True)
class Catalog(Interactive):
    """A text with a button that opens the catalog.

    :param thumbnail_product_retailer_id: the product whose picture is shown.
    """

    kind: ClassVar[str] = "catalog_message"

    body: str
    thumbnail_product_retailer_id: str | None = None
    footer: str | None = None


@dataclass(frozen=True)
class CarouselCard:
    """One card: a picture or a film, and either a link or quick replies.

    :param display_text: the words of the button that opens ``url``.
    """

    image: Image | None = None
    video: Video | None = None
    body: str | None = None
    display_text: str | None = None
    url: str | None = None
    buttons: tuple[ReplyButton, ...] = ()


@dataclass(frozen=True)
class Carousel(Interactive):
    """Two to ten cards beside each other, all with the same buttons."""

    kind: ClassVar[str] = "carousel"

    body: str
    cards: tuple[CarouselCard, ...]


@dataclass(frozen=True)
class OrderDetails(Interactive):
    """An order to be paid. :param parameters: those of the action ``review_and_pay``, in Meta's words."""

    kind: ClassVar[str] = "order_details"

    body: str
    parameters: Mapping[str, Any]
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class OrderStatus(Interactive):
    """News of an order. :param parameters: those of the action ``review_order``, in Meta's words."""

    kind: ClassVar[str] = "order_status"

    body: str
    parameters: Mapping[str, Any]
    footer: str | None = None


@dataclass(frozen=True)
class VoiceCall(Interactive):
    """A text with a button that calls us.

    :param ttl_minutes: how long it works, up to 43,200.
    :param payload: up to 512 characters that come back with the call.
    """

    kind: ClassVar[str] = "voice_call"

    body: str
    display_text: str | None = None
    ttl_minutes: int | None = None
    payload: str | None = None
    header: InteractiveHeader | None = None
    footer: str | None = None


@dataclass(frozen=True)
class CallPermissionRequest(Interactive):
    """A text by which the recipient may allow us to call them."""

    kind: ClassVar[str] = "call_permission_request"

    body: str | None = None


INTERACTIVE_KINDS: dict[str, type[Interactive]] = {
    cls.kind: cls
    for cls in (
        ReplyButtons,
        ListMessage,
        CallToAction,
        LocationRequest,
        ContactInfoRequest,
        AddressRequest,
        Flow,
        Product,
        ProductList,
        Catalog,
        Carousel,
        OrderDetails,
        OrderStatus,
        VoiceCall,
        CallPermissionRequest,
    )
}
"""The interactive messages by kind."""
