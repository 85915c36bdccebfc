"""A part of the whole is away under load, and comes back: refused, or hanging."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import sqlalchemy as sa

import services
from waiting import eventually

from .engines import ENGINES, FULL, Running, Scale, celery, inline
from .gateway import HOST, Gateway
from .load import Load, Tally, every, mixed, none, quick, slow
from .places import Place
from .stage import Stage, staged
from .verdict import Verdict, judge

MODES = ("refused", "hanging")
AWAY_SECONDS = 3.0
BACK_SECONDS = 60.0
PROBES = 50
LIMIT = 20
DECLARED_PROCESSES = 8
"""More than there are, so that the shares of those in memory do not add up to the limit."""

DEFAULT_PORTS = {"rediss": 6379, "redis": 6379, "amqp": 5672, "postgresql": 5432, "mysql": 3306}

_series = itertools.count(1)


def broker_away(place: Place, mode: str, *, messages: int, scale: Scale = FULL) -> Verdict:
    """RabbitMQ is away: requests are answered 202, their messages go out when it is back."""
    verdict = Verdict(f"broker {mode}", "celery", place.database)
    started = time.monotonic()
    uri = services.location("rabbitmq")
    with (
        _gateway(uri) as gateway,
        staged(place) as stage,
        celery(stage, {}, scale, broker=through(uri, gateway)) as running,
    ):
        tallies = [_carried(stage, running, messages // 3)]
        eventually(lambda: bool(stage.double.messages), BACK_SECONDS)
        before = _probe(stage, waits=False, count=PROBES)
        with _load(stage, running, messages // 3) as under_load:
            _break(gateway, mode)
        away = _probe(stage, waits=False, count=PROBES)
        with _load(stage, running, messages // 3) as load:
            gateway.open()
        tallies += [before, under_load.tally, away, load.tally]
        codes = sum((tally.codes for tally in tallies), Counter[int]())
        verdict.expect(set(codes) == {202}, f"answers: {dict(codes)}")
        _finish(stage, verdict, tallies)
        verdict.note = _latencies(before, under_load.tally, away)
    verdict.seconds = time.monotonic() - started
    return verdict


def redis_away(place: Place, mode: str, *, messages: int, scale: Scale = FULL) -> Verdict:
    """Redis is away: each process counts its share of the minute limit in memory, until it is back."""
    verdict = Verdict(f"redis {mode}", "inline", place.database)
    started = time.monotonic()
    uri = services.location("redis")
    with _gateway(uri) as gateway, staged(place) as stage:
        settings = {
            "WAAPI_LIMITS_STORAGE_URI": through(uri, gateway),
            "WAAPI_PROCESSES": DECLARED_PROCESSES,
        }
        with inline(stage, settings, scale) as running:
            tallies = [_carried(stage, running, messages // 3)]
            before = _probe(stage, waits=True, count=PROBES)
            with _load(stage, running, messages // 3) as under_load:
                _break(gateway, mode)
            away = _probe(stage, waits=True, count=PROBES)
            granted_away = _granted(stage)
            with _load(stage, running, messages // 3) as load:
                gateway.open()
            tallies += [before, under_load.tally, away, load.tally]
            codes = sum((tally.codes for tally in tallies), Counter[int]())
            verdict.expect(codes.keys() <= {201, 202}, f"answers: {dict(codes)}")
            is_share = 0 < granted_away < LIMIT
            verdict.expect(is_share, f"while it was away {granted_away} of {LIMIT} were granted")
            is_shared_again = eventually(lambda: _granted(stage) == LIMIT, BACK_SECONDS, 0.5)
            verdict.expect(is_shared_again, "the limit is not counted in Redis again")
            _finish(stage, verdict, tallies)
            verdict.note = _latencies(before, under_load.tally, away)
    verdict.seconds = time.monotonic() - started
    return verdict


def _granted(stage: Stage) -> int:
    """How many requests a new key is granted at once."""
    key = stage.issue(f"limited {next(_series)}", rate_limit=LIMIT)
    return len(_probe(stage, waits=True, count=2 * LIMIT, key=key).acknowledged)


def database_away(place: Place, mode: str, engine: str, *, messages: int, scale: Scale = FULL) -> Verdict:
    """The database is away: 503, nothing acknowledged is lost, and it goes on without a restart."""
    verdict = Verdict(f"database {mode}", engine, place.database)
    started = time.monotonic()
    with _gateway(place.database_uri) as gateway:
        served_uri = through(place.database_uri, gateway)
        with staged(place, served_uri=served_uri) as stage, ENGINES[engine](stage, {}, scale) as running:
            before = _probe(stage, waits=running.waits, count=PROBES)
            taken = len(stage.double.messages)
            in_hand = _load(stage, running, 8, recipient=slow)
            under_load = _load(stage, running, messages)
            with in_hand, under_load:
                # What is being handed over now comes back to a database that is not there.
                eventually(lambda: len(stage.double.messages) >= taken + 4, BACK_SECONDS)
                _break(gateway, mode)
                # While it hangs there is no answer to expect, unless the host's driver has a timeout.
                away = _probe(stage, waits=running.waits, count=PROBES if mode == "refused" else 0)
                time.sleep(AWAY_SECONDS)
                gateway.open()
            expected = {503} if mode == "refused" else set()
            verdict.expect(set(away.codes) == expected, f"answers while it was away: {dict(away.codes)}")
            loaded = in_hand.tally.codes + under_load.tally.codes
            # A 409 is the answer to a repetition while the first request is still at work.
            allowed = {201, 202, 409, 503}
            verdict.expect(loaded.keys() <= allowed, f"answers under load: {dict(loaded)}")
            _finish(stage, verdict, [before, in_hand.tally, under_load.tally, away])
            verdict.note = _latencies(before, under_load.tally, away)
    verdict.seconds = time.monotonic() - started
    return verdict


def _load(stage: Stage, running: Running, messages: int, recipient: Callable[[int], str] = mixed) -> Load:
    # Each client asks until it is acknowledged, so the load lasts as long as the outage.
    return Load(
        stage.port,
        stage.key,
        messages=messages,
        clients=4,
        recipient=recipient,
        waits=running.waits,
        keyed=every,
        name=f"load {next(_series)}",
    )


def _carried(stage: Stage, running: Running, messages: int) -> Tally:
    """What came of a load while all is well."""
    with _load(stage, running, messages) as load:
        pass
    return load.tally


def _probe(stage: Stage, *, waits: bool, count: int, key: str = "") -> Tally:
    """So many requests, one after the other."""
    load = Load(
        stage.port,
        key or stage.key,
        messages=count,
        clients=1,
        recipient=quick,
        waits=waits,
        keyed=none,
        name=f"probe {next(_series)}",
    )
    with load:
        pass
    return load.tally


def _finish(stage: Stage, verdict: Verdict, tallies: Sequence[Tally]) -> None:
    """Whether it goes on by itself once the part is back, and whether all was kept."""
    back = Tally()

    def is_back() -> bool:
        nonlocal back
        back = _probe(stage, waits=False, count=1)
        return bool(back.acknowledged)

    verdict.expect(eventually(is_back, BACK_SECONDS, 0.2), f"does not come back: {dict(back.codes)}")
    kept = [message for tally in [*tallies, back] for message in tally.message_ids]
    judge(stage, Tally(acknowledged=dict(enumerate(kept))), verdict)


def _latencies(before: Tally, under_load: Tally, away: Tally) -> str:
    told = {"before": before, "away": away, "under load": under_load}
    figures = [f"{name} {tally.p99_milliseconds:.0f}" for name, tally in told.items() if tally.seconds]
    return f"p99 in ms: {', '.join(figures)}"


def _break(gateway: Gateway, mode: str) -> None:
    if mode == "refused":
        gateway.close()
    else:
        gateway.hang()


@contextmanager
def _gateway(uri: str) -> Iterator[Gateway]:
    parts = urlsplit(uri)
    scheme = parts.scheme.partition("+")[0]
    with Gateway(parts.hostname or HOST, parts.port or DEFAULT_PORTS[scheme]) as gateway:
        yield gateway


def through(uri: str, gateway: Gateway) -> str:
    """The same service behind the gateway."""
    if urlsplit(uri).scheme.partition("+")[0] in {"postgresql", "mysql"}:
        url = sa.make_url(uri).set(host=HOST, port=gateway.port)
        return url.render_as_string(hide_password=False)
    parts = urlsplit(uri)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{HOST}:{gateway.port}").geturl()
