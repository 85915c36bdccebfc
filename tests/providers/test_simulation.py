"""The simulation provider: magic recipients, delays and templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
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
    ProviderSettingsError,
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
from waapi_simulation.samples import SAMPLES

MESSAGE_UUID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
MESSAGE_ID = "sim.01890a5dac96774bbcceb302099a8057"
ORDINARY = "+1234567890"
TEMPLATE = {"name": "own", "language": "fr", "components": [{"type": "BODY", "text": "Bonjour"}]}

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
def test_a_throttle_says_when_to_come_back(
    make: Callable[..., SimulationProvider], code: str
) -> None:
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

    try:
        result = provider.send(message(recipient))
    except ProviderError as error:
        assert recipient.startswith(("+15550", "+15552"))
        assert error.message
    else:
        assert all(update.occurred_at >= clock() for update in result.later)


@given(code=st.integers(0, 999_999))
def test_any_code_comes_back_as_it_was_given(code: int) -> None:
    failed = outcome_for(f"+15551{code:06}")

    assert refusal(f"+15550{code:06}").code == str(code)
    assert isinstance(failed, Accepted)
    assert [step.refusal and step.refusal.code for step in failed.later] == [str(code)]


@given(recipient=st.text())
def test_not_even_nonsense_raises_an_unexpected_exception(recipient: str) -> None:
    assert isinstance(outcome_for(recipient), Accepted | Refused)


# Settings


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [1, 2]),
        ({"delivered_after": 5}, [5, 6]),
        ({"read_after": 60}, [1, 60]),
        ({"delivered_after": 0, "read_after": 0}, [0, 0]),
        ({"delivered_after": 0.25, "read_after": 0.5}, [0.25, 0.5]),
        ({"delivered_after": None, "read_after": None, "templates": None}, [1, 2]),
    ],
)
def test_the_delays_can_be_set(
    make: Callable[..., SimulationProvider],
    clock: ManualClock,
    settings: dict[str, Any],
    expected: list[float],
) -> None:
    later = make(**settings).send(message()).later

    assert [(update.occurred_at - clock()).total_seconds() for update in later] == expected


@pytest.mark.parametrize("name", ["delivered_after", "read_after"])
@pytest.mark.parametrize(
    "value", ["1", True, -1, float("nan"), float("inf"), 10**30, timedelta(seconds=1), object()]
)
def test_a_delay_that_is_no_number_of_seconds_is_refused(
    make: Callable[..., SimulationProvider], name: str, value: Any
) -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        make(**{name: value})

    assert caught.value.problems == (f"{name} must be a number of seconds from 0 to 2,592,000.",)


def test_reading_before_the_delivery_is_refused(make: Callable[..., SimulationProvider]) -> None:
    with pytest.raises(ProviderSettingsError, match="read_after must not be less"):
        make(delivered_after=10, read_after=9)


def test_all_faults_are_named_at_once_and_a_misspelt_name_with_the_right_one(
    make: Callable[..., SimulationProvider],
) -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        make(delivered_after="soon", read_after=-1, templates=3, read_afer=1, colour="red")

    assert caught.value.problems == (
        "read_afer is not a setting of this provider. Did you mean read_after?",
        "colour is not a setting of this provider.",
        "delivered_after must be a number of seconds from 0 to 2,592,000.",
        "read_after must be a number of seconds from 0 to 2,592,000.",
        "templates must be a list of templates or the path of a JSON file.",
    )


# Templates


def test_the_samples_are_listed_unless_templates_are_configured(
    make: Callable[..., SimulationProvider],
) -> None:
    listed = {
        (template.name, template.language): template.status for template in make().list_templates()
    }

    assert listed == {
        ("order_confirmation", "en"): "APPROVED",
        ("shipping_update", "en_US"): "APPROVED",
        ("seasonal_offer", "en"): "APPROVED",
        ("hello_world", "en_US"): "APPROVED",
        ("appointment_reminder", "en"): "APPROVED",
        ("appointment_reminder", "de"): "APPROVED",
        ("login_code", "en"): "APPROVED",
        ("paused_example", "en"): "PAUSED",
    }


def test_the_order_confirmation_takes_the_variables_of_the_documented_request(
    make: Callable[..., SimulationProvider],
) -> None:
    template = next(iter(make().list_templates()))
    (body,) = template.components

    assert (template.category, template.parameter_format) == ("UTILITY", "NAMED")
    assert body["text"] == (
        "Hi {{customer_name}}, thank you for your order {{order_id}}. The total is {{total}}."
    )
    assert [value["param_name"] for value in body["example"]["body_text_named_params"]] == [
        "customer_name",
        "order_id",
        "total",
    ]


def test_a_configured_list_replaces_the_samples_and_fills_in_metas_defaults(
    make: Callable[..., SimulationProvider],
) -> None:
    (template,) = make(templates=[{**TEMPLATE, "id": 42}]).list_templates()

    assert (template.name, template.language) == ("own", "fr")
    assert template.status == "APPROVED"
    assert template.category == "UTILITY"
    assert template.parameter_format == "POSITIONAL"
    assert template.provider_template_id == "42"
    assert list(template.components) == TEMPLATE["components"]


def test_an_empty_list_of_templates_is_a_list(make: Callable[..., SimulationProvider]) -> None:
    assert list(make(templates=[]).list_templates()) == []


@pytest.mark.parametrize("content", [[TEMPLATE], {"data": [TEMPLATE], "paging": {}}])
@pytest.mark.parametrize("kind", [str, Path])
def test_templates_can_be_read_from_a_file(
    make: Callable[..., SimulationProvider],
    tmp_path: Path,
    content: Any,
    kind: Callable[[Path], str | Path],
) -> None:
    path = tmp_path / "templates.json"
    path.write_text(json.dumps(content), encoding="utf-8")

    assert [template.name for template in make(templates=kind(path)).list_templates()] == ["own"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"not JSON", "which is not JSON: "),
        (b"\xff\xfe{", "which is not JSON: "),
        (b'"text"', "templates must be a list"),
        (b'{"error": {}}', "templates must be a list"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_with_the_cause(
    make: Callable[..., SimulationProvider], tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "templates.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ProviderSettingsError) as caught:
        make(templates=path)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        (["text"], "templates[0] must be an object."),
        ([TEMPLATE, {**TEMPLATE, "name": ""}], "templates[1].name must be a non-empty string."),
        ([{**TEMPLATE, "language": 5}], "templates[0].language must be a non-empty string."),
        ([{**TEMPLATE, "components": {}}], "templates[0].components must be a non-empty list."),
        ([{**TEMPLATE, "components": ["x"]}], "templates[0].components must hold objects."),
        ([{**TEMPLATE, "status": None}], "templates[0].status must be a non-empty string."),
        ([TEMPLATE, TEMPLATE], "templates holds own in fr twice."),
    ],
)
def test_a_template_that_is_none_is_refused_with_its_place(
    make: Callable[..., SimulationProvider], items: list[Any], problem: str
) -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        make(templates=items)

    assert caught.value.problems == (problem,)


def test_the_faults_of_all_templates_are_named_at_once(
    make: Callable[..., SimulationProvider],
) -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        make(templates=[{}, {}])

    assert len(caught.value.problems) == 6


@given(
    templates=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "language", "components", "status", "id", "x"]), inner
            )
        ),
        max_leaves=12,
    ).filter(lambda value: not isinstance(value, str))
)
def test_any_value_is_a_list_of_templates_or_a_settings_error(templates: Any) -> None:
    context = ProviderContext("simulation", {"templates": templates}, ManualClock())

    try:
        provider = SimulationProvider(context)
    except ProviderSettingsError as error:
        assert all(problem.startswith("templates") for problem in error.problems)
    else:
        assert all(template.name for template in provider.list_templates())


def test_check_says_that_nothing_is_sent(make: Callable[..., SimulationProvider]) -> None:
    assert make().check() == f"Simulation with {len(SAMPLES)} templates; nothing is sent."
