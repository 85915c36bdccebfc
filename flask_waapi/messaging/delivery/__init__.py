"""From the queue to the provider: who sends when, how fast, and what comes of it."""

from __future__ import annotations
