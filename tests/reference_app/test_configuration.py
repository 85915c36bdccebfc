"""Everything is switched by the environment; secrets are made, not written in the code."""

from __future__ import annotations

import ast
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import QueuePool

import flask_waapi
from flask_waapi.testing.graph_double import GraphDouble

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_the_app_imports_public_names_only() -> None:
    for path in (ROOT / "reference_app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flask_waapi"):
                assert node.module == "flask_waapi", path
                assert {alias.name for alias in node.names} <= set(flask_waapi.__all__), path
            if isinstance(node, ast.Import):
                assert not [alias for alias in node.names if alias.name.startswith("flask_waapi")], path


def test_the_secret_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    from reference_app import create_app

    first = create_app(instance_path=str(tmp_path / "instance")).config["SECRET_KEY"]
    second = create_app(instance_path=str(tmp_path / "instance")).config["SECRET_KEY"]
    other = create_app(instance_path=str(tmp_path / "other")).config["SECRET_KEY"]

    kept = tmp_path / "instance" / "secret-key"
    assert first == second == kept.read_text(encoding="utf-8").strip()
    assert len(first) == 64
    assert first != other
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    from reference_app.instance import kept_secret

    with ThreadPoolExecutor(8) as pool:
        secrets = set(
            pool.map(lambda number: kept_secret(tmp_path / "secret", lambda: str(number)), range(40))
        )

    assert len(secrets) == 1


def test_an_empty_secret_is_reported_and_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reference_app import instance

    (tmp_path / "secret").touch()
    monkeypatch.setattr(instance, "PATIENCE_SECONDS", 0.05)

    with pytest.raises(RuntimeError, match="is empty: delete it"):
        instance.kept_secret(tmp_path / "secret", lambda: "new")


def test_a_configured_secret_key_is_used_and_none_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reference_app import create_app

    monkeypatch.setenv("FLASK_SECRET_KEY", "from the environment")
    monkeypatch.setenv("FLASK_INSTANCE_PATH", str(tmp_path))

    app = create_app()

    assert app.config["SECRET_KEY"] == "from the environment"
    assert app.instance_path == str(tmp_path)
    assert not (tmp_path / "secret-key").exists()


def test_database_limits_and_paths_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reference_app import create_app
    from reference_app.extensions import db, waapi

    monkeypatch.setenv("FLASK_SQLALCHEMY_DATABASE_URI", f"sqlite:///{tmp_path}/elsewhere.sqlite")
    monkeypatch.setenv("FLASK_WAAPI_STANDARD_RATE_LIMIT", "7")
    monkeypatch.setenv("FLASK_WAAPI_DASHBOARD_URL_PREFIX", "/manage")

    app = create_app(instance_path=str(tmp_path))

    with app.app_context():
        assert db.engine.url.database == f"{tmp_path}/elsewhere.sqlite"
        assert waapi.services.settings.standard_rate_limit == 7
    assert 'href="/manage/"' in app.test_client().get("/").text


def test_sqlite_lets_readers_and_the_writer_work_side_by_side(desk: Any) -> None:
    from reference_app.extensions import db

    with desk.app_context():
        assert db.session.scalar(db.text("PRAGMA journal_mode")) == "wal"
        assert db.session.scalar(db.text("PRAGMA busy_timeout")) == 30_000
        assert db.session.scalar(db.text("PRAGMA foreign_keys")) == 1


def test_each_thread_has_room_for_two_connections(desk: Any) -> None:
    from reference_app import POOL_SIZE
    from reference_app.extensions import db
    from reference_app.serve import THREADS

    assert POOL_SIZE >= 2 * THREADS
    with desk.app_context():
        pool = db.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.size() == POOL_SIZE


def test_the_desk_works_on_every_database(database_uri: str, tmp_path: Path) -> None:
    from reference_app import create_app
    from reference_app.extensions import db, waapi
    from reference_app.models import Customer, Order
    from reference_app.orders import Confirmation, confirm
    from reference_app.start import upgrade_tables

    settings = {"SQLALCHEMY_DATABASE_URI": database_uri, "WAAPI_BACKGROUND_THREAD": False}
    app = create_app(settings, instance_path=str(tmp_path))
    upgrade_tables(app)
    with app.app_context():
        order = Order(customer=Customer(name="Ada", phone="+1234567890"), placed_at=NOW, items=[])
        db.session.add(order)
        db.session.flush()
        confirm(order)
        db.session.commit()
        assert (order.placed_at, Confirmation.of(order).status) == (NOW, "queued")
        db.session.remove()
    runner = app.test_cli_runner()
    for arguments in (["db", "check"], ["waapi", "db", "check"], ["waapi", "worker", "--once"]):
        result = runner.invoke(args=arguments)
        assert result.exit_code == 0, result.output
    with app.app_context():
        assert Confirmation.of(db.session.get_one(Order, 1)).status == "sent"
        db.session.remove()
        waapi.services.store.engine.dispose()
        db.engine.dispose()


def work(desk: Any) -> None:
    """Send what waits."""
    result = desk.test_cli_runner().invoke(args=["waapi", "worker", "--once"])
    assert result.exit_code == 0, result.output


@pytest.fixture
def double() -> Any:
    with GraphDouble() as started:
        yield started


@pytest.fixture
def cloud(double: GraphDouble, monkeypatch: pytest.MonkeyPatch) -> GraphDouble:
    """The environment of an app that sends to the double as if it were Meta."""
    monkeypatch.setenv("FLASK_WAAPI_PROVIDERS", json.dumps({"cloud": double.provider_settings}))
    monkeypatch.setenv("FLASK_WAAPI_DEFAULT_PROVIDER", "cloud")
    return double


class TestWithTheCloudApi:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"WAAPI_BACKGROUND_THREAD": False}

    def test_an_order_is_confirmed_over_a_real_socket(
        self, cloud: GraphDouble, desk: Any, clerk: Any
    ) -> None:
        clerk.order()
        work(desk)

        assert 'class="status sent"' in clerk.page("/orders/1")
        (message,) = cloud.messages
        assert message.to == "1234567890"
        template = message.body["template"]
        assert template["name"] == "order_confirmation"
        assert {"type": "text", "parameter_name": "order_id", "text": "ORD-00001"} in template["components"][
            0
        ]["parameters"]

    def test_the_landing_page_warns_that_messages_are_real(self, cloud: GraphDouble, browser: Any) -> None:
        assert "sent for real" in browser.page("/")

    def test_a_refusal_by_meta_is_told_on_the_order(self, cloud: GraphDouble, desk: Any, clerk: Any) -> None:
        clerk.order("+15550131026")
        work(desk)

        assert "The order is placed, but its confirmation did not arrive." in clerk.page("/orders/1")
        assert cloud.messages == ()
