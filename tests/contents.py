"""Valid contents of every type, up to their limits: strategies for property tests."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from flask_waapi.content import (
    Address,
    AddressRequest,
    Audio,
    Button,
    CallPermissionRequest,
    CallToAction,
    Carousel,
    CarouselCard,
    Catalog,
    Contact,
    ContactInfoRequest,
    Contacts,
    Content,
    Document,
    Email,
    Flow,
    Header,
    Image,
    InteractiveHeader,
    ListMessage,
    Location,
    LocationRequest,
    MessageOptions,
    Name,
    Native,
    OrderDetails,
    OrderStatus,
    Organization,
    Phone,
    Product,
    ProductList,
    ProductSection,
    Reaction,
    ReplyButton,
    ReplyButtons,
    Row,
    SavedAddress,
    Section,
    Sticker,
    Template,
    Text,
    Variable,
    Video,
    VoiceCall,
    Website,
)

MEDIA_ID = "920000000000001"
"""The medium of the contents that have one by id: the first that a double is given."""

LONGEST_CALLBACK_DATA = 475

_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"))
_EMOJIS = ("\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}\ufe0f", "\U0001f44d\U0001f3fd", "")
_ADDRESS_FIELDS = {
    "IN": ("name", "phone_number", "address", "city", "house_number", "landmark_area", "state"),
    "SG": ("name", "phone_number", "address", "city", "unit_number"),
}
_POST_CODES = {"IN": "in_pin_code", "SG": "sg_post_code"}


def words(longest: int) -> SearchStrategy[str]:
    """Text without spaces at its ends; often as long as it may be."""
    free = st.text(_CHARACTERS, min_size=1, max_size=longest)
    return st.just("x" * longest) | free.filter(lambda text: text == text.strip())


def optional(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


def tokens(longest: int = 40) -> SearchStrategy[str]:
    return st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=longest)


def links() -> SearchStrategy[str]:
    return tokens().map("https://shop.example/".__add__)


def json_values() -> SearchStrategy[Any]:
    """Any JSON value that every database keeps as it is."""
    leaves = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | words(20)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(tokens(), inner, max_size=3),
        max_leaves=8,
    )


def media(cls: type[Any], **members: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Media of a type, by address and by id."""
    by_link = st.builds(cls, link=links(), media_id=st.none(), **members)
    return by_link | st.builds(cls, link=st.none(), media_id=st.just(MEDIA_ID), **members)


def captions() -> SearchStrategy[str | None]:
    return optional(words(1024))


def filenames() -> SearchStrategy[str | None]:
    return optional(tokens().map(lambda name: f"{name}.pdf"))


def _plain(cls: type[Any]) -> SearchStrategy[Any]:
    """Media for a place that has no captions."""
    members = {} if cls is not Document else {"filename": filenames()}
    return media(cls, caption=st.none(), **members)


def headers() -> SearchStrategy[InteractiveHeader | None]:
    return optional(
        st.builds(InteractiveHeader, text=words(60))
        | st.builds(InteractiveHeader, image=_plain(Image))
        | st.builds(InteractiveHeader, video=_plain(Video))
        | st.builds(InteractiveHeader, document=_plain(Document))
    )


def bodies() -> SearchStrategy[str]:
    return words(1024)


def footers() -> SearchStrategy[str | None]:
    return optional(words(60))


def reply_buttons(least: int, most: int) -> SearchStrategy[tuple[ReplyButton, ...]]:
    """Buttons with ids and titles of their own."""
    return st.lists(
        st.builds(ReplyButton, id=words(256), title=words(20)),
        min_size=least,
        max_size=most,
        unique_by=(lambda button: button.id, lambda button: button.title),
    ).map(tuple)


@st.composite
def list_messages(draw: st.DrawFn) -> ListMessage:
    rows = draw(
        st.lists(
            st.builds(Row, id=words(200), title=words(24), description=optional(words(72))),
            min_size=1,
            max_size=10,
            unique_by=lambda row: row.id,
        )
    )
    sections = []
    first, count = 0, draw(st.integers(1, len(rows)))
    for number in range(count):
        last = len(rows) if number == count - 1 else first + 1
        title = draw(words(24) if count > 1 else optional(words(24)))
        sections.append(Section(tuple(rows[first:last]), title))
        first = last
    header = draw(optional(st.builds(InteractiveHeader, text=words(60))))
    return ListMessage(draw(bodies()), draw(words(20)), tuple(sections), header, draw(footers()))


