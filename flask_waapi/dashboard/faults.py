"""Faults at the fields of forms."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Fault


def by_field(faults: Sequence[Fault]) -> dict[str, list[Fault]]:
    """The faults by the field to show them at: ``/allowed_networks/1`` stands at ``allowed_networks``."""
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        found.setdefault(fault.pointer.removeprefix("/").partition("/")[0], []).append(fault)
    return found
