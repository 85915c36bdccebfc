"""``kill -9`` at random moments while messages go through."""

from __future__ import annotations

import time
from random import Random

from .engines import ENGINES, FULL, Running, Scale
from .load import Load
from .places import Place
from .stage import LEASE_SECONDS, Stage, staged
from .verdict import Verdict, judge

WEB_SHARE = 0.2
"""Of the kills where others do the sending, the share that hits a web process."""

PAUSE_SECONDS = 0.05


def kills(
    place: Place,
    engine: str,
    *,
    messages: int,
    count: int,
    seed: int,
    policy: str = "fail",
    scale: Scale = FULL,
) -> Verdict:
    """Send so many messages through an engine whose processes are killed so many times.

    :param policy: what is done with messages whose outcome nobody has learnt.
    """
    verdict = Verdict(f"kills, {policy}", engine, place.database, messages=messages, note=f"seed {seed}")
    started = time.monotonic()
    settings = {
        "WAAPI_UNCONFIRMED_POLICY": policy,
        # Reports that come at once are before it, where it may be resent; otherwise they must stay.
        "WAAPI_UNCONFIRMED_AFTER": LEASE_SECONDS if policy == "resend" else 3600,
    }
    with staged(place) as stage, ENGINES[engine](stage, settings, scale) as running:
        load = Load(stage.port, stage.key, messages=messages, waits=running.waits)
        with load:
            verdict.kills = _kill(stage, running, load, messages, count, Random(seed))
        judge(stage, load.tally, verdict, policy=policy)
        answered = len(load.tally.acknowledged)
        verdict.expect(answered > messages // 2, f"only {answered} acknowledged: {dict(load.tally.codes)}")
        verdict.expect(not running.fleet.ended(), f"ended by themselves: {running.fleet.ended()}")
    verdict.expect(verdict.kills == count, f"only {verdict.kills} kills")
    verdict.seconds = time.monotonic() - started
    return verdict


def _kill(stage: Stage, running: Running, load: Load, messages: int, count: int, random: Random) -> int:
    """Kill at random points of the way; how many kills there were."""
    points = sorted(random.uniform(0.02, 0.95) * messages for _ in range(count))
    done = 0
    seen = -1
    patience = time.monotonic() + 60.0
    for point in points:
        while (taken := len(stage.double.messages)) < point:
            if taken > seen:
                seen, patience = taken, time.monotonic() + 60.0
            if time.monotonic() > patience:
                return done
            time.sleep(0.005)
            if not load.runs and running.waits:
                break
        time.sleep(random.uniform(0, PAUSE_SECONDS))
        if not running.waits and random.random() < WEB_SHARE:
            running.kill_web(random)
        else:
            running.kill_one(random)
        done += 1
    return done
