"""``init_celery`` joins whatever Celery app a host has, and leaves what is the host's alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from celery import Celery, Task, shared_task
from celery.signals import before_task_publish
from flask import Flask, current_app

from factories import RECORDING, MakeWorld, World
from flask_waapi import WaApi
from flask_waapi.errors import ConfigurationError
from flask_waapi.services import EXTENSION
from flask_waapi.work.celery import TASK

CELERY: dict[str, Any] = {"WAAPI_DISPATCH": "celery", **RECORDING}


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app whose messages Celery sends."""
    return make_world(**CELERY)


@pytest.fixture
def celery() -> Celery:
    """A Celery app whose broker is in this process."""
    return new_celery()


def new_celery(**options: Any) -> Celery:
    return Celery("host", broker="memory://", set_as_current=False, **options)


def entry_in_beat(celery: Celery) -> Any:
    celery.finalize()
    return celery.conf.beat_schedule[TASK]


def run_task(celery: Celery) -> None:
    celery.tasks[TASK]()


def test_the_task_sends_what_waits(world: World, celery: Celery) -> None:
    world.waapi.init_celery(celery)
    answer = world.send()

    run_task(celery)

    assert answer.status_code == 202
    assert world.message().status == "sent"


def test_flasks_documented_task_class_is_no_hindrance(world: World) -> None:
    class FlaskTask(Task):  # type: ignore[misc]
        def __call__(self, *arguments: object, **options: object) -> object:
            with world.app.app_context():
                return self.run(*arguments, **options)

    celery = world.app.extensions["celery"] = new_celery(task_cls=FlaskTask)
    world.waapi.init_celery(celery)
    world.send()

    run_task(celery)

    assert world.message().status == "sent"


def test_a_task_class_with_demands_of_its_own_is_not_used(world: World) -> None:
    class Demanding(Task):  # type: ignore[misc]
        def __call__(self, *, tenant: str) -> object:
            return self.run()

    celery = new_celery(task_cls=Demanding)
    world.waapi.init_celery(celery)
    world.send()

    run_task(celery)

    assert world.message().status == "sent"


def test_the_hosts_own_tasks_stay_what_they_are(world: World, celery: Celery) -> None:
    @celery.task(name="host.add")  # type: ignore[untyped-decorator]
    def add(one: int, other: int) -> int:
        return one + other

    @shared_task(name="host.shared")  # type: ignore[untyped-decorator]
    def shared() -> str:
        return "shared"

    world.waapi.init_celery(celery)

    assert celery.tasks["host.add"](1, 2) == 3
    assert celery.tasks["host.shared"]() == "shared"


def test_the_task_works_with_a_context_of_its_own_app(world: World, celery: Celery) -> None:
    world.waapi.init_celery(celery)
    seen: list[str] = []

    def look() -> int:
        seen.append(current_app.name)
        return 0

    world.services.worker._jobs = {"look": look}

    with Flask("another").app_context():
        run_task(celery)

    assert seen == ["tests_host"]


def test_another_celery_app_of_the_process_does_not_have_our_task(world: World, celery: Celery) -> None:
    world.waapi.init_celery(celery)
    other = new_celery()
    celery.finalize()

    assert TASK not in other.tasks


def test_two_flask_apps_with_a_celery_app_each_are_sent_apart(make_world: MakeWorld, tmp_path: Any) -> None:
    worlds = [make_world(database_uri=f"sqlite:///{tmp_path}/{name}.sqlite", **CELERY) for name in "ab"]
    celeries = [new_celery(), new_celery()]
    for world, celery in zip(worlds, celeries, strict=True):
        world.waapi.init_celery(celery)
        world.send()

    run_task(celeries[1])

    assert [world.message().status for world in worlds] == ["queued", "sent"]


def test_one_celery_app_serves_several_flask_apps(
    make_world: MakeWorld, celery: Celery, tmp_path: Any
) -> None:
    worlds = [make_world(database_uri=f"sqlite:///{tmp_path}/{name}.sqlite", **CELERY) for name in "ab"]
    for number, world in enumerate(worlds):
        world.app.name = f"app-{number}"
        world.waapi.init_celery(celery)
        world.send()

    run_task(celery)

    assert [world.message().status for world in worlds] == ["sent", "sent"]


def test_of_apps_that_a_factory_made_the_last_is_served(
    make_world: MakeWorld, celery: Celery, tmp_path: Any
) -> None:
    worlds = [make_world(database_uri=f"sqlite:///{tmp_path}/{name}.sqlite", **CELERY) for name in "ab"]
    for world in worlds:
        world.waapi.init_celery(celery)
        world.send()

    run_task(celery)

    assert [world.message().status for world in worlds] == ["queued", "sent"]


def bare_app(waapi: WaApi, tmp_path: Any) -> Flask:
    app = Flask("host")
    app.config.update(SECRET_KEY="test", WAAPI_DATABASE_URI=f"sqlite:///{tmp_path}/waapi.sqlite")
    waapi.init_app(app)
    return app


def test_a_factory_that_is_called_again_need_not_name_its_app(celery: Celery, tmp_path: Any) -> None:
    waapi = WaApi()
    apps = []
    for _ in range(2):
        apps.append(bare_app(waapi, tmp_path))
        waapi.init_celery(celery)

    assert [app.extensions[EXTENSION].celery.joined for app in apps] == [True, True]


def test_init_app_comes_first(celery: Celery) -> None:
    with pytest.raises(ConfigurationError, match="call init_app"):
        WaApi().init_celery(celery)


