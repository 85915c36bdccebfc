"""Loading plugins: one that is broken is reported and hides no other; faults name who made them."""

from __future__ import annotations

import atexit
import logging
import textwrap
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factories import MESSAGES, RECORDING, MakeWorld
from flask_waapi import (
    ConfigurationError,
    OutboundMessage,
    Provider,
    ProviderContext,
    SendResult,
    hookimpl,
)
from flask_waapi.plugins.registry import ProviderTypes, find_provider_types
from flask_waapi.storage.models import ApiRequest

BUILT_IN = {"cloud", "logging", "simulation"}

Install = Callable[..., None]

GOOD = """
    from flask_waapi import Provider, SendResult, hookimpl

    class {name}(Provider):
        def __init__(self, context):
            self.context = context

        def send(self, message):
            return SendResult("1")

    @hookimpl
    def waapi_register_providers(register):
        register("{name}", {name})
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution with entry points where Python finds it."""

    def install(distribution: str, modules: dict[str, str], points: dict[str, str] | None = None) -> None:
        place = tmp_path / distribution
        info = place / f"{distribution}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [
            f"{name} = {target}" for name, target in (points or {name: name for name in modules}).items()
        ]
        (info / "entry_points.txt").write_text("\n".join(["[flask_waapi]", *lines, ""]))
        for name, source in modules.items():
            (place / f"{name}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(place))

    return install


def reasons(types: ProviderTypes) -> dict[str, str]:
    """Why which plugin could not be used."""
    return {failure.plugin: failure.reason for failure in types.failures}


def test_the_built_in_types_come_through_the_entry_points() -> None:
    types = find_provider_types()

    assert set(types.factories) == BUILT_IN
    assert types.origins["cloud"] == "flask-waapi:cloud"
    assert types.failures == []


def test_a_strangers_plugin_is_found(install: Install) -> None:
    install("pigeons", {"pigeon": GOOD.format(name="pigeon")})

    types = find_provider_types()

    assert set(types.factories) == BUILT_IN | {"pigeon"}
    assert types.origins["pigeon"] == "pigeons:pigeon"


BROKEN = {
    "fails_to_import": ("raise ValueError('no licence')", "ValueError: no licence"),
    "lacks_a_package": ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
    "is_no_python": ("def (", "SyntaxError: "),
    "raises_in_the_hook": (
        """
        from flask_waapi import hookimpl

        @hookimpl
        def waapi_register_providers(register):
            raise RuntimeError("no line")
        """,
        "RuntimeError: no line",
    ),
    "takes_a_name": (
        """
        from flask_waapi import hookimpl

        @hookimpl
        def waapi_register_providers(register):
            register("simulation", print)
        """,
        "ValueError: The provider type 'simulation' is registered by flask-waapi:simulation already.",
    ),
    "misspells_the_hook": (
        """
        from flask_waapi import hookimpl

        @hookimpl
        def waapi_register_provider(register):
            pass
        """,
        "PluginValidationError: unknown hook 'waapi_register_provider'",
    ),
    "misspells_the_argument": (
        """
        from flask_waapi import hookimpl

        @hookimpl
        def waapi_register_providers(registre):
            pass
        """,
        "PluginValidationError: ",
    ),
    "exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "forgets_the_hook": (
        """
        def waapi_register_providers(register):
            register("forgotten", print)
        """,
        "TypeError: it has no hook: mark waapi_register_providers or waapi_on_event with @hookimpl",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_reported_and_hides_no_other(install: Install, name: str) -> None:
    source, reason = BROKEN[name]
    install("zz_pigeons", {"zz_pigeon": GOOD.format(name="zz_pigeon")})
    install("aa_pigeons", {"aa_pigeon": GOOD.format(name="aa_pigeon")})
    install("broken", {f"broken_{name}": source})

    types = find_provider_types()

    assert set(types.factories) == BUILT_IN | {"aa_pigeon", "zz_pigeon"}
    assert list(reasons(types)) == [f"broken:broken_{name}"]
    assert reasons(types)[f"broken:broken_{name}"].startswith(reason)


def test_an_entry_point_that_leads_nowhere_is_reported(install: Install) -> None:
    install("broken", {"here": ""}, {"gone": "nowhere", "half": "here:plugin"})

    types = find_provider_types()

    assert set(types.factories) == BUILT_IN
    assert reasons(types)["broken:gone"] == "ModuleNotFoundError: No module named 'nowhere'"
    assert reasons(types)["broken:half"].startswith("AttributeError: ")


def test_what_a_plugin_registered_before_it_broke_stays(install: Install) -> None:
    second = """
        from flask_waapi import hookimpl

        @hookimpl
        def waapi_register_providers(register):
            register("before", lambda context: None)
            register("simulation", lambda context: None)
    """
    install("twice", {"twice": second})

    types = find_provider_types()

    assert set(types.factories) == BUILT_IN | {"before"}
    assert list(reasons(types)) == ["twice:twice"]


def test_two_plugins_of_the_same_entry_point_name_are_both_loaded(install: Install) -> None:
    install("one", {"module_one": GOOD.format(name="pigeon_one")}, {"pigeon": "module_one"})
    install("two", {"module_two": GOOD.format(name="pigeon_two")}, {"pigeon": "module_two"})

    assert {"pigeon_one", "pigeon_two"} <= set(find_provider_types().factories)


def test_a_plugin_can_be_left_out_by_its_name(install: Install) -> None:
    install("broken", {"broken_plugin": "raise ValueError('no licence')"})

    types = find_provider_types(disabled=("broken_plugin", "cloud"))

    assert set(types.factories) == {"logging", "simulation"}
    assert types.failures == []


def test_a_broken_plugin_that_nobody_uses_does_not_stop_the_app(
    install: Install, make_world: MakeWorld
) -> None:
    install("broken", {"broken_plugin": "raise ValueError('no licence')"})

    assert make_world().send().status_code == 201


def test_the_type_of_a_broken_plugin_is_refused_with_the_plugin_and_its_reason(
    install: Install, make_world: MakeWorld
) -> None:
    install("broken", {"broken_plugin": "raise ValueError('no licence')"})

    with pytest.raises(ConfigurationError) as raised:
        make_world(WAAPI_PROVIDERS={"main": {"type": "pigeon"}})

    (problem,) = raised.value.problems
    assert problem.startswith("WAAPI_PROVIDERS['main'] has the type 'pigeon'; installed types: cloud,")
    assert "The plugin broken:broken_plugin could not be used: ValueError: no licence." in problem


class Fussy(Provider):
    """Fails to be made, in the way its settings say."""

    def __init__(self, context: ProviderContext) -> None:
        if context.settings.get("fail"):
            raise KeyError(context.settings["fail"])

    def send(self, message: OutboundMessage) -> SendResult:
        """Never called."""
        raise TypeError


class FussyPlugin:
    """A plugin that is handed over in Python."""

    @hookimpl
    def waapi_register_providers(self, register: Callable[..., None]) -> None:
        """The plugin hook."""
        register("fussy", Fussy)
        register("nothing", lambda context: None)
        register("wrong_arguments", lambda: None)


def start_problems(make_world: MakeWorld, providers: dict[str, Any], **config: Any) -> Iterable[str]:
    """What a start with these instances says."""
    from flask import Flask

    from flask_waapi import WaApi

    app = Flask("bare")
    app.config.update(SECRET_KEY="s", WAAPI_DATABASE_URI="sqlite://", WAAPI_PROVIDERS=providers, **config)
    with pytest.raises(ConfigurationError) as raised:
        WaApi(app, plugins={"fussy_plugin": FussyPlugin()})
    return raised.value.problems


def test_every_fault_of_every_instance_is_in_one_message(make_world: MakeWorld) -> None:
    found = start_problems(
        make_world,
        {
            "one": {"type": "cloud", "acess_token": "x"},
            "two": {"type": "pigeon"},
            "three": {"type": "simulation", "delivered_after": -1, "colour": "red"},
        },
    )

    assert {problem.partition("]")[0] for problem in found if "[" in problem} == {
        "WAAPI_PROVIDERS['one'",
        "WAAPI_PROVIDERS['two'",
        "WAAPI_PROVIDERS['three'",
    }
    assert len([problem for problem in found if "'three'" in problem and "colour" in problem]) == 1
    assert len([problem for problem in found if "'three'" in problem and "delivered_after" in problem]) == 1
    assert [problem for problem in found if problem.startswith("WAAPI_DEFAULT_PROVIDER must name one of")]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"type": "fussy", "fail": "token"}, "KeyError: 'token'"),
        ({"type": "wrong_arguments"}, "TypeError: "),
        ({"type": "nothing"}, "NoneType"),
    ],
)
def test_a_provider_that_cannot_be_made_is_named_with_its_type_and_its_plugin(
    make_world: MakeWorld, settings: dict[str, Any], words: str
) -> None:
    found = start_problems(make_world, {"main": settings, "other": {"type": "pigeon"}})

    (problem,) = (problem for problem in found if "'main']" in problem)
    assert f"'{settings['type']}'" in problem
    assert "fussy_plugin" in problem
    assert words in problem
    assert any("'other']" in problem for problem in found), "one fault hid another"


