"""Request bodies are read strictly, and nothing of a refused one is acted on."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers import error, pointers
from factories import MEDIA_SEND, TEMPLATE_SEND, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi.api.body import DEEPEST, parse
from flask_waapi.errors import MalformedRequest

SOUND = json.dumps(text_body()).encode()


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    """A body with this many levels."""
    return (opening * levels + closing * levels).encode()


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "white space": b"  \n",
    "cut off": SOUND[:-1],
    "something after it": SOUND + b"x",
    "two documents": SOUND + SOUND,
    "single quotes": b"{'to': '+1234567890'}",
    "trailing comma": b'{"to": "+1234567890",}',
    "comment": b'{"to": "+1234567890"} // hello',
    "form": b"to=%2B1234567890&text=Hello",
    "control character in a string": b'{"to": "+1234567890", "text": "a\nb"}',
    "duplicate member": b'{"to": "+1234567890", "to": "+1234567891", "text": "Hello"}',
    "duplicate member, escaped": b'{"to": "+1234567890", "\\u0074o": "+1234567891", "text": "Hello"}',
    "duplicate member, nested": b'{"variables": {"a": "1", "a": "2"}}',
    "NaN": b'{"text": NaN}',
    "Infinity": b'{"text": Infinity}',
    "-Infinity": b'{"text": -Infinity}',
    "number out of range": b'{"text": 1e999}',
    "negative number out of range": b'{"text": -1e999}',
    "huge integer": b'{"text": ' + b"9" * 5000 + b"}",
    "lone high surrogate": b'{"text": "\\ud800"}',
    "lone low surrogate": b'{"text": "\\udc00"}',
    "surrogates in the wrong order": b'{"text": "\\ude00\\ud83d"}',
    "lone surrogate in a name": b'{"\\ud800": "x"}',
    "lone surrogate in a list": b'{"variables": ["\\ud800"]}',
    "encoded surrogate": b'{"text": "\xed\xa0\x80"}',
    "NUL": b'{"text": "a\\u0000b"}',
    "NUL in a name": b'{"a\\u0000b": "x"}',
    "NUL byte": b'{"text": "a\x00b"}',
    "Latin-1": '{"text": "Grüße"}'.encode("latin-1"),
    "UTF-8 cut off": b'{"text": "\xf0\x9f\x92"}',
    "overlong UTF-8": b'{"text": "\xc0\xaf"}',
    "UTF-16": SOUND.decode().encode("utf-16"),
    "UTF-16 without a mark": SOUND.decode().encode("utf-16-le"),
    "UTF-32": SOUND.decode().encode("utf-32"),
    "byte order mark": b"\xef\xbb\xbf" + SOUND,
    "too deep": b'{"variables": ' + nested(DEEPEST) + b"}",
    "too deep by objects": b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
    "a thousand levels": nested(1_000),
    "a hundred thousand levels": nested(100_000),
    "levels that never close": b"[" * 100_000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_refused(shared: World, name: str) -> None:
    before = len(shared.messages())

    error(shared.post_raw(TEXT_SEND, MALFORMED[name]), 400, "MALFORMED_REQUEST")

    assert len(shared.messages()) == before


@pytest.mark.parametrize("path", [TEMPLATE_SEND, TEXT_SEND, MEDIA_SEND])
@pytest.mark.parametrize("body", [b"[]", b"[{}]", b'"text"', b"1", b"1.5", b"true", b"null"])
def test_json_that_is_no_object_is_a_validation_error_of_the_whole(
    shared: World, path: str, body: bytes
) -> None:
    answer = shared.post_raw(path, body)

    (fault,) = error(answer, 422, "VALIDATION_ERROR")["details"]
    assert fault == {"pointer": "", "message": "The body is not a JSON object.", "expected": "an object"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\r\n\t " + SOUND + b"\n", id="white space around it"),
        pytest.param(SOUND.replace(b"Hello", b"\\ud83d\\ude00"), id="a pair of surrogates"),
        pytest.param(SOUND.replace(b"Hello", "💥 Grüße".encode()), id="UTF-8"),
        pytest.param(SOUND.replace(b"Hello", b"a\\/b\\n\\u0041"), id="escapes"),
    ],
)
def test_sound_json_in_any_form_is_taken(shared: World, body: bytes) -> None:
    assert shared.post_raw(TEXT_SEND, body).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/vnd.api+json",
        "application",
        "json",
        "application/json, text/plain",
    ],
)
def test_a_body_that_is_not_declared_as_json_is_refused(shared: World, content_type: str | None) -> None:
    error(
        shared.post_raw(TEXT_SEND, SOUND, content_type=content_type),
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    )


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"]
)
def test_parameters_and_case_of_the_content_type_do_not_matter(shared: World, content_type: str) -> None:
    assert shared.post_raw(TEXT_SEND, SOUND, content_type=content_type).status_code == 201


def test_a_body_of_exactly_the_largest_size_is_read(shared: World) -> None:
    assert shared.post_raw(TEXT_SEND, SOUND.ljust(262_144)).status_code == 201


def test_one_byte_more_is_too_large(shared: World) -> None:
    error(shared.post_raw(TEXT_SEND, SOUND.ljust(262_145)), 413, "PAYLOAD_TOO_LARGE")


def test_a_declared_length_is_refused_before_the_body_is_read(shared: World) -> None:
    class Unread(io.RawIOBase):
        def readinto(self, buffer: object) -> int:
            raise AssertionError("the body was read")

    answer = shared.client.post(
        TEXT_SEND,
        content_type="application/json",
        headers={"X-API-Key": shared.key()},
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "10000000000"},
    )

    error(answer, 413, "PAYLOAD_TOO_LARGE")


def test_the_hosts_own_size_limit_is_not_ours(make_world: MakeWorld) -> None:
    world = make_world(MAX_CONTENT_LENGTH=10)

    assert world.post_raw(TEXT_SEND, SOUND.ljust(1_000)).status_code == 201


def test_the_faults_of_the_body_come_after_those_of_the_key(shared: World) -> None:
    error(shared.post_raw(TEXT_SEND, b"{", key=None), 401, "MISSING_API_KEY")
    error(shared.post_raw(TEXT_SEND, b" " * 300_000, key="wak_live_x"), 401, "INVALID_API_KEY")


def test_the_body_of_a_get_is_not_looked_at(shared: World) -> None:
    answer = shared.client.get(
        "/api/v1/external/messages", data=b"{", headers={"X-API-Key": shared.key()}, content_type="text/x"
    )

    assert answer.status_code == 200


def test_numbers_in_unknown_places_are_faults_and_not_failures(shared: World) -> None:
    body = b'{"to": "+1234567890", "text": "Hello", "n": ' + b"9" * 4_000 + b"}"

    assert pointers(shared.post_raw(TEXT_SEND, body)) == {"/n"}


_json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda children: st.lists(children) | st.dictionaries(st.text("abc/~ü\u2028"), children),
    max_leaves=20,
)


@given(_json_values, st.booleans())
def test_what_a_sound_writer_writes_reads_as_it_was(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_never_break(body: bytes) -> None:
    with suppress(MalformedRequest):
        parse(body)


def test_the_deepest_body_allowed_is_read() -> None:
    assert parse(nested(DEEPEST)) is not None
    with pytest.raises(MalformedRequest, match="deeper than 32"):
        parse(nested(DEEPEST + 1))
