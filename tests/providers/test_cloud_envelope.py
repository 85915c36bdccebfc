"""Webhooks of the Cloud API: no item of a batch gets lost, and nothing in one costs another."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_payloads import (
    CUSTOMER,
    change,
    entry,
    envelope,
    events_of,
    number_value,
    read,
    read_change,
    read_list,
    status,
    written,
)
from cloud_world import unhurried
from flask_waapi import AccountUpdate, CallbackItem, InboundMessage, PreferenceUpdate, StatusUpdate

POISON: list[Any] = [None, 7, "sent", [], {}, {"id": "wamid.p"}, {"id": "wamid.p", "status": ["sent"]}]


def batch() -> dict[str, Any]:
    """Three entries with three changes with five statuses each."""

    def statuses(first: int) -> dict[str, Any]:
        return number_value(statuses=[status(id=f"wamid.{number}") for number in range(first, first + 5)])

    return envelope(
        *(
            entry(*(change("messages", statuses(15 * outer + 5 * inner)) for inner in range(3)))
            for outer in range(3)
        )
    )


def statuses_in(items: list[CallbackItem]) -> list[str]:
    """The ids of the messages of which a status was read."""
    events = [event for item in items for event in item.events]
    return [event.provider_message_id for event in events if isinstance(event, StatusUpdate)]


@pytest.mark.parametrize("poison", POISON, ids=repr)
def test_one_poisoned_item_of_a_batch_costs_only_itself(poison: Any) -> None:
    document = batch()
    document["entry"][1]["changes"][2]["value"]["statuses"][3] = poison
    items = read(document)
    broken = [item for item in items if item.problem is not None]
    assert len(items) == 45
    assert [item.position for item in broken] == ["entry[1].changes[2].value.statuses[3]"]
    assert broken[0].raw == poison
    assert statuses_in(items) == [f"wamid.{number}" for number in range(45) if number != 28]


@pytest.mark.parametrize("poison", [None, 7, "x", [], {}, [None], [[]]], ids=repr)
@pytest.mark.parametrize("level", ["entry", "changes", "change", "value", "statuses"])
def test_a_poisoned_level_is_broken_and_costs_no_neighbour(level: str, poison: Any) -> None:
    document = batch()
    spoilt = document["entry"][1]
    if level == "entry":
        document["entry"][1] = poison
    elif level == "changes":
        spoilt["changes"] = poison
    elif level == "change":
        spoilt["changes"][1] = poison
    elif level == "value":
        spoilt["changes"][1]["value"] = poison
    else:
        spoilt["changes"][1]["value"]["statuses"] = poison
    read_ids = statuses_in(read(document))
    lost = 15 if level in {"entry", "changes"} else 5
    assert len(read_ids) == 45 - lost
    assert {f"wamid.{number}" for number in (*range(15), *range(30, 45))} <= set(read_ids)


def test_a_batch_of_a_thousand_is_read_in_order() -> None:
    statuses = [
        status(id=f"wamid.{number}", biz_opaque_callback_data=str(UUID(int=number)))
        for number in range(1_000)
    ]
    items = read_list("statuses", statuses)
    assert statuses_in(items) == [f"wamid.{number}" for number in range(1_000)]


def test_everything_in_one_value_is_read() -> None:
    value = number_value(
        contacts=[{"profile": {"name": "Kim"}, "wa_id": CUSTOMER}],
        messages=[written("text", {"body": "Hi"}), written("hologram", {})],
        statuses=[status()],
        errors=[{"code": 130429}],
        user_preferences=[{"wa_id": CUSTOMER, "category": "marketing_messages", "value": "stop"}],
    )
    items = read(envelope(entry(change("messages", value))))
    assert [item.position.removeprefix("entry[0].changes[0].value.") for item in items] == [
        "messages[0]",
        "messages[1]",
        "statuses[0]",
        "errors[0]",
        "user_preferences[0]",
    ]
    assert [type(event) for item in items for event in item.events] == [
        InboundMessage,
        InboundMessage,
        StatusUpdate,
        AccountUpdate,
        PreferenceUpdate,
    ]


# What is not known


@pytest.mark.parametrize("field", ["flows", "history", "calls", "group_lifecycle_update", "of_tomorrow", ""])
def test_a_field_that_is_not_known_is_one_item_without_a_meaning(field: str) -> None:
    value = {"groups": [{}], "calls": [{}], "statuses": [{"type": "call", "status": "RINGING"}]}
    item = read_change(field, value)
    assert (item.position, item.events, item.problem) == ("entry[0].changes[0]", (), None)
    assert item.raw == change(field, value)


def test_a_list_that_is_not_known_is_handed_on_element_by_element() -> None:
    *unknown, known = read_list("statuses", [status()], holograms=[{"depth": 3}, 7])
    assert len(known.events) == 1
    assert [(item.position, item.raw, item.events, item.problem) for item in unknown] == [
        ("entry[0].changes[0].value.holograms[0]", {"depth": 3}, (), None),
        ("entry[0].changes[0].value.holograms[1]", 7, (), None),
    ]


@pytest.mark.parametrize(
    "value", [{}, {"hologram": 7}, {"statuses": None}, {"contacts": []}, {"\ud800[0]": [1]}], ids=ascii
)
def test_a_value_without_a_list_is_one_item_without_a_meaning(value: dict[str, Any]) -> None:
    assert events_of("messages", number_value(**value)) == ()


def test_an_empty_list_reports_nothing() -> None:
    assert read_list("statuses", []) == []


@pytest.mark.parametrize("field", [None, 7, ["messages"]])
def test_a_change_without_a_field_is_broken(field: Any) -> None:
    assert read_change(field, number_value(statuses=[status()])).problem is not None


# What is no webhook at all


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000, b"NaN", b'{"entry":[Infinity]}', b"\x00"],
    ids=range(8),
)
def test_a_body_that_is_no_json_is_one_broken_item(body: bytes) -> None:
    (item,) = read(body)
    assert (item.position, item.problem) == ("", "It is not JSON.")


@pytest.mark.parametrize("document", [None, 7, "x", [], {}, {"entry": None}, {"entry": {}}], ids=repr)
def test_json_that_is_no_envelope_is_one_broken_item(document: Any) -> None:
    (item,) = read(document)
    assert item.position == ""
    assert item.problem is not None


def test_an_envelope_without_entries_reports_nothing() -> None:
    assert read(envelope()) == []


def test_a_number_beyond_all_floats_is_kept_as_it_was_written() -> None:
    (item,) = read(b'{"entry": [{"changes": [{"field": "of_tomorrow", "value": {"x": 1e999}}]}]}')
    assert item.raw["value"] == {"x": "1e999"}


def test_an_item_of_too_many_levels_costs_no_other() -> None:
    deep: Any = []
    for _ in range(100):
        deep = [deep]
    broken, good = read_list("statuses", [status(pricing=deep), status()])
    assert (broken.raw, broken.problem) == (None, "It has more than 50 levels.")
    assert good.problem is None


def test_a_bug_in_the_reading_of_one_item_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("waapi_cloud.envelope.read_account_change", break_down)
    statuses = change("messages", number_value(statuses=[status()]))
    broken, good = read(envelope(entry(change("security", {}), statuses)))
    assert broken.problem == "The provider broke while reading it: ZeroDivisionError."
    assert len(good.events) == 1


# Whatever comes

NAMES = [
    "entry", "changes", "field", "value", "metadata", "contacts", "statuses", "messages", "errors", "id",
    "status", "timestamp", "type", "from", "system", "interactive", "event", "ban_info", "code",
]  # fmt: skip
WORDS = st.sampled_from(["messages", "account_update", "security", "failed", "system", "1772366400"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@unhurried
@given(JSON_VALUES)
def test_no_json_breaks_the_reading(value: Any) -> None:
    read(value)


@unhurried
@given(
    st.sampled_from(["messages", "user_preferences", "account_update", "account_alerts", "security"]),
    JSON_VALUES,
)
def test_no_value_of_a_known_field_breaks_the_reading(field: str, value: Any) -> None:
    read(envelope(entry(change(field, value))))


@unhurried
@given(st.binary())
def test_no_bytes_break_the_reading(body: bytes) -> None:
    read(body)


def everything() -> dict[str, Any]:
    """A callback with one of nearly everything."""
    number = {"display_phone_number": "15555550100"}
    messages = [
        written("text", {"body": "Hi"}, context={"id": "wamid.9"}),
        written("system", {"type": "user_changed_number", "wa_id": "49222222", "body": "x"}),
        written("interactive", {"type": "button_reply", "button_reply": {"title": "Yes"}}),
        written("contacts", [{"name": {"formatted_name": "Ann"}}]),
        written(
            "edit", {"original_message_id": "wamid.9", "message": {"type": "text", "text": {"body": "y"}}}
        ),
    ]
    failed = status(status="failed", errors=[{"code": 131050, "error_data": {"details": "x"}}])
    contacts = [{"profile": {"name": "Kim"}, "wa_id": CUSTOMER}]
    lists = number_value(contacts=contacts, messages=messages, statuses=[failed], errors=[{"code": 1}])
    template = {"message_template_name": "x", "message_template_language": "en", "event": "PAUSED"}
    restrictions = [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1772366400}]
    return envelope(
        entry(
            change("messages", lists),
            change("message_template_status_update", template | {"other_info": {"title": "FIRST_PAUSE"}}),
            change("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": restrictions}),
            change("account_update", {"event": "X", "ban_info": {"waba_ban_state": "DISABLE"}}),
            change("account_alerts", {"alert_info": {"alert_type": "X", "alert_severity": "WARNING"}}),
            change("phone_number_quality_update", number | {"event": "FLAGGED"}),
        )
    )


def paths(value: Any) -> list[tuple[Any, ...]]:
    """Where the values within a JSON value are."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [(), *((name, *path) for name, inner in members for path in paths(inner))]


