"""GET /templates and /templates/<name>."""

from __future__ import annotations

import pytest

from answers import data, error
from factories import RECORDING, TEMPLATES, MakeWorld, World
from flask_waapi import Misconfigured, Retryable, UnsupportedFeature
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
        "parameter_format": "NAMED",
        "variables": ["customer_name", "order_id", "total"],
        "components": SAMPLES[0]["components"],
    }


def test_a_template_is_read_in_all_its_languages(world: World) -> None:
    found = data(world.get(f"{TEMPLATES}/appointment_reminder"))

    assert [item["language"] for item in found] == ["de", "en"]


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
