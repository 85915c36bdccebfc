"""What the provider test kit asks of an author, and what its checks share."""

# ruff: noqa: S101 - a test kit asserts

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from .. import (
    CallbackItem,
    CallbackRefused,
    CallbackRequest,
    Content,
    MediaUpload,
    OutboundMessage,
    Provider,
    ProviderContext,
    ProviderError,
    ProviderEvent,
    ProviderSettingsError,
    Refusal,
    Retryable,
    SendResult,
    StatusUpdate,
    UnsupportedFeature,
)
from ..content import CONTENT_TYPES
from .clock import ManualClock
from .samples import EXAMPLE_PICTURE, SAMPLE_CONTENTS, UNKNOWN_SETTINGS, secrets_in

_CALLBACKS_START = datetime(2026, 1, 1, tzinfo=UTC)


class ConformanceHooks:
    """What an author may override: the hooks below, and the fixtures.

    ``settings`` is the fixture that most authors need; where it depends on a double of the network,
    the double is a fixture that it asks for.
    """

    recipient: ClassVar[str] = "+1234567890"
    """A recipient the double accepts."""

    rejected_recipient: ClassVar[str | None] = None
    """A recipient the double refuses for good."""

    callback_statuses: ClassVar[Sequence[str]] = ("sent", "delivered", "read", "failed")
    """The statuses that the network's callbacks can carry."""

    def make_provider(self, context: ProviderContext) -> Provider:
        """A new instance, as the registered factory makes it; must be overridden."""
        # Not an abstract method: pytest passes over abstract classes without a word.
        raise TypeError(f"{type(self).__name__} must override make_provider(context).")

    def content_for(self, content_type: type[Content]) -> Content:
        """A content of that type which the double accepts."""
        return SAMPLE_CONTENTS[content_type]

    def unreachable_settings(self, settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """``settings`` changed so that nothing listens where the provider sends to."""
        return None

    def signed_callback(self, updates: Sequence[StatusUpdate]) -> CallbackRequest | None:
        """The callback by which the network would report these facts, rightly signed."""
        return None

    def secrets(self, settings: Mapping[str, Any]) -> set[str]:
        """What must be seen nowhere: by default the values of settings named like secrets."""
        return set(secrets_in(settings))

    @pytest.fixture
    def clock(self) -> ManualClock:
        """The clock that the instances are given."""
        return ManualClock()

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        """The instance's settings, without ``type``."""
        return {}

    @pytest.fixture
    def provider(self, settings: Mapping[str, Any], clock: ManualClock) -> Iterator[Provider]:
        """The instance under test."""
        provider = self._make(settings, clock)
        yield provider
        provider.close()

    @pytest.fixture
    def unreachable(self, settings: Mapping[str, Any], clock: ManualClock) -> Iterator[Provider | None]:
        """An instance without a network, if the author says how to make one."""
        changed = self.unreachable_settings(settings)
        provider = None if changed is None else self._make(changed, clock)
        yield provider
        if provider is not None:
            provider.close()

    @pytest.fixture
    def exercise(
        self,
        provider: Provider,
        unreachable: Provider | None,
        settings: Mapping[str, Any],
        clock: ManualClock,
    ) -> Callable[[], list[Exception]]:
        """Does all that can be done with a provider and gives the errors it met."""
        contents = [self.content_for(content_type) for content_type in CONTENT_TYPES]
        messages = [self._message(content) for content in contents]
        if self.rejected_recipient is not None:
            messages.append(self._message(self._claimed_content(provider), self.rejected_recipient))
        steps: list[Callable[[], object]] = [
            *(partial(provider.send, message) for message in messages),
            provider.check,
            lambda: list(provider.list_templates()),
            lambda: provider.upload_template_example(self._example("picture.png")),
            lambda: provider.verify_callback(CallbackRequest({}, body=b"{}")),
            lambda: provider.answer_handshake(CallbackRequest({})),
            lambda: self._make({**settings, UNKNOWN_SETTINGS[0]: 1}, clock).close(),
        ]
        if unreachable is not None:
            steps += [unreachable.check, partial(unreachable.send, messages[0])]
            steps.append(lambda: unreachable.upload_template_example(self._example("picture.png")))

        def do_all() -> list[Exception]:
            errors: list[Exception] = []
            for step in steps:
                try:
                    step()
                except (ProviderError, ProviderSettingsError) as error:
                    errors.append(error)
            return errors

        return do_all

    def _make(self, settings: Mapping[str, Any], clock: ManualClock) -> Provider:
        return self.make_provider(ProviderContext("conformance", settings, clock))

    def _message(self, content: Content, to: str | None = None) -> OutboundMessage:
        return OutboundMessage(uuid4(), to or self.recipient, content)

    def _example(self, filename: str) -> MediaUpload:
        return MediaUpload(BytesIO(EXAMPLE_PICTURE), len(EXAMPLE_PICTURE), "image/png", filename)

    def _claimed_content(self, provider: Provider) -> Content:
        for content_type in CONTENT_TYPES:
            if content_type in provider.content_types:
                return self.content_for(content_type)
        pytest.fail("It claims no content of the vocabulary.")

    def _send_or_refuse(self, provider: Provider, message: OutboundMessage) -> None:
        try:
            result = provider.send(message)
        except ProviderError as error:
            self._check_members(error)
        else:
            assert isinstance(result, SendResult)

    def _check_members(self, error: ProviderError) -> None:
        """What is recorded of an error can be recorded."""
        assert isinstance(error.message, str)
        assert error.code is None or isinstance(error.code, str)
        if isinstance(error, Retryable):
            assert error.retry_after is None or isinstance(error.retry_after, timedelta)

    def _facts(self, count: int) -> list[StatusUpdate]:
        return [self._fact(number) for number in range(count)]

    def _fact(self, number: int) -> StatusUpdate:
        status = self.callback_statuses[number % len(self.callback_statuses)]
        return StatusUpdate(
            status=status,
            occurred_at=_CALLBACKS_START + timedelta(seconds=number),
            provider_message_id=f"conformance.{number}",
            message_uuid=uuid4(),
            refusal=Refusal("470", "No such recipient.") if status == "failed" else None,
        )

    def _signed(self, provider: Provider, facts: Sequence[StatusUpdate]) -> CallbackRequest:
        request = self.signed_callback(facts)
        if request is not None:
            return request
        try:
            provider.verify_callback(CallbackRequest({}))
        except UnsupportedFeature as error:
            pytest.skip(error.message)
        except CallbackRefused:
            pytest.skip("Give signed_callback to check callbacks.")
        pytest.fail("It takes an empty callback.")

    def _read(self, provider: Provider, body: bytes) -> None:
        try:
            self._well_formed(provider.parse_callback(body))
        except UnsupportedFeature as error:
            pytest.skip(error.message)

    def _well_formed(self, items: Iterable[CallbackItem]) -> list[CallbackItem]:
        """The items, once they are such that the core can store and apply them."""
        items = list(items)
        positions = [item.position for item in items]
        assert len(set(positions)) == len(positions)
        for item in items:
            assert isinstance(item, CallbackItem)
            assert item.problem is None or not item.events
            json.dumps(item.raw)
            for event in item.events:
                assert isinstance(event, ProviderEvent)
                assert event.occurred_at.tzinfo is not None
        return items
