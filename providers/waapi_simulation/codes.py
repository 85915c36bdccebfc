"""Meta's error codes: what each means for a send, in our own words.

Codes and meanings are those of the Cloud API's error page. The kinds are those that the Cloud API
provider raises for the same codes, which a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_waapi import Misconfigured, ProviderError, Rejected, Retryable, WindowClosed

THROTTLE_PAUSE = timedelta(seconds=30)
"""The pause that a simulated throttle asks for."""

_PERMISSION_CODES = range(200, 300)


@dataclass(frozen=True)
class MetaCode:
    """One code.

    :param kind: what a send that meets it raises.
    :param reason: what it means, for the caller's eyes.
    :param retry_after: the pause it asks for, where it is a throttle.
    """

    code: int
    kind: type[ProviderError]
    reason: str
    retry_after: timedelta | None = None


def _throttle(code: int, reason: str) -> MetaCode:
    return MetaCode(code, Retryable, reason, THROTTLE_PAUSE)


CODES = (
    MetaCode(0, Misconfigured, "The access token could not be verified."),
    MetaCode(1, Retryable, "Meta answered with an unknown error."),
    MetaCode(2, Retryable, "Meta's service is down or overloaded."),
    MetaCode(3, Misconfigured, "The app lacks a capability it needs."),
    _throttle(4, "The app has made too many calls."),
    MetaCode(10, Misconfigured, "The app lacks the permission to send."),
    _throttle(17, "The user of the token has made too many calls."),
    MetaCode(33, Misconfigured, "The sending number has been deleted."),
    MetaCode(100, Rejected, "A parameter is missing, misspelt or not valid."),
    MetaCode(104, Misconfigured, "The request carried no access token."),
    MetaCode(190, Misconfigured, "The access token has expired or was revoked."),
    MetaCode(368, Misconfigured, "The account is blocked for a while for breaking a policy."),
    _throttle(613, "Too many calls of this kind."),
    _throttle(80007, "The WhatsApp business account has made too many calls."),
    _throttle(130429, "The sending number has reached its messages per second."),
    MetaCode(130472, Rejected, "The recipient is part of an experiment that holds messages back."),
    MetaCode(130497, Misconfigured, "The account may not send to the recipient's country."),
    MetaCode(131000, Retryable, "The message could not be sent for an unknown reason."),
    MetaCode(131005, Misconfigured, "The token gives no access to the sending number."),
    MetaCode(131008, Rejected, "A required parameter is missing."),
    MetaCode(131009, Rejected, "The value of a parameter is not valid."),
    MetaCode(131016, Retryable, "A service at Meta is unavailable for the moment."),
    MetaCode(131021, Rejected, "The recipient is the sending number itself."),
    MetaCode(131026, Rejected, "The message cannot be delivered to this recipient."),
    MetaCode(131030, Rejected, "The recipient is not on the test number's list of recipients."),
    MetaCode(131031, Misconfigured, "The account is locked."),
    MetaCode(131037, Misconfigured, "The display name of the sending number is not approved."),
    MetaCode(131042, Misconfigured, "The account has a payment problem."),
    MetaCode(131045, Misconfigured, "The sending number is not registered correctly."),
    MetaCode(131047, WindowClosed, "The recipient has not written within the last 24 hours."),
    MetaCode(131048, Misconfigured, "The sending number is restricted as a source of spam."),
    MetaCode(131049, Rejected, "Meta held the message back to spare the recipient."),
    MetaCode(131050, Rejected, "The recipient has stopped marketing messages."),
    MetaCode(131051, Rejected, "The type of the message is not supported."),
    MetaCode(131053, Rejected, "The medium could not be loaded or processed."),
    _throttle(131056, "Too many messages to this recipient in a short time."),
    MetaCode(131057, Retryable, "The account is in maintenance."),
    MetaCode(131064, Misconfigured, "The account's limit was cut for misclassified templates."),
    MetaCode(132000, Rejected, "The number of variables differs from that of the template."),
    MetaCode(132001, Rejected, "The template does not exist in this language or is not approved."),
    MetaCode(132005, Rejected, "The template is too long once its variables are filled in."),
    MetaCode(132007, Rejected, "The content of the template breaks a policy."),
    MetaCode(132008, Rejected, "The value of a variable is not valid."),
    MetaCode(132012, Rejected, "A variable does not have the format that the template asks for."),
    MetaCode(132015, Rejected, "The template is paused because of its quality."),
    MetaCode(132016, Rejected, "The template has been disabled for good."),
    MetaCode(132018, Rejected, "A variable holds a line break, a tab or too many spaces."),
    MetaCode(133004, Retryable, "A server at Meta is unavailable for the moment."),
    MetaCode(133010, Misconfigured, "The sending number is not registered."),
)
"""The well-known codes, in order."""

_BY_CODE = {known.code: known for known in CODES}


def lookup(code: int) -> MetaCode:
    """What ``code`` means; one that is not well known is a rejection without further reason."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code in _PERMISSION_CODES:
        return MetaCode(code, Misconfigured, "A permission is missing or was taken away.")
    return MetaCode(code, Rejected, f"Meta refused the message with the code {code}.")
