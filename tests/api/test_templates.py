"""GET /templates and /templates/<name>."""

from __future__ import annotations

import pytest

from answers import data, error
from factories import RECORDING, TEMPLATES, MakeWorld, World
from flask_waapi import Misconfigured, Retryable, TemplateUpdate, UnsupportedFeature
from reports import apply
from waapi_simulation.samples import SAMPLES


def test_every_template_is_listed_by_name_and_language_whatever_its_status(any_world: World) -> None:
    found = data(any_world.get(TEMPLATES))

    assert [(item["name"], item["language"]) for item in found] == sorted(
        (sample["name"], sample["language"]) for sample in SAMPLES
    )
    assert "PAUSED" in {item["status"] for item in found}


def test_a_template_has_the_documented_members(world: World) -> None:
    (found,) = data(world.get(f"{TEMPLATES}/order_confirmation"))

    assert found == {
        "name": "order_confirmation",
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "quality": None,
        "reason": None,
        "parameter_format": "NAMED",
        "variables": ["customer_name", "order_id", "total"],
        "components": SAMPLES[0]["components"],
    }


def test_a_template_is_read_in_all_its_languages(world: World) -> None:
    found = data(world.get(f"{TEMPLATES}/appointment_reminder"))

    assert [item["language"] for item in found] == ["de", "en"]


def test_what_a_provider_reports_of_a_template_is_shown(recording: World) -> None:
    recording.services.catalogue.sync("recorder")
    paused = TemplateUpdate(
        "order_confirmation",
        "en",
        recording.clock(),
        status="PAUSED",
        category="MARKETING",
        quality="RED",
        reason="Low quality.",
    )
    apply(recording, "recorder", paused)

    (found,) = data(recording.get(TEMPLATES))

    members = ("status", "category", "quality", "reason")
    assert tuple(found[name] for name in members) == ("PAUSED", "MARKETING", "RED", "Low quality.")


@pytest.mark.parametrize("name", ["nothing", "Order_Confirmation", "%00", "order_confirmation%20", "💥"])
def test_an_unknown_name_is_a_404_of_its_own(shared: World, name: str) -> None:
    error(shared.get(f"{TEMPLATES}/{name}"), 404, "TEMPLATE_NOT_FOUND")


def test_the_provider_is_asked_once(recording: World) -> None:
    for _ in range(3):
        data(recording.get(TEMPLATES))

    assert recording.script.listings == 1


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Misconfigured("The token has expired."), 502, "PROVIDER_ERROR"),
        (Retryable("Too many requests."), 503, "PROVIDER_UNAVAILABLE"),
        (UnsupportedFeature("No templates here."), 422, "UNSUPPORTED_FEATURE"),
    ],
)
def test_a_list_that_cannot_be_read_is_not_an_empty_list(
    make_world: MakeWorld, fault: Exception, status: int, code: str
) -> None:
    world = make_world(**RECORDING)
    world.script.template_error = fault

    error(world.get(TEMPLATES), status, code)


@pytest.mark.parametrize("path", [TEMPLATES, f"{TEMPLATES}/order_confirmation"])
def test_it_needs_the_permission_to_view_templates(shared: World, path: str) -> None:
    key = shared.issue_key(f"no templates {path}", permissions=["send_template", "view_messages"])

    found = error(shared.get(path, key), 403, "PERMISSION_DENIED")

    assert found["details"] == {"required_permission": "view_templates"}


@pytest.mark.parametrize("name", ["%00", "order%00", "%ED%A0%80", "\N{GRINNING FACE}", "x" * 600])
def test_a_name_that_no_template_can_have_is_not_found(shared_anywhere: World, name: str) -> None:
    error(shared_anywhere.get(f"{TEMPLATES}/{name}"), 404, "TEMPLATE_NOT_FOUND")
    preview = shared_anywhere.post(f"{TEMPLATES}/{name}/preview", {"language": "en"})
    error(preview, 404, "TEMPLATE_NOT_FOUND")
