"""The dashboard, "API management"."""

from __future__ import annotations
