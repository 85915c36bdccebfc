"""A template to make, or a change of one: what is read of it."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi import TemplateChange, TemplateDefinition, ValidationFailed
from flask_waapi.errors import Fault
from flask_waapi.messaging.templates.form import read_edit, read_new
from template_forms import HANDLE, body, form
from waapi_simulation.samples import SAMPLES


def test_the_parts_become_components() -> None:
    change = read_new(
        form(
            category="marketing",
            header="For {{first_name}}",
            body="Hi {{first_name}}, {{code}} is yours.",
            footer="Reply STOP to leave.",
            buttons=[
                "Yes",
                {
                    "type": "url",
                    "text": "Open",
                    "url": "https://example.com/{{1}}",
                    "example": "https://e.com/a",
                },
            ],
            examples={"first_name": "Ann", "code": "SAVE20"},
            ttl=43_200,
        )
    )

    first_name = {"param_name": "first_name", "example": "Ann"}
    code = {"param_name": "code", "example": "SAVE20"}
    assert change == TemplateChange(
        name="order_news",
        language="en",
        category="MARKETING",
        parameter_format="NAMED",
        ttl=timedelta(hours=12),
        components=[
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "For {{first_name}}",
                "example": {"header_text_named_params": [first_name]},
            },
            {
                "type": "BODY",
                "text": "Hi {{first_name}}, {{code}} is yours.",
                "example": {"body_text_named_params": [first_name, code]},
            },
            {"type": "FOOTER", "text": "Reply STOP to leave."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Yes"},
                    {
                        "type": "URL",
                        "text": "Open",
                        "url": "https://example.com/{{1}}",
                        "example": ["https://e.com/a"],
                    },
                ],
            },
        ],
    )


@pytest.mark.parametrize("examples", [["Ann", "Monday"], {"2": "Monday", "1": "Ann"}], ids=["list", "object"])
def test_examples_of_positions_are_in_the_order_of_their_numbers(examples: Any) -> None:
    change = read_new(
        form(
            header={"text": "Order {{1}}", "example": "ORD-1"},
            body="On {{2}} we come, {{1}}.",
            examples=examples,
        )
    )

    assert change.components is not None
    assert change.parameter_format is None
    assert [part["example"] for part in change.components] == [
        {"header_text": ["ORD-1"]},
        {"body_text": [["Ann", "Monday"]]},
    ]


def test_a_media_header_takes_the_handle_of_its_example() -> None:
    change = read_new(form(header={"format": "image", "example": HANDLE}))

    assert change.components is not None
    assert change.components[0] == {
        "type": "HEADER",
        "format": "IMAGE",
        "example": {"header_handle": [HANDLE]},
    }


def test_an_authentication_template_can_be_written_in_parts() -> None:
    change = read_new(
        form(
            category="AUTHENTICATION",
            body={"add_security_recommendation": True},
            footer={"code_expiration_minutes": 5},
            buttons=[{"type": "otp", "otp_type": "copy_code"}],
        )
    )

    assert change.components == [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "copy_code"}]},
    ]


LISTED = [sample for sample in SAMPLES if sample["category"] != "AUTHENTICATION"]
"""As they are made; those for passwords Meta lists with words of its own."""


@pytest.mark.parametrize("sample", LISTED, ids=lambda sample: f"{sample['name']} {sample['language']}")
def test_components_of_a_template_that_meta_lists_are_taken_unchanged(sample: dict[str, Any]) -> None:
    given = copy.deepcopy(sample["components"])
    members = ("name", "language", "category", "parameter_format", "components")

    change = read_new({name: sample[name] for name in members if name in sample})

    assert change.components == given


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "format", "example", "buttons", "cards", "components", "body_text", "url"]
            ),
            inner | st.sampled_from(["BODY", "HEADER", "BUTTONS", "CAROUSEL", "URL", "{{1}}", "a {{b}} c"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    values=st.dictionaries(
        st.sampled_from(
            ["header", "body", "footer", "buttons", "examples", "components", "ttl", "parameter_format"]
        ),
        _JSON,
    ),
    category=st.sampled_from(["UTILITY", "MARKETING", "AUTHENTICATION"]),
)
def test_any_json_is_a_template_or_has_its_faults_named(values: dict[str, Any], category: str) -> None:
    faults: tuple[Fault, ...] = ()
    change = None
    try:
        change = read_new({"name": "a", "language": "en", "category": category, **values})
    except ValidationFailed as error:
        faults = error.faults

    assert (change is None) == bool(faults)
    assert all(fault.pointer == "" or fault.pointer.startswith("/") for fault in faults)


def definition(**members: Any) -> TemplateDefinition:
    values = {"status": "APPROVED", "category": "UTILITY", "parameter_format": "NAMED"} | members
    return TemplateDefinition("order_news", "en", components=[body()], **values)


class TestEdits:
    """A change of a template that there is"""

    def refused(self, values: Any, template: TemplateDefinition) -> set[str]:
        with pytest.raises(ValidationFailed) as caught:
            read_edit(values, template)
        return {fault.pointer for fault in caught.value.faults}

    def test_what_is_not_given_is_left_as_it_is(self) -> None:
        assert read_edit({"ttl": 60}, definition()) == TemplateChange(
            "order_news", "en", ttl=timedelta(seconds=60)
        )

    def test_the_components_are_held_against_the_category_and_format_it_has(self) -> None:
        values = {"components": [body("It {{1}} is.", example={"body_text": [["x"]]})]}

        assert read_edit(values, definition(parameter_format="POSITIONAL")).components == values["components"]
        assert "/components/0/text" in self.refused(values, definition())

    def test_an_approved_one_keeps_its_category(self) -> None:
        assert self.refused({"category": "MARKETING"}, definition()) == {"/category"}
        rejected = definition(status="REJECTED")
        assert read_edit({"category": "MARKETING"}, rejected).category == "MARKETING"

    @pytest.mark.parametrize("status", ["PENDING", "DISABLED", "PENDING_DELETION", "SOMETHING_NEW"])
    def test_it_must_be_in_a_state_to_be_changed(self, status: str) -> None:
        assert self.refused({"ttl": 60}, definition(status=status)) == {""}

    @pytest.mark.parametrize(("values", "pointer"), [({}, ""), ({"name": "x"}, "/name")])
    def test_there_must_be_something_that_can_be_changed(self, values: Any, pointer: str) -> None:
        assert self.refused(values, definition()) == {pointer}
