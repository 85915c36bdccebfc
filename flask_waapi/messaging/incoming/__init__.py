"""What providers report: callbacks, statuses, messages that come in, the state of accounts and people."""

from __future__ import annotations
