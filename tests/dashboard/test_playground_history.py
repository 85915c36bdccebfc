"""What was run in the playground: kept for whoever ran it, found again, compared, forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from browsing import HOSTILE
from dashboard_host import Host
from flask_waapi import IssuedKey, Viewer
from flask_waapi.access import playground_runs
from flask_waapi.access.playground_runs import Owner, RunFilter
from flask_waapi.dashboard.playground.history import MOST_LINES, difference
from flask_waapi.errors import StorageBusy
from flask_waapi.storage.playground_models import PlaygroundRun
from playground_page import TEXT, answer_on, payload_on, run

MakeHost = Callable[..., Host]

ANN = Owner("default", "ann")


def runs(host: Host, owner: Owner = ANN, **wanted: Any) -> list[PlaygroundRun]:
    """What is kept, newest first."""
    return list(playground_runs.page(host.services.store, owner, RunFilter(**wanted)).runs)


def rows_on(page: str) -> int:
    """How many runs a page lists."""
    return len(re.findall(r'name="run" value=', page))


def test_a_run_is_kept_as_it_was_made(host: Host) -> None:
    issued = host.key("shop")
    run(host, issued)

    (kept,) = runs(host)
    assert json.loads(kept.payload) == TEXT
    assert json.loads(kept.answer)["data"]["message_uuid"] == str(kept.message_id)
    assert (kept.operation, kept.key_name, kept.status, kept.error_code) == ("send_text", "shop", 201, None)
    assert kept.simulated
    assert issued.secret not in kept.payload + kept.answer


def test_a_refused_run_is_kept_with_its_error(host: Host) -> None:
    run(host, host.key(), payload={"to": "12"})

    (kept,) = runs(host)
    assert (kept.status, kept.error_code, kept.message_id) == (422, "VALIDATION_ERROR", None)


def test_a_run_that_a_test_key_ends_in_the_simulation_is_told_so(real_host: Host) -> None:
    issued = real_host.key(mode="test")
    run(real_host, issued, mode="real", confirmation=TEXT["to"][-4:])

    assert [kept.simulated for kept in runs(real_host)] == [True]
    assert real_host.script.sent == []


def test_a_run_that_cannot_be_kept_is_shown_all_the_same(
    real_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(store: object, kept: object) -> None:
        raise StorageBusy("The database is locked.")

    monkeypatch.setattr(playground_runs, "keep", refuse)
    page = run(real_host, real_host.key(), mode="real", confirmation=TEXT["to"][-4:]).text

    assert answer_on(page)["data"]["status"] == "sent"
    assert "This run is kept" not in page


def test_a_payload_that_no_database_could_hold_is_kept_without_what_hinders(host: Host) -> None:
    run(host, host.key(), payload="\0{" + "x" * 200_000)

    (kept,) = runs(host)
    assert kept.payload.startswith("{x")
    assert len(kept.payload) == playground_runs.LONGEST_PAYLOAD


def test_each_person_sees_their_own_runs_alone(host: Host) -> None:
    run(host, host.key())
    (kept,) = runs(host)

    for stranger in (Viewer("default", "bob"), Viewer("other", "ann")):
        host.visitor = stranger
        assert "No runs yet" in host.get("/playground/runs").text
        assert host.get(f"/playground/runs/{kept.id}").status_code == 404
        assert host.get(f"/playground/runs/{kept.id}/recipe.json").status_code == 404
        assert host.get("/playground", run=str(kept.id)).status_code == 404
        host.post("/playground/runs/forget")
    assert len(runs(host)) == 1


def test_runs_are_filtered_by_endpoint_outcome_status_code_and_key(host: Host) -> None:
    shop, other = host.key("shop"), host.key("other")
    run(host, shop)
    run(host, shop, payload={"to": "12"})
    run(host, other, "list_messages", {})

    assert rows_on(host.get("/playground/runs").text) == 3
    for wanted, count in (
        ({"operation": "send_text"}, 2),
        ({"outcome": "refused"}, 1),
        ({"outcome": "succeeded"}, 2),
        ({"status": "201"}, 1),
        ({"error_code": "VALIDATION_ERROR"}, 1),
        ({"key": str(other.key.id)}, 1),
        ({"key": str(other.key.id), "operation": "send_text"}, 0),
    ):
        assert rows_on(host.get("/playground/runs", **wanted).text) == count, wanted


@pytest.mark.parametrize(
    "query",
    [{"status": "many"}, {"key": "shop"}, {"cursor": "x"}, {"status": "9" * 30}, {"error_code": "\0"}],
)
def test_an_unusable_filter_is_told_and_breaks_nothing(host: Host, query: dict[str, str]) -> None:
    run(host, host.key())

    assert host.get("/playground/runs", **query).status_code == 422


def test_older_runs_are_on_the_next_page(host: Host) -> None:
    issued = host.key(rate_limit=1_000)
    for number in range(playground_runs.PAGE + 2):
        run(host, issued, "list_messages", {"limit": number + 1}, run_id=str(number))

    first = host.get("/playground/runs").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = host.client.get(older[1].replace("&amp;", "&")).text

    assert (rows_on(first), rows_on(second)) == (playground_runs.PAGE, 2)
    assert 'rel="next"' not in second


def test_a_run_is_opened_in_the_form_in_simulate_only(real_host: Host) -> None:
    issued = real_host.key("shop")
    other = real_host.key("newer")
    run(real_host, issued, mode="real", confirmation=TEXT["to"][-4:])
    (kept,) = runs(real_host)
    before = len(real_host.script.sent)

    page = real_host.get("/playground", run=str(kept.id)).text

    assert json.loads(payload_on(page)) == TEXT
    assert f'<option value="{issued.key.id}" selected' in page
    assert f'<option value="{other.key.id}" selected' not in page
    assert 'value="simulate" checked' in page
    assert len(real_host.script.sent) == before, "opening runs nothing"
    assert not kept.simulated


def test_two_runs_are_compared_by_what_was_asked_and_answered(host: Host) -> None:
    issued = host.key()
    run(host, issued, payload={**TEXT, "text": "first"})
    host.clock.advance(timedelta(seconds=1))
    run(host, issued, payload={**TEXT, "text": HOSTILE}, run_id="2")
    newer, older = runs(host)

    page = host.get("/playground/runs/compare", run=[str(newer.id), str(older.id)]).text

    assert '<del><span class="unseen">removed: </span>  &#34;text&#34;: &#34;first&#34;</del>' in page
    assert '<ins><span class="unseen">added: </span>  &#34;text&#34;: &#34;&lt;script&gt;' in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("chosen", [[], ["one"], ["one", "one"], ["one", "two", "three"]])
def test_a_comparison_needs_two_runs(host: Host, chosen: list[str]) -> None:
    assert "Choose two runs" in host.get("/playground/runs/compare", run=chosen).text


def test_a_comparison_takes_no_run_of_somebody_else(host: Host) -> None:
    issued = host.key()
    run(host, issued)
    (mine,) = runs(host)
    host.visitor = Viewer("default", "bob")
    run(host, issued, run_id="2")
    (theirs,) = runs(host, Owner("default", "bob"))

    for pair in ([str(mine.id), str(theirs.id)], [str(theirs.id), "nonsense"]):
        assert host.get("/playground/runs/compare", run=pair).status_code == 404


def test_only_so_many_lines_are_compared_and_the_rest_is_told() -> None:
    same = [0] * MOST_LINES

    (told,) = difference(json.dumps([*same, 1]), json.dumps([*same, 2]))

    assert (told.kind, told.text) == ("place", "What differs after line 2,000 is not shown.")


def test_the_order_of_members_and_spaces_make_no_difference() -> None:
    assert difference('{"a":1}', '{\n "a": 1}') == []
    assert [line.kind for line in difference('{"a": 1}', '{"a": 2}')] == [
        "place",
        "same",
        "removed",
        "added",
        "same",
    ]


def test_all_my_runs_are_deleted_at_my_word(host: Host) -> None:
    issued = host.key()
    run(host, issued)
    host.visitor = Viewer("default", "bob")
    run(host, issued, run_id="2")

    answer = host.post("/playground/runs/forget")

    assert "Your runs have been deleted" in host.client.get(answer.location).text
    assert runs(host, Owner("default", "bob")) == []
    assert len(runs(host)) == 1


def test_runs_are_forgotten_when_their_time_is_over(make_host: MakeHost) -> None:
    host = make_host(WAAPI_LOG_LIFETIME=86_400)
    issued = host.key()
    run(host, issued)
    host.clock.advance(timedelta(hours=20))
    run(host, issued, run_id="2")
    assert len(runs(host)) == 2

    host.clock.advance(timedelta(hours=5))
    host.services.worker.run_once()

    assert len(runs(host)) == 1


def test_more_runs_than_one_transaction_takes_are_forgotten(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground_runs, "BATCH", 2)
    issued = host.key()
    for number in range(5):
        run(host, issued, run_id=str(number))

    host.post("/playground/runs/forget")

    assert runs(host) == []


class TestRedaction:
    """``WAAPI_PLAYGROUND_HISTORY``"""

    TEMPLATE: ClassVar[dict[str, Any]] = {
        "to": "+491701234567",
        "template_name": "order_confirmation",
        "language": "en",
        "variables": {"customer_name": "Erika Muster", "order_id": "secret-7", "total": "1.00", "code": "x7"},
        "reference": "Erika",
    }

    def kept(self, host: Host, issued: IssuedKey) -> str:
        """The database's text of what was kept."""
        with host.services.store.read() as session:
            (row,) = session.scalars(select(PlaygroundRun)).all()
        return f"{row.payload}\n{row.answer}"

    def test_redacted_keeps_no_recipient_and_no_value(self, make_host: MakeHost) -> None:
        host = make_host(WAAPI_PLAYGROUND_HISTORY="redacted")
        issued = host.key()
        run(host, issued, "send_template", self.TEMPLATE)

        kept = self.kept(host, issued)
        for word in ("491701234567", "Erika", "secret-7", "1.00", "x7"):
            assert word not in kept
        payload = json.loads(kept.partition('\n{\n  "success')[0])
        assert payload["to"] == "+1234567890"
        assert payload["template_name"] == "order_confirmation"
        assert set(payload["variables"]) == set(self.TEMPLATE["variables"])

    def test_redacted_keeps_nothing_of_what_is_no_json(self, make_host: MakeHost) -> None:
        host = make_host(WAAPI_PLAYGROUND_HISTORY="redacted")
        run(host, host.key(), payload='{"to": "+491701234567", ')

        (kept,) = runs(host)
        assert kept.payload == ""

    def test_redacted_keeps_a_recipient_that_stands_for_an_outcome(self, make_host: MakeHost) -> None:
        host = make_host(WAAPI_PLAYGROUND_HISTORY="redacted")
        run(host, host.key(), payload={**TEXT, "to": "+15552000006"})

        (kept,) = runs(host)
        assert json.loads(kept.payload) == {"to": "+15552000006", "text": "redacted"}

    def test_off_keeps_nothing_and_says_so(self, make_host: MakeHost) -> None:
        host = make_host(WAAPI_PLAYGROUND_HISTORY="off")
        run(host, host.key())

        assert runs(host) == []
        assert "No more are kept" in host.get("/playground/runs").text


def test_who_may_only_look_sees_their_runs_and_can_delete_them(host: Host) -> None:
    run(host, host.key())
    host.visitor = replace(host.viewer, may_manage=False)

    assert rows_on(host.get("/playground/runs").text) == 1
    host.post("/playground/runs/forget")
    assert runs(host) == []
