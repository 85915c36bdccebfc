"""Templates and variables: every fault in one pass, and values that appear verbatim."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi import Button, Header, Image, TemplateDefinition, Variable
from flask_waapi.messaging.templates.rendering import TemplateDraft, fill, fill_unchecked
from flask_waapi.messaging.templates.text import read


def template(
    body: str = "Hi {{name}}, {{total}}.",
    *parts: Mapping[str, Any],
    parameter_format: str = "NAMED",
    category: str = "UTILITY",
) -> TemplateDefinition:
    """A template with this body and these further components."""
    components = [{"type": "BODY", "text": body}, *parts]
    return TemplateDefinition("sample", "en", "APPROVED", category, parameter_format, components)


def positional(body: str, *parts: Mapping[str, Any], category: str = "UTILITY") -> TemplateDefinition:
    """The same with placeholders that go by position."""
    return template(body, *parts, parameter_format="POSITIONAL", category=category)


def draft(
    variables: Mapping[str, str] | Sequence[str] = (),
    header: Header | None = None,
    buttons: Sequence[Button] = (),
) -> TemplateDraft:
    """What is asked for."""
    return TemplateDraft("sample", "en", variables, header, tuple(buttons))


def faults(definition: TemplateDefinition, wanted: TemplateDraft) -> dict[str, str]:
    """The messages of the faults by their pointers."""
    return {fault.pointer: fault.message for fault in fill(definition, wanted).faults}


TEXT_HEADER = {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}
NAMED_HEADER = {"type": "HEADER", "format": "TEXT", "text": "Order {{number}}"}
IMAGE_HEADER = {"type": "HEADER", "format": "IMAGE"}
URL = {"type": "URL", "text": "Track", "url": "https://example.com/{{1}}"}
FIXED_URL = {"type": "URL", "text": "Shop", "url": "https://example.com/"}
REPLY = {"type": "QUICK_REPLY", "text": "More"}
CODE = {"type": "COPY_CODE", "text": "Copy"}
CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1234567890"}
OTP = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}


def buttons(*kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The component of these buttons."""
    return {"type": "BUTTONS", "buttons": list(kinds)}


def test_named_values_go_to_their_names_in_the_order_of_the_text() -> None:
    filled = fill(template(), draft({"total": "9.99", "name": "John"}))

    assert filled.text == "Hi John, 9.99."
    assert filled.content.body == (Variable("John", "name"), Variable("9.99", "total"))
    assert filled.faults == ()


@pytest.mark.parametrize(
    "variables", [["John", "9.99"], {"1": "John", "2": "9.99"}, {"2": "9.99", "1": "John"}]
)
def test_positional_values_come_as_a_list_or_by_number(variables: Any) -> None:
    filled = fill(positional("Hi {{1}}, {{2}}."), draft(variables))

    assert filled.text == "Hi John, 9.99."
    assert filled.content.body == (Variable("John"), Variable("9.99"))


def test_positional_values_are_handed_over_by_number_though_the_text_has_another_order() -> None:
    filled = fill(positional("{{2}} for {{1}}."), draft(["John", "9.99"]))

    assert filled.text == "9.99 for John."
    assert filled.content.body == (Variable("John"), Variable("9.99"))


def test_more_than_nine_positions_keep_their_order() -> None:
    text = " ".join(f"{{{{{place}}}}}" for place in range(1, 13))
    values = [f"v{place}" for place in range(1, 13)]

    assert fill(positional(text), draft(values)).text == " ".join(values)
    assert [variable.value for variable in fill(positional(text), draft(values)).content.body] == values


def test_a_placeholder_used_twice_needs_one_value() -> None:
    filled = fill(template("{{name}}, dear {{name}}"), draft({"name": "John"}))

    assert filled.text == "John, dear John"
    assert filled.content.body == (Variable("John", "name"),)


def test_missing_and_superfluous_variables_are_told_all_at_once() -> None:
    found = faults(template("{{a}} {{b}} {{c}}"), draft({"a": "1", "x": "2", "y/z": "3"}))

    assert found == {
        "/variables/b": "The variable 'b' is missing.",
        "/variables/c": "The variable 'c' is missing.",
        "/variables/x": "The template has no variable 'x'.",
        "/variables/y~1z": "The template has no variable 'y/z'.",
    }


def test_a_list_that_is_too_short_or_too_long_is_told_by_place() -> None:
    definition = positional("{{1}} {{2}} {{3}}")

    assert set(faults(definition, draft(["a"]))) == {"/variables/1", "/variables/2"}
    assert set(faults(definition, draft(["a", "b", "c", "d", "e"]))) == {"/variables/3", "/variables/4"}


