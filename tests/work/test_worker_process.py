"""``flask waapi worker`` as a real process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from .processes import stage


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_brings_the_messages_in_hand_to_their_end(
    sqlite_uri: str, tmp_path: Path, number: signal.Signals
) -> None:
    with stage(sqlite_uri, "worker", tmp_path) as on_stage:
        # So many that some still wait when the worker is told, however late that is.
        for _ in range(200):
            on_stage.send()
        program = on_stage.worker(WAAPI_TESTS_SEND_SECONDS="0.5")
        on_stage.wait_until(on_stage.in_hand)

        program.signal(number)

        assert program.wait() == 0, program.told()
        assert on_stage.in_hand() == 0
        assert set(on_stage.statuses()) == {"sent", "queued"}
        assert set(on_stage.times_sent().values()) == {1}


def test_several_workers_send_each_message_once(migrated_uri: str, tmp_path: Path) -> None:
    with stage(migrated_uri, "worker", tmp_path) as on_stage:
        for _ in range(100):
            on_stage.send()

        for _ in range(3):
            on_stage.worker(WAAPI_TESTS_SEND_SECONDS="0.02")

        on_stage.wait_until(lambda: on_stage.statuses()["sent"] == 100)
        assert set(on_stage.times_sent().values()) == {1}
