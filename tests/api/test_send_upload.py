"""POST /messages/media/send with the file itself, and with ids of media that are known."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from answers import data, error, pointers
from factories import API, MEDIA_SEND, RECIPIENT, MakeWorld, World
from flask_waapi.identifiers import uuid7
from flask_waapi.storage.media_models import StoredMedium
from flask_waapi.testing.graph_double import Close, ErrorAnswer, GraphDouble
from incoming import writes
from media_files import JPEG, OPUS, PDF, STICKER

MEDIA = f"{API}/media"


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def cloud(make_world: MakeWorld, double: GraphDouble) -> Iterator[World]:
    """An app that sends to the double."""
    world = make_world(WAAPI_PROVIDERS={"main": {"type": "cloud", **double.provider_settings}})
    yield world
    world.services.providers.close()


def send(
    world: World, content: bytes = JPEG, name: str = "cat.jpg", *, key: str = "", **members: Any
) -> TestResponse:
    """A send that brings this file; a member that is ``None`` is left out."""
    message = {"to": RECIPIENT, "type": "image"} | members
    message = {name: value for name, value in message.items() if value is not None}
    return post(world, json.dumps(message), content, name, key=key)


def post(
    world: World,
    message: str,
    content: bytes = JPEG,
    name: str = "cat.jpg",
    *,
    key: str = "",
    idempotency_key: str | None = None,
) -> TestResponse:
    headers = {"X-API-Key": key or world.key()}
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    form = {"message": message, "file": (io.BytesIO(content), name)}
    return world.client.post(MEDIA_SEND, data=form, headers=headers, content_type="multipart/form-data")


def uploads(double: GraphDouble) -> int:
    return sum(request.path.endswith("/media") for request in double.requests)


def test_a_file_is_uploaded_and_sent_by_its_id(cloud: World, double: GraphDouble) -> None:
    sent = data(send(cloud, caption="A cat"), 201)

    (message,) = double.messages
    media_id = message.body["image"]["id"]
    assert message.body["image"] == {"id": media_id, "caption": "A cat"}
    assert double.media.get(media_id).content == JPEG
    assert (sent["status"], sent["type"], sent["text"]) == ("sent", "image", "A cat")
    assert data(cloud.get(f"{MEDIA}/{media_id}"))["mime_type"] == "image/jpeg"


def test_a_document_has_the_name_of_its_file_unless_it_has_another(cloud: World, double: GraphDouble) -> None:
    data(send(cloud, PDF, "bill.pdf", type="document"), 201)
    data(send(cloud, PDF, "x.tmp", type="document", filename="Bill.pdf"), 201)

    names = [message.body["document"]["filename"] for message in double.messages]
    assert names == ["bill.pdf", "Bill.pdf"]


def test_a_voice_note_is_sent_as_one(cloud: World, double: GraphDouble) -> None:
    data(send(cloud, OPUS, "note.ogg", type="audio", voice=True), 201)

    assert double.messages[0].body["audio"]["voice"] is True


def test_only_sound_is_a_voice_note(cloud: World) -> None:
    assert pointers(send(cloud, voice=True)) == {"/voice"}


@pytest.mark.parametrize(
    ("content", "members", "wrong"),
    [
        (PDF, {}, {"/file"}),
        (b"", {}, {"/file"}),
        (PDF, {"caption": ""}, {"/file", "/caption"}),
        (JPEG, {"type": None}, {"/type"}),
        (JPEG, {"type": "hologram"}, {"/type"}),
        (JPEG, {"type": []}, {"/type"}),
        (JPEG, {"type": {}}, {"/type"}),
        (JPEG, {"type": ["image"]}, {"/type"}),
        (JPEG, {"link": "https://shop.example/cat.jpg"}, {"/link"}),
        (JPEG, {"media_id": "1"}, {"/media_id"}),
        (STICKER, {"type": "sticker", "caption": "x"}, {"/caption"}),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_uploaded(
    cloud: World, double: GraphDouble, content: bytes, members: dict[str, Any], wrong: set[str]
) -> None:
    assert pointers(send(cloud, content, **members)) == wrong
    assert double.requests == ()


@pytest.mark.parametrize("message", ["{", '{"to": 1, "to": 2}', '{"to": "\\ud800"}', "NaN"])
def test_a_message_that_is_no_sound_json_is_malformed(cloud: World, message: str) -> None:
    error(post(cloud, message), 400, "MALFORMED_REQUEST")


def test_a_message_must_be_an_object(cloud: World) -> None:
    assert pointers(post(cloud, "[]")) == {""}


def test_a_form_without_a_message_is_refused(cloud: World) -> None:
    form = {"file": (io.BytesIO(JPEG), "a.jpg")}
    answer = cloud.client.post(MEDIA_SEND, data=form, headers={"X-API-Key": cloud.key()})

    assert pointers(answer) == {"/message"}


def test_a_failed_upload_stores_no_message(cloud: World, double: GraphDouble) -> None:
    double.fail_next(Close(), edge="media")

    error(send(cloud), 503, "PROVIDER_UNAVAILABLE")
    assert cloud.messages() == []


@pytest.mark.parametrize("way", ["member", "key"])
def test_a_simulated_send_uploads_nothing(cloud: World, double: GraphDouble, way: str) -> None:
    key = cloud.issue_key("tests", mode="test") if way == "key" else ""

    sent = data(send(cloud, key=key, simulate=True if way == "member" else None), 201)

    assert sent["simulated"] is True
    assert double.requests == ()
    assert cloud.message().content["media_id"].startswith("sim.")


# Idempotency


def test_a_repeated_send_is_neither_uploaded_nor_sent_again(cloud: World, double: GraphDouble) -> None:
    message = json.dumps({"to": RECIPIENT, "type": "image"})
    first, second = (post(cloud, message, idempotency_key="order-1") for _ in range(2))

    assert data(first, 201) == data(second, 201)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (uploads(double), len(double.messages)) == (1, 1)


@pytest.mark.parametrize("change", ["file", "message"])
def test_another_file_or_message_under_the_same_key_is_refused(
    cloud: World, double: GraphDouble, change: str
) -> None:
    message = {"to": RECIPIENT, "type": "image"}
    data(post(cloud, json.dumps(message), idempotency_key="order-1"), 201)
    if change == "message":
        message["caption"] = "Another"
    content = JPEG + b"another" if change == "file" else JPEG

    answer = post(cloud, json.dumps(message), content, idempotency_key="order-1")

    error(answer, 422, "IDEMPOTENCY_MISMATCH")
    assert (uploads(double), len(double.messages)) == (1, 1)


@pytest.mark.parametrize("looked_before", [True, False])
def test_a_send_whose_first_try_has_failed_never_goes_without_its_file(
    cloud: World, double: GraphDouble, monkeypatch: pytest.MonkeyPatch, looked_before: bool
) -> None:
    message = json.dumps({"to": RECIPIENT, "type": "image"})
    pipeline = cloud.services.pipeline
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "_release", lambda claim, message: None)
        double.fail_next(ErrorAnswer(4))
        error(post(cloud, message, idempotency_key="order-1"), 503, "PROVIDER_UNAVAILABLE")
    cloud.clock.advance(10)
    if looked_before:
        # The first one had not failed yet when the second one looked.
        with monkeypatch.context() as patched:
            patched.setattr(pipeline, "is_repeated", lambda claim: True)
            error(post(cloud, message, idempotency_key="order-1"), 409, "IDEMPOTENCY_IN_PROGRESS")
        assert (uploads(double), len(double.messages)) == (1, 0)

    data(post(cloud, message, idempotency_key="order-1"), 201)

    (sent,) = double.messages
    assert double.media.get(sent.body["image"]["id"]).content == JPEG


# Ids


def by_id(world: World, media_id: str, key: str = "") -> TestResponse:
    return world.post(MEDIA_SEND, {"to": RECIPIENT, "type": "image", "media_id": media_id}, key=key)


def add_medium(world: World, media_id: str, account: str, provider: str = "simulation") -> None:
    now = world.clock()
    row = StoredMedium(
        id=uuid7(now),
        account=account,
        provider=provider,
        media_id=media_id,
        created_at=now,
    )
    world.services.store.write(lambda session: session.add(row))


def test_the_account_s_own_medium_and_an_unknown_one_are_sent(world: World) -> None:
    add_medium(world, "own", "default")

    assert data(by_id(world, "own"), 201)
    assert data(by_id(world, "from-elsewhere"), 201)


def test_another_account_s_medium_is_refused(world: World) -> None:
    add_medium(world, "others", "other")

    assert pointers(by_id(world, "others")) == {"/media_id"}
    assert world.messages() == []


def test_a_medium_of_both_accounts_is_sent(world: World) -> None:
    add_medium(world, "both", "other")
    add_medium(world, "both", "default")

    assert data(by_id(world, "both"), 201)


def test_an_id_of_another_instance_says_nothing(world: World) -> None:
    add_medium(world, "others", "other", provider="elsewhere")

    assert data(by_id(world, "others"), 201)


def test_another_account_s_medium_is_refused_in_meta_s_own_object(world: World) -> None:
    add_medium(world, "others", "other")

    body = {"to": RECIPIENT, "type": "image", "image": {"id": "others"}}
    assert pointers(world.post(MEDIA_SEND, body)) == {"/image/id"}


def test_the_medium_of_a_message_that_came_in_is_the_account_s(recording: World) -> None:
    image = {"id": "received-1", "mime_type": "image/jpeg", "sha256": "A" * 43 + "=", "caption": "Look"}
    writes(recording, type="image", content={"image": image})
    writes(recording, type="image", content={"image": image})

    medium = data(recording.get(f"{API}/messages"))[0]
    with recording.services.store.read() as session:
        (row,) = session.query(StoredMedium)
    assert (row.account, row.media_id, row.mime_type) == ("default", "received-1", "image/jpeg")
    assert str(row.message_id) == medium["message_uuid"]
    assert row.sha256 == "0" * 64
    assert row.expires_at == row.created_at + timedelta(days=7)
    stranger = recording.issue_key("stranger", account="other")
    assert pointers(by_id(recording, "received-1", key=stranger)) == {"/media_id"}
    assert data(by_id(recording, "received-1"), 201)


@pytest.mark.parametrize("image", [None, "x", {}, {"id": 7}, {"id": ""}, {"id": "x" * 256}, ["x"]])
def test_a_message_with_a_medium_that_is_none_comes_in_as_well(recording: World, image: Any) -> None:
    writes(recording, type="image", content={"image": image})

    assert recording.message().type == "image"
    assert recording.count(StoredMedium) == 0
