"""The README: its five-minute app works with the commands below it, and its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from doc_pages import PAGES, ROOT, blocks

README = ROOT / "README.md"


def example() -> str:
    (code,) = [block.code for block in blocks(README, "python") if block.mark == "file: app.py"]
    return code


def commands_of_the_example() -> list[list[str]]:
    """The ``flask --app app ...`` lines, but the one that serves."""
    lines = [line for block in blocks(README, "sh") for line in block.code.splitlines()]
    found = [shlex.split(line) for line in lines if line.startswith("flask --app app ")]
    return [words for words in found if "run" not in words]


def test_the_five_minute_app_sends_with_the_key_its_command_shows(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(example(), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLASK_")},
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)]),
    }
    printed = ""
    for words in commands_of_the_example():
        printed = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    secret = re.search(r"wak_live_\w+", printed)
    assert secret, printed

    body = re.search(r"-d '(.*?)'\n", README.read_text(encoding="utf-8"), re.DOTALL)
    assert body is not None
    script = (
        "import json, sys, time\n"
        "from app import create_app\n"
        "client = create_app().test_client()\n"
        "headers = {'X-API-Key': sys.argv[1]}\n"
        "path = '/api/v1/external/messages'\n"
        "answer = client.post(path + '/template/send', json=json.loads(sys.argv[2]), headers=headers)\n"
        "print(answer.status_code, answer.text)\n"
    )
    sent = subprocess.run(
        [sys.executable, "-c", script, secret[0], body[1]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    status, _, answer = sent.partition(" ")
    data = json.loads(answer)["data"]
    assert status == "201"
    assert (data["status"], data["to"]) == ("sent", "+1234567890")


def test_the_send_example_is_the_one_that_the_reference_app_prints() -> None:
    pytest.importorskip("flask_migrate", reason="the reference app needs the extra: reference")
    from reference_app.start import EXAMPLE

    body = re.search(r"-d '(.*?)'\n", README.read_text(encoding="utf-8"), re.DOTALL)
    assert body is not None
    assert json.loads(body[1]) == EXAMPLE


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings answer to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"{page.name} links to {target}"


def test_every_page_is_linked_from_the_readme() -> None:
    text = README.read_text(encoding="utf-8")

    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in text] == []
