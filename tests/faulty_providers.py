"""A provider that passes the test kit, and others that differ from it in one fault each."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

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

SETTINGS = {"address": "https://gateway.example", "token": "tok-5f2b9c"}
NOBODY = "+15005550001"


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


class RejectsForAWhile(Good):
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
    (RejectsForAWhile, {"test_a_recipient_the_network_refuses_raises_rejected"}),
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
"""Each fault, and the checks that find it."""
