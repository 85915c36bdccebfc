"""The external HTTP API."""

from __future__ import annotations
