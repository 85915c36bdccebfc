"""Making, changing and deleting templates in the dashboard, and looking at them with values."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browsing import HOSTILE
from dashboard_host import Host
from flask_waapi import TemplateDefinition, Viewer
from flask_waapi.dashboard.catalogue.fields import TemplateForm, form_of, values_of
from flask_waapi.messaging.templates.form import read_new, sketch

MakeHost = Callable[..., Host]

FORM = {
    "name": "order_news",
    "language": "en",
    "category": "UTILITY",
    "header": "News",
    "body": "Hi {{name}}, your order {{order}} is ready.",
    "footer": "The shop",
    "examples": "name: Ann\norder: ORD-1: a",
    "button-0-kind": "URL",
    "button-0-text": "Track",
    "button-0-target": "https://example.com/{{1}}",
    "button-0-example": "https://example.com/a",
    "button-1-kind": "QUICK_REPLY",
    "button-1-text": "Thanks",
    "button-2-kind": "QUICK_REPLY",
}
"""What a person types; the last row of buttons is empty."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a simulation's templates."""
    path = tmp_path / "templates.json"
    path.write_text("[]")
    return path


@pytest.fixture
def host(make_host: MakeHost, file: Path) -> Host:
    """A host whose simulation has its templates in a file."""
    return make_host(WAAPI_PROVIDERS={"simulation": {"templates": str(file)}})


def kept(file: Path) -> list[dict[str, Any]]:
    """The templates in the file."""
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


def faults(page: str) -> set[str]:
    """The fields that have faults."""
    return set(re.findall(r'id="([\w-]+)-faults"', page))


def test_what_is_typed_becomes_a_template_of_the_providers(host: Host, file: Path) -> None:
    answer = host.post("/templates", **FORM)

    assert answer.status_code == 303, answer.text
    assert answer.location == "/waapi/templates/order_news/en?done=template_created"
    (made,) = kept(file)
    parts = {part["type"]: part for part in made["components"]}
    assert parts["BODY"]["text"] == FORM["body"]
    assert parts["BODY"]["example"]["body_text_named_params"] == [
        {"param_name": "name", "example": "Ann"},
        {"param_name": "order", "example": "ORD-1: a"},
    ]
    assert [button["type"] for button in parts["BUTTONS"]["buttons"]] == ["URL", "QUICK_REPLY"]
    page = html.unescape(host.client.get(answer.location).text)
    assert "The provider has the template." in page
    assert "Hi Ann, your order ORD-1: a is ready." in page


