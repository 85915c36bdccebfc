"""A host with Flask-WTF's CSRFProtect: its forms stay protected, our API takes requests without a token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]

from answers import data, error
from factories import TEXT_SEND, World, text_body
from flask_waapi import require_key
from host_apps import Order

MakeHost = Callable[..., World]


def protect(world: World) -> None:
    """CSRF protection of every request of the host."""
    CSRFProtect(world.app)


def protect_and_exempt(world: World) -> None:
    """The same, with the line from the documentation for a host that comes after us."""
    CSRFProtect(world.app).exempt(world.waapi.api_blueprint)


def habit_for(order: Order) -> Callable[[World], None]:
    """Before us nothing is to be said; after us, our blueprint must be exempted by hand."""
    return protect if order == "host first" else protect_and_exempt


def test_the_api_needs_no_token(make_host: MakeHost, order: Order) -> None:
    world = make_host(habit_for(order), order=order)

    data(world.post(TEXT_SEND, text_body()), 201)


def test_the_apis_errors_are_not_hidden_behind_the_hosts(make_host: MakeHost, order: Order) -> None:
    world = make_host(habit_for(order), order=order)

    error(world.post(TEXT_SEND, text_body(), key=None), 401, "MISSING_API_KEY")
    error(world.post("/api/v1/external/nothing", {}), 404, "NOT_FOUND")


def test_a_providers_callback_needs_no_token(make_host: MakeHost, order: Order) -> None:
    world = make_host(habit_for(order), order=order, WAAPI_PROVIDERS={"recorder": {}})

    answer = world.client.post("/api/v1/callbacks/recorder", data=b"{}", headers={"X-Signature": "good"})

    assert answer.status_code == 200


def test_the_hosts_forms_stay_protected(make_host: MakeHost, order: Order) -> None:
    world = make_host(habit_for(order), order=order)

    answer = world.client.post("/form", data={"word": "hello"})

    assert answer.status_code == 400
    assert "CSRF" in answer.text


@pytest.mark.parametrize("check_by_default", [True, False])
def test_a_host_that_checks_views_by_hand_is_served_too(make_host: MakeHost, check_by_default: bool) -> None:
    world = make_host(protect, WTF_CSRF_CHECK_DEFAULT=check_by_default)

    data(world.post(TEXT_SEND, text_body()), 201)


@pytest.mark.parametrize(("exempt", "status"), [(False, 400), (True, 200)])
def test_a_form_of_the_hosts_own_behind_a_key_needs_a_token_unless_the_view_is_exempt(
    make_host: MakeHost, exempt: bool, status: int
) -> None:
    def guarded_form(world: World) -> None:
        csrf = CSRFProtect(world.app)

        def own_form() -> str:
            return "HOST: sent"

        view = require_key("send_text")(own_form)
        world.app.add_url_rule("/own/form", view_func=csrf.exempt(view) if exempt else view, methods=["POST"])

    world = make_host(guarded_form)

    assert world.post("/own/form", None).status_code == status
