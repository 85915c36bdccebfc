"""Fields for a moment: what they take, and what they show again."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from dashboard_host import Host
from flask_waapi.dashboard.moments import in_field, read_moment, shown_again

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00", "2026-03-01T12:00:00", "2026-03-01T12:00:00.000Z", "2026-03-01T07:00-05:00"]
)
def test_a_moment_is_utc_unless_it_names_another_zone(text: str) -> None:
    assert read_moment(text, "since") == NOON
    assert shown_again(text) == "2026-03-01T12:00"


def test_a_field_holds_seconds_where_there_are_any() -> None:
    assert in_field(NOON.replace(second=7, microsecond=8)) == "2026-03-01T12:00:07"


@pytest.mark.parametrize("text", ["", "yesterday", "9" * 40, "2026-02-30T12:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_shown_as_it_was_typed(text: str) -> None:
    assert shown_again(text) == text


@pytest.mark.parametrize("path", ["/keys/new", "/requests", "/messages"])
def test_each_page_says_without_a_script_that_it_asks_in_utc(host: Host, path: str) -> None:
    page = host.get(path).text

    fields = re.findall(r'<input type="datetime-local"', page)
    assert fields
    assert page.count("<span data-zone>UTC</span>") == len(fields)


@pytest.mark.parametrize(
    ("path", "field"), [("/requests", "since"), ("/requests", "until"), ("/messages", "from")]
)
def test_a_filter_shows_the_moment_again_that_a_script_has_sent_with_its_zone(
    host: Host, path: str, field: str
) -> None:
    page = host.get(path, **{field: "2026-03-01T07:00:00.000-05:00"}).text

    assert f'name="{field}" value="2026-03-01T12:00"' in page


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("field", ["from", "until"])
def test_a_moment_at_the_end_of_time_can_be_looked_for(host: Host, field: str, moment: str) -> None:
    assert host.get("/messages", **{field: moment}).status_code == 200
