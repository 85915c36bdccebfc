"""The helpers that decide which tests run are tested too: a fault in them would be silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import services


@pytest.fixture(autouse=True)
def asked_afresh() -> Iterator[None]:
    """Forgets what was found out about services, before and after."""
    services.missing.cache_clear()
    yield
    services.missing.cache_clear()


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is looked for where nothing listens."""
    if reason := services.missing("redis"):
        pytest.skip(reason)
    services.missing.cache_clear()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("WAAPI_TEST_REDIS_URI", f"redis://127.0.0.1:{port}/0")


@pytest.mark.usefixtures("no_redis")
def test_a_test_is_left_out_when_its_service_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAAPI_TEST_REQUIRE", "postgresql")

    with pytest.raises(pytest.skip.Exception, match=r"needs redis: .*redis-server"):
        services.require("redis")


@pytest.mark.usefixtures("no_redis")
@pytest.mark.parametrize("required", ["all", "postgresql, redis"])
def test_a_test_fails_when_its_service_is_required_and_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, required: str
) -> None:
    monkeypatch.setenv("WAAPI_TEST_REQUIRE", required)

    with pytest.raises(pytest.fail.Exception, match="needs redis"):
        services.require("redis")


@pytest.mark.parametrize("_attempt", ["first", "second"])
def test_a_test_gets_an_empty_database_whatever_the_one_before_left(database_uri: str, _attempt: str) -> None:
    engine = sa.create_engine(database_uri)
    metadata = sa.MetaData()
    sa.Table("kept", metadata, sa.Column("text", sa.String(10)))

    assert sa.inspect(engine).get_table_names() == []
    metadata.create_all(engine)
    assert sa.inspect(engine).get_table_names() == ["kept"]
    engine.dispose()


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def test_a_database_can_be_emptied_while_a_connection_holds_a_table(
    request: pytest.FixtureRequest, server: str
) -> None:
    database: services.ThrowAwayDatabase = request.getfixturevalue(f"{server}_database")
    engine = sa.create_engine(database.uri, poolclass=sa.pool.NullPool)
    connection = engine.connect()
    connection.execute(sa.text("CREATE TABLE held (number INT)"))
    connection.execute(sa.text("INSERT INTO held VALUES (1)"))

    database.empty()

    connection.invalidate()
    connection.close()
    assert sa.inspect(engine).get_table_names() == []
