"""What every page is given: the viewer, the tabs, the forms' hidden fields and ways to show values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Response, current_app, render_template, request, url_for
from markupsafe import Markup, escape

from ..api.envelope import timestamp
from ..messaging.status import MEANINGS
from . import csrf
from .access import Viewer
from .error_codes import ERROR_CODES

NAME = "waapi_dashboard"
"""The blueprint's name."""

NOTICES: Mapping[str, str] = {
    "enabled": "The key is active: requests with it are accepted.",
    "disabled": "The key is inactive: no request with it is accepted any more.",
    "key_updated": "The key is as you left it. It holds from the next request on.",
    "deleted": "The key has been deleted. No request with it is accepted any more.",
    "synced": "The templates have been read anew.",
    "template_created": "The provider has the template. It can be sent once it is approved.",
    "template_changed": "The provider has taken the change; it may review the template again.",
    "template_deleted": "The template has been deleted.",
    "retried": "The message is on its way again.",
    "not_retried": "Nothing was changed: the message is on its way already, or has arrived.",
    "canceled": "The message is canceled: it will not be sent.",
    "not_canceled": "It was too late to cancel: the message is being sent, or was.",
    "stepped": "The next step has been taken.",
    "not_stepped": "No further step is announced for this message.",
    "runs_forgotten": "Your runs have been deleted.",
    "endpoint_updated": "The endpoint is as you left it. What waits already goes where it leads now.",
    "endpoint_paused": "The endpoint is paused: its deliveries wait until you resume it.",
    "endpoint_resumed": "The endpoint is active: what has waited is on its way.",
    "endpoint_enabled": "The endpoint is active. What it has missed can be replayed below.",
    "endpoint_deleted": "The endpoint has been deleted, with the log of its deliveries.",
    "tested": "A test event is on its way.",
    "rehearsed": "The attempt was rehearsed; nothing was sent.",
    "delivery_replayed": "The delivery is on its way again.",
    "callback_replayed": "The callback is being applied again. What still cannot be comes back here.",
}
"""What has just been done, by the word that the address carries after a redirect."""

_NOTHING_DONE = frozenset({"not_retried", "not_canceled", "not_stepped"})

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
    _tab("Overview", "overview", "requests"),
    _tab(
        "Keys",
        "keys",
        "new_key",
        "create_key",
        "key",
        "set_key_enabled",
        "edit_key",
        "update_key",
        "confirm_rotate_key",
        "rotate_key",
        "confirm_delete_key",
        "delete_key",
    ),
    _tab(
        "Templates",
        "templates",
        "sync_templates",
        "template",
        "new_template",
        "create_template",
        "edit_template",
        "update_template",
        "confirm_delete_template",
        "delete_template",
    ),
    _tab("Messages", "messages", "message", "retry_message", "cancel_message", "step_message"),
    _tab(
        "Webhooks",
        "webhooks",
        "new_webhook",
        "create_webhook",
        "webhook",
        "edit_webhook",
        "update_webhook",
        "pause_webhook",
        "resume_webhook",
        "enable_webhook",
        "confirm_rotate_webhook",
        "rotate_webhook",
        "confirm_delete_webhook",
        "delete_webhook",
        "test_webhook",
        "replay_webhook_since",
        "webhook_delivery",
        "replay_webhook_delivery",
        "callbacks",
        "replay_callback",
    ),
    _tab(
        "Playground",
        "playground",
        "use_playground",
        "share_playground",
        "save_recipe",
        "playground_runs",
        "compare_playground_runs",
        "forget_playground_runs",
        "playground_run",
        "save_run_as_recipe",
        "playground_webhook_test",
    ),
    _tab("API reference", "api_reference", "error_codes", "error_code"),
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
    def notice_tone(self) -> str:
        """``good``, or ``warn`` where nothing was done."""
        return "warn" if request.args.get("done") in _NOTHING_DONE else "good"

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
    def duration(value: timedelta) -> str:
        """A time span, in its largest whole unit."""
        for seconds, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
            count = int(value.total_seconds()) // seconds
            if count:
                return f"{count} {unit}{'' if count == 1 else 's'}"
        return "less than a minute"

    def setting(self, value: object) -> Markup:
        """The value of a field, as the audit trail holds it."""
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
        return self.text(shown) if shown else Markup('<span class="soft">none</span>')

    @staticmethod
    def is_explained(code: str) -> bool:
        """Whether a page of ours tells what an error code means."""
        return code in ERROR_CODES

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
