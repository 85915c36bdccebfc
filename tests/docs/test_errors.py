"""The page of the error codes is what the table of the provider says."""

from __future__ import annotations

from doc_pages import ROOT
from waapi_cloud.error_codes import RULES
from waapi_cloud.error_page import error_page

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_the_page_of_errors_is_current() -> None:
    assert error_page() + "\n" == PAGE, "Run: make docs"


def test_every_code_is_on_the_page() -> None:
    assert [code for code in RULES if f"\n| {code} |" not in PAGE] == []
