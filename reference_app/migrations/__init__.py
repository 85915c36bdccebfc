"""The order desk's migrations; flask-waapi keeps its own beside them."""

from __future__ import annotations
