"""Examples for the media headers of templates, handed over by the Python call."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from factories import MakeWorld, World
from flask_waapi import ValidationFailed
from flask_waapi.errors import (
    FeatureUnsupported,
    NotFound,
    PayloadTooLarge,
    ProviderFailed,
    ProviderUnavailable,
    TemplateRejected,
    WaApiError,
)
from flask_waapi.messaging.templates.example_files import presentable_name
from flask_waapi.testing.graph_double import Close, ErrorAnswer, Fault, GraphDouble, RawAnswer
from media_files import JPEG, MP4, PDF, PNG, REFUSED, STICKER, TAKEN

NO_EXAMPLES = {
    name: content
    for name, content in {
        **{name: content for name, (_, _, content) in TAKEN.items()},
        **{name: content for name, (_, content) in REFUSED.items()},
    }.items()
    if name not in {"jpeg", "png", "mp4", "pdf"}
}


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def cloud(make_world: MakeWorld, double: GraphDouble) -> World:
    """An app whose templates are the double's."""
    providers = {"main": {"type": "cloud", **double.provider_settings}}
    return make_world(WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="main")


def upload(world: World, content: bytes, name: str = "a.bin", header_format: str | None = None) -> str:
    with world.app.app_context():
        return world.waapi.templates.upload_example(io.BytesIO(content), filename=name, format=header_format)


def test_an_example_by_its_path_becomes_a_handle_with_which_a_template_is_made(
    cloud: World, double: GraphDouble, tmp_path: Path
) -> None:
    path = tmp_path / "summer.png"
    path.write_bytes(PNG)

    with cloud.app.app_context():
        handle = cloud.waapi.templates.upload_example(path)
        cloud.waapi.templates.create(
            "summer", "en", "MARKETING", body="It is here.", header={"format": "IMAGE", "example": handle}
        )

    (taken,) = double.examples.all()
    assert (taken.handle, taken.file_name, taken.file_type) == (handle, "summer.png", "image/png")
    made = double.templates.find("summer", "en")
    assert made is not None
    assert made["components"][0]["example"] == {"header_handle": [handle]}


@pytest.mark.parametrize(
    ("header_format", "content", "mime_type"),
    [
        (None, JPEG, "image/jpeg"),
        ("image", PNG, "image/png"),
        ("VIDEO", MP4, "video/mp4"),
        ("GIF", MP4, "video/mp4"),
        ("DOCUMENT", PDF, "application/pdf"),
    ],
)
def test_what_a_file_is_its_content_says(
    cloud: World, double: GraphDouble, header_format: str | None, content: bytes, mime_type: str
) -> None:
    upload(cloud, content, "lies.exe", header_format)

    assert double.examples.all()[0].file_type == mime_type


@pytest.mark.parametrize("content", NO_EXAMPLES.values(), ids=list(NO_EXAMPLES))
def test_a_file_that_meta_takes_for_no_example_is_refused_before_it_is_asked(
    cloud: World, double: GraphDouble, content: bytes
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        upload(cloud, content, "a.png")

    (fault,) = caught.value.faults
    assert fault.pointer == "/file"
    assert "image/png" in fault.expected
    assert double.requests == ()


@pytest.mark.parametrize(
    ("header_format", "content", "pointer"),
    [
        ("VIDEO", PNG, "/file"),
        ("IMAGE", MP4, "/file"),
        ("DOCUMENT", STICKER, "/file"),
        ("IMAGE", b"", "/file"),
        (None, b"", "/file"),
        ("TEXT", PNG, "/format"),
        ("PICTURE", PNG, "/format"),
    ],
)
def test_an_example_must_fit_its_header(
    cloud: World, double: GraphDouble, header_format: str | None, content: bytes, pointer: str
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        upload(cloud, content, header_format=header_format)

    assert [fault.pointer for fault in caught.value.faults] == [pointer]
    assert double.requests == ()


def test_an_example_must_not_be_larger_than_such_a_medium(cloud: World, double: GraphDouble) -> None:
    largest = 5 * 1024 * 1024

    assert upload(cloud, PNG.ljust(largest, b"\0"))
    with pytest.raises(PayloadTooLarge):
        upload(cloud, PNG.ljust(largest + 1, b"\0"))
    assert len(double.examples.all()) == 1


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("summer.png", "summer.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\a.png", "a.png"),
        ("a\r\nX-Evil: 1.png", "aX-Evil: 1.png"),
        ("gepn.\u202egnp", "gepn.gnp"),
        ("a\ud800.png", "a.png"),
        ("..", "example.png"),
        ("", "example.png"),
        ("x" * 300 + ".png", "x" * 236 + ".png"),
    ],
)
def test_a_hostile_name_becomes_a_bare_one(filename: str, shown: str) -> None:
    assert presentable_name(filename, "image/png") == shown


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ErrorAnswer(100), TemplateRejected),
        (ErrorAnswer(190), ProviderFailed),
        (ErrorAnswer(4), ProviderUnavailable),
        (RawAnswer(503), ProviderUnavailable),
        (Close(), ProviderUnavailable),
    ],
    ids=repr,
)
def test_a_refusal_of_the_provider_is_told_as_that_of_a_template(
    cloud: World, double: GraphDouble, fault: Fault, error: type[WaApiError]
) -> None:
    double.fail_next(fault, edge="uploads")

    with pytest.raises(error):
        upload(cloud, PNG)


def test_a_provider_that_takes_no_examples_says_so(world: World) -> None:
    with pytest.raises(FeatureUnsupported):
        upload(world, PNG)


def test_an_instance_that_does_not_exist_is_not_found(cloud: World) -> None:
    with cloud.app.app_context(), pytest.raises(NotFound):
        cloud.waapi.templates.upload_example(io.BytesIO(PNG), provider="nowhere")
