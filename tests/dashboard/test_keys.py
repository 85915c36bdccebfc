"""The keys' pages: list, create, switch, delete."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from dashboard_host import Host

ALL_FIELDS = {
    "name": "shop",
    "description": "The web shop",
    "permissions": ["send_template", "view_messages"],
    "rate_limit": "30",
    "daily_limit": "500",
    "expires_at": "2027-01-01T00:00",
    "mode": "test",
    "allowed_networks": "203.0.113.7\r\n2001:db8::/32",
}
SECRET = re.compile(r"wak_(?:live|test)_[0-9A-Za-z]{38}")


def secret_on(page: str) -> str:
    """The one secret on a page."""
    (secret,) = set(SECRET.findall(page))
    return str(secret)


def test_the_form_starts_with_the_prefilled_limits_and_no_permission(host: Host) -> None:
    page = host.get("/keys/new").text

    for label in (
        "Name",
        "Description",
        "Permissions",
        "Rate Limit",
        "Daily Limit",
        "Expires At",
        "Allowed IPs",
    ):
        assert re.search(rf"<(?:label|legend)[^>]*>{label}\b", page), label
    assert re.search(r'name="rate_limit" value="60"', page)
    assert re.search(r'name="daily_limit" value="10000"', page)
    assert re.findall(r'type="checkbox"[^>]*checked', page) == []
    for label in ("Send Template", "Send Text", "Send Media", "View Templates", "View Messages"):
        assert label in page
    assert "business-initiated messages" in page


def test_a_key_is_created_with_every_field(host: Host) -> None:
    answer = host.post("/keys", **ALL_FIELDS)

    assert answer.status_code == 201
    (key,) = host.services.keys.list("default")
    assert (key.name, key.description, key.mode) == ("shop", "The web shop", "test")
    assert [permission.value for permission in key.permissions] == ["send_template", "view_messages"]
    assert (key.rate_limit, key.daily_limit) == (30, 500)
    assert key.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert key.allowed_networks == ("203.0.113.7/32", "2001:db8::/32")


def test_the_secret_works_and_is_shown_on_one_page_only(host: Host) -> None:
    created = host.post("/keys", name="shop", permissions=["view_messages"], mode="live")
    secret = secret_on(created.text)
    (key,) = host.services.keys.list("default")

    assert created.headers["Cache-Control"] == "no-store"
    assert host.client.get("/api/v1/external/messages", headers={"X-API-Key": secret}).status_code == 200
    with host.client.session_transaction() as session:
        assert secret not in str(dict(session))
    for path in ("/", "/keys", f"/keys/{key.id}", "/playground", f"/keys/{key.id}/delete"):
        assert SECRET.search(host.get(path).text) is None
        assert f"…{secret[-4:]}" in host.get("/keys").text


def test_loading_the_answer_again_does_not_make_another_key(host: Host) -> None:
    host.post("/keys", name="shop", mode="live")

    again = host.post("/keys", name="shop", mode="live")

    assert again.status_code == 422
    assert "is taken" in again.text
    assert len(host.services.keys.list("default")) == 1


def test_all_faults_are_told_at_once_and_what_was_typed_is_kept(host: Host) -> None:
    typed = {
        "name": "",
        "description": 'a "quoted" <b>word</b>',
        "permissions": ["send_text", "fly"],
        "rate_limit": "many",
        "daily_limit": "0",
        "expires_at": "2020-01-01T00:00",
        "mode": "loud",
        "allowed_networks": "203.0.113.7, nonsense",
    }
    answer = host.post("/keys", **typed)

    assert answer.status_code == 422
    for field in (
        "name",
        "permissions",
        "rate_limit",
        "daily_limit",
        "expires_at",
        "mode",
        "allowed_networks",
    ):
        assert f'id="{field}-faults"' in answer.text, field
    page = html.unescape(answer.text)
    for value in ('value="many"', 'value="0"', 'value="2020-01-01T00:00"', "203.0.113.7, nonsense"):
        assert value in page
    assert "<b>word</b>" not in answer.text
    assert re.search(r'value="send_text" checked', answer.text)
    assert host.services.keys.list("default") == []


@pytest.mark.parametrize("limit", ["1.5", "1e3", "-1", "٣", "1_000", "9" * 30])
def test_a_limit_that_is_no_number_of_requests_is_refused(host: Host, limit: str) -> None:
    answer = host.post("/keys", name="x", mode="live", rate_limit=limit)

    assert answer.status_code == 422
    assert 'id="rate_limit-faults"' in answer.text


def test_without_limits_of_its_own_a_key_gets_the_standard_ones(host: Host) -> None:
    host.post("/keys", name="x", mode="live", rate_limit="", daily_limit="")

    (key,) = host.services.keys.list("default")
    assert (key.rate_limit, key.daily_limit) == (60, 1_000)


def test_the_list_shows_what_there_is_to_know(host: Host) -> None:
    issued = host.key(rate_limit=77, daily_limit=500, expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    host.call(issued)

    page = re.sub(r"\s+", " ", host.get("/keys").text)

    assert issued.key.masked in page
    assert "1 of 500" in page
    assert "<td>77</td>" in page
    assert ">live<" in page
    assert "2027-01-01 00:00:00 UTC" in page
    assert "2026-03-01 12:00:00 UTC" in page


@pytest.mark.parametrize(
    ("expired", "enabled", "shown"), [(True, True, "Expired"), (False, False, "Inactive")]
)
def test_a_key_that_does_not_work_says_so(host: Host, expired: bool, enabled: bool, shown: str) -> None:
    issued = host.key(expires_at=host.clock() + timedelta(seconds=1))
    host.services.keys.set_enabled("default", str(issued.key.id), enabled, actor="test")
    host.clock.advance(5 if expired else 0)

    assert shown in host.get("/keys").text
    assert shown in host.get(f"/keys/{issued.key.id}").text


def test_the_switch_works_at_once_and_both_ways(host: Host) -> None:
    issued = host.key()

    off = host.post(f"/keys/{issued.key.id}/enabled", enabled="no")
    assert (off.status_code, off.location) == (303, "/waapi/keys?done=disabled")
    assert host.call(issued).status_code == 401
    assert host.call(issued).get_json()["error"]["code"] == "KEY_INACTIVE"

    on = host.post(f"/keys/{issued.key.id}/enabled", enabled="yes", back="key")
    assert on.location == f"/waapi/keys/{issued.key.id}?done=enabled"
    assert host.call(issued).status_code == 200


def test_a_key_is_deleted_once_its_name_was_typed(host: Host) -> None:
    issued = host.key("shop")
    confirm = host.get(f"/keys/{issued.key.id}/delete").text
    assert "cannot be undone" in confirm

    for wrong in ("", "Shop", "sho"):
        refused = host.post(f"/keys/{issued.key.id}/delete", name=wrong)
        assert refused.status_code == 422
        assert "nothing was deleted" in refused.text
    assert host.call(issued).status_code == 200

    deleted = host.post(f"/keys/{issued.key.id}/delete", name=" shop ")

    assert deleted.status_code == 303
    assert host.call(issued).status_code == 401
    assert host.get(f"/keys/{issued.key.id}").status_code == 404
    assert "The key has been deleted." in host.get("/keys", done="deleted").text


def test_the_trail_says_who_did_what(host: Host) -> None:
    host.post("/keys", name="shop", mode="live")
    (key,) = host.services.keys.list("default")
    host.clock.advance(1)
    host.post(f"/keys/{key.id}/enabled", enabled="no")

    page = host.get(f"/keys/{key.id}").text

    assert re.findall(
        r"<td class=\"excerpt\">(created|deactivated)</td><td class=\"break\">(\w+)</td>", page
    ) == [
        ("deactivated", "ann"),
        ("created", "ann"),
    ]


def test_the_trail_shows_no_other_keys_entries(host: Host) -> None:
    host.key("one")
    two = host.key("two")

    assert host.get(f"/keys/{two.key.id}").text.count("created</td>") == 1


def test_a_very_long_name_of_a_viewer_fits_the_trail(host: Host) -> None:
    host.visitor = type(host.viewer)("default", "n" * 1_000)

    assert host.post("/keys", name="shop", mode="live").status_code == 201


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "'",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_not_obeyed(host: Host, text: str) -> None:
    issued = host.key(text, description=text)

    for path in ("/keys", f"/keys/{issued.key.id}", f"/keys/{issued.key.id}/delete", "/playground"):
        page = host.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert text in html.unescape(page)


def test_what_turns_the_direction_of_writing_is_made_visible(host: Host) -> None:
    host.key(description="safe \u202egpj.exe")

    page = host.get("/keys").text

    assert "\u202e" not in page
    assert "U+202E" in page


def test_a_key_is_found_by_its_name_its_description_or_its_last_four(host: Host) -> None:
    shop = host.key("shop", description="Orders of the web shop")
    desk = host.key("desk")
    off = host.key("old shop")
    host.services.keys.set_enabled("default", str(off.key.id), False, actor="test")

    def found(**query: str) -> set[str]:
        return set(re.findall(r'class="key-name"><a[^>]*>([^<]+)<', host.get("/keys", **query).text))

    assert found() == {"shop", "desk", "old shop"}
    assert found(q="SHOP") == {"shop", "old shop"}
    assert found(q="orders") == {"shop"}
    assert found(q=desk.secret[-4:]) >= {"desk"}
    assert found(q="shop", state="inactive") == {"old shop"}
    assert "No key matches" in host.get("/keys", q="nothing like it").text
    assert shop.secret not in host.get("/keys").text


def test_the_form_of_a_key_is_filled_with_what_it_may_do(host: Host) -> None:
    issued = host.key(rate_limit=30, daily_limit=None, allowed_networks=["203.0.113.0/24"])

    page = host.get(f"/keys/{issued.key.id}/edit").text

    assert 'name="rate_limit" value="30"' in page
    assert 'name="daily_limit" value=""' in page
    assert "203.0.113.0/24" in page
    assert 'name="name"' not in page
    assert 'name="mode"' not in page


def test_a_key_is_changed_and_the_trail_tells_what(host: Host) -> None:
    issued = host.key(rate_limit=30)
    form = {"permissions": ["view_messages"], "rate_limit": "5", "daily_limit": "", "expires_at": ""}

    answer = host.post(f"/keys/{issued.key.id}/edit", **form, description="", allowed_networks="")

    assert answer.status_code == 303
    page = host.get(f"/keys/{issued.key.id}", done="key_updated").text
    assert "It holds from the next request on" in page
    assert re.search(r"rate limit:</span> 30 → 5<", page)
    key = host.services.keys.get("default", "shop")
    assert [permission.value for permission in key.permissions] == ["view_messages"]


def test_a_change_that_is_wrong_is_told_at_its_field_and_nothing_is_changed(host: Host) -> None:
    issued = host.key(rate_limit=30)

    answer = host.post(f"/keys/{issued.key.id}/edit", rate_limit="many", description="kept")

    assert answer.status_code == 422
    assert "This is not a whole number" in answer.text
    assert "Nothing was changed" in answer.text
    assert "kept" in answer.text
    assert host.services.keys.get("default", "shop").description == ""


def test_saving_an_expired_key_as_it_is_changes_nothing(host: Host) -> None:
    issued = host.key(expires_at=host.clock() + timedelta(seconds=90, microseconds=5))
    host.clock.advance(3600)
    page = host.get(f"/keys/{issued.key.id}/edit").text
    form = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("rate_limit", "expires_at")}
    values = {name: found[1] for name, found in form.items() if found}
    permissions = [permission.value for permission in issued.key.permissions]

    answer = host.post(f"/keys/{issued.key.id}/edit", permissions=permissions, **values)

    assert answer.status_code == 303
    assert host.services.keys.get("default", "shop").expires_at == issued.key.expires_at


def test_a_rotated_key_shows_its_new_secret_once_and_ends_the_former_one(host: Host) -> None:
    issued = host.key()
    asked = host.get(f"/keys/{issued.key.id}/rotate").text
    assert re.search(r'value="24" checked', asked)

    answer = host.post(f"/keys/{issued.key.id}/rotate", overlap="0")

    assert answer.status_code == 201
    new = secret_on(answer.text)
    assert "not accepted any more" in answer.text
    assert host.call(issued).status_code == 401
    assert host.client.get("/api/v1/external/messages", headers={"X-API-Key": new}).status_code == 200
    assert SECRET.search(host.get(f"/keys/{issued.key.id}").text) is None
    assert "given a new secret" in host.get(f"/keys/{issued.key.id}").text
    assert "the former one ended at once" in host.get(f"/keys/{issued.key.id}").text


@pytest.mark.parametrize(("overlap", "told"), [("1", "1 more hour<"), ("24", "24 more hours<")])
def test_the_trail_of_a_key_tells_how_long_the_former_secret_is_accepted(
    host: Host, overlap: str, told: str
) -> None:
    issued = host.key()

    host.post(f"/keys/{issued.key.id}/rotate", overlap=overlap)

    assert f"the former one accepted for {told}" in host.get(f"/keys/{issued.key.id}").text


def test_an_overlap_that_was_not_offered_rotates_nothing(host: Host) -> None:
    issued = host.key()

    answer = host.post(f"/keys/{issued.key.id}/rotate", overlap="1000000")

    assert answer.status_code == 422
    assert "not one of the choices" in answer.text
    assert host.call(issued).status_code == 200


def test_the_page_of_a_key_shows_its_calls_and_its_last_requests(host: Host) -> None:
    issued, other = host.key(), host.key("other")
    uuid = host.send(issued)
    host.call(issued, "/messages/text/send", method="POST", json={"to": "nobody"})
    host.call(other)

    page = host.get(f"/keys/{issued.key.id}").text

    assert '<svg role="img"' in page
    assert "accepted <strong>1</strong>" in page
    assert "refused <strong>1</strong>" in page
    assert f"/waapi/messages/{uuid}" in page
    assert "/waapi/errors/VALIDATION_ERROR" in page
    assert f"/waapi/requests?key={issued.key.id}" in page
    month = host.get(f"/keys/{issued.key.id}", period="month").text
    assert "Calls in 30 days by outcome" in month
