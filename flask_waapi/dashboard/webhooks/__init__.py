"""The pages of webhooks, outgoing and incoming."""

from __future__ import annotations
