"""The documented limits of every content: what is exactly at each, and what breaks it by one."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from content_bodies import (
    BODIES,
    FAMILIES,
    HEADER_IMAGE,
    LINK,
    PERSON,
    TEXT_HEADER,
    WAMID,
    buttons,
    card,
    cards,
    item_sections,
    meta_card,
    meta_cards,
    product_sections,
    replies,
    row_sections,
    rows,
)

GONE: Any = object()
"""In place of a value: the member is not there."""

KEPT: Any = object()
"""In place of a value: the member is as in the good message."""

FLOW_BUTTON = 30
"""Characters of the button that opens a flow."""

Form = Literal["ours", "metas"]


class Limit(NamedTuple):
    """One limit in one form.

    :param where: the member that is changed. :param at: its last good value. :param over: its first bad one.
    :param fault: the pointer of the refusal, where it is not that of the member.
    """

    type: str
    form: Form
    where: str
    at: Any
    over: Any
    fault: str = ""


def both(kind: str, ours: str, metas: str, at: Any, over: Any) -> list[Limit]:
    """A limit that has the same values in both forms."""
    return [Limit(kind, "ours", ours, at, over), Limit(kind, "metas", metas, at, over)]


def length(kind: str, ours: str, metas: str, longest: int) -> list[Limit]:
    """A text that has 1 to so many characters."""
    return [
        *both(kind, ours, metas, "x" * longest, "x" * (longest + 1)),
        *both(kind, ours, metas, "x", ""),
    ]


def between(kind: str, ours: str, metas: str, least: float, most: float) -> list[Limit]:
    """A number between two others."""
    return [*both(kind, ours, metas, most, most + 1), *both(kind, ours, metas, least, least - 1)]


def needed(kind: str, ours: str, metas: str) -> list[Limit]:
    """A member that must be there."""
    return both(kind, ours, metas, KEPT, GONE)


def unknown(kind: str, ours: str, metas: str, value: Any) -> list[Limit]:
    """A member that must not be there."""
    return both(kind, ours, metas, GONE, value)


def counts(
    kind: str, ours: tuple[str, Any, Any], metas: tuple[str, Any, Any], faults: tuple[str, str] = ("", "")
) -> list[Limit]:
    """A list, by form: where it stands, the good one, the bad one."""
    return [Limit(kind, "ours", *ours, faults[0]), Limit(kind, "metas", *metas, faults[1])]


ACTION = "/interactive/action"
PARAMETERS = f"{ACTION}/parameters"

INTERACTIVE = tuple(kind for kind in BODIES if kind not in FAMILIES)
CAPTIONED = ("image", "video", "document")
UNCAPTIONED = ("audio", "sticker")
WITHOUT_FOOTER = ("location_request_message", "request_contact_info", "carousel")
WITH_ANY_HEADER = ("button", "cta_url", "flow", "address_message", "voice_call", "order_details")
MAY_LACK_BODY = ("product", "call_permission_request")


def _of_plain_types() -> list[Limit]:
    found = [
        *length("text", "/text", "/text/body", 4096),
        *both("text", "/biz_opaque_callback_data", "/biz_opaque_callback_data", "x" * 475, "x" * 476),
        *both("text", "/recipient_type", "/recipient_type", "individual", "crowd"),
        *between("location", "/latitude", "/location/latitude", -90, 90),
        *between("location", "/longitude", "/location/longitude", -180, 180),
        *needed("location", "/longitude", "/location/longitude"),
        *both("reaction", "/emoji", "/reaction/emoji", "", GONE),
        *both("reaction", "/emoji", "/reaction/emoji", KEPT, "\N{THUMBS UP SIGN}" * 2),
        *both("reaction", "/emoji", "/reaction/emoji", "\N{HEAVY BLACK HEART}\ufe0f", "ok"),
        *needed("reaction", "/message_id", "/reaction/message_id"),
        *unknown("reaction", "/context", "/context", {"message_id": WAMID}),
    ]
    for kind in CAPTIONED:
        found += length(kind, "/caption", f"/{kind}/caption", 1024)
    for kind in UNCAPTIONED:
        found += unknown(kind, "/caption", f"/{kind}/caption", "x")
    for kind in (*CAPTIONED, *UNCAPTIONED):
        found += needed(kind, "/link", f"/{kind}/link")
        found += both(kind, "/link", f"/{kind}/link", "http://a.example/x", "ftp://a.example/x")
        found += unknown(kind, "/media_id", f"/{kind}/id", "1")
    return found


def _of_contacts() -> list[Limit]:
    name, address = "/contacts/0/name", "/contacts/0/addresses/0"

    def same(where: str, at: Any, over: Any) -> list[Limit]:
        return both("contacts", where, where, at, over)

    return [
        *same("/contacts", [PERSON] * 5, [PERSON] * 6),
        *same("/contacts", [PERSON], []),
        *same(name, KEPT, GONE),
        *same(f"{name}/formatted_name", KEPT, GONE),
        *same(f"{name}/first_name", KEPT, GONE),
        *same("/contacts/0/birthday", "2000-02-29", "2000-02-30"),
        *same(f"{address}/country_code", "de", "DEU"),
        *same(f"{address}/country_code", "de", "d"),
    ]


def _of_words() -> list[Limit]:
    found = []
    for kind in INTERACTIVE:
        found += length(kind, "/body", "/interactive/body/text", 1024)
        if kind not in MAY_LACK_BODY:
            found += needed(kind, "/body", "/interactive/body")
        if kind in WITHOUT_FOOTER:
            found += unknown(kind, "/footer", "/interactive/footer", {"text": "x"})
        elif "footer" in BODIES[kind][0]:
            found += length(kind, "/footer", "/interactive/footer/text", 60)
        if "header" in BODIES[kind][0]:
            ours = "/header" if kind == "product_list" else "/header/text"
            found += length(kind, ours, "/interactive/header/text", 60)
        elif kind != "order_status":
            found += unknown(kind, "/header", "/interactive/header", TEXT_HEADER)
    for kind in ("list", "product_list"):
        found.append(
            Limit(kind, "metas", "/interactive/header", KEPT, HEADER_IMAGE, "/interactive/header/type")
        )
    found += needed("product_list", "/header", "/interactive/header")
    return found


def _of_headers() -> list[Limit]:
    ours, metas = "/header", "/interactive/header"
    source = {"link": LINK}
    found = []
    for kind in WITH_ANY_HEADER:
        for wrong, fault in (({"caption": "x"}, "caption"), ({"id": "1"}, "id")):
            over = {"type": "image", "image": source | wrong}
            found.append(Limit(kind, "metas", metas, HEADER_IMAGE, over, f"{metas}/image/{fault}"))
        caption = {"image": source | {"caption": "x"}}
        found += [
            Limit(kind, "ours", ours, {"image": source}, caption, "/header/image/caption"),
            Limit(kind, "ours", ours, {"video": source}, {"video": {}}, "/header/video/link"),
            Limit(kind, "ours", ours, {"document": source}, {"document": source, "text": "x"}),
            Limit(kind, "metas", metas, KEPT, {"type": "sticker", "sticker": source}, f"{metas}/type"),
            Limit(kind, "metas", f"{metas}/sub_text", "x" * 60, "x" * 61),
        ]
    return found


def _of_buttons() -> list[Limit]:
    one, metas = "/buttons/1", f"{ACTION}/buttons/1/reply"
    link = f"{ACTION}/parameters"
    return [
        *length("button", f"{one}/id", f"{metas}/id", 256),
        *length("button", f"{one}/title", f"{metas}/title", 20),
        *both("button", f"{one}/title", f"{metas}/title", "Button 1", "Button 0"),
        *both("button", f"{one}/id", f"{metas}/id", "b1", "b0"),
        *both("button", f"{one}/title", f"{metas}/title", "a b", " ab"),
        *both("button", f"{one}/id", f"{metas}/id", "a b", "ab "),
        *counts(
            "button",
            ("/buttons", buttons(3), buttons(4)),
            (f"{ACTION}/buttons", replies(3), replies(4)),
        ),
        *counts("button", ("/buttons", buttons(1), []), (f"{ACTION}/buttons", replies(1), [])),
        *length("cta_url", "/display_text", f"{link}/display_text", 20),
        *both("cta_url", "/url", f"{link}/url", "http://a.example", "a.example"),
        *needed("cta_url", "/url", f"{link}/url"),
        Limit("cta_url", "metas", f"{ACTION}/name", KEPT, "flow"),
        *length("voice_call", "/display_text", f"{link}/display_text", 20),
        *length("voice_call", "/payload", f"{link}/payload", 512),
        *between("voice_call", "/ttl_minutes", f"{link}/ttl_minutes", 1, 43_200),
    ]


def _of_lists() -> list[Limit]:
    section, row = "/sections/1", "/sections/1/rows/0"

    def same(where: str, at: Any, over: Any) -> list[Limit]:
        return both("list", where, f"{ACTION}{where}", at, over)

    def long(where: str, longest: int) -> list[Limit]:
        return length("list", where, f"{ACTION}{where}", longest)

    return [
        *long("/button", 20),
        *long(f"{section}/title", 24),
        *long(f"{row}/id", 200),
        *long(f"{row}/title", 24),
        *long(f"{row}/description", 72),
        *same(f"{section}/title", KEPT, GONE),
        *same(f"{row}/id", "r1", "r0"),
        *same("/sections", row_sections(*[1] * 10), row_sections(*[1] * 11)),
        *same("/sections", row_sections(1), []),
        *same("/sections/0/rows", rows(1, 5), []),
        *counts(
            "list",
            ("/sections", row_sections(5, 5), row_sections(5, 6)),
            (f"{ACTION}/sections", row_sections(5, 5), row_sections(5, 6)),
            ("/sections/1/rows", f"{ACTION}/sections/1/rows"),
        ),
    ]


def _of_forms() -> list[Limit]:
    def flow(where: str, at: Any, over: Any) -> list[Limit]:
        return both("flow", where, f"{PARAMETERS}{where}", at, over)

    def address(where: str, at: Any, over: Any) -> list[Limit]:
        return both("address_message", where, f"{PARAMETERS}{where}", at, over)

    payload = {"screen": "A"}
    return [
        *length("flow", "/flow_cta", f"{PARAMETERS}/flow_cta", FLOW_BUTTON),
        *flow("/flow_cta", "Begin", "\N{PARTY POPPER}"),
        *flow("/flow_id", KEPT, GONE),
        *flow("/flow_name", GONE, "signup"),
        *flow("/mode", "draft", "live"),
        *flow("/flow_action", "data_exchange", "jump"),
        Limit("flow", "ours", "/data", GONE, {"a": 1}, "/screen"),
        Limit("flow", "metas", f"{PARAMETERS}/flow_action_payload", payload, {}),
        *address("/country", "IN", "DE"),
        *address("/values/in_pin_code", "123456", "1234567"),
        *address("/values/sg_post_code", GONE, "123456"),
    ]


def _of_products() -> list[Limit]:
    products = f"{ACTION}/sections"
    return [
        *needed("product", "/catalog_id", f"{ACTION}/catalog_id"),
        *needed("product", "/product_retailer_id", f"{ACTION}/product_retailer_id"),
        *needed("product_list", "/catalog_id", f"{ACTION}/catalog_id"),
        *length("product_list", "/sections/1/title", f"{products}/1/title", 24),
        *needed("product_list", "/sections/1/title", f"{products}/1/title"),
        *counts(
            "product_list",
            ("/sections", product_sections(*[3] * 10), product_sections(*[1] * 11)),
            (products, item_sections(*[3] * 10), item_sections(*[1] * 11)),
        ),
        *counts(
            "product_list",
            ("/sections", product_sections(15, 15), product_sections(15, 16)),
            (products, item_sections(15, 15), item_sections(15, 16)),
            ("/sections/1/product_retailer_ids", f"{products}/1/product_items"),
        ),
        *both("order_details", "/parameters", PARAMETERS, {"reference_id": "1"}, {}),
        *needed("order_details", "/parameters", PARAMETERS),
        *needed("order_status", "/parameters", PARAMETERS),
        Limit("order_details", "metas", f"{ACTION}/name", KEPT, "review_order"),
    ]


def _of_carousels() -> list[Limit]:
    one, metas = "/cards/1", f"{ACTION}/cards/1"
    quick = {"buttons": replies(1, "quick_reply")}
    return [
        *counts(
            "carousel",
            ("/cards", cards(10), cards(11)),
            (f"{ACTION}/cards", meta_cards(10), [*meta_cards(10), meta_card(9)]),
        ),
        *counts(
            "carousel", ("/cards", cards(2), cards(1)), (f"{ACTION}/cards", meta_cards(2), meta_cards(1))
        ),
        *length("carousel", f"{one}/body", f"{metas}/body/text", 160),
        *both("carousel", f"{one}/body", f"{metas}/body/text", "a\nb\nc", "a\nb\nc\nd"),
        *length("carousel", f"{one}/display_text", f"{metas}/action/parameters/display_text", 20),
        *counts("carousel", (one, KEPT, card(buttons=buttons(1))), (metas, KEPT, meta_card(1, quick))),
        *counts("carousel", (f"{one}/image", KEPT, GONE), (f"{metas}/header", KEPT, GONE)),
        *counts(
            "carousel",
            (f"{one}/image", KEPT, {"link": LINK, "caption": "x"}),
            (f"{metas}/header/image", KEPT, {"link": LINK, "caption": "x"}),
            (f"{one}/image/caption", f"{metas}/header/image/caption"),
        ),
        Limit("carousel", "ours", f"{one}/buttons", GONE, buttons(1), f"{one}/url"),
        Limit(
            "carousel",
            "metas",
            f"{metas}/action/buttons",
            GONE,
            quick["buttons"],
            f"{metas}/action/parameters",
        ),
    ]


LIMITS: tuple[Limit, ...] = (
    *_of_plain_types(),
    *_of_contacts(),
    *_of_words(),
    *_of_headers(),
    *_of_buttons(),
    *_of_lists(),
    *_of_forms(),
    *_of_products(),
    *_of_carousels(),
)
"""Every documented limit, in both forms."""