def test_names_cannot_be_given_as_a_list() -> None:
    assert faults(template(), draft(["John", "9.99"])) == {
        "/variables": "The template's variables go by name."
    }


@pytest.mark.parametrize("variables", [(), [], {}])
def test_nothing_given_is_every_variable_missing(variables: Any) -> None:
    assert set(faults(template(), draft(variables))) == {"/variables/name", "/variables/total"}


def test_a_template_without_variables_takes_none() -> None:
    assert fill(template("Welcome!"), draft()).text == "Welcome!"
    assert set(faults(template("Welcome!"), draft({"a": "1"}))) == {"/variables/a"}
    assert set(faults(positional("Welcome!"), draft(["1"]))) == {"/variables/0"}


def test_the_expectation_lists_the_names_and_examples() -> None:
    example = {"body_text_named_params": [{"param_name": "name", "example": "Jane"}]}
    definition = TemplateDefinition(
        "sample", "en", "APPROVED", "UTILITY", "NAMED",
        [{"type": "BODY", "text": "{{name}}", "example": example}],
    )  # fmt: skip

    expected = {fault.pointer: fault.expected for fault in fill(definition, draft({"x": "1"})).faults}

    assert expected == {
        "/variables/name": "text, for example 'Jane'",
        "/variables/x": "exactly these names: name",
    }


@pytest.mark.parametrize("value", ["", " ", "\u00a0", "a\nb", "a\rb", "a\tb", "a     b"])
def test_a_value_that_the_network_refuses_is_refused_before(value: str) -> None:
    assert set(faults(template(), draft({"name": value, "total": "1"}))) == {"/variables/name"}
    assert set(faults(positional("{{1}}"), draft([value]))) == {"/variables/0"}


