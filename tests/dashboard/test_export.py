"""The messages as a CSV file."""

from __future__ import annotations

import csv
import gc
import io
import re
from collections.abc import Iterator

import pytest
from flask import Response

from browsing import HOSTILE
from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.dashboard.messages import export
from flask_waapi.dashboard.messages.export import cell
from flask_waapi.messaging import history


def rows(host: Host, **query: str) -> list[dict[str, str]]:
    """The file of a search, read back."""
    answer = host.get("/messages/export.csv", **query)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_the_file_holds_what_the_search_finds_newest_first(host: Host) -> None:
    issued = host.key()
    first = host.send(issued, text="one", reference="a")
    host.clock.advance(1)
    second = host.send(issued, text="two", reference="a")
    host.send(issued, text="three", reference="b")

    found = rows(host, reference="a")

    assert [row["message_uuid"] for row in found] == [second, first]
    assert found[1]["created_at"] == "2026-03-01T12:00:00.000000Z"
    assert found[1]["to"] == "+1234567890"
    assert found[1]["text"] == "one"
    assert found[1]["key_id"] == str(issued.key.id)
    assert found[1]["simulated"] == "yes"


def test_lines_end_and_values_are_quoted_as_rfc_4180_says(host: Host) -> None:
    host.send(host.key(), text='He said "no",\nthen left', reference="a,b")

    data = host.get("/messages/export.csv").data

    assert data.startswith(b"\xef\xbb\xbfcreated_at,")
    assert data.endswith(b"\r\n")
    assert b'"He said ""no"",\nthen left","a,b"' in data
    assert rows(host)[0]["text"] == 'He said "no",\nthen left'


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        '=HYPERLINK("http://evil.test")',
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t1",
        "\r1",
        "＝1+1",
        "＋1",
        "+123-456",
    ],
)
def test_what_a_spreadsheet_would_calculate_is_text(value: str) -> None:
    assert cell(value) == f"'{value}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Eve;=3+3;", "Eve;'=3+3;"),
        ("Eve; \u00a0=3+3", "Eve; \u00a0'=3+3"),
        ('Eve;"=3+3;"', 'Eve;"\'=3+3;"'),
        ("a;;-1\t@b;＋1", "a;;'-1\t'@b;'＋1"),
        ("hello\n=1+1", "hello\n'=1+1"),
        ("hello\r\n \r\n=1+1", "hello\r\n \r\n'=1+1"),
        ("+1234567890\n=1", "'+1234567890\n'=1"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_what_would_begin_a_cell_where_a_semicolon_or_a_tab_divides_them_is_text(
    value: str, written: str
) -> None:
    assert cell(value) == written


def test_long_runs_of_dividers_are_read_once() -> None:
    assert cell("a" + "\n; " * 100_000) == "a" + "\n; " * 100_000
    assert cell("a;" + " " * 300_000) == "a;" + " " * 300_000


@pytest.mark.parametrize(
    "value",
    [
        "+1234567890",
        "ORD-1",
        "",
        "a=1",
        "1-2",
        "'=1",
        "a = 1; b = 2",
        "from 1 - 2\nto 3",
        '"=1"',
        "Jane; Doe",
    ],
)
def test_other_values_and_phone_numbers_stay_as_they_are(value: str) -> None:
    assert cell(value) == value


def test_hostile_text_stays_in_its_cell(host: Host) -> None:
    issued = host.key()
    for words in (HOSTILE, '=1","=2', "a\r\n=cmd|' /C calc'!A0", "\u202egnp.exe", "naïve 😀"):
        host.send(issued, text=words)
        host.clock.advance(1)

    found = rows(host)

    assert [row["text"] for row in found] == [
        "naïve 😀",
        "\u202egnp.exe",
        "a\r\n'=cmd|' /C calc'!A0",
        '\'=1","=2',
        HOSTILE,
    ]
    assert all(None not in row and len(row) == len(export.COLUMNS) for row in found)


def test_the_file_is_written_while_it_is_read(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = host.key()
    for number in range(5):
        host.send(issued, text=f"text {number}")
        host.clock.advance(1)
    monkeypatch.setattr(export, "PAGE", 2)
    asked: list[int] = []
    search = history.search

    def count(*arguments: object, **options: object) -> history.HistoryPage:
        asked.append(1)
        return search(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(history, "search", count)

    lines: Iterator[bytes] = host.client.get("/waapi/messages/export.csv", buffered=False).iter_encoded()

    assert b"created_at" in next(lines)
    assert asked == []
    assert b"text 4" in next(lines)
    assert asked == [1]
    assert sum(1 for _ in lines) == 4
    assert asked == [1, 1, 1]


def test_a_file_that_lacks_messages_says_so_in_its_last_line(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = host.key()
    for number in range(5):
        host.send(issued, text=f"text {number}")
        host.clock.advance(1)
    monkeypatch.setattr(export, "MOST_EXPORTED", 3)

    found = rows(host)

    assert len(found) == 4
    assert found[-1]["created_at"].startswith(export.CUT)
    monkeypatch.setattr(export, "MOST_EXPORTED", 5)
    assert [row["text"] for row in rows(host)] == [f"text {number}" for number in range(4, -1, -1)]


def test_whoever_may_look_may_export_and_only_their_account(host: Host) -> None:
    host.send(host.key())
    host.visitor = Viewer("default", "bob", may_manage=False)
    assert len(rows(host)) == 1

    host.visitor = Viewer("other", "eve")
    assert rows(host) == []


def test_the_page_offers_the_file_of_its_own_search(host: Host) -> None:
    host.send(host.key(), reference="a&b")

    found = re.search(
        r'href="(/waapi/messages/export\.csv[^"]*)"', host.get("/messages", reference="a&b").text
    )

    assert found
    assert found[1] == "/waapi/messages/export.csv?reference=a%26b"


EXPORT = "/waapi/messages/export.csv"


def test_a_viewer_has_one_export_running_and_the_next_is_refused_in_words(host: Host) -> None:
    running = host.client.get(EXPORT, buffered=False)
    refused = host.get("/messages/export.csv")

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "30"
    assert "An export of yours is still running." in refused.text
    running.close()


def test_an_export_that_has_ended_or_whose_client_has_gone_makes_room(host: Host) -> None:
    host.send(host.key())
    for read in (0, 1):
        left = host.client.get(EXPORT, buffered=False)
        for _, _ in zip(range(read), left.response, strict=False):
            pass
        left.close()
    host.client.head(EXPORT).close()

    assert len(rows(host)) == 1
    assert len(rows(host)) == 1


def test_an_export_that_breaks_makes_room(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*arguments: object, **options: object) -> None:
        raise RuntimeError("the database broke")

    with monkeypatch.context() as broken:
        broken.setattr(history, "search", breaks)
        with pytest.raises(RuntimeError):
            host.client.get(EXPORT, buffered=True)

    assert rows(host) == []


def test_an_answer_that_the_host_never_serves_makes_room(host: Host) -> None:
    def replace(response: Response) -> Response:
        return Response("the host's own", 503)

    host.app.after_request_funcs.setdefault(None, []).append(replace)
    assert host.client.get(EXPORT).status_code == 503
    host.app.after_request_funcs[None].remove(replace)
    gc.collect()

    assert rows(host) == []


def test_others_export_meanwhile(host: Host) -> None:
    running = host.client.get(EXPORT, buffered=False)
    for visitor in (Viewer("default", "carl"), Viewer("other", "ann")):
        host.visitor = visitor
        assert host.get("/messages/export.csv").status_code == 200
    running.close()
