"""The API reference, on its own page and in the dashboard, and the style sheets' colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import flask_waapi
from dashboard_host import Host
from flask_waapi.api.blueprint import OPERATIONS

PACKAGE = Path(flask_waapi.__file__).parent
STATIC = [*PACKAGE.glob("*/static/*"), *PACKAGE.glob("*/templates/waapi/*")]


@pytest.mark.parametrize("path", ["/api/v1/docs", "/waapi/reference"])
def test_every_operation_is_described(host: Host, path: str) -> None:
    page = host.client.get(path).text

    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page
        assert operation.summary in page
    assert "variables" in page
    assert "X-API-Key" in page
    assert "TEMPLATE_NOT_FOUND" in page


@pytest.mark.parametrize("path", ["/api/v1/docs", "/waapi/reference"])
def test_every_operation_is_folded_with_what_a_link_leads_to_within(host: Host, path: str) -> None:
    page = host.client.get(path).text

    for operation in OPERATIONS:
        assert f'href="#{operation.name}"' in page
        before = page.partition(f'id="{operation.name}"')[0]
        opened = before.rpartition("<details>")[2]
        assert f'id="{operation.name}-title"' in opened
        assert opened.count("</summary>") == 1
        assert "</details>" not in opened


def test_the_page_needs_no_script_and_no_asset_from_outside(host: Host) -> None:
    page = host.client.get("/api/v1/docs")

    assert "<script" not in page.text
    assert not re.search(r"\sstyle=|<style", page.text)
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert len(sheets) == 2
    for sheet in sheets:
        with host.client.get(sheet) as answer:
            assert answer.mimetype == "text/css"


def test_the_page_follows_a_path_prefix(host: Host) -> None:
    page = host.client.get("/api/v1/docs", environ_overrides={"SCRIPT_NAME": "/shop"}).text

    assert "/shop/api/v1/external/messages/template/send" in page
    assert 'href="/shop/api/v1/static/base.css"' in page


@pytest.mark.parametrize("file", STATIC, ids=lambda file: file.name)
def test_no_file_is_long_and_no_style_or_script_asks_for_anything_outside(file: Path) -> None:
    text = file.read_text()

    assert len(text.splitlines()) < 400
    assert file.suffix == ".html" or not re.search(r"@import|\burl\(|https?://", text)


def colours(scheme: str) -> dict[str, str]:
    """The custom properties of a colour scheme."""
    light, _, rest = (PACKAGE / "api/static/base.css").read_text().partition("@media")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rest.partition("\n}\n")[0]))
    return found


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "ink-soft") for ground in ("ground", "surface", "sunken")),
        *(("ink-soft", f"{kind}-ground") for kind in ("info", "good", "warn", "bad")),
        *((kind, f"{kind}-ground") for kind in ("info", "good", "warn", "bad")),
        *((kind, "surface") for kind in ("accent", "bad", "warn")),
        ("accent", "ground"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("ink", "chat-bubble"),
        ("ink-soft", "chat-bubble"),
        ("chat-link", "chat-bubble"),
    ],
)
def test_text_stands_out_from_its_ground(scheme: str, text: str, ground: str) -> None:
    found = colours(scheme)

    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_of_controls_stand_out(scheme: str) -> None:
    found = colours(scheme)

    assert contrast(found["line-strong"], found["surface"]) >= 3
    assert contrast(found["accent"], found["ground"]) >= 3
