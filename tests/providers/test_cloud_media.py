"""Media at the Cloud API over a real socket: what is uploaded comes back whole, and the token stays home."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud_world import (
    cloud_provider,
    cloud_world,
    message,
    raw_server,
    read_request,
    unhurried,
)
from flask_waapi import MediaUpload, Misconfigured, ProviderError, Rejected, Retryable
from flask_waapi.testing.graph_double import Close, ErrorAnswer, GraphDouble, Hang, RawAnswer
from waapi_cloud import CloudProvider, media
from waiting import eventually

World = tuple[GraphDouble, CloudProvider]

CONTENT = random.Random(5).randbytes(300_000)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


def upload(content: bytes = CONTENT, **changes: Any) -> MediaUpload:
    facts: dict[str, Any] = {
        "size": len(content),
        "mime_type": "application/pdf",
        "filename": "bill.pdf",
    } | changes
    return MediaUpload(io.BytesIO(content), **facts)


# Uploads


def test_what_is_uploaded_is_described_fetched_and_deleted(world: World) -> None:
    _, provider = world

    media_id = provider.upload_media(upload())
    facts = provider.describe_media(media_id)
    found = provider.download_media(media_id)

    assert (facts.mime_type, facts.size) == ("application/pdf", len(CONTENT))
    assert facts.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (found.facts, b"".join(found.chunks)) == (facts, CONTENT)
    provider.delete_media(media_id)
    with pytest.raises(Rejected):
        provider.describe_media(media_id)


@unhurried
@given(content=st.binary(min_size=1, max_size=2_000), filename=st.text(max_size=20))
@example(content=b"x", filename="ends with \\")
def test_any_content_under_any_name_arrives_as_it_is(content: bytes, filename: str) -> None:
    with cloud_world() as (double, provider):
        media_id = provider.upload_media(upload(content, filename=filename))

        assert double.media.get(media_id).content == content


def test_a_large_medium_arrives_as_it_is(world: World) -> None:
    double, provider = world
    content = random.Random(6).randbytes(3 * 1024 * 1024)

    media_id = provider.upload_media(upload(content))

    assert double.media.get(media_id).sha256 == hashlib.sha256(content).hexdigest()
    assert b"".join(provider.download_media(media_id).chunks) == content


def test_an_upload_tells_its_length_and_type(world: World) -> None:
    double, provider = world

    provider.upload_media(upload(b"pixels"))

    request = double.requests[-1]
    assert request.headers["content-length"] == str(len(request.body))
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in request.body
    assert b'name="type"\r\n\r\napplication/pdf\r\n' in request.body


@pytest.mark.parametrize("mime_type", ["text/plain\r\nX-Evil: 1", "no type", ""])
def test_a_type_cannot_add_headers(world: World, mime_type: str) -> None:
    double, provider = world

    media_id = provider.upload_media(upload(mime_type=mime_type))

    assert double.media.get(media_id).mime_type == "application/octet-stream"


def test_a_file_that_is_shorter_than_it_says_is_not_uploaded(world: World) -> None:
    _, provider = world

    with pytest.raises(Retryable):
        provider.upload_media(upload(b"short", size=100))


def test_a_file_is_sent_only_as_far_as_it_says(world: World) -> None:
    double, provider = world

    media_id = provider.upload_media(upload(b"twelve bytes and more", size=12))

    assert double.media.get(media_id).content == b"twelve bytes"


@pytest.mark.parametrize("fault", [Close(), Hang(), RawAnswer(200, b"<html>"), RawAnswer(502, b"")])
def test_a_lost_answer_is_retryable_since_a_second_upload_does_no_harm(fault: Any) -> None:
    # Only silence is to be given up soon: an answer may take its time on a busy machine.
    read_timeout = 0.1 if fault == Hang() else 30.0
    with (
        cloud_world() as (double, patient),
        closing(cloud_provider(double, read_timeout=read_timeout)) as provider,
    ):
        double.fail_next(fault, edge="media")

        with pytest.raises(Retryable):
            provider.upload_media(upload())
        # Otherwise the fault might be left for the second upload.
        assert eventually(lambda: double.requests)
        assert patient.upload_media(upload())


def test_an_answer_without_an_id_is_retryable(world: World) -> None:
    double, provider = world
    double.fail_next(RawAnswer(200, b'{"id":7}'), edge="media")

    with pytest.raises(Retryable):
        provider.upload_media(upload())


@pytest.mark.parametrize(("code", "kind"), [(131053, Rejected), (190, Misconfigured), (4, Retryable)])
def test_a_refusal_is_what_meta_calls_it(world: World, code: int, kind: type[ProviderError]) -> None:
    double, provider = world
    double.fail_next(ErrorAnswer(code), edge="media")

    with pytest.raises(kind):
        provider.upload_media(upload())


@pytest.mark.parametrize("media_id", ["", "..", "a/b", "1?fields=x", "1#", "%2e", "ä", "1\n"])
def test_an_id_that_is_none_reaches_no_other_node(world: World, media_id: str) -> None:
    double, provider = world
    before = len(double.requests)

    for ask in (provider.describe_media, provider.download_media, provider.delete_media):
        with pytest.raises(Rejected):
            ask(media_id)
    assert len(double.requests) == before


# Downloads


def answer(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {length}", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def one_answer(content: bytes, seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        request = read_request(connection)
        if seen is not None:
            seen.append(request)
        connection.sendall(content)

    return serve


def described(url: str, **members: Any) -> RawAnswer:
    return RawAnswer(200, json.dumps({"url": url, "mime_type": "image/png", "id": "7", **members}).encode())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/x",
        "https://evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://evilfbsbx.com/x",
        "https://user@lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://evil.example\\.facebook.com/x",
        "https://evil.example/\t.facebook.com",
        "file:///etc/passwd",
        "",
        7,
    ],
)
def test_the_token_goes_to_no_address_but_meta_s_and_ours(world: World, url: Any) -> None:
    double, provider = world
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        url = url.format(other=other.getsockname()[1]) if isinstance(url, str) else url
        double.fail_next(described(url), edge="7")

        with pytest.raises(Misconfigured):
            provider.download_media("7")

        with pytest.raises(BlockingIOError):
            other.accept()
    assert seen == []


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&hash=2",
        "https://scontent.whatsapp.net/v/1",
        "https://graph.facebook.com/v23.0/1",
    ],
)
def test_meta_s_hosts_are_trusted(world: World, url: str) -> None:
    _, provider = world

    assert provider._media._is_trusted(url)


def test_a_redirect_is_followed_without_the_token(world: World) -> None:
    double, _ = world
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        place = f"http://127.0.0.1:{connection.getsockname()[1]}"
        for content in (
            answer("200 OK", json.dumps({"url": f"{place}/first", "mime_type": "a/b"}).encode()),
            answer("302 Found", b"", f"Location: {place}/second"),
            answer("200 OK", CONTENT),
        ):
            seen.append(read_request(connection))
            connection.sendall(content.replace(b"Connection: close\r\n", b""))

    with raw_server(serve) as base_url, closing(cloud_provider(double, base_url=base_url)) as provider:
        found = provider.download_media("7")
        assert b"".join(found.chunks) == CONTENT
    tokens = [b"authorization" in request.lower() for request in seen]
    assert tokens == [True, True, False]


def test_a_redirect_leads_nowhere_else(world: World) -> None:
    double, _ = world

    def serve(connection: socket.socket) -> None:
        place = f"http://127.0.0.1:{connection.getsockname()[1]}"
        told = json.dumps({"url": f"{place}/first", "mime_type": "a/b"}).encode()
        for content in (answer("200 OK", told), answer("302 Found", b"", "Location: http://127.0.0.1:1/")):
            read_request(connection)
            connection.sendall(content.replace(b"Connection: close\r\n", b""))

    with (
        raw_server(serve) as base_url,
        closing(cloud_provider(double, base_url=base_url)) as provider,
        pytest.raises(Misconfigured),
    ):
        provider.download_media("7")


def fetched(world: World, content: bytes, **members: Any) -> bytes:
    """What comes of a download whose second answer is this."""
    double, _ = world

    def serve(connection: socket.socket) -> None:
        place = f"http://127.0.0.1:{connection.getsockname()[1]}/content"
        told = json.dumps({"url": place, "mime_type": "image/png", **members}).encode()
        read_request(connection)
        connection.sendall(answer("200 OK", told).replace(b"Connection: close\r\n", b""))
        read_request(connection)
        connection.sendall(content)

    with raw_server(serve) as base_url, closing(cloud_provider(double, base_url=base_url)) as provider:
        return b"".join(provider.download_media("7").chunks)


@pytest.mark.parametrize(
    "sha256",
    [
        hashlib.sha256(CONTENT).hexdigest(),
        hashlib.sha256(CONTENT).hexdigest().upper(),
        base64.b64encode(hashlib.sha256(CONTENT).digest()).decode(),
        "no checksum",
        None,
    ],
)
def test_a_checksum_may_be_hex_or_base64_or_missing(world: World, sha256: str | None) -> None:
    size = str(len(CONTENT))

    assert fetched(world, answer("200 OK", CONTENT), sha256=sha256, file_size=size) == CONTENT


@pytest.mark.parametrize(
    ("content", "members"),
    [
        (answer("200 OK", CONTENT), {"sha256": "0" * 64}),
        (answer("200 OK", CONTENT), {"file_size": len(CONTENT) + 1}),
        (answer("200 OK", CONTENT[:-1], length=len(CONTENT)), {}),
        (answer("503 Busy", b""), {}),
    ],
    ids=["checksum", "size", "cut", "refused"],
)
def test_a_content_that_is_not_whole_is_retryable(
    world: World, content: bytes, members: dict[str, Any]
) -> None:
    with pytest.raises(Retryable):
        fetched(world, content, **members)


def test_a_content_that_is_too_large_is_refused_by_what_it_declares(world: World) -> None:
    with pytest.raises(Rejected):
        fetched(world, answer("200 OK", b"x", length=media.LARGEST_MEDIUM + 1))


def test_a_content_without_a_length_is_cut_where_it_is_too_large(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LARGEST_MEDIUM", 1_000)
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + CONTENT

    with pytest.raises(Retryable):
        fetched(world, endless)


def test_a_download_that_is_closed_unread_gives_no_more(world: World) -> None:
    _, provider = world
    found = provider.download_media(provider.upload_media(upload()))

    found.close()

    assert list(found.chunks) == []


# Connections


def test_instances_of_the_type_share_their_connections() -> None:
    with cloud_world() as (double, one), closing(cloud_provider(double, phone_number_id="2")) as other:
        one.send(message())
        with pytest.raises(Misconfigured):
            other.send(message())

        assert {request.connection for request in double.requests} == {1}


def test_each_instance_sends_its_own_token() -> None:
    with cloud_world() as (double, one), closing(cloud_provider(double, access_token="another")) as other:
        one.check()
        with pytest.raises(Misconfigured):
            other.check()

        own, others = (request.headers["authorization"] for request in double.requests)
        assert (own, others) == (f"Bearer {double.account.access_token}", "Bearer another")


def test_closing_one_instance_keeps_the_connections_of_the_others() -> None:
    with cloud_world() as (double, one), closing(cloud_provider(double)) as other:
        one.check()
        other.check()
        other.close()
        one.check()

        assert {request.connection for request in double.requests} == {1}
