"""An order desk of its own for each test. What the reference app needs beyond the package may be missing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

NAME, PASSWORD = "clerk", "tea at four"


@pytest.fixture(autouse=True, scope="session")
def bare_environment() -> Iterator[None]:
    """No setting of the shell that runs the tests reaches the app."""
    for package in ("flask_login", "flask_migrate", "gunicorn"):
        pytest.importorskip(package, reason="the reference app needs the extra: reference")
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ:
            if name.startswith("FLASK_") or name in {"HOST", "PORT"}:
                environment.delenv(name)
        yield


@pytest.fixture
def settings() -> dict[str, Any]:
    """The app's configuration beyond its defaults; statuses come at once, when a worker asks for them."""
    return {
        "WAAPI_BACKGROUND_THREAD": False,
        "WAAPI_PROVIDERS": {"simulation": {"delivered_after": 0, "read_after": 0}},
    }


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an app with its tables and one user, to be copied."""
    from reference_app import create_app
    from reference_app.extensions import db
    from reference_app.models import User
    from reference_app.start import upgrade_tables

    folder = tmp_path_factory.mktemp("first-day")
    app = create_app(instance_path=str(folder))
    upgrade_tables(app)
    with app.app_context():
        user = User(name=NAME, password_hash="")
        user.set_password(PASSWORD)
        db.session.add(user)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return folder / "order_desk.sqlite"


@pytest.fixture
def open_desk(
    first_day: Path, tmp_path: Path, settings: dict[str, Any]
) -> Iterator[Callable[..., tuple[Flask, Browser]]]:
    """Makes the app on its first day, with settings beyond the usual ones, and somebody who has logged in."""
    from reference_app import create_app
    from reference_app.extensions import db, waapi

    shutil.copy(first_day, tmp_path)
    apps: list[Flask] = []

    def open_desk(**others: Any) -> tuple[Flask, Browser]:
        app = create_app({**settings, **others}, instance_path=str(tmp_path))
        apps.append(app)
        return app, Browser(app.test_client()).log_in()

    yield open_desk
    for app in apps:
        with app.app_context():
            waapi.services.loop.stop()
            db.engine.dispose()


@pytest.fixture
def desk(first_day: Path, tmp_path: Path, settings: dict[str, Any]) -> Iterator[Flask]:
    """The app on its first day."""
    from reference_app import create_app
    from reference_app.extensions import db

    shutil.copy(first_day, tmp_path)
    app = create_app(settings, instance_path=str(tmp_path))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def browser(desk: Flask) -> Browser:
    """Nobody, with a browser."""
    return Browser(desk.test_client())


@pytest.fixture(scope="session")
def log_in_to() -> Callable[[Flask], Browser]:
    """Logs the clerk in to an app."""
    return lambda app: Browser(app.test_client()).log_in()


@pytest.fixture
def clerk(browser: Browser) -> Browser:
    """Somebody who has logged in."""
    return browser.log_in()


class Browser:
    """Loads pages and submits their forms, as a person would."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def log_in(self) -> Browser:
        """Log in as the clerk."""
        self.submit("/login", name=NAME, password=PASSWORD)
        return self

    def page(self, path: str) -> str:
        """The text of a page."""
        return self.client.get(path).text

    def submit(self, path: str, *, to: str | None = None, **fields: str) -> Any:
        """Fill in the form of the page at ``path`` and send it, redirects followed.

        :param to: where the form goes to; the page's own path without it.
        """
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page(path))
        assert token, f"{path} has no form"
        return self.client.post(to or path, data={"csrf_token": token[1], **fields}, follow_redirects=True)

    def order(self, phone: str = "+1234567890", **fields: str) -> Any:
        """Place an order for two cups."""
        filled = {"name": "Ada", "phone": phone, "Stoneware cup": "2"} | fields
        return self.submit("/orders/new", **filled)
