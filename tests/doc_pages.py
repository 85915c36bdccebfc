"""Reading the Markdown of this repository: pages, blocks of code, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Block:
    """A block of code. :param mark: what a comment right above it says; :param line: of its first line."""

    page: Path
    language: str
    mark: str
    code: str
    line: int


def blocks(page: Path, *languages: str) -> list[Block]:
    """The blocks of a page in these languages."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            found["language"],
            found["mark"] or "",
            found["code"],
            text.count("\n", 0, found.start("code")) + 1,
        )
        for found in _BLOCK.finditer(text)
        if found["language"] in languages
    ]


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every ``flask ... waapi ...`` command of a page, in blocks and in running text."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page, "sh"):
        for line in block.code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True) if line.count("'") % 2 == 0 else []
            if "flask" in words:
                yield words[words.index("flask") :]
    for quoted in re.findall(r"`(flask [^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        yield shlex.split(quoted)
