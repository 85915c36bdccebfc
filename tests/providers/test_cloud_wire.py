"""Contents in the words of Meta: the bytes that a send puts on the network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from cloud_world import MESSAGE_UUID, cloud_world, message
from flask_waapi import (
    Audio,
    Button,
    Content,
    Document,
    Header,
    Image,
    Location,
    Rejected,
    Sticker,
    Template,
    Text,
    UnsupportedFeature,
    Variable,
    Video,
)
from flask_waapi.testing.graph_double import GraphDouble
from waapi_cloud import CloudProvider
from waapi_cloud.wire import message_body

LINK = "https://shop.example/file"

DOCUMENTED: dict[str, tuple[Content, str]] = {
    "text": (
        Text("Hello https://shop.example", preview_url=True),
        '"text":{"preview_url":true,"body":"Hello https://shop.example"}',
    ),
    "text beyond ASCII": (
        Text("Grüße \N{WAVING HAND SIGN}"),
        '"text":{"preview_url":false,"body":"Gr\\u00fc\\u00dfe \\ud83d\\udc4b"}',
    ),
    "image": (
        Image(link=LINK, caption="A picture"),
        '"image":{"link":"https://shop.example/file","caption":"A picture"}',
    ),
    "image by id": (Image(media_id="920000000000001"), '"image":{"id":"920000000000001"}'),
    "video": (
        Video(link=LINK, caption="A film"),
        '"video":{"link":"https://shop.example/file","caption":"A film"}',
    ),
    "audio": (Audio(link=LINK), '"audio":{"link":"https://shop.example/file"}'),
    "document": (
        Document(link=LINK, caption="A bill", filename="bill.pdf"),
        '"document":{"link":"https://shop.example/file","caption":"A bill","filename":"bill.pdf"}',
    ),
    "sticker": (Sticker(link=LINK), '"sticker":{"link":"https://shop.example/file"}'),
    "template without variables": (
        Template("hello_world", "en_US"),
        '"template":{"name":"hello_world","language":{"code":"en_US"}}',
    ),
    "template with names": (
        Template(
            "order_confirmation",
            "en",
            body=(
                Variable("John Doe", "customer_name"),
                Variable("ORD-12345", "order_id"),
                Variable("99.99", "total"),
            ),
        ),
        (
            '"template":{"name":"order_confirmation","language":{"code":"en"},"components":['
            '{"type":"body","parameters":['
            '{"type":"text","parameter_name":"customer_name","text":"John Doe"},'
            '{"type":"text","parameter_name":"order_id","text":"ORD-12345"},'
            '{"type":"text","parameter_name":"total","text":"99.99"}]}]}'
        ),
    ),
    "template with positions, header and address button": (
        Template(
            "shipping_update",
            "en_US",
            body=(Variable("John"), Variable("Friday")),
            header=Header(variable=Variable("ORD-12345")),
            buttons=(Button(0, "url", "ORD-12345"),),
        ),
        (
            '"template":{"name":"shipping_update","language":{"code":"en_US"},"components":['
            '{"type":"header","parameters":[{"type":"text","text":"ORD-12345"}]},'
            '{"type":"body","parameters":[{"type":"text","text":"John"},'
            '{"type":"text","text":"Friday"}]},'
            '{"type":"button","sub_type":"url","index":"0",'
            '"parameters":[{"type":"text","text":"ORD-12345"}]}]}'
        ),
    ),
    "template with image header and quick replies": (
        Template(
            "seasonal_offer",
            "en",
            body=(Variable("John"), Variable("20 %")),
            header=Header(image=Image(link=LINK)),
            buttons=(Button(0, "quick_reply", "more"), Button(1, "quick_reply", "stop")),
        ),
        (
            '"template":{"name":"seasonal_offer","language":{"code":"en"},"components":['
            '{"type":"header","parameters":[{"type":"image",'
            '"image":{"link":"https://shop.example/file"}}]},'
            '{"type":"body","parameters":[{"type":"text","text":"John"},'
            '{"type":"text","text":"20 %"}]},'
            '{"type":"button","sub_type":"quick_reply","index":"0",'
            '"parameters":[{"type":"payload","payload":"more"}]},'
            '{"type":"button","sub_type":"quick_reply","index":"1",'
            '"parameters":[{"type":"payload","payload":"stop"}]}]}'
        ),
    ),
}


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[GraphDouble, CloudProvider]]:
    with cloud_world() as (double, provider):
        upload(double)
        yield double, provider


def upload(double: GraphDouble) -> None:
    boundary = "multipart/form-data; boundary=x"
    form = (
        b'--x\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\npixels\r\n--x--\r\n"
    )
    double.media.upload(boundary, form)


@pytest.mark.parametrize(("content", "expected"), DOCUMENTED.values(), ids=list(DOCUMENTED))
def test_a_content_is_sent_as_the_cloud_api_documents_it(
    world: tuple[GraphDouble, CloudProvider], content: Content, expected: str
) -> None:
    double, provider = world
    provider.send(message(content))
    assert double.requests[-1].body.decode() == (
        '{"messaging_product":"whatsapp","recipient_type":"individual","to":"1234567890",'
        f'"type":"{content.type}",{expected},"biz_opaque_callback_data":"{MESSAGE_UUID}"}}'
    )


HEADERS: dict[str, tuple[Header, dict[str, Any]]] = {
    "video": (Header(video=Video(link=LINK)), {"type": "video", "video": {"link": LINK}}),
    "document": (
        Header(document=Document(media_id="7", filename="bill.pdf")),
        {"type": "document", "document": {"id": "7", "filename": "bill.pdf"}},
    ),
    "location": (
        Header(location=Location(52.52, 13.405, "Depot", "Some street 1")),
        {
            "type": "location",
            "location": {
                "latitude": 52.52,
                "longitude": 13.405,
                "name": "Depot",
                "address": "Some street 1",
            },
        },
    ),
    "location without a name": (
        Header(location=Location(-90, 180)),
        {"type": "location", "location": {"latitude": -90, "longitude": 180}},
    ),
    "named text": (
        Header(variable=Variable("A-1", "order_id")),
        {"type": "text", "parameter_name": "order_id", "text": "A-1"},
    ),
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.values(), ids=list(HEADERS))
def test_a_template_header_has_one_parameter_of_its_kind(header: Header, expected: dict[str, Any]) -> None:
    body = message_body(message(Template("any", "en", header=header)))
    assert body["template"]["components"] == [{"type": "header", "parameters": [expected]}]


def test_a_code_to_copy_is_a_coupon_code() -> None:
    body = message_body(message(Template("any", "en", buttons=(Button(1, "copy_code", "SAVE20"),))))
    assert body["template"]["components"] == [
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "1",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE20"}],
        }
    ]


def test_an_empty_header_leaves_no_component() -> None:
    body = message_body(message(Template("any", "en", header=Header())))
    assert "components" not in body["template"]


def test_a_text_that_utf_8_cannot_encode_is_still_a_body(
    world: tuple[GraphDouble, CloudProvider],
) -> None:
    double, provider = world
    provider.send(message(Text("half a pair: \ud83d")))
    assert json.loads(double.requests[-1].body)["text"]["body"] == "half a pair: \ud83d"


@dataclass(frozen=True)
class Poll(Content):
    type: ClassVar[str] = "poll"


@pytest.mark.parametrize(
    "content",
    [
        Poll(),
        Template("any", "en", buttons=(Button(0, "hologram", "x"),)),
        Template("any", "en", header=Header(image=Image(link=LINK, caption="A picture"))),
    ],
    ids=["unknown type", "unknown button", "caption in a header"],
)
def test_what_has_no_counterpart_is_refused_not_dropped(content: Content) -> None:
    with pytest.raises(UnsupportedFeature):
        message_body(message(content))


@pytest.mark.parametrize("latitude", [91, -91, float("nan"), float("inf")])
def test_a_location_off_the_earth_is_rejected(latitude: float) -> None:
    header = Header(location=Location(latitude, 0))
    with pytest.raises(Rejected):
        message_body(message(Template("any", "en", header=header)))
