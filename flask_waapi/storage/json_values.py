"""JSON values as every database takes them."""

from __future__ import annotations

import json
import math
from typing import Any

DEEPEST = 25
"""Levels; MariaDB's JSON columns take 32, and others stand above a value that is cleaned."""


def clean(value: Any, depth: int = 0) -> Any:
    """A JSON value without what a database refuses.

    PostgreSQL refuses NUL and NaN, every driver a lone surrogate, MariaDB what is nested too deeply: that is
    kept as text.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
    if isinstance(value, dict | list | tuple) and depth >= DEEPEST:
        return json.dumps(value)
    if isinstance(value, dict):
        return {clean(str(name)): clean(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [clean(member, depth + 1) for member in value]
    return value
