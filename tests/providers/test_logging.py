"""The logging provider: one line per message, and what must not be in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from flask_waapi import (
    Button,
    Content,
    Header,
    Image,
    Misconfigured,
    OutboundMessage,
    ProviderContext,
    ProviderSettingsError,
    Template,
    Text,
    UnsupportedFeature,
    Variable,
)
from flask_waapi.plugins.registry import find_provider_types
from flask_waapi.testing import ManualClock
from waapi_logging import LoggingProvider

MESSAGE_UUID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
LOGGER = "flask_waapi.provider.paper"
START = f'message uuid="{MESSAGE_UUID}" to="***7890"'
ORDER = Template(
    "order_confirmation",
    "en",
    body=(Variable("John Doe", "customer_name"),),
    header=Header(image=Image(link="https://example.com/order.jpg")),
    buttons=(Button(0, "url", "ORD-12345"),),
)


@pytest.fixture
def make() -> Callable[..., LoggingProvider]:
    return lambda **settings: LoggingProvider(ProviderContext("paper", settings, ManualClock()))


@pytest.fixture(autouse=True)
def _hear_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger=LOGGER)


def message(content: Content) -> OutboundMessage:
    return OutboundMessage(MESSAGE_UUID, "+1234567890", content)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (Text("Hello"), f'{START} type="text" attempt=1'),
        (Image(link="https://example.com/x.jpg"), f'{START} type="image" attempt=1'),
        (
            ORDER,
            f'{START} type="template" attempt=1 template="order_confirmation" language="en"',
        ),
    ],
)
def test_a_message_makes_one_line_without_its_words_and_its_full_number(
    make: Callable[..., LoggingProvider],
    caplog: pytest.LogCaptureFixture,
    content: Content,
    line: str,
) -> None:
    result = make().send(message(content))

    assert caplog.record_tuples == [(LOGGER, logging.INFO, line)]
    assert result.provider_message_id == "log.01890a5dac96774bbcceb302099a8057"
    assert result.later == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Text("Hello"), '{"body": "Hello", "preview_url": false}'),
        (
            ORDER,
            json.dumps(
                {
                    "name": "order_confirmation",
                    "language": "en",
                    "body": [{"value": "John Doe", "name": "customer_name", "is_date_time": False}],
                    "header": {"image": {"link": "https://example.com/order.jpg"}},
                    "buttons": [{"index": 0, "kind": "url", "value": "ORD-12345"}],
                }
            ),
        ),
    ],
)
def test_the_words_are_in_the_line_when_asked_for(
    make: Callable[..., LoggingProvider],
    caplog: pytest.LogCaptureFixture,
    content: Content,
    words: str,
) -> None:
    make(show_content=True).send(message(content))

    assert caplog.messages[0].endswith(f" content={words}")


def test_the_facts_are_on_the_record_for_structured_handlers(
    make: Callable[..., LoggingProvider], caplog: pytest.LogCaptureFixture
) -> None:
    make().send(message(Text("Hello")))

    assert vars(caplog.records[0])["waapi_message"] == {
        "uuid": str(MESSAGE_UUID),
        "to": "***7890",
        "type": "text",
        "attempt": 1,
    }


@pytest.mark.parametrize("text", ["one\ntwo", "one\r\ntwo", "one\u2028two", "\x1b[2J"])
def test_no_message_can_forge_a_line_of_its_own(
    make: Callable[..., LoggingProvider], caplog: pytest.LogCaptureFixture, text: str
) -> None:
    make(show_content=True).send(message(Text(text)))

    assert caplog.messages[0].isprintable()


def test_the_level_can_be_set(make: Callable[..., LoggingProvider], caplog: pytest.LogCaptureFixture) -> None:
    make(level="WARNING").send(message(Text("Hello")))

    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_all_faults_of_the_settings_are_named_at_once(
    make: Callable[..., LoggingProvider],
) -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        make(level="loud", show_content="yes", show_contents=True)

    assert caught.value.problems == (
        "show_contents is not a setting of this provider. Did you mean show_content?",
        "level must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.",
        "show_content must be true or false.",
    )


@pytest.mark.parametrize("level", [20, "info", "", ["INFO"], object()])
def test_a_level_that_is_none_is_refused(make: Callable[..., LoggingProvider], level: Any) -> None:
    with pytest.raises(ProviderSettingsError, match="level must be one of"):
        make(level=level)


def test_a_setting_that_is_none_counts_as_not_given(make: Callable[..., LoggingProvider]) -> None:
    assert make(level=None, show_content=None).check().endswith("at level INFO.")


def test_check_says_where_the_lines_go(make: Callable[..., LoggingProvider]) -> None:
    assert make().check() == f"Writes messages to the logger {LOGGER} at level INFO."


def test_check_says_when_the_lines_go_nowhere(
    make: Callable[..., LoggingProvider], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, logger=LOGGER)

    with pytest.raises(Misconfigured, match="drops messages of level INFO"):
        make().check()


def test_it_keeps_no_templates(make: Callable[..., LoggingProvider]) -> None:
    with pytest.raises(UnsupportedFeature):
        make().list_templates()


def test_it_is_simulated_since_no_message_leaves_the_machine() -> None:
    assert LoggingProvider.simulated


def test_it_is_found_by_its_entry_point() -> None:
    assert find_provider_types().factories["logging"] is LoggingProvider
