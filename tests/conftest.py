"""What every test can use: databases of each kind, and the markers that name a service."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

import factories
import services
from browsing import ARGUMENTS
from factories import MakeWorld, World
from flask_waapi.testing import ManualClock
from selection import few_of
from services import ThrowAwayDatabase

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The machine's load decides how long an example takes, so time says nothing. Where a change is judged, it is
# judged by the same examples each time; new ones are looked for where somebody is there to follow them up.
hypothesis.settings.register_profile("waapi", deadline=None, derandomize="CI" in os.environ)
# For the runs that show something else than the code: other versions, missing packages.
hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("waapi"), max_examples=10)
PROFILE = os.environ.get("WAAPI_TEST_PROFILE", "waapi")
hypothesis.settings.load_profile(PROFILE)


TESTS = Path(__file__).parent

NEEDED_PACKAGES = {
    **{str(path.relative_to(TESTS)): ("playwright",) for path in TESTS.glob("*/test_*browser.py")},
    "dashboard/test_guard.py": ("flask_wtf",),
    "hosts/test_csrf.py": ("flask_wtf",),
    "hosts/test_everything_at_once.py": ("flask_smorest", "flask_wtf"),
    "hosts/test_flask_migrate.py": ("flask_migrate",),
    "hosts/test_smorest.py": ("flask_smorest",),
    "work/test_celery_workers.py": ("celery",),
    "work/test_init_celery.py": ("celery",),
    "work/test_wakeups.py": ("celery",),
}
"""What the modules import that bring a host's other extensions, or a browser."""

collect_ignore = [
    path
    for path, packages in NEEDED_PACKAGES.items()
    if not services.must_run("every package") and not all(find_spec(name) for name in packages)
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes a few cases of each test in the runs that show something else than the code."""
    if PROFILE == "few":
        items[:], left_out = few_of(items)
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leaves out a test whose marker names a service that does not answer."""
    for name in services.SERVICES:
        if item.get_closest_marker(name):
            services.require(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists what was left out, why, and how many tests that were."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        # The conformance kit passes over what a provider does not claim: nothing was left out there.
        if isinstance(report.longrepr, tuple) and "conformance" not in report.longrepr[0]:
            reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1
    for item in terminalreporter.stats.get("deselected", []):
        if item.get_closest_marker("wheel"):
            reasons["builds the wheel, which is slow; run it with: tox -e wheel"] += 1
    for path in collect_ignore:
        reasons[f"all of tests/{path}, which needs {' and '.join(NEEDED_PACKAGES[path])}"] += 1
    if not reasons:
        return
    terminalreporter.section("left out", sep="-")
    for reason, count in sorted(reasons.items()):
        terminalreporter.line(f"{count:5} {'test' if count == 1 else 'tests'}: {reason}")


def _database(service: str) -> Iterator[ThrowAwayDatabase]:
    database = ThrowAwayDatabase(services.require(service))
    yield database
    database.drop()


@pytest.fixture(scope="session")
def postgresql_database() -> Iterator[ThrowAwayDatabase]:
    """A database of this run on PostgreSQL."""
    yield from _database("postgresql")


@pytest.fixture(scope="session")
def mariadb_database() -> Iterator[ThrowAwayDatabase]:
    """A database of this run on MariaDB or MySQL."""
    yield from _database("mariadb")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of an empty database, once for each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'waapi.sqlite'}"
    database: ThrowAwayDatabase = request.getfixturevalue(f"{request.param}_database")
    database.empty()
    return database.uri


@pytest.fixture
def sqlite_uri(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'waapi.sqlite'}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests: two in one process get into each other's way."""
    path = services.require("browser")
    from playwright.sync_api import expect, sync_playwright

    # How long a machine takes depends on what else it does.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def clock() -> ManualClock:
    """The time, standing still."""
    return ManualClock()


@pytest.fixture
def make_world(sqlite_uri: str, clock: ManualClock) -> Iterator[MakeWorld]:
    """Makes apps on a SQLite file (or ``database_uri=``) with these settings, and closes them."""
    with ExitStack() as stack:

        def make(**options: object) -> World:
            given = {"database_uri": sqlite_uri, "clock": clock} | options
            return stack.enter_context(factories.opened(**given))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app on a SQLite file, sending by simulation."""
    return make_world()


@pytest.fixture
def recording(make_world: MakeWorld) -> World:
    """An app on a SQLite file, sending by a recorder."""
    return make_world(**factories.RECORDING)


def _migrated(database: ThrowAwayDatabase) -> str:
    return factories.migrated(database.uri)


@pytest.fixture(scope="session")
def migrated_postgresql() -> Iterator[str]:
    """The URL of a migrated database of this run on PostgreSQL."""
    yield from map(_migrated, _database("postgresql"))


@pytest.fixture(scope="session")
def migrated_mariadb() -> Iterator[str]:
    """The URL of a migrated database of this run on MariaDB or MySQL."""
    yield from map(_migrated, _database("mariadb"))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def migrated_uri(request: pytest.FixtureRequest, sqlite_uri: str) -> str:
    """The URL of a database with our tables and no rows, once for each kind of database."""
    if request.param == "sqlite":
        return factories.migrated(sqlite_uri)
    uri: str = request.getfixturevalue(f"migrated_{request.param}")
    factories.delete_all_rows(uri)
    return uri


@pytest.fixture
def any_world(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app sending by simulation, once for each kind of database."""
    return make_world(database_uri=migrated_uri)


@pytest.fixture
def any_recording(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app sending by a recorder, once for each kind of database."""
    return make_world(database_uri=migrated_uri, **factories.RECORDING)


def _shared(tmp_path_factory: pytest.TempPathFactory, **config: object) -> Iterator[World]:
    file = tmp_path_factory.mktemp("shared") / "waapi.sqlite"
    with factories.opened(f"sqlite:///{file}", WAAPI_WRONG_KEY_LIMIT=1_000_000, **config) as world:
        yield world


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One app for the many tests that leave nothing behind, such as those of refused requests."""
    yield from _shared(tmp_path_factory)


@pytest.fixture(scope="session")
def shared_recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same, sending by a recorder."""
    yield from _shared(tmp_path_factory, **factories.RECORDING)


@pytest.fixture(
    scope="session",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def shared_anywhere(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One app for each kind of database, sending by a recorder, for tests that leave nothing behind."""
    if request.param == "sqlite":
        yield from _shared(tmp_path_factory, **factories.RECORDING)
        return
    for database in _database(request.param):
        with factories.opened(database.uri, **factories.RECORDING) as world:
            yield world
