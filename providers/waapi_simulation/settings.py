"""The settings of a simulation instance, checked all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_waapi import ProviderContext, ProviderSettingsError

from .outcomes import Delays
from .samples import SAMPLES
from .template_file import Templates, open_templates

_LONGEST_DELAY = timedelta(days=30)
_FROM_DELIVERED_TO_READ = timedelta(seconds=1)


@dataclass(frozen=True)
class SimulationSettings:
    """What an instance goes by."""

    delays: Delays
    templates: Templates


def read_settings(context: ProviderContext) -> SimulationSettings:
    """The settings of an instance; one that is ``None`` counts as not given.

    :raises ProviderSettingsError: one or more are unusable or unknown; all faults at once.
    """
    given = {name: value for name, value in context.settings.items() if value is not None}
    problems = context.unknown_settings("delivered_after", "read_after", "templates")
    delays = Delays()
    templates = Templates(())
    try:
        delays = _read_delays(given)
    except ProviderSettingsError as error:
        problems += error.problems
    try:
        templates = open_templates(given.get("templates", SAMPLES))
    except ProviderSettingsError as error:
        problems += error.problems
    if problems:
        raise ProviderSettingsError(problems)
    return SimulationSettings(delays, templates)


def _read_delays(given: Mapping[str, Any]) -> Delays:
    problems = [
        f"{name} must be a number of seconds from 0 to {_LONGEST_DELAY.total_seconds():,.0f}."
        for name in ("delivered_after", "read_after")
        if name in given and not _is_delay(given[name])
    ]
    if problems:
        raise ProviderSettingsError(problems)
    delivered = Delays().delivered
    if "delivered_after" in given:
        delivered = timedelta(seconds=given["delivered_after"])
    read = delivered + _FROM_DELIVERED_TO_READ
    if "read_after" in given:
        read = timedelta(seconds=given["read_after"])
    if read < delivered:
        raise ProviderSettingsError(["read_after must not be less than delivered_after."])
    return Delays(delivered, read)


def _is_delay(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= _LONGEST_DELAY.total_seconds()
