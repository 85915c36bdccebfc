"""``flask waapi messages import``, more than once: after a crash, by mistake, on purpose."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import Result

from factories import RECORDING, MakeWorld, World
from flask_waapi.cli.csv_file import CsvFile
from flask_waapi.cli.importing import CHUNK
from flask_waapi.errors import StorageUnavailable
from flask_waapi.storage.models import Message
from recorder import ORDER_CONFIRMATION

Run = Callable[..., Result]

ROWS = 2 * CHUNK + 500


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app whose messages wait for a worker and end at a recorder."""
    return make_world(**RECORDING, WAAPI_DISPATCH="worker")


def write(path: Path, rows: int = ROWS, row: str = "+1{number},Hello\n") -> str:
    """A file of so many texts, each to another recipient."""
    lines = (row.format(number=2_000_000_000 + number) for number in range(rows))
    path.write_text("to,text\n" + "".join(lines))
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file of two and a half chunks."""
    return write(tmp_path / "messages.csv")


def counts(result: Result) -> list[str]:
    """Stored, refused and before, as the summary has them."""
    return result.stdout.splitlines()[1].split()[:3]


def recipients(world: World) -> int:
    """How many different ones there are."""
    return len({message.recipient for message in world.messages()})


def start(world: World, *words: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "served_app", "waapi", "messages", "import", *words],
        env=os.environ
        | {
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "WAAPI_TESTS_DATABASE": world.app.config["SQLALCHEMY_DATABASE_URI"],
        },
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def test_the_same_file_again_stores_nothing_twice_and_says_so(run: Run, world: World, path: str) -> None:
    assert counts(run("messages", "import", path)) == ["2,500", "0", "0"]

    again = run("messages", "import", path)

    assert counts(again) == ["0", "0", "2,500"]
    assert "2,500 were stored before, by an import of the same file." in again.stdout
    assert world.count(Message) == recipients(world) == ROWS


def test_on_every_database_nothing_is_stored_twice(run: Run, any_recording: World, path: str) -> None:
    run("messages", "import", path, world=any_recording)
    run("messages", "import", path, world=any_recording)

    assert any_recording.count(Message) == recipients(any_recording) == ROWS


def test_after_a_kill_the_same_command_goes_on_where_it_stopped(
    run: Run, world: World, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.csv", 10 * CHUNK)
    with start(world, path) as process:
        while not world.count(Message):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    stored = world.count(Message)
    assert 0 < stored < 10 * CHUNK

    again = run("messages", "import", path)

    assert counts(again) == [f"{10 * CHUNK - stored:,}", "0", f"{stored:,}"]
    assert world.count(Message) == recipients(world) == 10 * CHUNK


def test_two_imports_of_one_file_at_once_store_it_once(any_recording: World, path: str) -> None:
    processes = [start(any_recording, path) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0].decode() for process in processes]

    assert [process.returncode for process in processes] == [0, 0], outputs
    assert any_recording.count(Message) == recipients(any_recording) == ROWS


def test_a_database_that_goes_away_is_told_with_how_far_it_came(
    run: Run, world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_batch = world.services.pipeline.store_batch

    def store_once(*args: object) -> object:
        if world.count(Message):
            raise StorageUnavailable("The database cannot be reached.")
        return store_batch(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(world.services.pipeline, "store_batch", store_once)

    result = run("messages", "import", path, fails=True)

    assert result.exit_code == 1
    stopped = (
        f"Stopped after line {CHUNK + 1}; 1,000 messages are stored. The same command goes on from there."
    )
    assert stopped in result.stderr
    assert "The database cannot be reached." in result.stderr


def test_a_row_that_was_refused_is_tried_again_and_may_be_right_by_now(
    run: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "messages.csv"
    path.write_text("to,text,template_name,language\n+1234567890,Hello,,\n+1234567891,,late,en\n+12,x,,\n")
    first = run("messages", "import", str(path), fails=True)
    definition = ORDER_CONFIRMATION.__class__(
        "late", "en", "APPROVED", "UTILITY", "NAMED", [{"type": "BODY", "text": "Here now"}]
    )
    world.script.templates.append(definition)
    world.clock.advance(301)

    second = run("messages", "import", str(path), fails=True)
    third = run("messages", "import", str(path), fails=True)

    assert [counts(result) for result in (first, second, third)] == [
        ["1", "2", "0"],
        ["1", "1", "1"],
        ["0", "1", "2"],
    ]
    assert {message.rendered for message in world.messages()} == {"Hello", "Here now"}


def test_a_file_whose_rows_were_all_refused_can_be_imported_later(
    run: Run, world: World, tmp_path: Path
) -> None:
    path = write(tmp_path / "messages.csv", 3, "{number},Hello\n")
    run("messages", "import", path, fails=True)

    assert counts(run("messages", "import", path, fails=True)) == ["0", "3", "0"]


def test_again_stores_all_rows_once_more(run: Run, world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "messages.csv", 3)
    run("messages", "import", path)

    assert counts(run("messages", "import", path, "--again")) == ["3", "0", "0"]
    assert world.count(Message) == 6


@pytest.mark.parametrize(
    ("first", "second"),
    [(("--simulate",), ()), (("--account", "acme"), ()), ((), ("--type", "text"))],
)
def test_what_was_said_about_the_file_makes_it_another_import(
    run: Run, world: World, tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    path = write(tmp_path / "messages.csv", 3)
    run("messages", "import", path, *first)

    assert counts(run("messages", "import", path, *second)) == ["3", "0", "0"]


def test_a_copy_of_the_file_is_the_same_file_and_a_changed_one_is_not(
    run: Run, tmp_path: Path, path: str
) -> None:
    run("messages", "import", path)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(Path(path).read_bytes())
    changed = tmp_path / "changed.csv"
    changed.write_text(copy.read_text().replace("Hello", "Bye"))

    assert counts(run("messages", "import", str(copy))) == ["0", "0", "2,500"]
    assert counts(run("messages", "import", str(changed))) == ["2,500", "0", "0"]


def test_it_is_remembered_as_long_as_an_idempotency_key(run: Run, world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "messages.csv", 3)
    run("messages", "import", path)

    world.clock.advance(86_399)
    assert counts(run("messages", "import", path)) == ["0", "0", "3"]
    world.clock.advance(1)
    assert counts(run("messages", "import", path)) == ["3", "0", "0"]


def test_standard_input_is_read_once_and_not_remembered(run: Run, world: World) -> None:
    text = "to,text\n+1234567890,Hello\n"
    told = run("messages", "import", "-", input=text)
    run("messages", "import", "-", input=text)

    assert "Standard input cannot be continued" in told.stdout
    assert world.count(Message) == 2


def test_standard_input_that_breaks_is_told_with_what_was_stored(run: Run, world: World) -> None:
    rows = "".join(f"+1{2_000_000_000 + number},Hello\n" for number in range(CHUNK))

    result = run("messages", "import", "-", input=f'to,text\n{rows}+1234567890,"Hello\n', fails=True)

    assert result.exit_code == 1
    assert f"Line {CHUNK + 2}: A quote opens in this row" in result.stderr
    assert f"Stopped after line {CHUNK + 1}; 1,000 messages are stored." in result.stderr
    assert world.count(Message) == CHUNK


def test_a_file_is_read_as_far_as_it_is_asked_for() -> None:
    stream = BytesIO(b"to,text\n" + b"+1234567890,Hello\n" * 1_000_000)

    next(CsvFile(stream, None, "to").rows())

    assert stream.tell() < 100_000


def test_a_terminal_sees_a_bar(world: World, path: str) -> None:
    ours, theirs = pty.openpty()
    with start(world, path, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        try:
            while read := os.read(ours, 1024):
                seen += read
        except OSError:
            pass  # how Linux says that the other end is closed
        os.close(ours)
        process.communicate()

    assert b"Importing" in seen
    assert b"100%" in seen


def test_without_a_terminal_there_is_only_the_summary(run: Run, tmp_path: Path) -> None:
    assert run("messages", "import", write(tmp_path / "messages.csv", 3)).stderr == ""