PATHS = [path for path in paths(everything()) if path]


@unhurried
@given(st.lists(st.tuples(st.sampled_from(PATHS), JSON_VALUES | st.just(...)), min_size=1, max_size=3))
def test_no_mutation_of_a_real_callback_breaks_the_reading(mutations: list[tuple[Any, Any]]) -> None:
    document = everything()
    for path, replacement in mutations:
        mutate(document, path, replacement)
    read(document)


def mutate(document: Any, path: tuple[Any, ...], replacement: Any) -> None:
    """Put something else at that place, or nothing for an ellipsis; a place that is gone stays so."""
    *way, name = path
    try:
        for step in way:
            document = document[step]
        if replacement is ...:
            del document[name]
        else:
            document[name] = copy.deepcopy(replacement)
    except (LookupError, TypeError):
        return


SPOILERS: list[Any] = [None, 7, "x", [], {}]
WHOLE = {item.position: item.events for item in read(everything())}


def owner_of(path: tuple[Any, ...]) -> str | None:
    """The position of the item that a value belongs to."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
    return next((item for item in WHOLE if f"{place}.".startswith((f"{item}.", f"{item}["))), None)


@pytest.mark.parametrize("path", [path for path in PATHS if owner_of(path)], ids=owner_of)
def test_a_spoilt_value_within_an_item_costs_no_other(path: tuple[Any, ...]) -> None:
    others = {position: events for position, events in WHOLE.items() if position != owner_of(path)}
    for spoiler in SPOILERS:
        document = everything()
        mutate(document, path, spoiler)
        found = {item.position: item.events for item in read(document)}
        assert {position: found.get(position) for position in others} == others