@st.composite
def product_lists(draw: st.DrawFn) -> ProductList:
    count = draw(st.integers(1, 10))
    products = st.lists(tokens(), min_size=1, max_size=30 // count).map(tuple)
    titles = words(24) if count > 1 else optional(words(24))
    sections = tuple(ProductSection(draw(products), draw(titles)) for _ in range(count))
    return ProductList(draw(words(60)), draw(bodies()), draw(tokens()), sections, draw(footers()))


@st.composite
def carousels(draw: st.DrawFn) -> Carousel:
    count, replies = draw(st.integers(2, 10)), draw(st.integers(0, 2))
    cards = []
    for _ in range(count):
        medium = draw(st.sampled_from([Image, Video]))
        action: dict[str, Any] = {"buttons": draw(reply_buttons(replies, replies))}
        if not replies:
            action = {"display_text": draw(words(20)), "url": draw(links())}
        cards.append(CarouselCard(**{medium.type: draw(_plain(medium))}, body=draw(card_bodies()), **action))
    return Carousel(draw(bodies()), tuple(cards))


def card_bodies() -> SearchStrategy[str | None]:
    return optional(words(160) | st.just("first\nsecond\nthird"))


def address_fields(country: str) -> SearchStrategy[dict[str, str]]:
    given = st.dictionaries(st.sampled_from(_ADDRESS_FIELDS[country]), words(60), min_size=1)
    return given | words(6).map(lambda code: {_POST_CODES[country]: code})


@st.composite
def address_requests(draw: st.DrawFn) -> AddressRequest:
    country = draw(st.sampled_from(sorted(_POST_CODES)))
    fields = address_fields(country)
    saved = st.lists(st.builds(SavedAddress, id=tokens(), value=fields), max_size=3).map(tuple)
    return AddressRequest(
        draw(bodies()),
        country,
        values=draw(optional(fields)),
        saved_addresses=draw(saved),
        validation_errors=draw(optional(fields)),
        header=draw(headers()),
        footer=draw(footers()),
    )


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    members: dict[str, Any] = draw(
        st.fixed_dictionaries({"flow_id": tokens()}) | st.fixed_dictionaries({"flow_name": tokens()})
    )
    action = draw(st.sampled_from([None, "navigate", "data_exchange"]))
    if action == "navigate":
        members["screen"] = draw(tokens())
        members["data"] = draw(optional(st.dictionaries(tokens(), json_values(), min_size=1, max_size=3)))
    return Flow(
        draw(bodies()),
        draw(words(30).filter(str.isascii)),
        mode=draw(st.sampled_from(["draft", "published"])),
        flow_token=draw(words(60)),
        flow_action=action,
        header=draw(headers()),
        footer=draw(footers()),
        **members,
    )


def names() -> SearchStrategy[Name]:
    part = optional(words(60))
    return st.builds(
        Name, words(60), words(60), last_name=part, middle_name=part, prefix=part, suffix=part
    ) | st.builds(Name, words(60), last_name=words(60))


def contacts() -> SearchStrategy[Contact]:
    kinds = optional(st.sampled_from(["HOME", "WORK"]))

    def some(strategy: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
        return st.lists(strategy, max_size=2).map(tuple)

    part = optional(words(60))
    addresses = st.builds(
        Address,
        street=words(60),
        city=part,
        state=part,
        zip=part,
        country=part,
        country_code=optional(st.sampled_from(["DE", "us"])),
        type=kinds,
    )
    return st.builds(
        Contact,
        names(),
        phones=some(st.builds(Phone, st.just("+49 555 0100"), kinds, optional(st.just("495550100")))),
        emails=some(st.builds(Email, tokens().map(lambda name: f"{name}@shop.example"), kinds)),
        urls=some(st.builds(Website, links(), kinds)),
        addresses=some(addresses),
        org=optional(st.builds(Organization, words(60), part, part)),
        birthday=optional(st.dates().map(str)),
    )


def locations() -> SearchStrategy[Location]:
    place = {"latitude": st.floats(-90, 90), "longitude": st.floats(-180, 180)}
    named = st.builds(Location, **place, name=words(60), address=optional(words(60)))
    return st.builds(Location, **place) | named


def orders(**members: Any) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"reference_id": tokens(35)}).map(lambda order: order | members)


