"""Who may do what, and how often."""

from __future__ import annotations
