"""The provider test kit: the built-in providers pass it, and each of its checks can fail."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from flask_waapi import (
    CallbackRefused,
    CallbackRequest,
    Content,
    Image,
    OutboundMessage,
    OutcomeUnknown,
    Provider,
    ProviderContext,
    ProviderSettingsError,
    Refusal,
    Rejected,
    Retryable,
    SendResult,
    StatusUpdate,
    TemplateDefinition,
    Text,
    UnsupportedFeature,
)
from flask_waapi.content import CONTENT_TYPES
from flask_waapi.testing import ProviderConformance
from flask_waapi.testing.samples import SAMPLE_CONTENTS, secrets_in
from waapi_logging import LoggingProvider
from waapi_simulation import SimulationProvider

pytest_plugins = ["pytester"]

SETTINGS = {"address": "https://gateway.example", "token": "tok-5f2b9c"}
NOBODY = "+15005550001"


# The built-in providers without a network


class TestSimulation(ProviderConformance):
    rejected_recipient = "+15550131026"

    def make_provider(self, context: ProviderContext) -> Provider:
        return SimulationProvider(context)

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"delivered_after": 0.5, "read_after": 3, "templates": []}


class TestSimulationWithItsDefaults(ProviderConformance):
    def make_provider(self, context: ProviderContext) -> Provider:
        return SimulationProvider(context)


class TestLogging(ProviderConformance):
    def make_provider(self, context: ProviderContext) -> Provider:
        return LoggingProvider(context)

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"level": "WARNING", "show_content": False}


# A provider that passes, and others that differ from it in one fault


class Good(Provider):
    """Stands for a gateway that takes text and pictures and reports by signed callbacks."""

    content_types = frozenset({Text, Image})

    def __init__(self, context: ProviderContext) -> None:
        problems = context.unknown_settings(*SETTINGS)
        for name in SETTINGS:
            if not isinstance(context.settings.get(name), str):
                problems.append(f"{name} must be a string.")
        if problems:
            raise ProviderSettingsError(problems)
        self.context = context
        self.address = context.settings["address"]
        self.token = context.settings["token"]

    def send(self, message: OutboundMessage) -> SendResult:
        if type(message.content) not in self.content_types:
            raise UnsupportedFeature(f"The gateway carries no {message.content.type}.")
        if self.address == "nowhere":
            raise Retryable("The gateway cannot be reached.")
        if message.to == NOBODY:
            raise Rejected("There is no such recipient.", code="404")
        self.context.logger.info("message %s was taken", message.uuid)
        return SendResult(f"good.{message.uuid}")

    def list_templates(self) -> Iterable[TemplateDefinition]:
        body = {"type": "BODY", "text": "Hello"}
        yield TemplateDefinition("hello", "en", "APPROVED", "UTILITY", "NAMED", [body])
        yield TemplateDefinition("hello", "de", "APPROVED", "UTILITY", "POSITIONAL", [body])

    def answer_handshake(self, request: CallbackRequest) -> str:
        if request.query.get("token") != self.token:
            raise CallbackRefused("The token is not the agreed one.")
        return request.query["challenge"]

    def parse_callback(self, request: CallbackRequest) -> Iterable[StatusUpdate]:
        self.verify(request)
        return [
            StatusUpdate(
                fact["status"],
                datetime.fromisoformat(fact["at"]),
                fact["id"],
                refusal=Refusal(fact["code"], "Refused.") if fact["code"] else None,
            )
            for fact in json.loads(request.body)
        ]

    def verify(self, request: CallbackRequest) -> None:
        given = request.headers.get("x-signature", "").encode()
        if not hmac.compare_digest(given, sign(request.body).encode()):
            raise CallbackRefused("The signature is missing or wrong.")


def sign(body: bytes) -> str:
    return "sha256=" + hmac.digest(SETTINGS["token"].encode(), body, hashlib.sha256).hex()


class ClaimsAStranger(Good):
    content_types = frozenset({Text, Image, Content})


class ClaimsNothing(Good):
    content_types = frozenset()


class GivesNoId(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        super().send(message)
        return SendResult("")


class SendsWhatItDoesNotClaim(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if type(message.content) not in self.content_types:
            return SendResult(f"good.{message.uuid}")
        return super().send(message)


class RepeatsAnId(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        super().send(message)
        return SendResult("good")


class AnnouncesForAnotherMessage(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        result = super().send(message)
        later = StatusUpdate("delivered", self.context.clock(), "another")
        return SendResult(result.provider_message_id, later=[later])


class AnnouncesWithoutATimeZone(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        identifier = super().send(message).provider_message_id
        naive = self.context.clock().replace(tzinfo=None)
        return SendResult(identifier, later=[StatusUpdate("delivered", naive, identifier)])


class AnnouncesAFailureWithoutAReason(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        identifier = super().send(message).provider_message_id
        at = self.context.clock() + timedelta(seconds=1)
        return SendResult(identifier, later=[StatusUpdate("failed", at, identifier)])


class CountsWithoutALock(Good):
    count = 0

    def send(self, message: OutboundMessage) -> SendResult:
        super().send(message)
        number = self.count
        time.sleep(0.001)
        self.count = number + 1
        return SendResult(f"good.{number}")


class KnowsOnlyAscii(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if isinstance(message.content, Text):
            message.content.body.encode("ascii")
        return super().send(message)


class KnowsOnlyShortNumbers(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if len(message.to) > 14:
            raise ValueError("The number is too long.")
        return super().send(message)


class RejectsAsConfigurationFault(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if message.to == NOBODY:
            raise Retryable("There is no such recipient.")
        return super().send(message)


class RejectsWithANumber(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if message.to == NOBODY:
            raise Rejected("There is no such recipient.", code=404)  # type: ignore[arg-type]
        return super().send(message)


class CallsAFailedConnectionUnknown(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if self.address == "nowhere":
            raise OutcomeUnknown("The gateway cannot be reached.")
        return super().send(message)


class ClosesOnce(Good):
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("It is closed.")
        self.closed = True


class ListsATemplateTwice(Good):
    def list_templates(self) -> Iterable[TemplateDefinition]:
        return [*super().list_templates(), *super().list_templates()]


class ChecksInSilence(Good):
    def check(self) -> str:
        return ""


class ChecksOnlyWhatIsSigned(Good):
    def verify(self, request: CallbackRequest) -> None:
        if "x-signature" in request.headers:
            super().verify(request)


class ChecksNothingButTheHeader(Good):
    def verify(self, request: CallbackRequest) -> None:
        if not request.headers.get("x-signature", "").startswith("sha256="):
            raise CallbackRefused("The signature is missing.")

    def parse_callback(self, request: CallbackRequest) -> Iterable[StatusUpdate]:
        return super().parse_callback(request) if request.body.endswith(b"]") else []


class ComparesText(Good):
    def verify(self, request: CallbackRequest) -> None:
        if not hmac.compare_digest(request.headers.get("x-signature", ""), sign(request.body)):
            raise CallbackRefused("The signature is missing or wrong.")


class ReadsTheFirstOnly(Good):
    def parse_callback(self, request: CallbackRequest) -> Iterable[StatusUpdate]:
        return itertools.islice(super().parse_callback(request), 1)


class ForgetsRepeats(Good):
    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self.seen: set[bytes] = set()

    def parse_callback(self, request: CallbackRequest) -> Iterable[StatusUpdate]:
        facts = super().parse_callback(request)
        if request.body in self.seen:
            return []
        self.seen.add(request.body)
        return facts


class EchoesAnyHandshake(Good):
    def answer_handshake(self, request: CallbackRequest) -> str:
        return request.query.get("challenge", "")


class IgnoresWhatItDoesNotKnow(Good):
    def __init__(self, context: ProviderContext) -> None:
        known = {name: value for name, value in context.settings.items() if name in SETTINGS}
        super().__init__(ProviderContext(context.name, known, context.clock))


class NamesOneFaultAtATime(Good):
    def __init__(self, context: ProviderContext) -> None:
        try:
            super().__init__(context)
        except ProviderSettingsError as error:
            raise ProviderSettingsError(error.problems[:1]) from error


class FallsOverAMissingSetting(Good):
    def __init__(self, context: ProviderContext) -> None:
        context.settings["token"]
        super().__init__(context)


class TakesAnythingForAToken(Good):
    def __init__(self, context: ProviderContext) -> None:
        settings = dict(context.settings)
        if "token" in settings:
            settings["token"] = str(settings["token"])
        super().__init__(ProviderContext(context.name, settings, context.clock))


class ShowsItsSettings(Good):
    def __repr__(self) -> str:
        return f"ShowsItsSettings({self.context.settings})"


class ShowsTheTokenInAnError(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if message.to == NOBODY:
            raise Rejected(f"Nobody there: {self.address}?token={self.token}")
        return super().send(message)


class LogsTheTokenWhileDebugging(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        self.context.logger.debug("Authorization: Bearer %s", self.token)
        return super().send(message)


class LogsTheText(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        self.context.logger.info("message %s", message.content)
        return super().send(message)


class LogsTheNumber(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        self.context.logger.warning("a message", extra={"recipient": message.to})
        return super().send(message)


FAULTS: list[tuple[type[Good], set[str]]] = [
    (ClaimsAStranger, {"test_it_claims_contents_of_the_vocabulary"}),
    (
        GivesNoId,
        {
            "test_sending_a_content_it_claims_gives_a_result_with_an_id",
            "test_two_messages_get_two_ids",
            "test_several_threads_can_send_at_once",
        },
    ),
    (
        SendsWhatItDoesNotClaim,
        {"test_sending_a_content_it_does_not_claim_raises_unsupported_feature"},
    ),
    (RepeatsAnId, {"test_two_messages_get_two_ids", "test_several_threads_can_send_at_once"}),
    (
        AnnouncesForAnotherMessage,
        {"test_statuses_announced_with_a_result_belong_to_its_message"},
    ),
    (
        AnnouncesWithoutATimeZone,
        {"test_statuses_announced_with_a_result_belong_to_its_message"},
    ),
    (
        AnnouncesAFailureWithoutAReason,
        {"test_statuses_announced_with_a_result_belong_to_its_message"},
    ),
    (CountsWithoutALock, {"test_several_threads_can_send_at_once"}),
    (KnowsOnlyAscii, {"test_an_awkward_text_ends_in_a_result_or_a_provider_error"}),
    (KnowsOnlyShortNumbers, {"test_an_awkward_recipient_ends_in_a_result_or_a_provider_error"}),
    (RejectsAsConfigurationFault, {"test_a_recipient_the_network_refuses_raises_rejected"}),
    (RejectsWithANumber, {"test_a_recipient_the_network_refuses_raises_rejected"}),
    (CallsAFailedConnectionUnknown, {"test_a_network_out_of_reach_raises_retryable"}),
    (ClosesOnce, {"test_it_can_be_closed_twice"}),
    (ListsATemplateTwice, {"test_templates_are_listed_once_each_or_not_supported"}),
    (ChecksInSilence, {"test_check_gives_a_sentence_or_raises_a_provider_error"}),
    (ChecksOnlyWhatIsSigned, {"test_an_unsigned_callback_is_refused"}),
    (
        ChecksNothingButTheHeader,
        {"test_a_tampered_callback_is_refused", "test_a_garbled_signature_is_refused"},
    ),
    (ComparesText, {"test_a_garbled_signature_is_refused"}),
    (
        ReadsTheFirstOnly,
        {"test_a_callback_yields_every_fact_of_its_batch_however_often_it_comes"},
    ),
    (
        ForgetsRepeats,
        {"test_a_callback_yields_every_fact_of_its_batch_however_often_it_comes"},
    ),
    (EchoesAnyHandshake, {"test_a_handshake_without_the_agreed_token_is_refused"}),
    (
        IgnoresWhatItDoesNotKnow,
        {"test_settings_it_does_not_know_are_refused_by_name_and_all_at_once"},
    ),
    (
        NamesOneFaultAtATime,
        {"test_settings_it_does_not_know_are_refused_by_name_and_all_at_once"},
    ),
    (FallsOverAMissingSetting, {"test_a_missing_setting_is_optional_or_refused_by_name"}),
    (TakesAnythingForAToken, {"test_a_setting_of_the_wrong_type_is_refused_by_name"}),
    (ShowsItsSettings, {"test_its_repr_and_str_show_no_secret"}),
    (ShowsTheTokenInAnError, {"test_its_errors_show_no_secret"}),
    (LogsTheTokenWhileDebugging, {"test_its_log_shows_no_secret_at_any_level"}),
    (LogsTheText, {"test_its_log_shows_no_message_text_and_no_full_number_from_info_up"}),
    (LogsTheNumber, {"test_its_log_shows_no_message_text_and_no_full_number_from_info_up"}),
]


class GatewayConformance(ProviderConformance):
    """What the author of such a provider writes; ``provider_type`` is set for each fault."""

    provider_type: ClassVar[type[Good]] = Good
    rejected_recipient = NOBODY

    def make_provider(self, context: ProviderContext) -> Provider:
        return self.provider_type(context)

    def unreachable_settings(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**settings, "address": "nowhere"}

    def signed_callback(self, updates: Sequence[StatusUpdate]) -> CallbackRequest:
        facts = [
            {
                "status": update.status,
                "at": update.occurred_at.isoformat(),
                "id": update.provider_message_id,
                "code": update.refusal.code if update.refusal else None,
            }
            for update in updates
        ]
        body = json.dumps(facts).encode()
        return CallbackRequest({"x-signature": sign(body)}, body=body)

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return SETTINGS


class TestAGoodProvider(GatewayConformance):
    """Passes; what is left out are contents it does not claim."""


def failures(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, conformance: type
) -> set[str]:
    """The names of the checks that fail in a run of pytest of its own."""
    # Each run would import and rewrite the plugins of the environment anew, which takes seconds.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setitem(sys.modules, "under_test", SimpleNamespace(Conformance=conformance))
    path = pytester.makepyfile(
        """
        from under_test import Conformance

        class TestProvider(Conformance):
            pass
        """
    )
    run = pytester.inline_run(path, "-q", "-p", "no:cacheprovider")
    _, _, failed = run.listoutcomes()
    return {report.nodeid.split("::")[-1].split("[")[0] for report in failed}


@pytest.mark.parametrize(
    ("fault", "expected"), FAULTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_provider_with_one_fault_fails_the_check_of_it_and_no_other(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[Good],
    expected: set[str],
) -> None:
    conformance = type("Conformance", (GatewayConformance,), {"provider_type": fault})

    assert failures(pytester, monkeypatch, conformance) == expected


def test_every_check_can_fail() -> None:
    checks = {name for name in dir(ProviderConformance) if name.startswith("test_")}

    assert set().union(*(expected for _, expected in FAULTS)) == checks


def test_a_provider_that_claims_no_content_is_told_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    conformance = type("Conformance", (GatewayConformance,), {"provider_type": ClaimsNothing})

    assert {
        "test_it_claims_contents_of_the_vocabulary",
        "test_two_messages_get_two_ids",
    } <= failures(pytester, monkeypatch, conformance)


def test_an_author_who_does_not_say_how_to_make_the_provider_is_told_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    conformance = type("Conformance", (ProviderConformance,), {})

    assert "test_two_messages_get_two_ids" in failures(pytester, monkeypatch, conformance)


def test_the_kit_has_a_sample_of_every_content() -> None:
    assert {cls: type(sample) for cls, sample in SAMPLE_CONTENTS.items()} == {
        cls: cls for cls in CONTENT_TYPES.values()
    }


def test_secrets_are_found_by_their_names_however_deep() -> None:
    settings = {
        "access_token": "alpha",
        "verify_token": "",
        "nested": {"App-Secret": "bravo", "deeper": {"api_key": "charlie"}},
        "address": "delta",
        "key_count": 5,
    }

    assert set(secrets_in(settings)) == {"alpha", "bravo", "charlie"}


def test_the_testing_package_can_be_imported_without_pytest() -> None:
    program = (
        "import sys; sys.modules['pytest'] = None;"
        "from flask_waapi.testing import ManualClock; ManualClock().advance(1)"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
