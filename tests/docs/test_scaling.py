"""The page on scaling: its compose file has what its services need to start."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from doc_pages import ROOT, blocks
from factories import close_app
from flask_waapi import WaApi


def compose() -> str:
    """The file."""
    (block,) = blocks(ROOT / "docs" / "scaling.md", "yaml")
    return block.code


def settings() -> dict[str, str]:
    """What the containers of the app have in their environment."""
    found = re.findall(r"^  ((?:FLASK|CELERY)_\w+): (.*?)(?:  #.*)?$", compose(), re.MULTILINE)
    return {name: value.strip('"') for name, value in found}


def test_an_app_starts_with_the_settings_of_the_compose_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("psycopg", "redis"):
        pytest.importorskip(package, reason="the compose file needs the extras: postgresql, redis")
    for name in os.environ:
        if name.startswith("FLASK_"):
            monkeypatch.delenv(name)
    for name, value in settings().items():
        monkeypatch.setenv(name, value)
    app = Flask("shop")
    app.config.from_prefixed_env()

    db = SQLAlchemy(app)
    WaApi(app, db=db)

    assert app.config["SECRET_KEY"]
    close_app(app)


def test_the_addresses_of_the_compose_file_name_its_services_and_the_database_knows_its_user() -> None:
    services = set(re.findall(r"^  (\w+):$", compose().partition("services:")[2], re.MULTILINE))
    addresses = [urlsplit(value) for value in settings().values() if "://" in value]

    assert {address.hostname for address in addresses} == {"postgres", "redis", "rabbitmq"} <= services
    database = next(address for address in addresses if address.hostname == "postgres")
    given = dict(re.findall(r"(POSTGRES_\w+): (\w+)", compose()))
    assert given == {
        "POSTGRES_USER": database.username,
        "POSTGRES_PASSWORD": database.password,
        "POSTGRES_DB": database.path.lstrip("/"),
    }


def test_celery_puts_the_address_of_the_environment_before_the_one_in_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    celery = pytest.importorskip("celery", reason="the compose file needs the extra: celery")
    monkeypatch.setenv("CELERY_BROKER_URL", settings()["CELERY_BROKER_URL"])

    app = celery.Celery("shop", broker="amqp://guest:guest@localhost:5672//", set_as_current=False)

    assert app.connection_for_write().hostname == "rabbitmq"
