"""What axe-core finds on a page: its rules, run in a real browser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Taken from Playwright's side of the page, so that its policy, which allows no foreign script, can stay.
_RUN = """
async (exclude) => {
  const { violations } = await axe.run({ include: ["html"], exclude }, { resultTypes: ["violations"] });
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary}`));
}
"""


def serious_findings(page: Page, exclude: Sequence[str] = ()) -> list[str]:
    """The findings that axe-core calls serious or critical, in words.

    :param exclude: selectors of what it need not look at.
    """
    page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN, list(exclude))
    return found


@cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
