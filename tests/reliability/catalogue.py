"""All runs at full size, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from .answers import provider_answers
from .cuts import cuts
from .engines import ENGINES
from .exactly_once import four_workers
from .graceful import graceful_stop
from .idempotency import same_key
from .kills import kills
from .outages import MODES, broker_away, database_away, redis_away
from .places import KINDS, Place
from .verdict import Verdict
from .webhooks import webhook_kills

NEEDED = {"celery": ("rabbitmq",)}
"""Services that an engine needs beside its database."""

ROUNDS = 30
CUT_MESSAGES = 200
RESENT_SHARE = 10
STOPS = 5


@dataclass(frozen=True)
class Run:
    """One line of the table to come.

    :param needs: services it cannot do without.
    """

    name: str
    database: str
    needs: tuple[str, ...]
    carry_out: Callable[[Place], Verdict]


def runs(messages: int, count: int, seed: int) -> Iterator[Run]:
    """Every run.

    :param messages: that go through while processes are killed.
    :param count: how many are killed.
    """
    for database in ("sqlite", "postgresql"):
        for engine in ENGINES:
            yield _kills(database, engine, messages=messages, count=count, seed=seed)
        yield _kills(
            database,
            "worker",
            messages=max(1, messages // RESENT_SHARE),
            count=max(1, count // RESENT_SHARE),
            seed=seed,
            policy="resend",
        )
    for database in KINDS:
        told = partial(webhook_kills, messages=max(1, messages // RESENT_SHARE), count=count, seed=seed)
        yield _run("webhooks", database, "worker", told)
    for database in KINDS:
        yield _run("exactly-once", database, "worker", partial(four_workers, messages=messages))
    for engine in ENGINES:
        yield _run("cuts", "postgresql", engine, partial(cuts, engine=engine, messages=CUT_MESSAGES))
    for database in KINDS:
        yield _run("answers", database, "worker", provider_answers)
        yield _run("same-key", database, "inline", partial(same_key, rounds=ROUNDS))
    for engine in ("worker", "celery"):
        yield _run(
            "sigterm", "postgresql", engine, partial(graceful_stop, engine=engine, messages=100, stops=STOPS)
        )
    yield from _outages(max(1, messages // RESENT_SHARE))


def _outages(messages: int) -> Iterator[Run]:
    for mode in MODES:
        yield _run("broker", "postgresql", "celery", partial(broker_away, mode=mode, messages=messages))
        redis = partial(redis_away, mode=mode, messages=messages)
        yield Run("redis-inline", "postgresql", ("postgresql", "redis"), redis)
        for database in ("postgresql", "mariadb"):
            for engine in ENGINES:
                away = partial(database_away, mode=mode, engine=engine, messages=messages)
                yield _run("database", database, engine, away)


def _kills(database: str, engine: str, *, messages: int, count: int, seed: int, policy: str = "fail") -> Run:
    work = partial(kills, engine=engine, messages=messages, count=count, seed=seed, policy=policy)
    return _run("kills", database, engine, work)


def _run(name: str, database: str, engine: str, carry_out: Callable[[Place], Verdict]) -> Run:
    needs = (() if database == "sqlite" else (database,)) + NEEDED.get(engine, ())
    return Run(
        f"{name}-{engine}" if name in {"kills", "cuts", "database"} else name, database, needs, carry_out
    )
