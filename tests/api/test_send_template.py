"""POST /messages/template/send: what is accepted, what is refused, and all faults at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from answers import error, pointers
from factories import RECIPIENT, SAMPLE_VARIABLES, TEMPLATE_SEND, MakeWorld, World, template_body
from flask_waapi import Native, OutcomeUnknown, Template, TemplateDefinition


def test_the_example_of_the_product_page_is_sent(any_world: World) -> None:
    body = {
        "to": "+1234567890",
        "template_name": "order_confirmation",
        "language": "en",
        "variables": {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"},
        "reference": "my-order-123",
    }

    answer = any_world.post(TEMPLATE_SEND, body)

    assert answer.status_code == 201
    assert answer.get_json()["success"] is True
    data = answer.get_json()["data"]
    assert data["status"] == "sent"
    assert data["to"] == "+1234567890"
    assert data["reference"] == "my-order-123"
    assert data["text"] == "Hi John Doe, thank you for your order ORD-12345. The total is 99.99."
    assert any_world.message().id == UUID(data["message_uuid"])


def test_the_answer_has_the_documented_members_and_no_others(world: World) -> None:
    answer = world.send()

    assert set(answer.get_json()) == {"success", "data"}
    assert set(answer.get_json()["data"]) == {
        "message_uuid",
        "direction",
        "status",
        "to",
        "from",
        "from_name",
        "reply_to",
        "is_echo",
        "type",
        "content",
        "reference",
        "simulated",
        "template_name",
        "language",
        "text",
        "provider",
        "provider_message_id",
        "failure",
        "attempts",
        "send_at",
        "expires_at",
        "created_at",
        "updated_at",
    }


def test_the_message_uuid_is_a_version_7_uuid(world: World) -> None:
    identifier = UUID(world.send().get_json()["data"]["message_uuid"])

    assert identifier.version == 7
    assert int(identifier) >> 80 == int(world.clock().timestamp() * 1000)


@pytest.mark.parametrize(
    "to",
    ["+1234567", "+1234567890", "+123456789012345", "+15550131009", "+8613800138000"],
)
def test_any_number_of_e164_shape_is_accepted(shared_recording: World, to: str) -> None:
    answer = shared_recording.send(to=to)

    assert answer.status_code == 201
    assert answer.get_json()["data"]["to"] == to == shared_recording.script.sent[-1].to


@pytest.mark.parametrize(
    "to",
    [
        "",
        "+",
        "1234567890",
        "00491701234567",
        "+0234567890",
        "+123456",
        "+1234567890123456",
        "+1 234 567 890",
        "+1-800-356-9377",
        "+1-800-FLOWERS",
        "+1234567890\n",
        " +1234567890",
        "+1234567890 ",
        "+1234567890;ext=5",
        "+१२३४५६७८९०",
        "+１２３４５６７８９０",
        "\u200e+1234567890",
        "+12345\u200b67890",
        "tel:+1234567890",
        "whatsapp:+1234567890",
        "+1234567890,+1234567891",
    ],
)
def test_a_recipient_that_is_not_e164_is_refused_in_the_words_of_the_contract(
    shared_recording: World, to: str
) -> None:
    before = len(shared_recording.messages())
    answer = shared_recording.send(to=to)

    assert pointers(answer) == {"/to"}
    assert answer.get_json()["error"]["message"] == "Invalid phone number format"
    assert len(shared_recording.messages()) == before


@pytest.mark.parametrize("to", [None, 1234567890, ["+1234567890"], {"number": "+1234567890"}, True])
def test_a_recipient_of_another_type_is_a_fault_of_its_member(shared: World, to: Any) -> None:
    body = template_body() | {"to": to}

    assert pointers(shared.post(TEMPLATE_SEND, body)) == {"/to"}


def test_every_fault_is_told_at_once(shared: World) -> None:
    answer = shared.post(
        TEMPLATE_SEND,
        {
            "to": "12",
            "template_name": "order_confirmation",
            "language": "en",
            "variables": {"customer_name": "John", "colour": "red"},
            "reference": "",
            "simulate": "no",
            "recipients": "+1234567890",
        },
    )

    assert pointers(answer) == {
        "/to",
        "/variables/order_id",
        "/variables/total",
        "/variables/colour",
        "/reference",
        "/simulate",
        "/recipients",
    }


def test_each_fault_says_what_was_wrong_and_what_is_expected(shared: World) -> None:
    answer = shared.send(variables={"customer_name": "John Doe", "order_id": "ORD-12345"})

    assert answer.get_json()["error"]["details"] == [
        {
            "pointer": "/variables/total",
            "message": "The variable 'total' is missing.",
            "expected": "text, for example '99.99'",
        }
    ]


def test_the_message_of_several_faults_counts_the_others(shared: World) -> None:
    answer = shared.send(variables={})

    assert len(answer.get_json()["error"]["details"]) == 3
    assert answer.get_json()["error"]["message"] == (
        "The variable 'customer_name' is missing. (and 2 more: see details)"
    )


@pytest.mark.parametrize("member", ["to", "template_name", "language"])
def test_a_missing_member_is_a_fault_of_its_own(shared: World, member: str) -> None:
    body = template_body()
    del body[member]

    assert f"/{member}" in pointers(shared.post(TEMPLATE_SEND, body))


def test_an_empty_object_lacks_all_required_members(shared: World) -> None:
    assert pointers(shared.post(TEMPLATE_SEND, {})) == {"/to", "/template_name", "/language"}


def test_a_misspelt_member_is_refused_with_the_right_name(shared: World) -> None:
    answer = shared.send(template_nam="order_confirmation")

    (fault,) = error(answer, 422, "VALIDATION_ERROR")["details"]
    assert fault["message"].endswith("Did you mean 'template_name'?")


@pytest.mark.parametrize(
    "member", ["account", "account_id", "mode", "provider", "key_id", "status", "is_admin", "message_uuid"]
)
def test_members_that_are_not_the_callers_to_set_are_refused(shared: World, member: str) -> None:
    assert pointers(shared.send(**{member: "x"})) == {f"/{member}"}


def test_the_pointer_to_a_member_is_escaped_as_json_pointers_are(shared: World) -> None:
    answer = shared.send(**{"a/b~c": 1})

    assert pointers(answer) == {"/a~1b~0c"}


@pytest.mark.parametrize("value", [1, 9.5, True, None, ["x"], {"x": 1}])
def test_a_variable_that_is_not_text_is_refused(shared: World, value: Any) -> None:
    answer = shared.send(variables=SAMPLE_VARIABLES | {"total": value})

    assert pointers(answer) == {"/variables/total"}


@pytest.mark.parametrize("variables", ["John", 3, True])
def test_variables_that_are_neither_object_nor_list_are_refused(shared: World, variables: Any) -> None:
    assert pointers(shared.send(variables=variables)) == {"/variables"}


def test_a_template_without_variables_needs_none(world: World) -> None:
    answer = world.send(template_name="hello_world", language="en_US", variables=None)

    assert answer.status_code == 201


def test_positional_variables_are_taken_as_a_list(world: World) -> None:
    answer = world.send(
        template_name="shipping_update",
        language="en_US",
        variables=["John", "Monday"],
        header={"text": "ORD-1"},
        buttons=[{"index": 0, "type": "url", "value": "ORD-1"}],
    )

    assert answer.status_code == 201
    assert answer.get_json()["data"]["text"].splitlines() == [
        "Order ORD-1 is on its way",
        "Hello John, your parcel arrives on Monday.",
        "Thank you for shopping with us",
    ]


def test_an_unknown_template_is_a_404_of_its_own(shared: World) -> None:
    answer = shared.send(template_name="no_such_template")

    error(answer, 404, "TEMPLATE_NOT_FOUND")


def test_a_template_in_another_language_only_is_a_404_that_names_the_languages(shared: World) -> None:
    answer = shared.send(template_name="appointment_reminder", language="fr")

    assert error(answer, 404, "TEMPLATE_NOT_FOUND")["details"] == {"languages": ["de", "en"]}


def test_a_template_that_is_not_approved_is_refused(shared: World) -> None:
    answer = shared.send(template_name="paused_example", variables=None)

    assert pointers(answer) >= {"/template_name"}
    assert answer.get_json()["error"]["details"][0]["message"] == (
        "The template 'paused_example' is PAUSED, so it cannot be sent."
    )


def test_a_missing_template_is_told_after_the_other_faults_are_mended(shared: World) -> None:
    assert pointers(shared.send(template_name="no_such_template", to="12")) == {"/to"}


def test_without_the_check_an_unknown_template_is_left_to_the_provider(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_TEMPLATE_CHECK="off")

    answer = world.send(template_name="only_meta_knows", variables={"2": "b", "1": "a", "10": "j"})

    assert answer.status_code == 201
    assert world.script.listings == 0
    content = world.script.sent[0].content
    assert isinstance(content, Template)
    assert [variable.value for variable in content.body] == ["a", "b", "j"]


def test_without_the_check_metas_object_is_left_to_the_provider_too(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_TEMPLATE_CHECK="off")
    parameters = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    template = {
        "name": "only_meta_knows",
        "language": {"code": "en"},
        "components": [{"type": "body", "parameters": parameters}],
    }

    answer = world.post(TEMPLATE_SEND, {"to": RECIPIENT, "template": template})

    assert answer.status_code == 201
    assert world.script.sent[0].content == Native("template", {"template": template})
    assert answer.get_json()["data"]["text"] == "a\nb"


def test_a_template_made_since_the_last_reading_is_found_after_the_interval(recording: World) -> None:
    assert recording.send().status_code == 201
    recording.script.templates.append(TemplateDefinition("brand_new", "en", "APPROVED", "U", "NAMED", []))

    assert recording.send(template_name="brand_new", variables=None).status_code == 404
    recording.clock.advance(timedelta(seconds=300))
    assert recording.send(template_name="brand_new", variables=None).status_code == 201
    assert recording.script.listings == 2


def test_a_lost_answer_is_a_202_with_the_status_unconfirmed(recording: World) -> None:
    recording.script.outcomes.append(OutcomeUnknown("The line went dead."))

    answer = recording.send()

    assert answer.status_code == 202
    assert answer.get_json()["data"]["status"] == "unconfirmed"


def test_a_message_that_waits_for_the_background_is_a_202_with_the_status_queued(
    make_world: MakeWorld,
) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_DISPATCH="thread")

    answer = world.send()

    assert answer.status_code == 202
    assert answer.get_json()["data"]["status"] == "queued"
    assert world.script.sent == []
    world.work()
    assert [str(message.uuid) for message in world.script.sent] == [answer.get_json()["data"]["message_uuid"]]


def test_the_provider_is_given_our_id_the_recipient_and_the_finished_content(recording: World) -> None:
    answer = recording.send()

    (outbound,) = recording.script.sent
    assert str(outbound.uuid) == answer.get_json()["data"]["message_uuid"]
    assert outbound.to == "+1234567890"
    assert outbound.attempt == 1
    assert isinstance(outbound.content, Template)
    assert {variable.name: variable.value for variable in outbound.content.body} == SAMPLE_VARIABLES


def test_times_are_utc_to_the_microsecond(world: World) -> None:
    data = world.send().get_json()["data"]

    assert data["created_at"] == "2026-01-01T00:00:00.000000Z"
    assert datetime.fromisoformat(data["updated_at"]) == world.clock()


@pytest.mark.parametrize("variables", [None, [], {}])
def test_a_template_with_named_variables_given_none_lacks_them_all(shared: World, variables: Any) -> None:
    assert pointers(shared.send(variables=variables)) == {
        "/variables/customer_name",
        "/variables/order_id",
        "/variables/total",
    }
