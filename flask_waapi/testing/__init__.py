"""Tools for the tests of plugins and of host apps.

Only :class:`ProviderConformance` needs pytest; it and :class:`GraphDouble` are imported when they are
asked for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .clock import ManualClock

if TYPE_CHECKING:
    from .conformance import ProviderConformance
    from .graph_double import GraphDouble

if sys.modules.get("pytest"):
    import pytest

    # Without this a failed check says "AssertionError" and no more.
    pytest.register_assert_rewrite("flask_waapi.testing.conformance", "flask_waapi.testing.conformance_hooks")

__all__ = ["GraphDouble", "ManualClock", "ProviderConformance"]


def __getattr__(name: str) -> Any:
    if name == "ProviderConformance":
        from .conformance import ProviderConformance

        return ProviderConformance
    if name == "GraphDouble":
        from .graph_double import GraphDouble

        return GraphDouble
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
