"""The provider test kit: one base class whose tests say whether a provider keeps its promises.

An author inherits it under a name that pytest collects and says how to make the provider::

    class TestAcme(ProviderConformance):
        def make_provider(self, context: ProviderContext) -> Provider:
            return AcmeProvider(context)

The kit sends messages, so let the settings point at a double of the network, never at the network
itself. A check of an ability that the provider does not claim, or for which the kit needs a hook
that was not given, is skipped with the reason.
"""

# ruff: noqa: S101 - a test kit asserts

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from .. import (
    CallbackItem,
    CallbackRefused,
    CallbackRequest,
    Content,
    Provider,
    ProviderError,
    ProviderSettingsError,
    Rejected,
    Retryable,
    SendResult,
    StatusUpdate,
    TemplateDefinition,
    Text,
    UnsupportedFeature,
)
from ..content import CONTENT_TYPES
from .clock import ManualClock
from .conformance_hooks import ConformanceHooks
from .samples import (
    AWKWARD_BODIES,
    AWKWARD_CALLBACKS,
    AWKWARD_FILENAMES,
    AWKWARD_RECIPIENTS,
    CANARY,
    GARBLED_SIGNATURES,
    UNKNOWN_SETTINGS,
    spoilt,
    with_a_misfit_in_its_list,
)

STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})
THREADS = 8
MESSAGES_PER_THREAD = 5
CALLBACK_BATCH = 100

every_content_type = pytest.mark.parametrize("content_type", CONTENT_TYPES, ids=lambda cls: cls.__name__)


