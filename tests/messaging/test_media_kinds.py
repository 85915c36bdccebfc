"""What a file is, by its content."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi.errors import PayloadTooLarge, ValidationFailed
from flask_waapi.messaging.media.kinds import KINDS, kind_of, mime_type_as, recognise
from flask_waapi.messaging.media.store import MediaFile, check_file
from media_files import ANIMATED_STICKER, JPEG, PDF, REFUSED, STICKER, TAKEN


def checked(content: bytes, kind: str | None = None) -> str:
    return check_file(MediaFile.of(io.BytesIO(content), "any.exe"), kind)


@pytest.mark.parametrize(("kind", "mime_type", "content"), TAKEN.values(), ids=list(TAKEN))
def test_a_file_is_what_its_content_says(kind: str, mime_type: str, content: bytes) -> None:
    found = recognise(io.BytesIO(content))

    assert found is not None
    assert found.mime_types[0] == mime_type
    assert kind_of(found) is KINDS[kind]
    assert checked(content) == checked(content, kind) == mime_type


@pytest.mark.parametrize(("mime_type", "content"), REFUSED.values(), ids=list(REFUSED))
def test_a_file_that_whatsapp_does_not_take_is_called_by_its_name(
    mime_type: str | None, content: bytes
) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        checked(content)

    (fault,) = refusal.value.faults
    assert fault.pointer == "/file"
    assert (mime_type or "of no type that is known") in fault.message
    assert "image/jpeg" in fault.expected


def test_a_film_without_pictures_may_be_sent_as_a_sound() -> None:
    content = TAKEN["mp4"][2]

    assert checked(content) == "video/mp4"
    assert checked(content, "audio") == "audio/mp4"


def test_a_file_of_another_kind_is_refused_with_the_types_of_the_one_wanted() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        checked(PDF, "image")

    (fault,) = refusal.value.faults
    assert "application/pdf" in fault.message
    assert fault.expected == "one of image/jpeg, image/png"


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValidationFailed, match="empty"):
        checked(b"")


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationFailed) as refusal:
        checked(JPEG, "hologram")

    assert refusal.value.faults[0].pointer == "/type"


LARGEST = [
    *((content, KINDS[kind].largest) for kind, _, content in (TAKEN["jpeg"], TAKEN["mp4"], TAKEN["opus"])),
    (STICKER, 100 * 1024),
    (ANIMATED_STICKER, 500 * 1024),
]


@pytest.mark.parametrize(
    ("content", "largest"), LARGEST, ids=["image", "video", "audio", "sticker", "animated"]
)
def test_a_file_may_be_as_large_as_its_kind_and_no_byte_larger(content: bytes, largest: int) -> None:
    assert checked(content.ljust(largest, b"\0"))
    with pytest.raises(PayloadTooLarge) as refusal:
        checked(content.ljust(largest + 1, b"\0"))
    assert f"{largest:,}" in refusal.value.message


def test_a_directory_of_any_size_that_a_zip_claims_is_not_read() -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0xFFFFFFF0, 0, 0)

    found = recognise(io.BytesIO(b"PK\3\4" + bytes(100) + end))

    assert found is not None
    assert found.mime_types == ("application/zip",)


@given(st.one_of(st.binary(max_size=300), st.sampled_from([content for _, _, content in TAKEN.values()])))
def test_any_bytes_are_taken_for_something_or_for_nothing(content: bytes) -> None:
    found = recognise(io.BytesIO(content))

    kinds = [kind for kind in KINDS.values() if found and mime_type_as(kind, found)]
    assert (found is None or kind_of(found) is None) == (kinds == [])


@given(st.data())
def test_a_file_that_is_cut_anywhere_raises_nothing(data: st.DataObject) -> None:
    _, _, content = data.draw(st.sampled_from(list(TAKEN.values())))
    start = data.draw(st.integers(0, len(content)))
    recognise(io.BytesIO(content[:start]))


@given(st.integers(65_530, 65_540), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20))
def test_a_character_across_two_pieces_is_still_text(length: int, text: str) -> None:
    found = recognise(io.BytesIO(b"a" * length + text.encode()))

    assert found is not None
    assert found.mime_types == ("text/plain",)
