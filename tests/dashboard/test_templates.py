"""The templates' pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from dashboard_host import Host
from flask_waapi import (
    CallbackItem,
    Misconfigured,
    TemplateDefinition,
    TemplateUpdate,
    UnsupportedFeature,
    Viewer,
)

MakeHost = Callable[..., Host]


def names(page: str) -> list[str]:
    """The templates in the list."""
    return re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]+)</a>', page)


def test_the_list_shows_every_template_with_its_state(host: Host) -> None:
    page = host.get("/templates").text

    assert "order_confirmation" in names(page)
    assert names(page).count("appointment_reminder") == 2
    assert "paused" in page
    assert "last read" in page


def test_the_list_can_be_searched_by_name_and_status(host: Host) -> None:
    assert set(names(host.get("/templates", q="APPOINT").text)) == {"appointment_reminder"}
    assert names(host.get("/templates", status="PAUSED").text) == ["paused_example"]
    empty = host.get("/templates", q="<script>").text
    assert names(empty) == []
    assert "No template matches" in empty
    assert 'value="&lt;script&gt;"' in empty


def test_the_preview_reads_as_its_recipient_would_read_it(host: Host) -> None:
    page = html.unescape(host.get("/templates/shipping_update/en_US").text)

    assert "Order ORD-12345 is on its way" in page
    assert "Hello John, your parcel arrives on Monday." in page
    assert "Thank you for shopping with us" in page
    assert "Track parcel" in page


def test_the_preview_knows_bold_text_and_media(host: Host) -> None:
    assert "<strong>123456</strong> is your verification code" in host.get("/templates/login_code/en").text
    assert '<p class="bubble-media">Image</p>' in host.get("/templates/seasonal_offer/en").text


def test_a_template_leads_to_its_other_languages_and_to_the_playground(host: Host) -> None:
    page = host.get("/templates/appointment_reminder/en").text

    assert 'href="/waapi/templates/appointment_reminder/de"' in page
    assert "operation=send_template&amp;template=appointment_reminder/en" in page


def test_a_template_that_is_not_approved_cannot_be_tried(host: Host) -> None:
    page = host.get("/templates/paused_example/en").text

    assert "Only approved templates can be sent" in page
    assert "Try it in the playground" not in page


def report(host: Host, **members: Any) -> None:
    """Let the simulation report a change of a template."""
    update = TemplateUpdate("order_confirmation", "en", host.clock(), **members)
    tally = host.services.callbacks.apply("simulation", [CallbackItem("", {}, (update,))])
    assert tally.parked == []


def test_what_a_provider_reports_is_in_the_list(host: Host) -> None:
    host.get("/templates")
    host.clock.advance(5)
    report(host, status="PAUSED", quality="RED", reason="Recipients <report> it.")

    for viewer in (Viewer("default", "ann"), Viewer("other", "bob", may_manage=False)):
        host.visitor = viewer
        page = host.get("/templates", q="order_confirmation").text
        assert "status-template-paused" in page
        assert "status-quality-red" in page
        assert "Recipients &lt;report&gt; it." in page
        assert "2026-03-01 12:00:05 UTC" in page


def test_the_page_of_a_template_says_why_it_cannot_be_sent(host: Host) -> None:
    host.get("/templates")
    report(host, status="PENDING_DELETION", quality="YELLOW", reason="Somebody has deleted it.")

    page = host.get("/templates/order_confirmation/en").text

    assert "This one is pending deletion: Somebody has deleted it." in page
    assert "status-quality-yellow" in page
    assert "Last reported change" in page
    assert "Try it in the playground" not in page


def test_what_is_announced_of_an_approved_template_is_shown(host: Host) -> None:
    host.get("/templates")
    report(host, reason="Its category will change to MARKETING.")

    page = host.get("/templates/order_confirmation/en").text

    assert "Its category will change to MARKETING." in page
    assert "Try it in the playground" in page


def test_an_unknown_template_or_language_is_not_found(host: Host) -> None:
    assert host.get("/templates/nothing/en").status_code == 404
    assert host.get("/templates/order_confirmation/xx").status_code == 404


def test_sync_reads_the_templates_anew(real_host: Host) -> None:
    assert names(real_host.get("/templates").text) == ["order_confirmation"]
    new = TemplateDefinition(
        "new_one", "en", "APPROVED", "UTILITY", "NAMED", [{"type": "BODY", "text": "Hi"}]
    )
    real_host.script.templates.append(new)

    answer = real_host.post("/templates/sync")

    assert (answer.status_code, answer.location) == (303, "/waapi/templates?done=synced")
    assert names(real_host.get("/templates").text) == ["new_one", "order_confirmation"]


def test_a_sync_that_fails_keeps_the_list_and_says_why(real_host: Host) -> None:
    real_host.get("/templates")
    real_host.script.template_error = Misconfigured("The token <expired>.")

    answer = real_host.post("/templates/sync")

    assert answer.status_code == 502
    assert names(answer.text) == ["order_confirmation"]
    assert "The token &lt;expired&gt;." in answer.text
    assert "failed: The token &lt;expired&gt;." in real_host.get("/templates").text


def test_a_first_reading_that_fails_says_why(real_host: Host) -> None:
    real_host.script.template_error = Misconfigured("The token has expired.")

    page = real_host.get("/templates")

    assert page.status_code == 200
    assert "The token has expired." in page.text


def test_a_provider_that_keeps_no_templates_is_explained(real_host: Host) -> None:
    real_host.script.template_error = UnsupportedFeature("No list.")

    page = real_host.get("/templates")

    assert page.status_code == 200
    assert "keeps no list of templates" in page.text
    assert "Sync now" not in page.text
    assert real_host.post("/templates/sync").status_code == 422
    assert real_host.get("/playground").status_code == 200


def test_hostile_templates_are_shown_and_not_obeyed(real_host: Host) -> None:
    hostile = "<script>alert(1)</script> *<b>{{1}}</b>*"
    real_host.script.templates = [
        TemplateDefinition(
            "hostile",
            "en",
            "APPROVED",
            "UTILITY",
            "POSITIONAL",
            [
                {"type": "HEADER", "format": "TEXT", "text": hostile},
                {"type": "BODY", "text": hostile, "example": {"body_text": [["<img src=x>"]]}},
                {"type": "FOOTER", "text": hostile},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": hostile}]},
            ],
        )
    ]

    for path in ("/templates", "/templates/hostile/en"):
        page = real_host.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b>" not in page


def test_a_template_as_the_provider_keeps_it_reads_as_it_was_written(real_host: Host) -> None:
    text = "Grüße & Küsse, it's 👍"
    kept = TemplateDefinition("gruss", "de", "APPROVED", "UTILITY", "NAMED", [{"type": "BODY", "text": text}])
    real_host.script.templates.append(kept)

    page = real_host.get("/templates/gruss/de").text

    (shown,) = re.findall(
        r"As the provider keeps it</summary>\s*<pre[^>]*><code>(.*?)</code>", page, re.DOTALL
    )
    assert f'"text": "{text}"' in html.unescape(shown)
    assert "Grüße &amp; Küsse" in shown