class ProviderConformance(ConformanceHooks):
    """Inherit it as ``class TestMine(ProviderConformance)``; see :class:`ConformanceHooks`."""

    # Sending

    def test_it_claims_contents_of_the_vocabulary(self, provider: Provider) -> None:
        assert isinstance(provider, Provider)
        assert provider.content_types
        assert provider.content_types <= set(CONTENT_TYPES)

    @every_content_type
    def test_sending_a_content_it_claims_gives_a_result_with_an_id(
        self, provider: Provider, content_type: type[Content]
    ) -> None:
        if content_type not in provider.content_types:
            pytest.skip(f"It does not claim {content_type.__name__}.")
        result = provider.send(self._message(self.content_for(content_type)))
        assert isinstance(result, SendResult)
        assert isinstance(result.provider_message_id, str)
        assert result.provider_message_id

    @every_content_type
    def test_sending_a_content_it_does_not_claim_raises_unsupported_feature(
        self, provider: Provider, content_type: type[Content]
    ) -> None:
        if content_type in provider.content_types:
            pytest.skip(f"It claims {content_type.__name__}.")
        with pytest.raises(UnsupportedFeature):
            provider.send(self._message(self.content_for(content_type)))

    def test_two_messages_get_two_ids(self, provider: Provider) -> None:
        content = self._claimed_content(provider)
        first = provider.send(self._message(content))
        second = provider.send(self._message(content))
        assert first.provider_message_id != second.provider_message_id

    def test_statuses_announced_with_a_result_belong_to_its_message(
        self, provider: Provider, clock: ManualClock
    ) -> None:
        message = self._message(self._claimed_content(provider))
        result = provider.send(message)
        for update in result.later:
            assert isinstance(update, StatusUpdate)
            assert update.status in STATUSES
            assert update.provider_message_id == result.provider_message_id
            assert update.message_uuid in (None, message.uuid)
            assert update.occurred_at.tzinfo is not None
            assert update.occurred_at >= clock()
            assert (update.refusal is not None) == (update.status == "failed")

    def test_several_threads_can_send_at_once(self, provider: Provider) -> None:
        content = self._claimed_content(provider)
        barrier = Barrier(THREADS, timeout=30)

        def send_some() -> list[str]:
            barrier.wait()
            results = [provider.send(self._message(content)) for _ in range(MESSAGES_PER_THREAD)]
            return [result.provider_message_id for result in results]

        with ThreadPoolExecutor(THREADS) as pool:
            futures = [pool.submit(send_some) for _ in range(THREADS)]
            ids = [identifier for future in futures for identifier in future.result()]
        assert len(set(ids)) == THREADS * MESSAGES_PER_THREAD

    @pytest.mark.parametrize("body", AWKWARD_BODIES.values(), ids=list(AWKWARD_BODIES))
    def test_an_awkward_text_ends_in_a_result_or_a_provider_error(
        self, provider: Provider, body: str
    ) -> None:
        if Text not in provider.content_types:
            pytest.skip("It does not claim Text.")
        self._send_or_refuse(provider, self._message(Text(body)))

    @pytest.mark.parametrize("to", AWKWARD_RECIPIENTS.values(), ids=list(AWKWARD_RECIPIENTS))
    def test_an_awkward_recipient_ends_in_a_result_or_a_provider_error(
        self, provider: Provider, to: str
    ) -> None:
        self._send_or_refuse(provider, self._message(self._claimed_content(provider), to))

    def test_a_recipient_the_network_refuses_raises_rejected(self, provider: Provider) -> None:
        if self.rejected_recipient is None:
            pytest.skip("Give rejected_recipient to check how it refuses.")
        with pytest.raises(Rejected) as caught:
            provider.send(self._message(self._claimed_content(provider), self.rejected_recipient))
        self._check_members(caught.value)

    def test_a_network_out_of_reach_raises_retryable(self, unreachable: Provider | None) -> None:
        if unreachable is None:
            pytest.skip("Give unreachable_settings to check a network out of reach.")
        with pytest.raises(Retryable) as caught:
            unreachable.send(self._message(self._claimed_content(unreachable)))
        self._check_members(caught.value)

    def test_its_errors_have_words_a_code_and_a_pause_of_the_right_types(
        self, exercise: Callable[[], list[Exception]]
    ) -> None:
        for error in exercise():
            if isinstance(error, ProviderError):
                self._check_members(error)

    def test_it_can_be_closed_twice(self, settings: Mapping[str, Any], clock: ManualClock) -> None:
        provider = self._make(settings, clock)
        provider.close()
        provider.close()

    # Templates and check

    def test_templates_are_listed_once_each_or_not_supported(self, provider: Provider) -> None:
        try:
            templates = list(provider.list_templates())
        except UnsupportedFeature as error:
            pytest.skip(error.message)
        for template in templates:
            assert isinstance(template, TemplateDefinition)
            assert template.parameter_format in {"NAMED", "POSITIONAL"}
            assert all(part["type"] for part in template.components)
        names = [(template.name, template.language) for template in templates]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize("filename", AWKWARD_FILENAMES.values(), ids=list(AWKWARD_FILENAMES))
    def test_an_example_for_a_template_gets_a_handle_where_it_says_so(
        self, provider: Provider, filename: str
    ) -> None:
        example = self._example(filename)
        if not provider.takes_template_examples:
            with pytest.raises(UnsupportedFeature):
                provider.upload_template_example(example)
            return
        handle = provider.upload_template_example(example)
        assert isinstance(handle, str)
        assert handle

    def test_check_gives_a_sentence_or_raises_a_provider_error(
        self, provider: Provider, unreachable: Provider | None
    ) -> None:
        for checked in filter(None, (provider, unreachable)):
            with suppress(ProviderError):
                assert checked.check()

    def test_recipients_that_stand_for_an_outcome_are_numbers_told_once_each(
        self, provider: Provider
    ) -> None:
        told = list(provider.test_recipients())
        for recipient, label in told:
            assert re.fullmatch(r"\+[1-9][0-9]{6,14}", recipient)
            assert label.strip()
        assert len({recipient for recipient, _ in told}) == len(told)

    # Callbacks

    def test_an_unsigned_callback_is_refused(self, provider: Provider) -> None:
        signed = self.signed_callback(self._facts(1))
        request = CallbackRequest({}, body=b"{}") if signed is None else replace(signed, headers={})
        # Without the hook we cannot know whether it makes callbacks at all.
        refusals = (CallbackRefused, UnsupportedFeature) if signed is None else (CallbackRefused,)
        with pytest.raises(refusals):
            provider.verify_callback(request)

    @pytest.mark.parametrize(
        "tamper",
        [lambda body: body + b" ", lambda body: body[:-1], lambda body: b""],
        ids=["longer", "shorter", "empty"],
    )
    def test_a_tampered_callback_is_refused(
        self, provider: Provider, tamper: Callable[[bytes], bytes]
    ) -> None:
        request = self._signed(provider, self._facts(1))
        with pytest.raises(CallbackRefused):
            provider.verify_callback(replace(request, body=tamper(request.body)))

    @pytest.mark.parametrize("garble", GARBLED_SIGNATURES.values(), ids=list(GARBLED_SIGNATURES))
    def test_a_garbled_signature_is_refused(self, provider: Provider, garble: Callable[[str], str]) -> None:
        request = self._signed(provider, self._facts(1))
        headers = {name: garble(value) for name, value in request.headers.items()}
        with pytest.raises(CallbackRefused):
            provider.verify_callback(replace(request, headers=headers))

    def test_a_callback_yields_every_fact_of_its_batch_however_often_it_comes(
        self, provider: Provider
    ) -> None:
        facts = self._facts(CALLBACK_BATCH)
        request = self._signed(provider, facts)
        expected = sorted(_essence(fact) for fact in facts)
        for _ in range(2):
            provider.verify_callback(request)
            items = self._well_formed(provider.parse_callback(request.body))
            assert [item.problem for item in items if item.problem is not None] == []
            assert sorted(_essence(fact) for fact in _statuses(items)) == expected

    def test_a_broken_item_of_a_callback_costs_no_other(self, provider: Provider) -> None:
        facts = self._facts(CALLBACK_BATCH)
        body = with_a_misfit_in_its_list(self._signed(provider, facts).body, CALLBACK_BATCH)
        if body is None:
            pytest.skip("Its callbacks are no JSON with a list of facts.")
        items = self._well_formed(provider.parse_callback(body))
        assert any(item.problem is not None for item in items)
        expected = sorted(_essence(fact) for fact in facts)
        assert sorted(_essence(fact) for fact in _statuses(items)) == expected

    @pytest.mark.parametrize("body", AWKWARD_CALLBACKS.values(), ids=list(AWKWARD_CALLBACKS))
    def test_an_awkward_callback_is_read_without_an_error(self, provider: Provider, body: bytes) -> None:
        self._read(provider, body)

    def test_a_callback_with_any_value_in_the_wrong_shape_is_read_without_an_error(
        self, provider: Provider
    ) -> None:
        for body in spoilt(self._signed(provider, self._facts(2)).body):
            self._read(provider, body)

    def test_a_handshake_without_the_agreed_token_is_refused(self, provider: Provider) -> None:
        with pytest.raises((CallbackRefused, UnsupportedFeature)):
            provider.answer_handshake(CallbackRequest({}))

    # Settings

    def test_settings_it_does_not_know_are_refused_by_name_and_all_at_once(
        self, settings: Mapping[str, Any], clock: ManualClock
    ) -> None:
        with pytest.raises(ProviderSettingsError) as caught:
            self._make({**settings, **dict.fromkeys(UNKNOWN_SETTINGS, 1)}, clock)
        for name in UNKNOWN_SETTINGS:
            assert _names(caught.value, name)

    def test_a_missing_setting_is_optional_or_refused_by_name(
        self, settings: Mapping[str, Any], clock: ManualClock
    ) -> None:
        for name in settings:
            others = {other: value for other, value in settings.items() if other != name}
            try:
                self._make(others, clock).close()
                refusal = None
            except ProviderSettingsError as error:
                refusal = error
            assert refusal is None or _names(refusal, name)

    def test_a_setting_of_the_wrong_type_is_refused_by_name(
        self, settings: Mapping[str, Any], clock: ManualClock
    ) -> None:
        for name in settings:
            with pytest.raises(ProviderSettingsError) as caught:
                self._make({**settings, name: object()}, clock)
            assert _names(caught.value, name)

    # What must stay inside

    def test_its_repr_and_str_show_no_secret(self, provider: Provider, settings: Mapping[str, Any]) -> None:
        assert not _found(self.secrets(settings), f"{provider!r} {provider}")

    def test_what_it_sends_from_is_not_known_or_a_few_words_without_a_secret(
        self, provider: Provider, settings: Mapping[str, Any]
    ) -> None:
        told: Any = provider.sends_from
        assert told is None or (isinstance(told, str) and told.isprintable() and 0 < len(told.strip()) <= 100)
        assert not _found(self.secrets(settings), told or "")

    def test_its_errors_show_no_secret(
        self, settings: Mapping[str, Any], exercise: Callable[[], list[Exception]]
    ) -> None:
        for error in exercise():
            assert not _found(self.secrets(settings), f"{error!r} {error}")

    def test_its_log_shows_no_secret_at_any_level(
        self,
        settings: Mapping[str, Any],
        exercise: Callable[[], list[Exception]],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            exercise()
        for record in caplog.records:
            assert not _found(self.secrets(settings), _everything_in(record))

    def test_its_log_shows_no_message_text_and_no_full_number_from_info_up(
        self, exercise: Callable[[], list[Exception]], caplog: pytest.LogCaptureFixture
    ) -> None:
        recipients = {self.recipient, self.rejected_recipient or self.recipient}
        private = {CANARY, *(recipient.removeprefix("+") for recipient in recipients)}
        with caplog.at_level(logging.INFO):
            exercise()
        for record in caplog.records:
            assert not _found(private, _everything_in(record))


def _statuses(items: Iterable[CallbackItem]) -> list[StatusUpdate]:
    return [event for item in items for event in item.events if isinstance(event, StatusUpdate)]


def _essence(fact: StatusUpdate) -> tuple[str, str, int, str]:
    """What a callback must carry: times to the second, and of a refusal its code."""
    code = fact.refusal.code if fact.refusal else ""
    return fact.provider_message_id, fact.status, int(fact.occurred_at.timestamp()), code


def _names(error: ProviderSettingsError, setting: str) -> bool:
    return any(setting in problem for problem in error.problems)


def _everything_in(record: logging.LogRecord) -> str:
    return f"{record.getMessage()} {record.__dict__}"


def _found(private: set[str], text: str) -> list[str]:
    return [words for words in private if words in text]
