"""The page on embedding names what there is: arguments of the extension, options of a send."""

from __future__ import annotations

import inspect
import re

from doc_pages import ROOT
from flask_waapi import SendOptions, WaApi

PAGE = ROOT / "docs" / "embedding.md"
TEXT = PAGE.read_text(encoding="utf-8")


def first_cells(title: str) -> list[str]:
    """What stands in code quotes in the first column of the tables below a heading."""
    section = TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_every_argument_of_the_extension_is_on_the_page() -> None:
    arguments = [name for name in inspect.signature(WaApi).parameters if name != "app"]

    assert first_cells("A whole app") == arguments


def test_every_option_of_a_send_is_on_the_page() -> None:
    assert first_cells("Calling from Python") == list(SendOptions.__annotations__)
