"""A provider that passes the test kit, and others that differ from it in one fault each."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_waapi import (
    CallbackItem,
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

    def verify_callback(self, request: CallbackRequest) -> None:
        given = request.headers.get("x-signature", "").encode()
        if not hmac.compare_digest(given, sign(request.body).encode()):
            raise CallbackRefused("The signature is missing or wrong.")

    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        try:
            facts = json.loads(body)
        except (ValueError, RecursionError):
            facts = None
        if not isinstance(facts, list):
            return [CallbackItem("", body.decode("latin-1"), problem="It is no list of facts.")]
        return [self.read(f"[{index}]", fact) for index, fact in enumerate(facts)]

    def read(self, position: str, fact: Any) -> CallbackItem:
        try:
            update = StatusUpdate(
                fact["status"],
                datetime.fromisoformat(fact["at"]),
                fact["id"],
                refusal=Refusal(fact["code"], "Refused.") if fact["code"] else None,
            )
        except (KeyError, TypeError, ValueError):
            return CallbackItem(position, repr(fact), problem="It is no fact.")
        return CallbackItem(position, repr(fact), (update,))


def sign(body: bytes) -> str:
    return "sha256=" + hmac.digest(SETTINGS["token"].encode(), body, hashlib.sha256).hex()


class ClaimsAStranger(Good):
    content_types = frozenset({Text, Image, Content})


class ClaimsNothing(Good):
    content_types = frozenset()


class NamesARecipientTwice(Good):
    def test_recipients(self) -> Sequence[tuple[str, str]]:
        return [("+15550000001", "refused"), ("+15550000001", "delivered")]


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
            error = Rejected("There is no such recipient.")
            error.code = 404  # type: ignore[assignment]
            raise error
        return super().send(message)


class ChecksForAWhile(Good):
    def check(self) -> str:
        error = Retryable("The gateway is busy.")
        error.retry_after = 30  # type: ignore[assignment]
        raise error


class RefusesLongTextsWithoutWords(Good):
    def send(self, message: OutboundMessage) -> SendResult:
        if isinstance(message.content, Text) and len(message.content.body) > 1_000:
            error = Rejected("")
            error.message = None  # type: ignore[assignment]
            raise error
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


class PromisesExamplesInVain(Good):
    takes_template_examples = True


class ChecksInSilence(Good):
    def check(self) -> str:
        return ""


class ChecksOnlyWhatIsSigned(Good):
    def verify_callback(self, request: CallbackRequest) -> None:
        if "x-signature" in request.headers:
            super().verify_callback(request)


class ChecksNothingButTheHeader(Good):
    def verify_callback(self, request: CallbackRequest) -> None:
        if not request.headers.get("x-signature", "").startswith("sha256="):
            raise CallbackRefused("The signature is missing.")


class ComparesText(Good):
    def verify_callback(self, request: CallbackRequest) -> None:
        if not hmac.compare_digest(request.headers.get("x-signature", ""), sign(request.body)):
            raise CallbackRefused("The signature is missing or wrong.")


class ReadsTheFirstOnly(Good):
    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        return itertools.islice(super().parse_callback(body), 1)


class ForgetsRepeats(Good):
    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self.seen: set[bytes] = set()

    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        items = super().parse_callback(body)
        if body in self.seen:
            return []
        self.seen.add(body)
        return items


class GivesUpTheBatch(Good):
    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        items = list(super().parse_callback(body))
        broken = [item for item in items if item.problem is not None]
        return broken or items


class ReadsNothingButJson(Good):
    def parse_callback(self, body: bytes) -> Iterable[CallbackItem]:
        json.loads(body)
        return super().parse_callback(body)


class TrustsEveryMember(Good):
    def read(self, position: str, fact: Any) -> CallbackItem:
        if isinstance(fact, dict) and "status" in fact:
            fact = {**fact, "status": fact["status"].lower()}
        return super().read(position, fact)


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


class SendsFromItsToken(Good):
    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self.sends_from = f"the account of {self.token}"


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
