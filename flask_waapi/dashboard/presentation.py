"""What every page is given: the viewer, the tabs, the forms' hidden fields and ways to show values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, current_app, render_template, request, url_for
from markupsafe import Markup, escape

from ..api.envelope import timestamp
from ..messaging.status import MEANINGS
from . import csrf
from .access import Viewer

NAME = "waapi_dashboard"
"""The blueprint's name."""

NOTICES: Mapping[str, str] = {
    "enabled": "The key is active: requests with it are accepted.",
    "disabled": "The key is inactive: no request with it is accepted any more.",
    "deleted": "The key has been deleted. No request with it is accepted any more.",
    "synced": "The templates have been read anew.",
}
"""What has just been done, by the word that the address carries after a redirect."""

_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_EMPHASIS = (
    (re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])"), "s"),
)


@dataclass(frozen=True)
class Tab:
    """A tab. :param endpoints: the pages on which it is the current one."""

    label: str
    endpoint: str
    endpoints: frozenset[str]

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(f"{NAME}.{self.endpoint}")

    @property
    def is_current(self) -> bool:
        """Whether the page of this request belongs to it."""
        return (request.endpoint or "").removeprefix(f"{NAME}.") in self.endpoints


def _tab(label: str, endpoint: str, *others: str) -> Tab:
    return Tab(label, endpoint, frozenset({endpoint, *others}))


TABS = (
    _tab("Overview", "overview"),
    _tab(
        "Keys", "keys", "new_key", "create_key", "key", "set_key_enabled", "confirm_delete_key", "delete_key"
    ),
    _tab("Templates", "templates", "sync_templates", "template"),
    _tab("Messages", "messages", "message"),
    _tab("Playground", "playground", "use_playground"),
    _tab("API reference", "api_reference"),
)


@dataclass(frozen=True)
class Presentation:
    """The one name our templates know, ``waapi``."""

    viewer: Viewer

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs, in their order."""
        return TABS

    @property
    def notice(self) -> str | None:
        """What has just been done."""
        return NOTICES.get(request.args.get("done", ""))

    @property
    def form_fields(self) -> Markup:
        """The hidden fields of every form that changes something."""
        return csrf.fields(self.viewer)

    @staticmethod
    def url(endpoint: str, **values: object) -> str:
        """The address of a page of ours."""
        return url_for(f"{NAME}.{endpoint}", **values)  # type: ignore[arg-type]

    @staticmethod
    def number(value: int) -> str:
        """A whole number, with its thousands apart."""
        return f"{value:,}"

    @staticmethod
    def moment(value: datetime) -> Markup:
        """A moment; a script puts it into the reader's zone."""
        utc = value.astimezone(UTC)
        return Markup('<time datetime="{}">{} UTC</time>').format(timestamp(utc), f"{utc:%Y-%m-%d %H:%M:%S}")

    @staticmethod
    def status_meaning(status: str) -> str:
        """What a message's status says."""
        return MEANINGS.get(status, "not a status that we know")

    @staticmethod
    def text(value: str | None) -> Markup:
        """Somebody's text. What would turn the direction of writing is shown, not obeyed."""
        shown = _CONTROLS.sub(_show_control, str(escape(value or "")))
        return Markup(shown)  # noqa: S704 - escaped above

    def chat(self, value: str) -> Markup:
        """Text as WhatsApp shows it: bold, italic and struck out."""
        shown = str(self.text(value))
        for pattern, tag in _EMPHASIS:
            shown = pattern.sub(rf"<{tag}>\1</{tag}>", shown)
        return Markup(shown)  # noqa: S704 - escaped by text()


def page(template: str, viewer: Viewer, status: int = 200, /, **values: object) -> Response:
    """A page of ours."""
    shown = render_template(f"waapi/{template}", waapi=Presentation(viewer), **values)
    response = current_app.make_response(shown)
    response.status_code = status
    return response


def _show_control(match: re.Match[str]) -> str:
    return f'<span class="control">U+{ord(match[0]):04X}</span>'
