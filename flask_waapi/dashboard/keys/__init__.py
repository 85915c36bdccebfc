"""The pages of keys and of their requests."""

from __future__ import annotations
