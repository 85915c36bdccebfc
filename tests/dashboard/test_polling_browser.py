"""How the pages ask again for what moves, in a real browser whose clock and network are the test's."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

POLL = """
async (answers) => {
  const script = document.querySelector("script[type=module]").src;
  const { poll } = await import(script.replace("dashboard.js", "polling.js"));
  const pauses = [], used = [];
  window.setTimeout = (resume, pause) => { pauses.push(pause); queueMicrotask(resume); };
  window.fetch = async () => {
    const [status, headers] = answers.shift();
    return new Response("{}", { status, headers });
  };
  await poll("/asked", (count) => 1000 * (count + 1), () => used.push(1) === 2);
  return [pauses, used.length];
}
"""
"""Asks until the second answer that can be used, or until it gives up; the pauses before each question."""


def poll(page: Page, address: str, answers: list[tuple[int, dict[str, str]]]) -> Any:
    """How long was waited before each question, and how many answers were used."""
    # A page that asks for nothing by itself, which would take an answer away.
    page.goto(f"{address}keys/new")
    return page.evaluate(POLL, [list(answer) for answer in answers])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_for_a_moment_is_asked_again(page: Page, address: str, status: int) -> None:
    pauses, used = poll(page, address, [(200, {}), (status, {}), (200, {})])

    assert (pauses, used) == ([1000, 2000, 3000], 2)


@pytest.mark.parametrize(
    ("told", "pause"),
    [
        ("60", 60_000),
        ("1", 3000),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 3000),
        ("-5", 3000),
        ("99999999999", 3_600_000),
    ],
)
def test_the_next_question_comes_no_sooner_than_the_server_says(
    page: Page, address: str, told: str, pause: int
) -> None:
    pauses, _ = poll(page, address, [(200, {}), (503, {"Retry-After": told}), (503, {}), (200, {})])

    assert pauses == [1000, 2000, pause, 4000]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_who_may_not_see_it_any_more_asks_no_more(page: Page, address: str, status: int) -> None:
    pauses, used = poll(page, address, [(200, {}), (status, {}), (200, {})])

    assert (pauses, used) == ([1000, 2000], 1)