def test_every_limit_that_is_broken_is_told_at_its_field_and_nothing_is_lost(host: Host, file: Path) -> None:
    wrong = FORM | {
        "name": "Order News",
        "language": "English",
        "header": "x" * 61,
        "body": "{{name}}" + HOSTILE,
        "footer": "x" * 61,
        "examples": "",
        "button-0-text": "x" * 26,
        "button-1-text": "{{1}}",
    }

    answer = host.post("/templates", **wrong)

    assert answer.status_code == 422
    assert faults(answer.text) >= {"name", "language", "header", "body", "footer", "button-0", "button-1"}
    assert kept(file) == []
    page = html.unescape(answer.text)
    assert f'value="{wrong["footer"]}"' in page
    assert "<script>alert" not in answer.text
    assert 'value="Order News"' in page


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"examples": "Ann"}, "examples"),
        ({"examples": "nobody: Ann"}, "examples"),
        ({"components": "{"}, "components"),
        ({"components": "[" * 100_000}, "components"),
        ({"components": "{}"}, "components"),
        ({"components": '[{"type": "BODY", "text": "\\ud800"}]'}, "components"),
        ({"components": '[{"type": "BODY", "text": "a\\u0000"}]'}, "components"),
        ({"category": "OTHER"}, "category"),
        ({"category": "AUTHENTICATION"}, "header"),
        ({"header_format": "IMAGE", "header_example": ""}, "header_example"),
        ({"button-0-kind": "FAX"}, "button-0"),
        ({"button-0-target": ""}, "button-0"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(host: Host, members: dict[str, str], field: str) -> None:
    answer = host.post("/templates", **FORM | members)

    assert answer.status_code == 422
    assert field in faults(answer.text)


def test_a_template_is_changed_and_keeps_what_the_form_had(host: Host, file: Path) -> None:
    host.post("/templates", **FORM)
    page = host.get("/templates/order_news/en/edit").text
    assert html.escape(FORM["body"]) in page
    assert 'value="https://example.com/{{1}}"' in page
    assert "order: ORD-1: a" in page
    assert 'name="name"' not in page

    answer = host.post("/templates/order_news/en/edit", **FORM | {"body": "Hi {{name}}, it is {{order}}."})

    assert answer.location == "/waapi/templates/order_news/en?done=template_changed"
    (changed,) = kept(file)
    parts = {part["type"]: part for part in changed["components"]}
    assert parts["BODY"]["text"] == "Hi {{name}}, it is {{order}}."
    assert parts["HEADER"]["text"] == "News"


def test_a_template_is_deleted_when_its_name_was_typed(host: Host, file: Path) -> None:
    host.post("/templates", **FORM)
    host.post("/templates", **FORM | {"language": "de"})

    refused = host.post("/templates/order_news/en/delete", name="order")
    assert refused.status_code == 422
    assert len(kept(file)) == 2
    answer = host.post("/templates/order_news/en/delete", name="order_news", languages="one")
    assert answer.location == "/waapi/templates?done=template_deleted"
    assert [item["language"] for item in kept(file)] == ["de"]
    host.post("/templates", **FORM)
    host.post("/templates/order_news/en/delete", name="order_news", languages="all")
    assert kept(file) == []


def test_a_provider_that_makes_no_templates_says_so_plainly(make_host: MakeHost) -> None:
    recorder = make_host(WAAPI_PROVIDERS={"recorder": {}})

    assert "makes no templates" in recorder.get("/templates/new").text
    assert "New template" not in recorder.get("/templates").text
    assert "makes no templates" in recorder.post("/templates", **FORM).text
    assert "makes no templates" in make_host().get("/templates/new").text


def test_what_the_provider_refuses_stays_in_the_form(host: Host) -> None:
    host.post("/templates", **FORM)

    refused = host.post("/templates", **FORM)

    assert refused.status_code == 422
    assert "Nothing was changed." in refused.text
    assert html.escape(FORM["body"]) in refused.text


def test_only_managers_reach_the_editor(host: Host) -> None:
    host.post("/templates", **FORM)
    host.visitor = Viewer("default", "bob", may_manage=False)

    page = host.get("/templates/order_news/en").text

    assert "Edit</a>" not in page
    assert "New template" not in host.get("/templates").text
    for path in ("/templates/new", "/templates/order_news/en/edit", "/templates/order_news/en/delete"):
        assert host.get(path).status_code == 403
    for path in ("/templates", "/templates/look", "/templates/order_news/en/delete"):
        assert host.post(path, **FORM).status_code == 403


def test_a_look_shows_what_was_typed_and_asks_nobody(host: Host, file: Path) -> None:
    answer = host.post("/templates", **FORM, action="look")
    shown = host.post("/templates/look", **FORM | {"examples": "broken", "body": HOSTILE}).get_json()["html"]

    assert answer.status_code == 200
    assert "Hi Ann, your order ORD-1: a is ready." in answer.text
    assert '<p class="bubble-header">News</p>' in answer.text
    assert kept(file) == []
    assert html.escape("<script>alert(1)</script>") in shown
    assert "<script" not in shown


def test_a_look_at_nothing_says_what_will_be_there(host: Host) -> None:
    for form in ({}, {"components": "[1, {}]"}):
        assert "as soon as there is a body" in host.post("/templates/look", **form).get_json()["html"]


@pytest.mark.parametrize(
    "form",
    [
        {"category": "AUTHENTICATION", "body": "x"},
        {"category": "AUTHENTICATION", "code_minutes": "9" * 5_000},
        {"body": "x", "components": '[{"type": "BODY", "text": "\\ud800"}]'},
    ],
)
def test_a_look_at_an_odd_form_is_a_bubble(host: Host, form: dict[str, str]) -> None:
    assert "bubble" in host.post("/templates/look", **form).get_json()["html"]


def test_minutes_of_thousands_of_digits_are_no_number(host: Host, file: Path) -> None:
    form = {"name": "a_code", "language": "en", "category": "AUTHENTICATION", "code_minutes": "9" * 5_000}

    assert host.post("/templates", **form).status_code == 422
    assert kept(file) == []


def test_what_no_database_could_hold_falls_away(host: Host, file: Path) -> None:
    answer = host.post("/templates", **FORM | {"footer": "The \0shop", "button-1-text": "Tha\0nks"})

    assert answer.status_code == 303
    assert "\\u0000" not in file.read_text()


def test_the_preview_takes_the_readers_own_values(host: Host) -> None:
    host.post("/templates", **FORM)
    given = {"value-name": "<b>Bob</b>", "value-order": "7"}

    page = host.get("/templates/order_news/en", **given).text
    shown = host.get("/templates/order_news/en/preview.json", **given).get_json()["html"]

    for part in (page, shown):
        assert "Hi &lt;b&gt;Bob&lt;/b&gt;, your order 7 is ready." in part
    assert 'name="value-name" value="&lt;b&gt;Bob&lt;/b&gt;" placeholder="Ann"' in page


def test_a_positional_header_has_a_value_of_its_own(real_host: Host) -> None:
    real_host.script.templates = [
        TemplateDefinition(
            "two",
            "en",
            "APPROVED",
            "UTILITY",
            "POSITIONAL",
            [
                {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
                {"type": "BODY", "text": "Hi {{1}}"},
            ],
        )
    ]

    page = real_host.get("/templates/two/en", **{"header-1": "A-1", "value-1": "Ann"}).text

    assert "Order A-1" in page
    assert "Hi Ann" in page


def test_each_instance_has_a_list_of_its_own(make_host: MakeHost, file: Path) -> None:
    file.write_text(
        json.dumps(
            [
                {
                    "name": "of_shop",
                    "language": "en",
                    "status": "APPROVED",
                    "category": "UTILITY",
                    "parameter_format": "NAMED",
                    "components": [{"type": "BODY", "text": "Hi"}],
                }
            ]
        )
    )
    host = make_host(
        WAAPI_PROVIDERS={
            "main": {"type": "simulation"},
            "shop": {"type": "simulation", "templates": str(file)},
        },
        WAAPI_DEFAULT_PROVIDER="main",
    )

    assert "of_shop" not in host.get("/templates").text
    page = host.get("/templates", provider="shop").text
    assert 'href="/waapi/templates/of_shop/en?provider=shop"' in page
    assert host.get("/templates/of_shop/en").status_code == 404
    assert host.get("/templates/of_shop/en", provider="shop").status_code == 200
    assert host.post("/templates/sync", provider="shop").location.endswith("provider=shop&done=synced")
    assert host.get("/templates", provider="nobody").status_code == 404
    made = host.post("/templates", provider="shop", **FORM)
    assert "provider=shop" in made.location
    assert [item["name"] for item in kept(file)] == ["of_shop", "order_news"]


def test_the_list_can_be_narrowed_by_category_and_language(make_host: MakeHost) -> None:
    host = make_host()

    def names(**query: str) -> set[str]:
        page = host.get("/templates", **query).text
        return set(re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]+)</a>', page))

    assert names(language="de") == {"appointment_reminder"}
    assert "login_code" in names(category="AUTHENTICATION")
    assert "order_confirmation" not in names(category="AUTHENTICATION")
    assert names(category="AUTHENTICATION", language="de") == set()


@pytest.mark.parametrize(
    "form",
    [
        TemplateForm(name="a", language="en", body="Hi"),
        TemplateForm(name="a", language="en", category="AUTHENTICATION", code_minutes="10"),
        TemplateForm(
            name="a",
            language="en",
            header_format="IMAGE",
            header_example="4::aW1hZ2UvcG5n",
            body="Hi {{1}}!",
            examples="1: Ann",
        ),
    ],
)
def test_a_template_that_was_made_by_the_form_fits_it_again(form: TemplateForm) -> None:
    values = values_of(form)
    read_new(values)

    again = form_of(sketch(values))

    assert values_of(again) == values


def test_what_the_fields_cannot_hold_is_edited_as_components() -> None:
    components: list[dict[str, Any]] = [
        {"type": "BODY", "text": "Hi"},
        {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Go", "flow_id": "1"}]},
    ]
    definition = TemplateDefinition("a", "en", "APPROVED", "MARKETING", "POSITIONAL", components)

    form = form_of(definition)

    assert json.loads(form.components) == components
    assert values_of(form)["components"] == components


def test_what_was_done_by_whom_is_shown_at_the_template_and_in_the_list(host: Host) -> None:
    assert host.post("/templates", **FORM).status_code == 303
    host.clock.advance(60)
    host.post("/templates/sync")

    page, index = host.get("/templates/order_news/en").text, host.get("/templates").text

    assert "What was done to it" in page
    assert "2026-03-01 12:00:00 UTC" in page
    assert re.search(r'made</td><td class="break">ann</td>', page)
    assert re.search(r'read anew: 1 in all</td><td class="break">ann</td>', index)
    host.visitor = Viewer("other", "carl")
    assert "What was done" not in host.get("/templates").text
    assert "What was done" not in host.get("/templates/order_news/en").text