_values = st.text(
    st.characters(exclude_characters="\n\r\t", exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=1
)


@given(_values, _values)
def test_values_appear_verbatim(first: str, second: str) -> None:
    filled = fill(template("<{{a}}|{{b}}>"), draft({"a": first, "b": second}))

    assert filled.text == f"<{first}|{second}>"
    assert filled.content.body == (Variable(first, "a"), Variable(second, "b"))


@pytest.mark.parametrize("value", ["{{b}}", "{{1}}", "\\1", "\\g<0>", "%s", "{0}", "$1", "{{", "}}"])
def test_a_value_that_looks_like_a_placeholder_stays_what_it_is(value: str) -> None:
    assert fill(template("{{a}} {{b}}"), draft({"a": value, "b": "x"})).text == f"{value} x"
    assert fill(positional("{{1}} {{2}}"), draft([value, "x"])).text == f"{value} x"


@given(st.text(max_size=30), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_any_template_and_any_variables_are_filled_or_refused_and_never_break(
    body: str, variables: dict[str, str]
) -> None:
    for definition in (template(body), positional(body)):
        fill(definition, draft(variables))
        fill(definition, draft(list(variables.values())))


@pytest.mark.parametrize("parameter_format", ["POSITIONAL", "", "UNHEARD_OF"])
@pytest.mark.parametrize("variables", [["John"], {"name": "John"}, ()])
def test_a_format_that_disagrees_with_the_text_breaks_nothing(parameter_format: str, variables: Any) -> None:
    definition = template("Hi {{name}}", parameter_format=parameter_format)

    fill(definition, draft(variables))


def test_spaces_within_the_braces_do_not_matter() -> None:
    assert fill(template("Hi {{ name }}"), draft({"name": "John"})).text == "Hi John"


def test_the_parts_are_shown_one_per_line() -> None:
    definition = positional("Hello {{1}}", TEXT_HEADER, {"type": "FOOTER", "text": "Bye"})

    filled = fill(definition, draft(["John"], Header(variable=Variable("7"))))

    assert filled.text == "Order 7\nHello John\nBye"
    assert filled.content.header == Header(variable=Variable("7"))


def test_a_positional_text_header_needs_its_value() -> None:
    assert set(faults(positional("Hi", TEXT_HEADER), draft())) == {"/header"}
    empty = Header(variable=Variable(" "))
    assert set(faults(positional("Hi", TEXT_HEADER), draft(header=empty))) == {"/header/text"}


def test_a_named_header_is_filled_from_the_variables() -> None:
    filled = fill(template("Hi {{name}}", NAMED_HEADER), draft({"name": "John", "number": "7"}))

    assert filled.text == "Order 7\nHi John"
    assert filled.content.header == Header(variable=Variable("7", "number"))
    assert filled.content.body == (Variable("John", "name"),)
    assert set(faults(template("Hi", NAMED_HEADER), draft())) == {"/variables/number"}


def test_a_media_header_needs_its_medium_and_no_other() -> None:
    definition = template("Hi", IMAGE_HEADER)
    picture = Header(image=Image("https://example.com/a.jpg"))

    assert fill(definition, draft(header=picture)).content.header == picture
    assert set(faults(definition, draft())) == {"/header"}
    assert set(faults(definition, draft(header=Header(variable=Variable("x"))))) == {"/header"}


@pytest.mark.parametrize("parts", [(), ({"type": "HEADER", "format": "TEXT", "text": "Fixed"},)])
def test_a_header_without_a_place_for_a_value_takes_none(parts: Any) -> None:
    given = Header(variable=Variable("x"))

    assert set(faults(template("Hi", *parts), draft(header=given))) == {"/header"}


def test_buttons_are_given_by_their_index() -> None:
    definition = template("Hi", buttons(REPLY, URL, FIXED_URL, CALL))
    given = [Button(1, "url", "42"), Button(0, "quick_reply", "more")]

    filled = fill(definition, draft(buttons=given))

    assert filled.faults == ()
    assert set(filled.content.buttons) == set(given)


@pytest.mark.parametrize(
    ("kinds", "given", "message"),
    [
        ([URL], [], "The template's button 0 needs its value."),
        ([CODE], [], "The template's button 0 needs its value."),
        ([OTP], [], "The template's button 0 needs its value."),
        ([FIXED_URL], [Button(0, "url", "x")], "The template's button 0 takes no value."),
        ([CALL], [Button(0, "url", "x")], "The template's button 0 takes no value."),
        ([REPLY], [Button(0, "url", "x")], "The template's button 0 is of type quick_reply, not url."),
        ([URL], [Button(0, "url", "x"), Button(1, "url", "y")], "The template has no button 1."),
        ([], [Button(0, "url", "x")], "The template has no button 0."),
    ],
)
def test_buttons_that_do_not_fit_are_refused(kinds: Any, given: list[Button], message: str) -> None:
    definition = template("Hi", *([buttons(*kinds)] if kinds else []))

    assert message in faults(definition, draft(buttons=given)).values()


def test_a_quick_reply_needs_no_payload() -> None:
    assert fill(template("Hi", buttons(REPLY, REPLY)), draft()).faults == ()


@pytest.mark.parametrize("button", [OTP, URL])
def test_a_one_time_password_fills_its_button_too(button: Mapping[str, Any]) -> None:
    definition = positional("{{1}} is your code", buttons(button), category="AUTHENTICATION")

    filled = fill(definition, draft(["123456"]))

    assert filled.faults == ()
    assert filled.content.buttons == (Button(0, "url", "123456"),)


def test_all_faults_of_all_parts_come_together() -> None:
    definition = template("{{a}}", IMAGE_HEADER, buttons(URL))

    assert set(faults(definition, draft({"b": "1"}))) == {
        "/variables/a",
        "/variables/b",
        "/header",
        "/buttons",
    }


@pytest.mark.parametrize(
    ("variables", "body"),
    [
        (["a", "b"], [("a", None), ("b", None)]),
        ({"2": "b", "1": "a", "10": "j"}, [("a", None), ("b", None), ("j", None)]),
        ({"name": "John", "total": "1"}, [("John", "name"), ("1", "total")]),
        ({"1": "a", "name": "John"}, [("a", "1"), ("John", "name")]),
        ((), []),
    ],
)
def test_an_unchecked_draft_is_handed_over_as_it_is(
    variables: Any, body: list[tuple[str, str | None]]
) -> None:
    filled = fill_unchecked(draft(variables))

    assert [(variable.value, variable.name) for variable in filled.content.body] == body


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_any_unchecked_variables_are_handed_over(variables: dict[str, str]) -> None:
    assert len(fill_unchecked(draft(variables)).content.body) == len(variables)


@pytest.mark.parametrize(
    "components",
    [
        [],
        [{}],
        [{"type": None}],
        [{"type": "body", "text": "Hi"}],
        [{"type": "BODY", "text": None}],
        [{"type": "HEADER"}],
        [{"type": "BUTTONS"}],
        [{"type": "BUTTONS", "buttons": None}],
        [{"type": "CAROUSEL", "cards": []}],
        [{"type": "BODY", "text": "Hi", "example": None}],
        [{"type": "BODY", "text": "{{1}}", "example": {"body_text": []}}],
    ],
)
def test_components_of_any_shape_are_read(components: list[dict[str, Any]]) -> None:
    definition = TemplateDefinition("sample", "en", "APPROVED", "UTILITY", "POSITIONAL", components)

    assert re.fullmatch("(Hi)?", read(definition).body.replace("{{1}}", ""))
