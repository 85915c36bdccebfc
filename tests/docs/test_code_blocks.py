"""The Python in README and docs runs as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from doc_pages import ROOT, blocks

RUNNER = """
import json, sys, traceback

PRELUDE = '''
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_waapi import WaApi

app = Flask("example")
app.config.update(SECRET_KEY="example", SQLALCHEMY_DATABASE_URI="sqlite://", WAAPI_BACKGROUND_THREAD=False)
db = SQLAlchemy(app)
'''
JOINED = '''
waapi = WaApi(app, db=db)
with app.app_context():
    waapi.create_all()
'''
for number, (mark, line, code) in enumerate(json.load(sys.stdin)):
    space = {"__name__": f"example_{number}"}
    try:
        if mark == "fragment":
            exec(PRELUDE, space)
            if "WaApi(" not in code:
                exec(JOINED, space)
        exec(compile("\\n" * (line - 1) + code, sys.argv[1], "exec"), space)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
"""


@pytest.mark.parametrize(
    "page", ["README.md", "docs/embedding.md", "docs/media.md", "docs/operations.md", "docs/templates.md"]
)
def test_every_block_of_python_runs(page: str, tmp_path: Path) -> None:
    for package in ("flask_login", "flask_migrate", "flask_wtf"):
        pytest.importorskip(package, reason="the examples use the extras: reference, test")
    found = [(block.mark, block.line, block.code) for block in blocks(ROOT / page, "python")]

    run = subprocess.run(
        [sys.executable, "-c", RUNNER, page],
        input=json.dumps(found),
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("FLASK_")},
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert found
    assert run.returncode == 0, run.stderr


def test_json_in_the_docs_is_json() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "api.md"):
        for block in blocks(page, "json"):
            json.loads(block.code)
