"""Templates in the words of Meta: offers, carousels, products, codes, flows, money and moments."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_world import message
from flask_waapi import (
    Button,
    Currency,
    Header,
    HeaderProduct,
    Image,
    LimitedTimeOffer,
    ProductSection,
    Template,
    TemplateCard,
    Variable,
)
from flask_waapi.content import from_json, to_json
from template_kinds import END_MILLISECONDS, KINDS, LINK
from waapi_cloud.wire import message_body

PICTURE = Header(image=Image(link=LINK))

CONTENTS: dict[str, Template] = {
    "money and a moment": Template(
        "payment_due",
        "en",
        body=(
            Variable("9.99 EUR", currency=Currency("EUR", 9990)),
            Variable("Friday", is_date_time=True),
        ),
    ),
    "flow": Template(
        "sign_up",
        "en",
        buttons=(Button(0, "flow", flow_token="t-1", flow_action_data={"plan": ["a", 1]}),),
    ),
    "flow by itself": Template("sign_up", "en", buttons=(Button(0, "flow"),)),
    "catalog": Template(
        "our_catalog",
        "en",
        body=(Variable("John"),),
        buttons=(Button(0, "catalog", thumbnail_product_retailer_id="sku-1"),),
    ),
    "several products": Template(
        "best_sellers",
        "en",
        body=(Variable("June"),),
        buttons=(
            Button(
                0,
                "mpm",
                thumbnail_product_retailer_id="sku-1",
                sections=(
                    ProductSection(("sku-1", "sku-2"), "Section 1"),
                    ProductSection(("sku-3",), "Section 2"),
                ),
            ),
        ),
    ),
    "one product": Template(
        "one_product", "en", body=(Variable("John"),), header=Header(product=HeaderProduct("1", "sku-1"))
    ),
    "offer that ends": Template(
        "ending_offer",
        "en",
        body=(Variable("John"),),
        header=PICTURE,
        buttons=(Button(0, "copy_code", "SAVE50"), Button(1, "url", "n3mtql")),
        limited_time_offer=LimitedTimeOffer(END_MILLISECONDS),
    ),
    "carousel": Template(
        "summer_carousel",
        "en",
        body=(Variable("John"),),
        cards=tuple(
            TemplateCard(
                (Variable(discount),),
                PICTURE,
                (Button(0, "quick_reply", "more"), Button(1, "url", "summer")),
            )
            for discount in ("10 %", "20 %", "30 %")
        ),
    ),
}
"""By kind: the content that the friendly form makes."""


@pytest.mark.parametrize("name", list(CONTENTS))
def test_a_template_is_written_as_meta_documents_it(name: str) -> None:
    assert message_body(message(CONTENTS[name]))["template"] == KINDS[name].native["template"]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
def test_a_template_is_the_same_after_it_was_stored(content: Template) -> None:
    assert from_json("template", to_json(content)) == content


def test_a_moment_in_a_named_place_has_its_name() -> None:
    template = Template("any", "en", body=(Variable("Friday", "day", is_date_time=True),))

    assert message_body(message(template))["template"]["components"] == [
        {
            "type": "body",
            "parameters": [
                {"type": "date_time", "parameter_name": "day", "date_time": {"fallback_value": "Friday"}}
            ],
        }
    ]


@pytest.mark.parametrize(
    ("button", "expected"),
    [
        (Button(0, "catalog"), {}),
        (
            Button(0, "mpm", sections=(ProductSection(("1",)),)),
            {
                "parameters": [
                    {
                        "type": "action",
                        "action": {"sections": [{"product_items": [{"product_retailer_id": "1"}]}]},
                    }
                ]
            },
        ),
    ],
    ids=["catalog", "section without a title"],
)
def test_what_is_not_said_is_left_out(button: Button, expected: dict[str, Any]) -> None:
    body = message_body(message(Template("any", "en", buttons=(button,))))

    (component,) = body["template"]["components"]
    assert component == {"type": "button", "sub_type": button.kind, "index": "0"} | expected
