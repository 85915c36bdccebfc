"""Running commands as a person would, and looking at what they print."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result

from factories import World

Run = Callable[..., Result]
"""The fixture ``run``: the words after ``flask waapi``; ``world=`` for another app."""


@pytest.fixture
def run(world: World) -> Run:
    """Runs a command that must succeed."""

    def run(*words: str, world: World = world, fails: bool = False, **options: object) -> Result:
        result = world.app.test_cli_runner().invoke(args=["waapi", *words], **options)
        if not fails:
            assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def refused(run: Run) -> Callable[..., str]:
    """Runs a command that must fail, and gives its words: no traceback, exit code 1."""

    def refused(*words: str, code: int = 1, **options: object) -> str:
        result = run(*words, fails=True, **options)
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.output
        return result.stderr.strip()

    return refused
