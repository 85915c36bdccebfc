"""Signals to the host, in its own process, sent after the commit they tell of."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

message_status_changed = _signals.signal("waapi-message-status-changed")
"""A message has a new status. Sender: the Flask app; ``message_uuid``, ``status``, ``previous``."""