@pytest.mark.parametrize("type_name", [5, None, [], {}])
def test_a_type_that_is_no_name_is_refused(make_world: MakeWorld, type_name: object) -> None:
    (problem, *_) = start_problems(make_world, {"main": {"type": type_name}})

    assert problem.startswith(f"WAAPI_PROVIDERS['main'] has the type {type_name!r}")


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            {"WAAPI_DEFAULT_PROVIDER": "nobody"},
            "WAAPI_DEFAULT_PROVIDER names 'nobody', which WAAPI_PROVIDERS lacks.",
        ),
        (
            {"WAAPI_SIMULATION_PROVIDER": "real", "WAAPI_DEFAULT_PROVIDER": "real"},
            (
                "WAAPI_SIMULATION_PROVIDER names 'real', which can reach real recipients:"
                " name an instance of a simulated type."
            ),
        ),
    ],
)
def test_a_role_that_no_instance_can_fill_is_named(
    make_world: MakeWorld, config: dict[str, Any], problem: str
) -> None:
    assert list(start_problems(make_world, {"real": {"type": "fussy"}}, **config)) == [problem]


def test_an_instance_without_a_type_is_of_the_type_of_its_name(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}})

    assert type(world.services.providers["recorder"]).__name__ == "Recorder"
    assert world.services.providers.default == "recorder"


