"""The pages of messages."""

from __future__ import annotations
