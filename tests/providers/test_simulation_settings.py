"""The simulation provider: its settings and its templates."""

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

from flask_waapi import OutboundMessage, ProviderContext, ProviderSettingsError, Text
from flask_waapi.testing import ManualClock
from waapi_simulation import SimulationProvider
from waapi_simulation.samples import SAMPLES

TEMPLATE = {"name": "own", "language": "fr", "components": [{"type": "BODY", "text": "Bonjour"}]}
MESSAGE = OutboundMessage(UUID("01890a5d-ac96-774b-bcce-b302099a8057"), "+1234567890", Text("Hello"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make(clock: ManualClock) -> Callable[..., SimulationProvider]:
    return lambda **settings: SimulationProvider(ProviderContext("simulation", settings, clock))


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
    later = make(**settings).send(MESSAGE).later

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
    listed = {(template.name, template.language): template.status for template in make().list_templates()}

    assert listed == {
        ("order_confirmation", "en"): "APPROVED",
        ("shipping_update", "en_US"): "APPROVED",
        ("seasonal_offer", "en"): "APPROVED",
        ("hello_world", "en_US"): "APPROVED",
        ("appointment_reminder", "en"): "APPROVED",
        ("appointment_reminder", "de"): "APPROVED",
        ("login_code", "en"): "APPROVED",
        ("paused_example", "en"): "PAUSED",
        ("summer_carousel", "en"): "APPROVED",
        ("ending_offer", "en"): "APPROVED",
        ("best_sellers", "en"): "APPROVED",
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
            | st.dictionaries(st.sampled_from(["name", "language", "components", "status", "id", "x"]), inner)
        ),
        max_leaves=12,
    ).filter(lambda value: not isinstance(value, str))
)
def test_any_value_is_a_list_of_templates_or_a_settings_error(templates: Any) -> None:
    context = ProviderContext("simulation", {"templates": templates}, ManualClock())

    problems: tuple[str, ...] = ()
    try:
        SimulationProvider(context)
    except ProviderSettingsError as error:
        problems = error.problems

    assert all(problem.startswith("templates") for problem in problems)


def test_check_says_that_nothing_is_sent(make: Callable[..., SimulationProvider]) -> None:
    assert make().check() == f"Simulation with {len(SAMPLES)} templates; nothing is sent."
