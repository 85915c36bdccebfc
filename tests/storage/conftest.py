"""A database for a whole file, since making one costs more than most tests."""

from __future__ import annotations

import pytest

from services import ThrowAwayDatabase


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def module_uri(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The SQLAlchemy URL of a database that is empty for the file's first test, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('storage') / 'waapi.sqlite'}"
    database: ThrowAwayDatabase = request.getfixturevalue(f"{request.param}_database")
    database.empty()
    return database.uri
