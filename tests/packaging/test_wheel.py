"""The wheel: built from the source archive, it holds the tree and works in a clean environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parents[2]
SHIPPED = {"flask_waapi": Path(), "providers": Path("providers")}  # folder -> what is cut off

INSTALLED = """
import json, pathlib
from importlib.metadata import entry_points, version
import flask_waapi
points = {point.name: point.load().__name__ for point in entry_points(group="flask_waapi")}
where = pathlib.Path(flask_waapi.__file__).parent
print(json.dumps({
    "version": version("flask-waapi"),
    "points": points,
    "where": str(where),
    "missing": [name for name in flask_waapi.__all__ if not hasattr(flask_waapi, name)],
}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command; when it fails, the test fails with all it said."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        pytest.fail(f"{command} failed:\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def files_in_the_tree() -> set[str]:
    """Every file below the shipped folders, by the name it has in the wheel."""
    return {
        path.relative_to(ROOT / base).as_posix()
        for folder, base in SHIPPED.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in a copy: a build in the tree would pick up what an earlier one left."""
    if find_spec("build") is None:
        pytest.skip("needs the Python package build (pip install build)")
    copy = tmp_path_factory.mktemp("source") / "flask-waapi"
    kept_out = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*.egg-info", "build", "dist")
    shutil.copytree(ROOT, copy, ignore=kept_out)
    run(sys.executable, "-m", "build", "--outdir", copy / "dist", cwd=copy)
    (built,) = (copy / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_tree_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert sorted(files_in_the_tree() - packed) == []
    assert sorted(packed - files_in_the_tree()) == []


def test_the_wheel_installs_and_its_entry_points_load_in_a_clean_environment(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "clean", with_pip=True)
    python = tmp_path / "clean/bin/python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)

    told = json.loads(run(python, "-W", "error", "-c", INSTALLED, cwd=tmp_path))

    assert told["points"] == {
        "cloud": "waapi_cloud",
        "logging": "waapi_logging",
        "simulation": "waapi_simulation",
    }
    assert told["missing"] == []
    assert Path(told["where"]).is_relative_to(tmp_path / "clean")
    assert f"-{told['version']}-" in wheel.name
