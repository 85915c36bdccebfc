"""The double knows every type of message that Meta documents, and each limit to the character."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from flask_waapi.testing.graph_double import GraphDouble
from graph_client import LINK, Client, code_of, text

WAMID = "wamid.HBgLMTIzNDU2Nzg5MBUCABEYEg=="
FILE = {"link": LINK}


def words(length: int) -> dict[str, str]:
    return {"text": "x" * length}


def reply(number: int, **members: Any) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": f"{number:0256}", "title": f"{number:020}"} | members}


def row(number: int, **members: Any) -> dict[str, Any]:
    return {"id": f"{number:0200}", "title": "x" * 24, "description": "x" * 72} | members


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [row(first + number) for number in range(count)]


def items(count: int) -> list[dict[str, str]]:
    return [{"product_retailer_id": f"SKU-{number}"} for number in range(count)]


def card(index: int, **members: Any) -> dict[str, Any]:
    link = {"name": "cta_url", "parameters": {"display_text": "x" * 20, "url": LINK}}
    header = {"type": "image", "image": FILE}
    return {"card_index": index, "type": "cta_url", "header": header, "action": link} | members


def replies_card(index: int, count: int, **members: Any) -> dict[str, Any]:
    buttons = [
        {"type": "quick_reply", "quick_reply": {"id": f"{number:0256}", "title": "x" * 20} | members}
        for number in range(count)
    ]
    return card(index, action={"buttons": buttons})


def named(name: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "parameters": parameters}


def flow(**parameters: Any) -> dict[str, Any]:
    base = {"flow_message_version": "3", "flow_cta": "x" * 20, "flow_token": "unused"}
    return named("flow", **(base | parameters))


def interactive(kind: str, action: Any, **members: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "action": action} | members}


def full(kind: str, action: Any, **members: Any) -> dict[str, Any]:
    """With body and footer as long as they may be."""
    return interactive(kind, action, body=words(1024), footer=words(60), **members)


BUTTONS = {"buttons": [reply(number) for number in range(3)]}
LIST = {"button": "x" * 20, "sections": [{"title": "x" * 24, "rows": [row(number)]} for number in range(10)]}
SECTIONS = [{"title": "x" * 24, "product_items": items(3)} for _ in range(10)]
CALL_TO_ACTION = named("cta_url", display_text="x" * 20, url=LINK)
PERSON = {"formatted_name": "Ada Doe", "first_name": "Ada"}

GOOD: dict[str, dict[str, Any]] = {
    "location": {"type": "location", "location": {"latitude": -90, "longitude": 180.0}},
    "location with a name": {
        "type": "location",
        "location": {"latitude": 52.5, "longitude": 13.4, "name": "Depot", "address": "Some street 1"},
    },
    "contacts": {
        "type": "contacts",
        "contacts": [
            {
                "name": PERSON | {"last_name": "Doe", "middle_name": "B.", "prefix": "Dr", "suffix": "Jr"},
                "phones": [{"phone": "+49 555 0100", "type": "Office", "wa_id": "495550100"}],
                "emails": [{"email": "ada@shop.example", "type": "WORK"}],
                "urls": [{"url": "https://shop.example", "type": "HOME"}],
                "addresses": [{"street": "Some street 1", "city": "Berlin", "country_code": "de"}],
                "org": {"company": "Shop", "department": "Sales", "title": "Manager"},
                "birthday": "1990-12-31",
            }
        ],
    },
    "five contacts": {"type": "contacts", "contacts": [{"name": PERSON}] * 5},
    "reaction": {"type": "reaction", "reaction": {"message_id": WAMID, "emoji": "\N{THUMBS UP SIGN}"}},
    "no reaction any more": {"type": "reaction", "reaction": {"message_id": WAMID, "emoji": ""}},
    "voice": {"type": "audio", "audio": FILE | {"voice": True}},
    "sticker": {"type": "sticker", "sticker": FILE},
    "buttons": full("button", BUTTONS, header={"type": "text", "text": "x" * 60, "sub_text": "x" * 60}),
    "buttons below an image": interactive(
        "button", BUTTONS, body=words(1), header={"type": "image", "image": FILE}
    ),
    "buttons below a film": interactive(
        "button", BUTTONS, body=words(1), header={"type": "video", "video": FILE}
    ),
    "buttons below a file": interactive(
        "button",
        BUTTONS,
        body=words(1),
        header={"type": "document", "document": FILE | {"filename": "a.pdf"}},
    ),
    "list": full("list", LIST, header={"type": "text", "text": "x" * 60}),
    "list of one section without a title": full("list", {"button": "x", "sections": [{"rows": rows(10)}]}),
    "link": full("cta_url", CALL_TO_ACTION, header={"type": "image", "image": FILE}),
    "location request": interactive("location_request_message", {"name": "send_location"}, body=words(1024)),
    "contact request": interactive("request_contact_info", {"name": "request_contact_info"}, body=words(1)),
    "call permission": interactive("call_permission_request", {"name": "call_permission_request"}),
    "call": full("voice_call", named("voice_call", display_text="x" * 20, ttl_minutes=43200)),
    "call with data": full("voice_call", named("voice_call", payload="x" * 512)),
    "call without words": interactive("voice_call", {"name": "voice_call"}, body=words(1)),
    "flow by id": full("flow", flow(flow_id="1", mode="draft", flow_action="data_exchange")),
    "flow by name": full(
        "flow",
        flow(flow_name="a", flow_action="navigate", flow_action_payload={"screen": "A", "data": {"a": 1}}),
    ),
    "address": full("address_message", named("address_message", country="IN")),
    "address with all that is known": full(
        "address_message",
        named(
            "address_message",
            country="SG",
            values={"name": "Ada", "sg_post_code": "123456"},
            saved_addresses=[{"id": "1", "value": {"city": "Singapore", "unit_number": "7"}}],
            validation_errors={"sg_post_code": "It does not exist."},
        ),
    ),
    "product": interactive("product", {"catalog_id": "1", "product_retailer_id": "SKU-1"}),
    "product with words": full("product", {"catalog_id": "1", "product_retailer_id": "SKU-1"}),
    "products": full(
        "product_list",
        {"catalog_id": "1", "sections": SECTIONS},
        header={"type": "text", "text": "x" * 60},
    ),
    "catalog": full("catalog_message", named("catalog_message", thumbnail_product_retailer_id="SKU-1")),
    "catalog without a picture": full("catalog_message", {"name": "catalog_message"}),
    "cards with links": interactive(
        "carousel",
        {"cards": [card(index, body={"text": "x" * 158 + "\n\n"}) for index in range(10)]},
        body=words(1024),
    ),
    "cards with replies": interactive(
        "carousel",
        {"cards": [replies_card(index, 2) for index in range(2)]},
        body=words(1),
    ),
    "order": full("order_details", named("review_and_pay", reference_id="1", currency="INR")),
    "news of an order": full("order_status", named("review_order", reference_id="1")),
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with GraphDouble() as double:
        client = Client(double)
        with client.session:
            yield client


def sent(members: dict[str, Any], **others: Any) -> dict[str, Any]:
    body = text(**members, **others)
    if members["type"] != "text":
        del body["text"]
    return body


@pytest.mark.parametrize("members", GOOD.values(), ids=list(GOOD))
def test_a_content_at_its_limits_is_taken(client: Client, members: dict[str, Any]) -> None:
    response = client.send(sent(members))
    assert response.status_code == 200, response.text


def changed(name: str, path: str, value: Any) -> dict[str, Any]:
    """A good content with one member changed; ``...`` takes it away."""
    body = copy.deepcopy(GOOD[name])
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    target: Any = body
    for step in parents:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return body


ACTION = "interactive/action"
PARAMETERS = f"{ACTION}/parameters"

BAD: list[tuple[str, str, Any, int, str]] = [
    ("location", "location/latitude", 90.01, 131009, "location['latitude']"),
    ("location", "location/longitude", -181, 131009, "location['longitude']"),
    ("location", "location/longitude", "13.4", 100, "location['longitude']"),
    ("location", "location/latitude", ..., 131008, "location['latitude']"),
    ("location", "location/url", "x", 100, "'url' in location"),
    ("contacts", "contacts", [], 131009, "contacts"),
    ("five contacts", "contacts", [{"name": PERSON}] * 6, 131009, "contacts"),
    ("contacts", "contacts/0/name", ..., 131008, "contacts[0]['name']"),
    ("contacts", "contacts/0/name/formatted_name", ..., 131008, "contacts[0]['name']['formatted_name']"),
    ("contacts", "contacts/0/name", {"formatted_name": "Ada"}, 131008, "contacts[0]['name']"),
    ("contacts", "contacts/0/birthday", "31.12.1990", 131009, "contacts[0]['birthday']"),
    ("contacts", "contacts/0/phones/0/number", "1", 100, "'number' in contacts[0]['phones'][0]"),
    ("contacts", "contacts/0/emails", {}, 100, "contacts[0]['emails']"),
    ("contacts", "contacts/0/addresses/0/country_code", "DEU", 131009, "['country_code']"),
    ("contacts", "contacts/0/org/company", 7, 100, "contacts[0]['org']['company']"),
    ("reaction", "reaction/emoji", ..., 131008, "reaction['emoji']"),
    ("reaction", "reaction/emoji", "yes", 131009, "reaction['emoji']"),
    ("reaction", "reaction/message_id", "1", 131009, "reaction['message_id']"),
    ("reaction", "context", {"message_id": WAMID}, 100, "context"),
    ("voice", "audio/voice", "true", 100, "audio['voice']"),
    ("sticker", "sticker/caption", "x", 100, "'caption' in sticker"),
    ("buttons", "interactive/type", "hologram", 131009, "interactive['type']"),
    ("buttons", "interactive/type", ..., 131008, "interactive['type']"),
    ("buttons", "interactive/body", words(1025), 131009, "interactive['body']['text']"),
    ("buttons", "interactive/body", words(0), 131009, "interactive['body']['text']"),
    ("buttons", "interactive/body", ..., 131008, "interactive['body']"),
    ("buttons", "interactive/footer", words(61), 131009, "interactive['footer']['text']"),
    ("buttons", "interactive/header/text", "x" * 61, 131009, "interactive['header']['text']"),
    ("buttons", "interactive/header/sub_text", "x" * 61, 131009, "interactive['header']['sub_text']"),
    ("buttons", "interactive/header/image", FILE, 100, "'image' in interactive['header']"),
    ("buttons", "interactive/header/type", "sticker", 131009, "interactive['header']['type']"),
    ("buttons below an image", "interactive/header/image/caption", "x", 100, "'caption'"),
    ("buttons below an image", "interactive/header/image/id", "1", 131008, "['image']"),
    ("buttons below an image", "interactive/header/image/link", "ftp://x", 131009, "['link']"),
    ("buttons", f"{ACTION}/buttons", [], 131009, "interactive['action']['buttons']"),
    ("buttons", f"{ACTION}/buttons", [reply(n) for n in range(4)], 131009, "['action']['buttons']"),
    ("buttons", f"{ACTION}/buttons/1", reply(1, title="x" * 21), 131009, "['buttons'][1]['reply']['title']"),
    ("buttons", f"{ACTION}/buttons/1", reply(1, id="x" * 257), 131009, "['buttons'][1]['reply']['id']"),
    ("buttons", f"{ACTION}/buttons/1", reply(1, title=" x"), 131009, "['buttons'][1]['reply']['title']"),
    ("buttons", f"{ACTION}/buttons/1/reply/title", f"{0:020}", 131009, "button title"),
    ("buttons", f"{ACTION}/buttons/1/reply/id", f"{0:0256}", 131009, "button id"),
    ("list", "interactive/header", {"type": "image", "image": FILE}, 131009, "interactive['header']['type']"),
    ("list", f"{ACTION}/button", "x" * 21, 131009, "interactive['action']['button']"),
    ("list", f"{ACTION}/sections", [], 131009, "interactive['action']['sections']"),
    ("list", f"{ACTION}/sections/9/rows", rows(2, 9), 131009, "interactive['action']['sections']"),
    ("list", f"{ACTION}/sections/9/rows", [], 131009, "['sections'][9]['rows']"),
    ("list", f"{ACTION}/sections/9/title", ..., 131008, "['sections'][9]['title']"),
    ("list", f"{ACTION}/sections/9/title", "x" * 25, 131009, "['sections'][9]['title']"),
    ("list", f"{ACTION}/sections/9/rows/0", row(9, id="x" * 201), 131009, "['rows'][0]['id']"),
    ("list", f"{ACTION}/sections/9/rows/0", row(9, title="x" * 25), 131009, "['rows'][0]['title']"),
    ("list", f"{ACTION}/sections/9/rows/0", row(9, description="x" * 73), 131009, "['description']"),
    ("list", f"{ACTION}/sections/9/rows/0", row(0), 131009, "row id"),
    ("link", f"{PARAMETERS}/display_text", "x" * 21, 131009, "['parameters']['display_text']"),
    ("link", f"{PARAMETERS}/url", "shop.example", 131009, "['parameters']['url']"),
    ("link", f"{PARAMETERS}/url", ..., 131008, "['parameters']['url']"),
    ("link", f"{ACTION}/name", "send_location", 131009, "interactive['action']['name']"),
    ("location request", "interactive/header", {"type": "text", "text": "x"}, 100, "'header' in interactive"),
    ("location request", "interactive/footer", words(1), 100, "'footer' in interactive"),
    ("location request", "interactive/body", words(1025), 131009, "interactive['body']['text']"),
    ("location request", f"{ACTION}/name", "x", 131009, "interactive['action']['name']"),
    ("contact request", f"{ACTION}/name", "x", 131009, "interactive['action']['name']"),
    ("contact request", "interactive/body", ..., 131008, "interactive['body']"),
    ("call permission", f"{ACTION}/parameters", {}, 100, "'parameters' in interactive['action']"),
    ("call", f"{PARAMETERS}/ttl_minutes", 43201, 131009, "['parameters']['ttl_minutes']"),
    ("call", f"{PARAMETERS}/ttl_minutes", 0, 131009, "['parameters']['ttl_minutes']"),
    ("call", f"{PARAMETERS}/ttl_minutes", "100", 100, "['parameters']['ttl_minutes']"),
    ("call", f"{PARAMETERS}/display_text", "x" * 21, 131009, "['parameters']['display_text']"),
    ("call with data", f"{PARAMETERS}/payload", "x" * 513, 131009, "['parameters']['payload']"),
    ("flow by id", f"{PARAMETERS}/flow_name", "a", 131008, "flow_id, flow_name"),
    ("flow by id", f"{PARAMETERS}/flow_id", ..., 131008, "flow_id, flow_name"),
    ("flow by id", f"{PARAMETERS}/flow_cta", "x" * 31, 131009, "['parameters']['flow_cta']"),
    ("flow by id", f"{PARAMETERS}/mode", "live", 131009, "['parameters']['mode']"),
    ("flow by id", f"{PARAMETERS}/flow_action", "jump", 131009, "['parameters']['flow_action']"),
    ("flow by id", f"{PARAMETERS}/flow_message_version", "2", 131009, "['flow_message_version']"),
    ("flow by id", f"{PARAMETERS}/flow_action_payload", {"screen": "A"}, 131009, "['flow_action_payload']"),
    ("flow by name", f"{PARAMETERS}/flow_action_payload/data", {}, 131009, "['data']"),
    ("flow by name", f"{PARAMETERS}/flow_action_payload/screen", ..., 131008, "['screen']"),
    ("address", f"{PARAMETERS}/country", "DE", 131009, "['parameters']['country']"),
    ("address", f"{PARAMETERS}/values", {"sg_post_code": "1"}, 100, "'sg_post_code'"),
    ("address", f"{PARAMETERS}/values", {"in_pin_code": "x" * 7}, 131009, "['in_pin_code']"),
    ("address", f"{PARAMETERS}/validation_errors", {"zip": "x"}, 100, "'zip'"),
    (
        "address with all that is known",
        f"{PARAMETERS}/saved_addresses/0/value/sg_post_code",
        "x" * 7,
        131009,
        "['saved_addresses'][0]['value']['sg_post_code']",
    ),
    ("product", "interactive/header", {"type": "text", "text": "x"}, 100, "'header' in interactive"),
    ("product", f"{ACTION}/catalog_id", ..., 131008, "interactive['action']['catalog_id']"),
    ("products", "interactive/header", ..., 131008, "interactive['header']"),
    ("products", f"{ACTION}/sections/0/product_items", items(4), 131009, "['action']['sections']"),
    ("products", f"{ACTION}/sections", [*SECTIONS, SECTIONS[0]], 131009, "['action']['sections']"),
    ("products", f"{ACTION}/sections/0/product_items", [], 131009, "['product_items']"),
    ("products", f"{ACTION}/sections/1/title", "x" * 25, 131009, "['sections'][1]['title']"),
    ("products", f"{ACTION}/sections/1/title", ..., 131008, "['sections'][1]['title']"),
    ("catalog", "interactive/header", {"type": "text", "text": "x"}, 100, "'header' in interactive"),
    ("catalog", f"{PARAMETERS}/thumbnail_product_retailer_id", ..., 131008, "thumbnail_product_retailer_id"),
    ("cards with links", f"{ACTION}/cards", [card(0)], 131009, "interactive['action']['cards']"),
    ("cards with links", f"{ACTION}/cards", [card(n) for n in range(11)], 131009, "['action']['cards']"),
    ("cards with links", f"{ACTION}/cards/1/card_index", 2, 131009, "['cards'][1]['card_index']"),
    ("cards with links", f"{ACTION}/cards/1/body", words(161), 131009, "['cards'][1]['body']['text']"),
    (
        "cards with links",
        f"{ACTION}/cards/1/body",
        {"text": "\n\n\n"},
        131009,
        "['cards'][1]['body']['text']",
    ),
    ("cards with links", f"{ACTION}/cards/1/header", ..., 131008, "['cards'][1]['header']"),
    (
        "cards with links",
        f"{ACTION}/cards/1/header",
        {"type": "document", "document": FILE},
        131009,
        "['cards'][1]['header']['type']",
    ),
    ("cards with links", f"{ACTION}/cards/1", replies_card(1, 1), 131009, "['action']['cards']"),
    ("cards with links", "interactive/footer", words(1), 100, "'footer' in interactive"),
    ("cards with links", "interactive/header", {"type": "text", "text": "x"}, 100, "'header'"),
    ("cards with replies", f"{ACTION}/cards/1", replies_card(1, 1), 131009, "['action']['cards']"),
    ("cards with replies", f"{ACTION}/cards/1", replies_card(1, 2, title="x" * 21), 131009, "['title']"),
    ("cards with replies", f"{ACTION}/cards/1", replies_card(1, 2, id="x" * 257), 131009, "['id']"),
    ("order", f"{ACTION}/name", "review_order", 131009, "interactive['action']['name']"),
    ("order", f"{PARAMETERS}", {}, 131008, "['parameters']"),
    ("news of an order", f"{ACTION}/parameters", ..., 131008, "['parameters']"),
]


@pytest.mark.parametrize(
    ("name", "path", "value", "code", "place"),
    BAD,
    ids=[f"{name} {path.rpartition('/')[2]} {str(value)[:8]}" for name, path, value, _, _ in BAD],
)
def test_a_broken_limit_is_refused_with_metas_code_and_the_members_name(
    client: Client, name: str, path: str, value: Any, code: int, place: str
) -> None:
    taken = len(client.double.messages)
    response = client.send(sent(changed(name, path, value)))
    assert code_of(response) == code
    assert place in response.json()["error"]["error_data"]["details"]
    assert len(client.double.messages) == taken
