"""The page of error codes: complete, and a place to link to."""

from __future__ import annotations

import re

import pytest

from dashboard_host import Host
from doc_pages import ROOT
from flask_waapi.dashboard.error_codes import ERROR_CODES, FAILURE_CODES
from flask_waapi.messaging.delivery import outcomes
from flask_waapi.messaging.events import DELIVERY_FAILED, OUTCOME_UNKNOWN


def test_every_code_of_the_contract_is_there_with_its_status() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)

    assert {code: int(status) for status, code in rows} == {
        told.code: told.status for told in ERROR_CODES.values() if told.status is not None
    }


def test_what_befalls_a_message_later_is_there_too() -> None:
    later = {told.code for told in ERROR_CODES.values() if told.status is None}

    assert later == {
        DELIVERY_FAILED,
        OUTCOME_UNKNOWN,
        outcomes.MESSAGE_EXPIRED,
        outcomes.PROVIDER_THROTTLED,
    }


def test_every_code_has_its_meaning_and_what_to_do_in_one_sentence_or_two() -> None:
    for told in ERROR_CODES.values():
        assert told.meaning.endswith("."), told
        assert told.remedy.endswith("."), told
        assert "`" not in told.meaning


def test_the_page_lists_all_and_each_has_a_page_of_its_own(host: Host) -> None:
    page = host.get("/errors").text

    for code in ERROR_CODES:
        assert f'href="/waapi/errors/{code}"' in page
    assert "What to do" in host.get("/errors/RATE_LIMIT_EXCEEDED").text


def test_a_code_of_answers_leads_to_the_requests_that_have_it(host: Host) -> None:
    host.call(host.key(permissions=()))
    link = "/requests?error_code=PERMISSION_DENIED"

    assert f'href="/waapi{link}"' in host.get("/errors/PERMISSION_DENIED").text
    assert "/requests?error_code" not in host.get("/errors/DELIVERY_FAILED").text
    assert (
        'href="/waapi/errors/PERMISSION_DENIED"' in host.get("/requests", error_code="PERMISSION_DENIED").text
    )


@pytest.mark.parametrize("code", sorted(FAILURE_CODES))
def test_a_code_of_failures_leads_to_the_messages_that_have_it(host: Host, code: str) -> None:
    assert code in ERROR_CODES
    assert f'href="/waapi/messages?failure_code={code}"' in host.get(f"/errors/{code}").text
    assert host.get("/messages", failure_code=code).status_code == 200


def test_a_code_that_no_message_can_have_leads_to_none(host: Host) -> None:
    assert "/messages?" not in host.get("/errors/PERMISSION_DENIED").text


@pytest.mark.parametrize("code", ["NONSENSE", "validation_error", "<b>"])
def test_an_unknown_code_is_not_found(host: Host, code: str) -> None:
    assert host.get(f"/errors/{code}").status_code == 404
