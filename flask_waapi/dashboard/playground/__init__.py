"""The playground: to try the API without writing code."""

from __future__ import annotations
