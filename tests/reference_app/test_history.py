"""The month that is made at the first start: once, in simulation only, through the real pipeline."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_waapi import Permission

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def old_desk(first_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A desk after its first start, which was now."""
    from reference_app import create_app, history
    from reference_app.extensions import db

    folder = tmp_path_factory.mktemp("history")
    shutil.copy(first_day, folder)
    app = create_app({"WAAPI_BACKGROUND_THREAD": False}, instance_path=str(folder))
    assert history.is_wanted(app)
    history.make(app, NOW)
    yield app
    with app.app_context():
        db.engine.dispose()


def ask(desk: Flask, path: str, **query: Any) -> list[dict[str, Any]]:
    """What the API tells of the account."""
    from reference_app.extensions import waapi

    with desk.app_context():
        name = f"reader {len(waapi.services.keys.list('default'))}"
        secret = waapi.create_key(name, permissions=[Permission.VIEW_MESSAGES]).secret
    answer = desk.test_client().get(
        f"/api/v1/external{path}", query_string=query, headers={"X-API-Key": secret}
    )
    found: list[dict[str, Any]] = answer.get_json()["data"]
    return found


def test_every_message_of_it_is_simulated_and_of_the_month_before(old_desk: Flask) -> None:
    newest = ask(old_desk, "/messages", limit=100)

    assert {message["simulated"] for message in newest} == {True}
    times = [datetime.fromisoformat(message["created_at"]) for message in newest]
    assert max(times) <= NOW
    assert min(times) >= NOW - timedelta(days=31)


def test_it_holds_what_the_pages_are_there_to_show(old_desk: Flask) -> None:
    for status in ("read", "delivered", "failed", "unconfirmed"):
        assert ask(old_desk, "/messages", status=status), status
    assert ask(old_desk, "/messages", direction="inbound")
    from reference_app.extensions import db, waapi
    from reference_app.models import Order

    with old_desk.app_context():
        keys = waapi.services.keys.list("default")
        made = [key for key in keys if key.name.startswith("demo history: ")]
        assert {key.mode for key in made} == {"test"}
        assert Counter(key.state for key in made) == {"active": 4, "inactive": 1}
        orders = db.session.scalars(db.select(Order)).all()
        assert len(orders) > 20
        assert all(order.is_demo for order in orders)


def test_it_is_not_made_twice(old_desk: Flask) -> None:
    from reference_app import history

    assert not history.is_wanted(old_desk)


def test_it_is_not_made_where_somebody_was_before(desk: Flask, clerk: Any) -> None:
    from reference_app import history

    assert history.is_wanted(desk)
    clerk.order()

    assert not history.is_wanted(desk)


@pytest.mark.parametrize(
    "settings",
    [
        {"SEED_HISTORY": False},
        {
            "WAAPI_PROVIDERS": {
                "cloud": {"phone_number_id": "1", "business_account_id": "2", "access_token": "token"}
            },
            "WAAPI_DEFAULT_PROVIDER": "cloud",
        },
    ],
    ids=["switched off", "a provider that is real"],
)
def test_it_is_not_made_when_switched_off_or_when_messages_would_be_real(
    open_desk: Any, settings: dict[str, Any]
) -> None:
    from reference_app import history

    app, _ = open_desk(**settings)

    assert not history.is_wanted(app)


def test_its_orders_are_marked_and_the_home_page_says_where_they_come_from(
    old_desk: Flask, log_in_to: Any
) -> None:
    browser = log_in_to(old_desk)

    assert 'class="status demo"' in browser.page("/orders/")
    assert "FLASK_SEED_HISTORY=false" in browser.page("/")
