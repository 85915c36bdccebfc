"""The simulation provider: magic recipients, delays and templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi import (
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    ProviderContext,
    ProviderError,
    Refusal,
    Rejected,
    Retryable,
    StatusUpdate,
    Template,
    Text,
    WindowClosed,
)
from flask_waapi.plugins.registry import find_provider_types
from flask_waapi.testing import ManualClock
from waapi_cloud.error_codes import Kind, rule_for
from waapi_simulation import SimulationProvider
from waapi_simulation.codes import CODES, lookup
from waapi_simulation.outcomes import BEHAVIOURS, Accepted, Delays, Refused, outcome_for

MESSAGE_UUID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MESSAGE_ID = "sim.01890a5dac96774bbcceb302099a8057"
ORDINARY = "+1234567890"

e164 = st.from_regex(r"\+[1-9][0-9]{1,14}", fullmatch=True)


def message(to: str = ORDINARY, attempt: int = 1) -> OutboundMessage:
    return OutboundMessage(MESSAGE_UUID, to, Text("Hello"), attempt)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make(clock: ManualClock) -> Callable[..., SimulationProvider]:
    return lambda **settings: SimulationProvider(ProviderContext("simulation", settings, clock))


def statuses(recipient: str) -> list[tuple[str, float]]:
    """The statuses of an accepted message and the seconds after which they come."""
    outcome = outcome_for(recipient)
    assert isinstance(outcome, Accepted)
    return [(step.status, step.after.total_seconds()) for step in outcome.later]


def refusal(recipient: str, attempt: int = 1) -> Refused:
    outcome = outcome_for(recipient, attempt=attempt)
    assert isinstance(outcome, Refused)
    return outcome


# Ordinary recipients


@pytest.mark.parametrize(
    "recipient",
    [
        ORDINARY,
        "+4915112345678",
        "+15553131026",
        "+1555013102",
        "+155501310267",
        "+15552000099",
        "+15552000000",
    ],
)
def test_a_recipient_that_is_not_magic_gets_and_reads_the_message(recipient: str) -> None:
    assert statuses(recipient) == [("delivered", 1), ("read", 2)]


def test_a_result_holds_the_statuses_with_their_times_and_both_ids(
    make: Callable[..., SimulationProvider], clock: ManualClock
) -> None:
    result = make().send(message())

    assert result.provider_message_id == MESSAGE_ID
    assert result.recipient_id == "1234567890"
    assert result.later == (
        StatusUpdate("delivered", clock() + timedelta(seconds=1), MESSAGE_ID, MESSAGE_UUID),
        StatusUpdate("read", clock() + timedelta(seconds=2), MESSAGE_ID, MESSAGE_UUID),
    )


def test_the_same_message_has_the_same_fate_in_another_instance(
    make: Callable[..., SimulationProvider],
) -> None:
    assert make().send(message()) == make().send(message())


def test_a_template_that_it_does_not_list_is_sent_too(
    make: Callable[..., SimulationProvider],
) -> None:
    real = OutboundMessage(MESSAGE_UUID, ORDINARY, Template("a_real_template", "pt_BR"))

    assert make().send(real).provider_message_id == MESSAGE_ID


def test_it_is_simulated_so_test_keys_may_use_it() -> None:
    assert SimulationProvider.simulated


def test_it_is_found_by_its_entry_point() -> None:
    types = find_provider_types()

    assert types.factories["simulation"] is SimulationProvider
    assert types.origins["simulation"] == "flask-waapi:simulation"


# Magic recipients: Meta's codes


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("131026", Rejected),
        ("131047", WindowClosed),
        ("132001", Rejected),
        ("100", Rejected),
        ("190", Misconfigured),
        ("0", Misconfigured),
        ("10", Misconfigured),
        ("215", Misconfigured),
        ("131042", Misconfigured),
        ("1", Retryable),
        ("2", Retryable),
        ("131000", Retryable),
        ("131016", Retryable),
        ("999999", Rejected),
    ],
)
def test_the_first_range_is_refused_at_once_with_the_code(
    make: Callable[..., SimulationProvider], code: str, kind: type[ProviderError]
) -> None:
    with pytest.raises(kind) as caught:
        make().send(message(f"+15550{code.zfill(6)}"))

    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("code", ["4", "80007", "130429", "131056"])
def test_a_throttle_says_when_to_come_back(make: Callable[..., SimulationProvider], code: str) -> None:
    with pytest.raises(Retryable) as caught:
        make().send(message(f"+15550{code.zfill(6)}"))

    assert caught.value.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize("code", ["1", "2", "131000", "131016"])
def test_a_transient_fault_leaves_the_time_of_the_next_attempt_open(
    make: Callable[..., SimulationProvider], code: str
) -> None:
    with pytest.raises(Retryable) as caught:
        make().send(message(f"+15550{code.zfill(6)}"))

    assert caught.value.retry_after is None


def test_the_second_range_is_accepted_and_fails_later_with_the_code(
    make: Callable[..., SimulationProvider], clock: ManualClock
) -> None:
    result = make().send(message("+15551131026"))

    assert result.later == (
        StatusUpdate(
            "failed",
            clock() + timedelta(seconds=1),
            MESSAGE_ID,
            MESSAGE_UUID,
            Refusal("131026", "The message cannot be delivered to this recipient."),
        ),
    )


def test_a_code_that_is_not_well_known_has_a_general_reason() -> None:
    assert lookup(424242).reason == "Meta refused the message with the code 424242."


def test_each_code_stands_in_the_table_once_and_fits_the_number() -> None:
    codes = [known.code for known in CODES]

    assert codes == sorted(set(codes))
    assert all(0 <= code <= 999_999 for code in codes)


@pytest.mark.parametrize("known", CODES, ids=lambda known: str(known.code))
def test_a_code_has_the_kind_that_the_cloud_provider_gives_it(known: Any) -> None:
    kinds = {
        Kind.TRANSIENT: Retryable,
        Kind.THROTTLED: Retryable,
        Kind.REJECTED: Rejected,
        Kind.WINDOW_CLOSED: WindowClosed,
        Kind.MISCONFIGURED: Misconfigured,
    }
    rule = rule_for(known.code, subcode=None, http_status=400, is_transient=False)

    assert known.kind is kinds[rule.kind]
    assert (known.retry_after is not None) == (rule.kind is Kind.THROTTLED)


# Magic recipients: behaviours


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("+15552000001", [("delivered", 1)]),
        ("+15552000002", [("read", 2)]),
        ("+15552000003", [("delivered", 3600), ("read", 7200)]),
        ("+15552000004", [("delivered", 1), ("delivered", 1), ("read", 2), ("read", 2)]),
        ("+15552000005", [("read", 1), ("delivered", 2), ("sent", 3)]),
        ("+15552000006", []),
    ],
)
def test_the_third_range_has_a_life_out_of_the_ordinary(
    recipient: str, expected: list[tuple[str, float]]
) -> None:
    assert statuses(recipient) == expected


@pytest.mark.parametrize(
    ("recipient", "kind", "retry_after"),
    [
        ("+15552000007", Retryable, timedelta(seconds=30)),
        ("+15552000008", Retryable, None),
        ("+15552000010", OutcomeUnknown, None),
    ],
)
@pytest.mark.parametrize("attempt", [1, 2, 8])
def test_the_third_range_holds_refusals_that_last(
    recipient: str, kind: type[ProviderError], retry_after: timedelta | None, attempt: int
) -> None:
    refused = refusal(recipient, attempt)

    assert refused.kind is kind
    assert refused.retry_after == retry_after
    assert refused.code is None


def test_one_behaviour_is_refused_at_the_first_attempt_and_accepted_at_the_second(
    make: Callable[..., SimulationProvider],
) -> None:
    provider = make()

    with pytest.raises(Retryable):
        provider.send(message("+15552000009"))
    assert provider.send(message("+15552000009", attempt=2)).later


def test_the_behaviours_are_numbered_without_a_gap() -> None:
    assert [behaviour.number for behaviour in BEHAVIOURS] == list(range(1, len(BEHAVIOURS) + 1))


def test_each_send_raises_an_exception_of_its_own(
    make: Callable[..., SimulationProvider],
) -> None:
    provider = make()
    errors = []
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            provider.send(message("+15550131026"))
        errors.append(caught.value)

    assert errors[0] is not errors[1]


@given(recipient=e164, attempt=st.integers(1, 20))
def test_any_recipient_gets_an_outcome(recipient: str, attempt: int) -> None:
    assert isinstance(outcome_for(recipient, Delays(), attempt), Accepted | Refused)


@given(
    recipient=st.one_of(e164, st.from_regex(r"\+1555[012][0-9]{6}", fullmatch=True)),
    delivered=st.floats(0, 1_000_000),
    more=st.floats(0, 1_000_000),
)
def test_any_recipient_ends_in_a_result_or_a_provider_error(
    recipient: str, delivered: float, more: float
) -> None:
    clock = ManualClock()
    settings = {"delivered_after": delivered, "read_after": delivered + more}
    provider = SimulationProvider(ProviderContext("simulation", settings, clock))

    if isinstance(outcome_for(recipient), Refused):
        with pytest.raises(ProviderError, match=r"\.$"):
            provider.send(message(recipient))
    else:
        assert all(update.occurred_at >= clock() for update in provider.send(message(recipient)).later)


@given(code=st.integers(0, 999_999))
def test_any_code_comes_back_as_it_was_given(code: int) -> None:
    failed = outcome_for(f"+15551{code:06}")

    assert refusal(f"+15550{code:06}").code == str(code)
    assert isinstance(failed, Accepted)
    assert [step.refusal and step.refusal.code for step in failed.later] == [str(code)]


@given(recipient=st.text())
def test_not_even_nonsense_raises_an_unexpected_exception(recipient: str) -> None:
    assert isinstance(outcome_for(recipient), Accepted | Refused)
