"""Signals to the host, in its own process, sent after the commit they tell of."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

message_status_changed = _signals.signal("waapi-message-status-changed")
"""A message has a new status. Sender: the Flask app; ``message_uuid``, ``status``, ``previous``."""

account_event = _signals.signal("waapi-account-event")
"""Something has happened in an account, as webhooks tell it. Sender: the Flask app; ``event``, an
:class:`AccountEvent`."""
