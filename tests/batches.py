"""Batches to send, and what their answers say of each message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.test import TestResponse

from answers import data
from factories import BATCH, RECIPIENT, World, template_body, text_body

Item = dict[str, Any]


def text_item(**members: Any) -> Item:
    """A text of a batch."""
    return {"type": "text", **text_body(**members)}


def template_item(**members: Any) -> Item:
    """A template message of a batch."""
    return {"type": "template", **template_body(**members)}


def image_item(**members: Any) -> Item:
    """A picture of a batch."""
    return {"type": "image", "to": RECIPIENT, "media_id": "1", **members}


def texts(count: int) -> list[Item]:
    """So many texts, told apart by their words and references."""
    return [text_item(text=f"Hello {number}", reference=str(number)) for number in range(count)]


def send_batch(
    world: World, items: Any, *, key: str = "", idempotency_key: str | None = None, **members: Any
) -> TestResponse:
    """Send a batch with the key ``shop``, or another secret."""
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    return world.post(BATCH, {"messages": items, **members}, key, headers=headers)


def results(answer: TestResponse) -> list[dict[str, Any]]:
    """What became of each message, in the order of the batch, each in one of the two shapes."""
    found: list[dict[str, Any]] = data(answer, 202)
    for index, result in enumerate(found):
        assert result["index"] == index
        assert set(result) == {"index", "success", "data" if result["success"] else "error"}
    accepted = sum(result["success"] for result in found)
    assert answer.get_json()["meta"] == {"accepted": accepted, "refused": len(found) - accepted}
    return found


def accepted(answer: TestResponse) -> list[str]:
    """The ids of the messages of a batch, none of which was refused."""
    found = results(answer)
    assert all(result["success"] for result in found), found
    return [result["data"]["message_uuid"] for result in found]


def refusals(answer: TestResponse) -> dict[int, str]:
    """The code of each message that was refused, by its place."""
    return {result["index"]: result["error"]["code"] for result in results(answer) if not result["success"]}


def faults_of(answer: TestResponse, index: int) -> list[str]:
    """Where the faults of one message are."""
    error = results(answer)[index]["error"]
    assert error["code"] == "VALIDATION_ERROR", error
    return [fault["pointer"] for fault in error["details"]]


def texts_sent(world: World) -> Sequence[str]:
    """The texts that the recorder was asked to send, in their order."""
    return [getattr(message.content, "body", message.content.type) for message in world.script.sent]
