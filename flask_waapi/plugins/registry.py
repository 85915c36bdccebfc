"""Which provider types there are, and the instances an app has made of them.

Entry points are loaded one by one, so that a plugin which cannot be imported is reported and hides no
other. Types are shared by the process; instances belong to one app.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points

import pluggy

from ..discretion import log_failure
from ..errors import ConfigurationError
from ..settings import Settings
from . import hookspecs
from .hookspecs import PROJECT, ProviderFactory
from .provider import Provider, ProviderContext
from .provider_errors import ProviderSettingsError

BUILT_IN = "flask-waapi"
"""The distribution whose plugins come first."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PluginFailure:
    """A plugin that could not be used. :param reason: the exception, in one line."""

    plugin: str
    reason: str


@dataclass
class ProviderTypes:
    """The provider types found, who listens to events, and the plugins that could not be used."""

    factories: dict[str, ProviderFactory] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    failures: list[PluginFailure] = field(default_factory=list)
    listeners: dict[str, Callable[..., object]] = field(default_factory=dict)
    """What plugins want called at each event, by plugin."""

    def add(self, origin: str, name: str, factory: ProviderFactory) -> None:
        """Add a type.

        :raises ValueError: another plugin has registered the name.
        """
        if name in self.factories:
            raise ValueError(f"The provider type {name!r} is registered by {self.origins[name]} already.")
        self.factories[name] = factory
        self.origins[name] = origin


def find_provider_types(
    disabled: Iterable[str] = (), plugins: Mapping[str, object] | None = None
) -> ProviderTypes:
    """The types of all installed plugins.

    :param disabled: entry-point names to leave out.
    :param plugins: further plugins by name, for plugins that are not installed.
    """
    types = ProviderTypes()
    for origin, plugin in _load_entry_points(set(disabled), types.failures):
        _register(types, origin, plugin)
    for origin, plugin in (plugins or {}).items():
        _register(types, origin, plugin)
    return types


def _load_entry_points(disabled: set[str], failures: list[PluginFailure]) -> list[tuple[str, object]]:
    loaded = []
    for entry_point in sorted(entry_points(group=PROJECT), key=_built_in_first):
        if entry_point.name in disabled:
            continue
        origin = f"{_distribution(entry_point)}:{entry_point.name}"
        try:
            loaded.append((origin, entry_point.load()))
        except (Exception, SystemExit) as error:  # whatever a stranger's module does on import
            failures.append(PluginFailure(origin, f"{type(error).__name__}: {error}"))
    return loaded


def _built_in_first(entry_point: EntryPoint) -> tuple[bool, str, str]:
    # A stranger's plugin must not take the name of a built-in type, whatever it is called itself.
    distribution = _distribution(entry_point)
    return distribution != BUILT_IN, entry_point.name, distribution


def _distribution(entry_point: EntryPoint) -> str:
    return entry_point.dist.name if entry_point.dist else "?"


def _register(types: ProviderTypes, origin: str, plugin: object) -> None:
    # A manager for each plugin: with one for all, a hook that raises would stop those after it.
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name=origin)
        manager.check_pending()
        if not manager.get_hookcallers(plugin):
            raise TypeError("it has no hook: mark waapi_register_providers or waapi_on_event with @hookimpl")
        manager.hook.waapi_register_providers(register=lambda name, factory: types.add(origin, name, factory))
        if manager.hook.waapi_on_event.get_hookimpls():
            types.listeners[origin] = manager.hook.waapi_on_event
    except Exception as error:  # likewise
        types.failures.append(PluginFailure(origin, f"{type(error).__name__}: {error}"))


class Providers:
    """The provider instances of one app.

    :param types: the types to choose from.
    :param settings: names the instances, the default one and the simulated one.
    :param clock: given to every instance.
    :raises ConfigurationError: an instance cannot be made; every fault is named.
    """

    def __init__(self, types: ProviderTypes, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.types = types
        self._instances: dict[str, Provider] = {}
        configured = dict(settings.providers)
        configured.setdefault(settings.simulation_provider, {"type": "simulation"})
        problems: list[str] = []
        for name, values in configured.items():
            given = dict(values)
            type_name = given.pop("type", name)
            if not isinstance(type_name, str) or type_name not in types.factories:
                problems.append(_unknown_type(name, type_name, types))
                continue
            try:
                self._instances[name] = _make(types.factories[type_name], ProviderContext(name, given, clock))
            except ProviderSettingsError as error:
                problems += [f"WAAPI_PROVIDERS[{name!r}] {text}" for text in error.problems]
            except Exception as error:  # whatever a stranger's constructor does
                log_failure(logger, error, "Provider %s could not be made", name)
                problems.append(
                    f"WAAPI_PROVIDERS[{name!r}] has the type {type_name!r} of the plugin"
                    f" {types.origins[type_name]}, which failed: {type(error).__name__}: {error}."
                )
        self.default = self._default_name(settings, problems)
        self.simulation = settings.simulation_provider
        simulation = self._instances.get(self.simulation)
        if simulation is not None and not simulation.simulated:
            problems.append(
                f"WAAPI_SIMULATION_PROVIDER names {self.simulation!r}, which can reach real recipients:"
                " name an instance of a simulated type."
            )
        if problems:
            raise ConfigurationError(problems)

    def _default_name(self, settings: Settings, problems: list[str]) -> str:
        chosen = settings.default_provider
        if chosen is None:
            names = [name for name in settings.providers if name != settings.simulation_provider]
            if len(names) > 1:
                problems.append(
                    "WAAPI_DEFAULT_PROVIDER must name one of the instances in WAAPI_PROVIDERS: "
                    + ", ".join(names)
                    + "."
                )
            return names[0] if names else settings.simulation_provider
        if chosen not in settings.providers and chosen != settings.simulation_provider:
            problems.append(f"WAAPI_DEFAULT_PROVIDER names {chosen!r}, which WAAPI_PROVIDERS lacks.")
        return chosen

    def __getitem__(self, name: str) -> Provider:
        """The instance of that name.

        :raises KeyError: there is none (any more).
        """
        return self._instances[name]

    def __contains__(self, name: str) -> bool:
        return name in self._instances

    def names(self) -> list[str]:
        """The instances' names, in the order of the configuration."""
        return list(self._instances)

    def end_for(self, name: str, *, simulated: bool) -> tuple[str, Provider]:
        """Where a message for the instance ``name`` really ends.

        A simulated message ends at the simulated instance, whatever it was addressed to.
        """
        used = name
        if simulated and not self._instances[name].simulated:
            used = self.simulation
        return used, self._instances[used]

    def close(self) -> None:
        """Close every instance; one that cannot be closed is told to the log."""
        for name, instance in self._instances.items():
            try:
                instance.close()
            except Exception as error:
                log_failure(logger, error, "Provider %s could not be closed", name)


def _make(factory: ProviderFactory, context: ProviderContext) -> Provider:
    instance: object = factory(context)
    if not isinstance(instance, Provider):
        raise TypeError(f"it made {type(instance).__name__}, which is no Provider")
    return instance


def _unknown_type(name: str, type_name: object, types: ProviderTypes) -> str:
    known = ", ".join(sorted(types.factories)) or "none"
    text = f"WAAPI_PROVIDERS[{name!r}] has the type {type_name!r}; installed types: {known}."
    for failure in types.failures:
        text += f" The plugin {failure.plugin} could not be used: {failure.reason}."
    return text