def test_an_app_that_has_not_joined_is_refused(celery: Celery) -> None:
    with pytest.raises(ConfigurationError, match="call init_app"):
        WaApi().init_celery(celery, Flask("host"))


def test_of_several_apps_one_is_to_be_named(celery: Celery, tmp_path: Any) -> None:
    waapi = WaApi()
    apps = [bare_app(waapi, tmp_path), bare_app(waapi, tmp_path)]

    with pytest.raises(ConfigurationError, match="more than one"):
        waapi.init_celery(celery)
    waapi.init_celery(celery, apps[1])

    assert [app.extensions[EXTENSION].celery.joined for app in apps] == [False, True]


def test_a_second_call_changes_nothing(world: World, celery: Celery) -> None:
    world.waapi.init_celery(celery)
    before = celery.tasks[TASK]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        world.waapi.init_celery(celery)

    assert celery.tasks[TASK] is before
    assert list(celery.conf.beat_schedule) == [TASK]


def test_celery_is_left_as_it_was_until_it_is_used(world: World, celery: Celery) -> None:
    world.waapi.init_celery(celery)

    assert (celery.configured, celery.finalized) == (False, False)


def test_the_beat_looks_as_often_as_is_set(make_world: MakeWorld, celery: Celery) -> None:
    make_world(**CELERY, WAAPI_CELERY_SWEEP_INTERVAL=7).waapi.init_celery(celery)

    assert entry_in_beat(celery)["schedule"] == 7.0


def test_what_the_beat_publishes_does_not_wait_long_for_workers_that_are_away(
    world: World, celery: Celery
) -> None:
    world.waapi.init_celery(celery)

    assert 10 <= entry_in_beat(celery)["options"]["expires"] <= 60


HOST_ENTRY = {"task": "host.add", "schedule": 60.0}


def configure_by_assignment(celery: Celery) -> None:
    celery.conf.beat_schedule = {"host": HOST_ENTRY}


def configure_by_update(celery: Celery) -> None:
    celery.conf.update(beat_schedule={"host": HOST_ENTRY})


def configure_by_object(celery: Celery) -> None:
    class Configuration:
        CELERY_BEAT_SCHEDULE: ClassVar[dict[str, Any]] = {"host": HOST_ENTRY}

    celery.config_from_object(Configuration, namespace="CELERY")


def configure_by_call(celery: Celery) -> None:
    celery.add_periodic_task(60.0, celery.signature("host.add"), name="host")


CONFIGURE = [configure_by_assignment, configure_by_update, configure_by_object, configure_by_call]


@pytest.mark.parametrize("configure", CONFIGURE)
@pytest.mark.parametrize("order", ["before", "after", "after use"])
def test_the_hosts_entries_and_ours_are_both_in_the_beat(
    world: World, celery: Celery, configure: Any, order: str
) -> None:
    if order == "before":
        configure(celery)
    if order == "after use":
        assert celery.conf.beat_schedule == {}
    world.waapi.init_celery(celery)
    if order != "before":
        configure(celery)

    assert entry_in_beat(celery)["task"] == TASK
    assert set(celery.conf.beat_schedule) == {"host", TASK}


def test_an_entry_of_our_name_that_the_host_wrote_is_kept(world: World, celery: Celery) -> None:
    celery.conf.beat_schedule = {TASK: {"task": TASK, "schedule": 1.0}}
    world.waapi.init_celery(celery)

    assert entry_in_beat(celery)["schedule"] == 1.0


def test_the_beat_of_another_celery_app_is_not_touched(world: World, celery: Celery) -> None:
    world.waapi.init_celery(celery)
    celery.finalize()
    other = new_celery()
    other.finalize()

    assert TASK not in other.conf.beat_schedule


@pytest.fixture
def published() -> Iterator[list[dict[str, Any]]]:
    """What is published of our task: its headers, and where it goes."""
    seen: list[dict[str, Any]] = []

    def note(sender: str, headers: dict[str, Any], routing_key: str, **_: object) -> None:
        if sender == TASK:
            seen.append({**headers, "routing_key": routing_key})

    before_task_publish.connect(note)
    yield seen
    before_task_publish.disconnect(note)


def publish_one(world: World) -> None:
    world.send()
    world.services.celery.publish()


def test_a_message_that_waits_wakes_a_worker(
    world: World, celery: Celery, published: list[dict[str, Any]]
) -> None:
    world.waapi.init_celery(celery)

    publish_one(world)

    assert len(published) == 1


def test_the_hosts_route_for_our_task_is_taken(
    world: World, celery: Celery, published: list[dict[str, Any]]
) -> None:
    celery.conf.task_routes = {TASK: {"queue": "messages"}}
    world.waapi.init_celery(celery)

    publish_one(world)

    assert published[0]["routing_key"] == "messages"


def test_the_hosts_limits_for_its_tasks_are_not_ours(
    world: World, celery: Celery, published: list[dict[str, Any]]
) -> None:
    celery.conf.update(
        task_time_limit=2,
        task_soft_time_limit=1,
        task_default_rate_limit="1/h",
        task_acks_late=True,
        task_ignore_result=False,
    )
    world.waapi.init_celery(celery)

    publish_one(world)

    task = celery.tasks[TASK]
    assert min(published[0]["timelimit"]) > 600
    assert (task.rate_limit, task.acks_late, task.ignore_result) == (0, False, True)


def test_an_eager_celery_sends_at_once(make_world: MakeWorld, celery: Celery) -> None:
    world = make_world(**CELERY)
    celery.conf.task_always_eager = True
    world.waapi.init_celery(celery)

    publish_one(world)

    assert world.message().status == "sent"