def test_without_any_instance_the_simulation_sends(make_world: MakeWorld) -> None:
    world = make_world()

    assert world.services.providers.names() == ["simulation"]
    assert world.services.providers.default == "simulation"


def test_instances_of_two_apps_are_not_shared(make_world: MakeWorld, tmp_path: Path) -> None:
    one, other = (make_world(WAAPI_PROVIDERS={"recorder": {}}) for _ in range(2))

    assert one.services.providers["recorder"] is not other.services.providers["recorder"]


def test_at_the_end_every_instance_is_closed(make_world: MakeWorld) -> None:
    world = make_world(
        WAAPI_PROVIDERS={"a": {"type": "recorder"}, "b": {"type": "recorder"}}, WAAPI_DEFAULT_PROVIDER="a"
    )

    world.services.providers.close()

    assert sorted(world.script.closed) == ["a", "b"]


def test_an_instance_that_cannot_be_closed_costs_no_other(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a", "b", "c"]
    world = make_world(
        WAAPI_PROVIDERS={name: {"type": "recorder"} for name in names}, WAAPI_DEFAULT_PROVIDER="a"
    )
    connections: dict[str, str] = {}
    monkeypatch.setattr(world.services.providers["b"], "close", lambda: connections["main"])

    with caplog.at_level(logging.ERROR):
        world.services.providers.close()

    assert world.script.closed == ["a", "c"]
    assert "Provider b could not be closed: KeyError" in caplog.text


def test_the_request_log_is_written_before_a_plugin_can_hold_up_the_end(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Callable[[], object]] = []
    monkeypatch.setattr(atexit, "register", lambda end, *given: ends.append(partial(end, *given)))
    world = make_world(**RECORDING)
    world.get(MESSAGES)
    found: list[int] = []
    monkeypatch.setattr(
        world.services.providers["recorder"], "close", lambda: found.append(world.count(ApiRequest))
    )

    for end in ends:
        end()

    assert found == [1]