def variables(longest: int = 200) -> SearchStrategy[str]:
    # A separator of lines or paragraphs may count as a line break, five spaces in a row are refused.
    characters = st.characters(exclude_categories=("Cs", "Cc", "Z"))
    return st.just("x" * longest) | st.text(characters, min_size=1, max_size=longest)


def templates() -> SearchStrategy[Template]:
    """Sends of the double's own templates."""

    def values(*names: str | None) -> SearchStrategy[tuple[Variable, ...]]:
        return st.tuples(*(st.builds(Variable, variables(), st.just(name)) for name in names))

    replies = st.sampled_from([(), (Button(0, "quick_reply", "yes"), Button(1, "quick_reply", "no"))])
    code = variables(15)
    return st.one_of(
        st.just(Template("hello_world", "en_US")),
        st.builds(
            Template,
            st.just("order_confirmation"),
            st.just("en"),
            body=values("customer_name", "order_id", "total"),
        ),
        st.builds(
            Template,
            st.just("seasonal_offer"),
            st.just("en"),
            body=values(None, None),
            header=st.builds(Header, image=_plain(Image)),
            buttons=replies,
        ),
        code.map(
            lambda code: Template(
                "login_code", "en_US", body=(Variable(code),), buttons=(Button(0, "url", code),)
            )
        ),
    )


CONTENTS: Mapping[type[Content], SearchStrategy[Content]] = {
    Text: st.builds(Text, words(4096), st.booleans()),
    Image: media(Image, caption=captions()),
    Video: media(Video, caption=captions()),
    Audio: media(Audio, voice=st.booleans()),
    Document: media(Document, caption=captions(), filename=filenames()),
    Sticker: media(Sticker),
    Location: locations(),
    Contacts: st.builds(Contacts, st.lists(contacts(), min_size=1, max_size=5).map(tuple)),
    Reaction: st.builds(Reaction, tokens().map("wamid.".__add__), st.sampled_from(_EMOJIS)),
    Template: templates(),
    ReplyButtons: st.builds(ReplyButtons, bodies(), reply_buttons(1, 3), headers(), footers()),
    ListMessage: list_messages(),
    CallToAction: st.builds(CallToAction, bodies(), words(20), links(), headers(), footers()),
    LocationRequest: st.builds(LocationRequest, bodies()),
    ContactInfoRequest: st.builds(ContactInfoRequest, bodies()),
    AddressRequest: address_requests(),
    Flow: flows(),
    Product: st.builds(Product, tokens(), tokens(), optional(bodies()), footers()),
    ProductList: product_lists(),
    Catalog: st.builds(Catalog, bodies(), optional(tokens()), footers()),
    Carousel: carousels(),
    OrderDetails: st.builds(OrderDetails, bodies(), orders(currency="INR"), headers(), footers()),
    OrderStatus: st.builds(OrderStatus, bodies(), orders(order={"status": "shipped"}), footers()),
    VoiceCall: st.builds(
        VoiceCall,
        bodies(),
        optional(words(20)),
        optional(st.integers(1, 43_200)),
        optional(words(512)),
        headers(),
        footers(),
    ),
    CallPermissionRequest: st.builds(CallPermissionRequest, optional(bodies())),
    Native: words(1024).map(lambda body: Native("text", {"text": {"body": body}})),
}
"""Every type of content, and what is valid of it."""


def options() -> SearchStrategy[MessageOptions]:
    """What goes with any content but a reaction."""
    return st.builds(
        MessageOptions,
        reply_to=optional(tokens().map("wamid.".__add__)),
        callback_data=optional(words(LONGEST_CALLBACK_DATA)),
        identity_key_hash=optional(words(60).filter(lambda key_hash: key_hash != "changed")),
    )
