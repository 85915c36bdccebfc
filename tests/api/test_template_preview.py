"""``POST /templates/<name>/preview``: what a template reads like, and what a send would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from answers import data, error, pointers
from factories import SAMPLE_VARIABLES, TEMPLATES, MakeWorld, World
from flask_waapi import TemplateDefinition
from flask_waapi.storage.models import Message

SHIPPING = TemplateDefinition(
    name="shipping",
    language="en",
    status="PAUSED",
    category="UTILITY",
    parameter_format="POSITIONAL",
    components=[
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
        {"type": "BODY", "text": "On {{2}} we come, {{1}}."},
        {"type": "FOOTER", "text": "Bye"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Track", "url": "https://example.com/{{1}}"},
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1234"},
            ],
        },
    ],
)


@pytest.fixture(scope="module")
def previewing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An app with a template of every part."""
    from factories import RECORDING, opened

    file = tmp_path_factory.mktemp("preview") / "waapi.sqlite"
    with opened(f"sqlite:///{file}", **RECORDING) as world:
        world.script.templates.append(SHIPPING)
        yield world


def preview(world: World, name: str, body: Any, **options: Any) -> Any:
    return world.post(f"{TEMPLATES}/{name}/preview", body, **options)


def values(**members: Any) -> dict[str, Any]:
    """What fills the template ``shipping``."""
    given = {
        "language": "en",
        "variables": ["Ann", "Monday"],
        "header": {"text": "ORD-1"},
        "buttons": [{"index": 0, "type": "url", "value": "a/b"}],
    } | members
    return {name: value for name, value in given.items() if value is not None}


def test_every_part_is_shown_with_its_values(previewing: World) -> None:
    assert data(preview(previewing, "shipping", values())) == {
        "name": "shipping",
        "language": "en",
        "text": "Order ORD-1\nOn Monday we come, Ann.\nBye",
        "header_format": "TEXT",
        "header": "Order ORD-1",
        "body": "On Monday we come, Ann.",
        "footer": "Bye",
        "buttons": [
            {"type": "URL", "text": "Track", "value": "https://example.com/a/b"},
            {"type": "QUICK_REPLY", "text": "Thanks", "value": None},
            {"type": "PHONE_NUMBER", "text": "Call", "value": "+1234"},
        ],
        "cards": [],
    }


def test_its_text_is_that_of_the_message_sent(previewing: World) -> None:
    shown = data(preview(previewing, "order_confirmation", {"language": "en", "variables": SAMPLE_VARIABLES}))
    sent = data(previewing.send(), 201)

    assert previewing.message(sent["message_uuid"]).rendered == shown["text"]


def test_nothing_is_sent_or_stored(previewing: World) -> None:
    before = previewing.count(Message), previewing.script.sent.copy()

    data(preview(previewing, "shipping", values()))

    assert (previewing.count(Message), previewing.script.sent) == before


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"variables": ["Ann"]}, {"/variables/1"}),
        ({"variables": ["Ann", "Monday", "x"]}, {"/variables/2"}),
        ({"variables": ["Ann", "a\nb"], "header": None}, {"/variables/1", "/header"}),
        ({"language": None}, {"/language"}),
        ({"to": "+1234567890"}, {"/to"}),
        ({"template_name": "shipping"}, {"/template_name"}),
        ({"buttons": "x", "variables": ["Ann"]}, {"/buttons", "/variables/1"}),
    ],
)
def test_what_a_send_would_refuse_is_refused_with_all_its_faults(
    previewing: World, members: dict[str, Any], expected: set[str]
) -> None:
    assert pointers(preview(previewing, "shipping", values(**members))) == expected


@pytest.mark.parametrize("body", [[], "x", 7])
def test_a_body_that_is_no_object_is_refused(previewing: World, body: Any) -> None:
    assert pointers(preview(previewing, "shipping", body)) == {""}


@pytest.mark.parametrize(("name", "language"), [("nothing", "en"), ("shipping", "de")])
def test_an_unknown_template_is_a_404(previewing: World, name: str, language: str) -> None:
    error(preview(previewing, name, values(language=language)), 404, "TEMPLATE_NOT_FOUND")


def test_it_needs_the_permission_to_view_templates(previewing: World) -> None:
    key = previewing.issue_key("sender", permissions=["send_template"])

    error(preview(previewing, "shipping", values(), key=key), 403, "PERMISSION_DENIED")


def test_a_test_key_does_not_have_the_provider_asked(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}})
    key = world.issue_key("testing", mode="test")

    error(preview(world, "order_confirmation", {"language": "en"}, key=key), 404, "TEMPLATE_NOT_FOUND")

    assert world.script.listings == 0
