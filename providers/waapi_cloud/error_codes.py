"""What each error code of the Cloud API means for the message: a table, and the rule for the rest.

The codes and their meanings are those of the Cloud API documentation (error codes, rate limits);
the kind decides whether the message is sent again. Where Meta's class is "policy" (a blocked,
locked, unpaid or capped account) the kind is ``MISCONFIGURED``, since no other message would fare
better until an operator has acted; where it concerns this message or recipient alone it is
``REJECTED``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from flask_waapi import Throttled


class Kind(Enum):
    """What a code means for the message."""

    TRANSIENT = auto()  # not sent; the fault passes by itself
    THROTTLED = auto()  # not sent; too much was asked, and it is safe to ask later
    REJECTED = auto()  # never will be sent
    WINDOW_CLOSED = auto()  # never will be sent, but a template would
    MISCONFIGURED = auto()  # the account or its credentials need an operator


@dataclass(frozen=True)
class Rule:
    """The meaning of a code.

    :param meaning: what to tell when Meta gives no words of its own.
    :param wait: before the next attempt, where Meta says nothing; ``None`` leaves it to the caller.
    :param scope: what is to be sent slower after it, as :class:`flask_waapi.Throttled` names it.
    :param growth: factor on ``wait`` from one attempt to the next.
    :param longest: end of that growth.
    :param attempts: after so many of them a transient fault counts as ``REJECTED``.
    :param transient_details: details of Meta that turn a rejection into a transient fault.
    """

    kind: Kind
    meaning: str
    wait: timedelta | None = None
    growth: int = 2
    longest: timedelta = timedelta(hours=1)
    attempts: int | None = None
    transient_details: re.Pattern[str] | None = None
    scope: str | None = None

    def kind_of(self, attempt: int, details: str) -> Kind:
        """The kind for one attempt with these details."""
        if self.transient_details is not None and self.transient_details.search(details):
            return Kind.TRANSIENT
        if self.attempts is not None and attempt > self.attempts:
            return Kind.REJECTED
        return self.kind

    def delay(self, attempt: int) -> timedelta | None:
        """How long to wait after that attempt."""
        if self.wait is None:
            return None
        longest = max(self.longest, self.wait)
        # By then any growth has met its end; the power itself has to stay small.
        steps = min(max(attempt - 1, 0), 16)
        return min(self.wait * int(self.growth**steps), longest)


def _transient(meaning: str, *, wait: int | None = None, attempts: int | None = None) -> Rule:
    pause = None if wait is None else timedelta(seconds=wait)
    return Rule(Kind.TRANSIENT, meaning, pause, growth=1, attempts=attempts)


def _throttled(meaning: str, *, wait: int, growth: int = 2, scope: str | None = None) -> Rule:
    return Rule(Kind.THROTTLED, meaning, timedelta(seconds=wait), growth, scope=scope)


def _rejected(meaning: str, *, transient_details: str | None = None) -> Rule:
    pattern = None if transient_details is None else re.compile(transient_details)
    return Rule(Kind.REJECTED, meaning, transient_details=pattern)


def _misconfigured(meaning: str) -> Rule:
    return Rule(Kind.MISCONFIGURED, meaning)


RULES: dict[int, Rule] = {
    # Graph API: tokens, permissions, calls per hour
    0: _misconfigured("The access token is invalid."),
    1: _transient("Meta failed for an unknown reason, or the request is malformed.", attempts=2),
    2: _transient("The Cloud API is down or overloaded."),
    3: _misconfigured("The app lacks a capability or permission."),
    4: _throttled("The app has used up its calls.", wait=60),
    10: _misconfigured("The permission was not granted or was removed."),
    17: _throttled("The user has used up its calls.", wait=60),
    33: _misconfigured("The phone number id was deleted or is invalid."),
    100: _rejected("A parameter is missing, misspelt or not allowed."),
    104: _misconfigured("The request carried no access token."),
    190: _misconfigured("The access token has expired or was revoked."),
    368: _misconfigured("The account is blocked for a while for violating a policy."),
    613: _throttled("A limit on calls of this kind is reached.", wait=60),
    803: _rejected("The object does not exist."),
    80007: _throttled("The business account has used up its calls.", wait=60),
    # Throughput and experiments
    130429: _throttled("The number's throughput is reached.", wait=1, scope=Throttled.NUMBER),
    130472: _rejected("The recipient is part of an experiment and gets no marketing messages."),
    130497: _misconfigured("The account may not message people in this country."),
    # Sending
    131000: _transient("Meta could not send the message for an unknown reason."),
    131005: _misconfigured("Access was denied: a permission is missing."),
    131008: _rejected("A required parameter is missing."),
    131009: _rejected("The value of a parameter is invalid."),
    131016: _transient("The service is unavailable."),
    131020: _rejected("The group has only one member."),
    131021: _rejected("The recipient is the sending number itself."),
    131026: _rejected("The message cannot be delivered to this recipient."),
    131030: _rejected("The recipient is not on the test number's list of allowed recipients."),
    131031: _misconfigured("The account is locked."),
    131037: _misconfigured("The number's display name is not approved."),
    131041: _rejected("The group is unknown, or the number is not a member."),
    131042: _misconfigured("There is a problem with the account's payment method."),
    131043: _rejected("The message has expired."),
    131044: _misconfigured("There is a problem with the payment method for calls."),
    131045: _misconfigured("The number's registration is at fault."),
    131047: Rule(Kind.WINDOW_CLOSED, "More than 24 hours have passed since the recipient last wrote."),
    131048: _misconfigured("Too many of the number's messages were reported as spam."),
    131049: _rejected("Meta held the message back to keep the recipient engaged."),
    131050: _rejected("The recipient has stopped marketing messages from this sender."),
    131051: _rejected("The message type is not supported."),
    131052: _transient("The medium the recipient sent could not be fetched.", attempts=1),
    131053: _rejected(
        "The medium could not be loaded or processed.",
        # The server that holds the medium was busy or down, which the medium itself is not.
        transient_details=r"(?<!\d)(?:429|5\d\d)(?!\d)",
    ),
    131055: _rejected("The marketing endpoint takes marketing templates only."),
    131056: _throttled(
        "Too many messages to this recipient in a short time.", wait=1, growth=4, scope=Throttled.RECIPIENT
    ),
    131057: _transient("The account is in maintenance.", wait=60),
    131059: _transient("The position in a list has expired; read it again from the start."),
    131062: _rejected("This kind of message cannot be sent to a user id."),
    131063: _misconfigured("Marketing templates are switched off on this endpoint."),
    131064: _misconfigured("The account's limit was cut for misclassified templates."),
    # Templates and flows
    132000: _rejected("The number of variables does not match the template."),
    132001: _rejected("There is no approved template of that name in that language."),
    132005: _rejected("The template is too long with these values."),
    132007: _rejected("The template's content violates a policy."),
    132008: _rejected("The value of a template variable is invalid."),
    132012: _rejected("A variable is not of the kind that the template asks for."),
    132015: _rejected("The template is paused for low quality."),
    132016: _rejected("The template was disabled for good."),
    132018: _rejected("A value holds a line break, a tab or more than four spaces in a row."),
    132068: _rejected("The flow is blocked."),
    132069: _throttled("The flow is throttled.", wait=360),
    # Registration of the number
    133000: _transient("An earlier deregistration is not complete."),
    133001: _transient("The number's keys could not be read."),
    133002: _transient("The number's keys could not be read."),
    133003: _transient("The number's keys could not be read."),
    133004: _transient("The server is unavailable for a moment."),
    133005: _misconfigured("The number's PIN is wrong."),
    133006: _misconfigured("The number must be verified again."),
    133007: _transient("The number's account is blocked for a moment."),
    133008: _throttled("Too many wrong PINs.", wait=3600),
    133009: _throttled("PINs were tried too fast.", wait=300),
    133010: _misconfigured("The number is not registered with the Cloud API."),
    133015: _transient("The number was deleted recently; registering has to wait.", wait=300),
    133016: _throttled("The number was registered too often.", wait=72 * 3600),
    # Payments, marketing endpoint, the rest
    134011: _misconfigured("The terms of WhatsApp Payments are not accepted."),
    134100: _rejected("The template is no marketing template."),
    134101: _transient("The template is not ready on the marketing endpoint yet.", wait=600),
    134102: _rejected("The template is not available on the marketing endpoint."),
    135000: _transient("The request failed, mostly for a wrong parameter.", attempts=1),
    136025: _misconfigured("The number's verification code is wrong."),
    137000: _rejected("The recipient's identity has changed since it was confirmed."),
    139103: _transient("The block list is out of order for a moment."),
    141006: _misconfigured("There is a problem with the account's payment method."),
    141010: _misconfigured("The business is not verified."),
    141014: _misconfigured("The business account is banned."),
    # Setting up numbers and templates
    2388012: _rejected("The phone number exists already."),
    2388019: _rejected("The account holds as many templates as it may."),
    2388040: _rejected("A field of the template is too long."),
    2388047: _rejected("The template's header has a wrong format."),
    2388073: _rejected("The template's footer has a wrong format."),
    2388091: _rejected("The phone number cannot be moved."),
    2388093: _rejected("The phone number is not eligible."),
    2388103: _rejected("The phone number cannot be migrated."),
    2388293: _rejected("The template has too many variables for its length."),
    2388299: _rejected("A variable stands at an edge of the template."),
    2494100: _transient("The number is in maintenance.", wait=60),
}
"""The codes that stand alone."""

RANGES: tuple[tuple[range, Rule], ...] = (
    (range(200, 300), _misconfigured("A permission is missing or was removed.")),
    # Before the other group codes: this one alone is a limit.
    (range(131208, 131209), _throttled("Too many calls on groups.", wait=60)),
    (range(131201, 131216), _rejected("The operation on the group is not possible.")),
    (range(138000, 138019), _rejected("The call is not possible.")),
    (range(139000, 139005), _rejected("The flow cannot be changed.")),
    (range(139100, 139104), _rejected("The block list cannot be changed.")),
    (range(147001, 147006), _rejected("The user name is not possible.")),
)
"""The codes that stand in families; a family is asked after :data:`RULES`."""

_NO_SUCH_OBJECT = 33
_UNREACHABLE_NODE = _misconfigured(
    "The phone number or business account does not exist, or the token has no access to it."
)
_UNKNOWN_TRANSIENT = _transient("The Cloud API failed for a moment.")
_UNKNOWN_THROTTLED = Rule(Kind.THROTTLED, "Too many requests.")
_UNKNOWN_UNAUTHENTICATED = _misconfigured("The access token is not accepted.")
_UNKNOWN_REJECTED = _rejected("The Cloud API refused the request.")


def rule_for(code: int, *, subcode: int | None, http_status: int, is_transient: bool) -> Rule:
    """The rule of a Graph error.

    Code 100 with subcode 33 says that the node in the address is unknown, which is a setting of
    ours, not a parameter of the message. A code that the table lacks goes by Meta's own flag, then
    by the HTTP status.
    """
    if code == 100 and subcode == _NO_SUCH_OBJECT:
        return _UNREACHABLE_NODE
    if code in RULES:
        return RULES[code]
    for codes, rule in RANGES:
        if code in codes:
            return rule
    if is_transient or http_status >= 500:
        return _UNKNOWN_TRANSIENT
    if http_status == 429:
        return _UNKNOWN_THROTTLED
    if http_status == 401:
        return _UNKNOWN_UNAUTHENTICATED
    return _UNKNOWN_REJECTED
