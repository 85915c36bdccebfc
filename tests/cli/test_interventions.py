"""``flask waapi messages retry`` and ``flask waapi messages cancel``"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from click.testing import Result

from factories import RECORDING, TEXT_SEND, MakeWorld, World, add_messages, text_body
from flask_waapi import OutcomeUnknown, Rejected, Retryable

Run = Callable[..., Result]
Refused = Callable[..., str]


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app whose messages wait for a worker and end at a recorder."""
    return make_world(**RECORDING, WAAPI_DISPATCH="worker")


def send(world: World, **options: object) -> UUID:
    """A message that waits."""
    with world.app.app_context():
        return world.waapi.send_text("+1234567890", "Hello", **options).message_uuid  # type: ignore[arg-type]


def failed(world: World, error: Exception | None = None, **options: object) -> UUID:
    """A message that has failed."""
    made = send(world, **options)
    world.script.outcomes.append(error or Rejected("No such account.", code="131026"))
    world.work()
    world.clock.advance(3601)
    world.work()
    assert world.message(made).status == "failed"
    return made


def statuses(world: World) -> list[str]:
    """Of all messages, oldest first."""
    return [message.status for message in world.messages()]


class TestRetry:
    """``messages retry``"""

    def test_a_failed_message_is_set_on_its_way_again(self, run: Run, world: World) -> None:
        made = failed(world)

        told = run("messages", "retry", str(made)).stdout

        assert told == "1 on their way again.\nThey are sent by `flask waapi worker`.\n"
        assert world.message(made).status == "queued"
        world.work()
        assert world.message(made).status == "sent"

    def test_those_that_have_not_failed_are_told_and_the_others_are_retried(
        self, run: Run, world: World
    ) -> None:
        good, waiting, unknown = failed(world), send(world), uuid4()

        result = run("messages", "retry", str(waiting), str(unknown), str(good), fails=True)

        assert result.exit_code == 1
        assert "1 on their way again." in result.stdout
        assert f"The message {waiting} is queued: only one that has failed can be retried." in result.stderr
        assert f"There is no message {unknown} in this account." in result.stderr
        assert world.message(good).round == 2

    def test_another_accounts_message_is_not_there(self, run: Run, world: World) -> None:
        theirs = failed(world, account="acme")

        result = run("messages", "retry", str(theirs), fails=True)

        assert result.exit_code == 1
        assert "There is no message" in result.stderr
        assert world.message(theirs).status == "failed"

    def test_one_that_may_have_been_sent_is_asked_about(self, run: Run, world: World) -> None:
        made = failed(world, OutcomeUnknown("The connection broke."))

        refused = run("messages", "retry", str(made), input="n\n", fails=True)
        assert refused.exit_code == 1
        assert "1 of them may have been sent already" in refused.stdout
        assert world.message(made).status == "failed"

        run("messages", "retry", str(made), "--yes")
        assert world.message(made).status == "queued"

    def test_all_failed_ones_are_retried_after_a_yes(self, run: Run, world: World) -> None:
        for _ in range(2):
            failed(world)

        told = run("messages", "retry", "--all-failed", input="y\n").stdout

        assert "Retry 2 failed messages?" in told
        assert "2 on their way again." in told
        assert statuses(world) == ["queued", "queued"]

    @pytest.mark.parametrize("answer", ["n\n", ""])
    def test_without_a_yes_none_is_retried(self, run: Run, world: World, answer: str) -> None:
        failed(world)

        result = run("messages", "retry", "--all-failed", input=answer, fails=True)

        assert result.exit_code == 1
        assert statuses(world) == ["failed"]

    def test_the_question_says_how_many_may_have_been_sent(self, run: Run, world: World) -> None:
        failed(world)
        failed(world, OutcomeUnknown("The connection broke."))

        told = run("messages", "retry", "--all-failed", input="n\n", fails=True).stdout

        assert "1 of them may have been sent already" in told
        assert "Retry 2 failed messages?" in told

    @pytest.mark.parametrize(
        ("flags", "retried"),
        [
            ((), 3),
            (("--failure-code", "MESSAGE_REJECTED"), 2),
            (("--failure-code", "OUTCOME_UNKNOWN"), 1),
            (("--to", "+1234567890"), 3),
            (("--to", "+1234567891"), 0),
            (("--template-name", "order_confirmation"), 0),
            (("--account", "acme"), 0),
        ],
    )
    def test_options_narrow_what_is_retried(
        self, run: Run, world: World, flags: tuple[str, ...], retried: int
    ) -> None:
        failed(world)
        failed(world)
        failed(world, OutcomeUnknown("The connection broke."))

        told = run("messages", "retry", "--all-failed", "--yes", *flags).stdout

        assert told.startswith(f"{retried} on their way again.")
        assert statuses(world).count("queued") == retried

    def test_those_whose_sender_was_answered_with_the_failure_are_left_out_of_all(
        self, run: Run, recording: World
    ) -> None:
        recording.script.outcomes.extend([Retryable("Away."), Rejected("No such account.")])
        for _ in range(3):
            recording.post(TEXT_SEND, text_body())

        told = run("messages", "retry", "--all-failed", world=recording).stdout

        assert told.startswith("2 not retried: the sender of each was answered with its failure")
        assert "0 on their way again." in told
        assert sorted(statuses(recording)) == ["failed", "failed", "sent"]

    def test_since_leaves_older_ones_as_they_are(self, run: Run, world: World) -> None:
        old = failed(world)
        moment = world.clock().isoformat()
        world.clock.advance(1)
        new = failed(world)

        run("messages", "retry", "--all-failed", "--yes", "--since", moment)

        assert world.message(old).status == "failed"
        assert world.message(new).status == "queued"

    def test_messages_that_have_not_failed_are_no_matter_of_all_failed(self, run: Run, world: World) -> None:
        waiting = send(world)
        add_messages(world, 1, status="delivered")

        assert "0 on their way again." in run("messages", "retry", "--all-failed").stdout
        assert world.message(waiting).round == 1

    @pytest.mark.parametrize(
        "words", [(), (str(uuid4()), "--all-failed"), (str(uuid4()), "--to", "+1234567890"), ("no-uuid",)]
    )
    def test_what_to_retry_must_be_said_in_one_way(self, refused: Refused, words: tuple[str, ...]) -> None:
        assert "Usage:" in refused("messages", "retry", *words, code=2)


class TestCancel:
    """``messages cancel``"""

    def test_a_waiting_message_is_taken_back(self, run: Run, world: World) -> None:
        made = [send(world), send(world, send_at=world.clock() + timedelta(days=1))]

        told = run("messages", "cancel", *map(str, made)).stdout

        assert told == "2 canceled.\n"
        assert statuses(world) == ["canceled", "canceled"]
        world.clock.advance(2 * 86_400)
        world.work()
        assert world.script.sent == []

    def test_those_that_are_sent_already_are_told_and_the_others_are_taken_back(
        self, run: Run, world: World
    ) -> None:
        sent = send(world)
        world.work()
        waiting, unknown = send(world), uuid4()

        result = run("messages", "cancel", str(sent), str(unknown), str(waiting), fails=True)

        assert result.exit_code == 1
        assert result.stdout == "1 canceled.\n"
        assert f"The message {sent} is sent: only one that still waits can be canceled." in result.stderr
        assert f"There is no message {unknown} in this account." in result.stderr
        assert world.message(waiting).status == "canceled"

    def test_which_must_be_said(self, refused: Refused) -> None:
        assert "UUID..." in refused("messages", "cancel", code=2)
