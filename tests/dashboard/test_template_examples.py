"""The file field of the form of a template: the example of a media header, without a script."""

from __future__ import annotations

import html
import io
import json
import re
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.dashboard import csrf
from flask_waapi.testing.graph_double import ErrorAnswer, GraphDouble
from media_files import JPEG, MP4, PDF, PNG, STICKER

MakeHost = Callable[..., Host]

LARGE = 60 * 1024 * 1024
MOST_MEMORY = 8 * 1024 * 1024

FORM = {
    "name": "summer",
    "language": "en",
    "category": "MARKETING",
    "header_format": "IMAGE",
    "body": "It is here.",
}


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def host(make_host: MakeHost, double: GraphDouble) -> Host:
    """A host whose templates are the double's."""
    return cloud_host(make_host, double)


def cloud_host(make_host: MakeHost, double: GraphDouble, **config: Any) -> Host:
    providers = {"main": {"type": "cloud", **double.provider_settings}}
    return make_host(WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="main", **config)


def post(
    host: Host, content: bytes = PNG, path: str = "/templates", filename: str = "a.png", **changes: str
) -> TestResponse:
    """The form with a file in it."""
    file = FileStorage(io.BytesIO(content), filename)
    fields = {**FORM, **changes, csrf.FIELD: host.token(), "example_file": file}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return host.client.post(f"/waapi{path}", data=body, content_type=kind)


def faults(page: str) -> set[str]:
    """The fields that have faults."""
    return set(re.findall(r'id="([\w-]+)-faults"', page))


def handle_in(page: str) -> str:
    """The handle in its field."""
    found = re.search(r'name="header_example" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_a_file_becomes_the_example_of_the_template(host: Host, double: GraphDouble) -> None:
    answer = post(host)

    assert answer.status_code == 303, answer.text
    made, (taken,) = double.templates.find("summer", "en"), double.examples.all()
    assert made is not None
    header = made["components"][0]
    assert header == {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [taken.handle]}}
    assert (taken.file_name, taken.file_type, taken.size) == ("a.png", "image/png", len(PNG))


@pytest.mark.parametrize(("content", "header_format"), [(JPEG, "IMAGE"), (MP4, "VIDEO"), (PDF, "DOCUMENT")])
def test_a_file_says_itself_which_header_it_is_of(
    host: Host, double: GraphDouble, content: bytes, header_format: str
) -> None:
    assert post(host, content, header_format="").status_code == 303

    made = double.templates.find("summer", "en")
    assert made is not None
    assert made["components"][0]["format"] == header_format


def test_a_file_takes_the_place_of_the_example_of_a_template_that_there_is(
    host: Host, double: GraphDouble
) -> None:
    post(host)

    answer = post(host, JPEG, "/templates/summer/en/edit", header_example="4::old", body="It is there.")

    assert answer.status_code == 303, answer.text
    made = double.templates.find("summer", "en")
    assert made is not None
    assert made["components"][0]["example"] == {"header_handle": [double.examples.all()[-1].handle]}


def test_a_field_that_was_left_empty_uploads_nothing(host: Host, double: GraphDouble) -> None:
    answer = post(host, b"", filename="", header_example="4::kept")

    assert answer.status_code == 303, answer.text
    assert double.examples.all() == ()
    made = double.templates.find("summer", "en")
    assert made is not None
    assert made["components"][0]["example"] == {"header_handle": ["4::kept"]}


def test_where_other_fields_are_refused_the_handle_is_kept(host: Host, double: GraphDouble) -> None:
    answer = post(host, name="Not A Name", header_format="")

    assert answer.status_code == 422
    assert faults(answer.text) == {"name"}
    assert handle_in(answer.text) == double.examples.all()[0].handle
    assert '<option value="IMAGE" selected>' in answer.text
    assert "The file is uploaded." in answer.text
    assert "The provider was not asked." not in answer.text
    again = host.post("/templates", **FORM, header_example=handle_in(answer.text))
    assert again.status_code == 303, again.text


def test_where_the_provider_refuses_the_template_the_handle_is_kept(host: Host, double: GraphDouble) -> None:
    double.fail_next(ErrorAnswer(100), edge="message_templates")

    answer = post(host)

    assert answer.status_code == 422
    assert handle_in(answer.text) == double.examples.all()[0].handle


@pytest.mark.parametrize("action", ["upload", "look"])
def test_a_file_can_be_uploaded_before_the_rest_is_ready(
    host: Host, double: GraphDouble, action: str
) -> None:
    answer = post(host, body="", action=action)

    assert answer.status_code == 200
    assert faults(answer.text) == set()
    assert handle_in(answer.text) == double.examples.all()[0].handle
    assert double.templates.find("summer", "en") is None


def test_an_upload_without_a_file_is_told_at_its_field(host: Host, double: GraphDouble) -> None:
    answer = host.post("/templates", **FORM, action="upload")

    assert answer.status_code == 422
    assert faults(answer.text) == {"example_file"}
    assert double.requests == ()


def test_beside_components_the_handle_is_shown_and_nothing_is_handed_in(
    host: Host, double: GraphDouble
) -> None:
    components = json.dumps([{"type": "BODY", "text": "It is here."}])

    answer = post(host, header_format="", body="", components=components)

    assert answer.status_code == 200
    assert handle_in(answer.text) == double.examples.all()[0].handle
    assert "copy it into the components" in answer.text
    assert double.templates.find("summer", "en") is None


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (STICKER, {}),
        (b"Hello", {}),
        (b"", {}),
        (MP4, {}),
        (PNG, {"header_format": "VIDEO"}),
        (PNG, {"header_format": "TEXT"}),
        (PNG, {"header_format": "LOCATION"}),
        (PNG, {"header_format": "<script>"}),
        (PNG, {"header_format": "", "header": "News"}),
        (PNG, {"category": "AUTHENTICATION"}),
        (PNG.ljust(5 * 1024 * 1024 + 1, b"\0"), {}),
    ],
)
def test_a_file_that_is_no_example_is_told_at_its_field_and_nothing_is_lost(
    host: Host, double: GraphDouble, content: bytes, changes: dict[str, str]
) -> None:
    answer = post(host, content, **changes)

    assert answer.status_code == 422
    assert faults(answer.text) == {"example_file"}
    assert "It is here." in answer.text
    assert "<script>" not in answer.text
    assert double.requests == ()


@pytest.mark.parametrize(
    "filename", ["../../etc/passwd", "a\x1b[31mb.png", "<script>alert(1)</script>", "\u202egnp.a"]
)
def test_a_hostile_name_does_no_harm(host: Host, double: GraphDouble, filename: str) -> None:
    answer = post(host, filename=filename, name="Not A Name")

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    name = double.examples.all()[0].file_name
    assert "/" not in name
    assert name.isprintable()


def test_a_refusal_of_the_upload_is_told_and_nothing_is_lost(host: Host, double: GraphDouble) -> None:
    double.fail_next(ErrorAnswer(190), edge="uploads")

    answer = post(host)

    assert answer.status_code == 502
    assert "It is here." in answer.text
    assert double.templates.find("summer", "en") is None


def test_a_form_that_is_longer_than_may_be_is_refused(make_host: MakeHost, double: GraphDouble) -> None:
    host = cloud_host(make_host, double, WAAPI_MAX_UPLOAD_SIZE=100_000)

    answer = post(host, PNG.ljust(100_000, b"\0"))

    assert answer.status_code == 413
    assert "100,000 bytes" in answer.text
    assert double.requests == ()


def test_the_hosts_limit_for_its_own_forms_is_not_that_of_this_one(
    make_host: MakeHost, double: GraphDouble
) -> None:
    host = cloud_host(make_host, double, MAX_CONTENT_LENGTH=10_000)

    assert post(host, PNG.ljust(50_000, b"\0")).status_code == 303
    assert host.post("/keys", name="x" * 20_000).status_code == 413


def test_a_form_that_is_not_ours_or_not_of_a_manager_uploads_nothing(host: Host, double: GraphDouble) -> None:
    file = {"example_file": (io.BytesIO(PNG), "a.png")}
    forged = host.client.post("/waapi/templates", data={**FORM, **file, csrf.FIELD: "wrong"})
    host.visitor = Viewer("default", "carl", may_manage=False)
    looking = post(host)

    assert (forged.status_code, looking.status_code) == (400, 403)
    assert double.requests == ()


def test_the_field_is_there_only_where_examples_are_taken(
    make_host: MakeHost, host: Host, double: GraphDouble, tmp_path: Path
) -> None:
    settings = {name: value for name, value in double.provider_settings.items() if name != "app_id"}
    without = make_host(
        WAAPI_PROVIDERS={"main": {"type": "cloud", **settings}}, WAAPI_DEFAULT_PROVIDER="main"
    )
    path = tmp_path / "templates.json"
    path.write_text("[]")
    simulated = make_host(WAAPI_PROVIDERS={"simulation": {"templates": str(path)}})

    assert 'type="file"' in host.get("/templates/new").text
    assert 'type="file"' in simulated.get("/templates/new").text
    assert 'type="file"' not in without.get("/templates/new").text
    assert post(without).status_code == 422
    assert post(simulated).status_code == 303


def test_a_large_file_is_never_whole_in_memory(host: Host, double: GraphDouble) -> None:
    token = host.token()
    post(host, PDF, header_format="DOCUMENT", action="upload")
    with tempfile.TemporaryFile() as file:
        boundary = "a-boundary-of-tests"
        file.write(_head(boundary, {**FORM, "header_format": "DOCUMENT", csrf.FIELD: token}))
        file.write(PDF.ljust(LARGE, b"\n"))
        file.write(f"\r\n--{boundary}--\r\n".encode())
        length = file.tell()
        file.seek(0)
        tracemalloc.start()
        try:
            answer = host.client.post(
                "/waapi/templates",
                input_stream=file,
                content_length=length,
                content_type=f"multipart/form-data; boundary={boundary}",
            )
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert answer.status_code == 303, answer.text
    assert double.examples.all()[-1].size == LARGE
    assert peak < MOST_MEMORY


def _head(boundary: str, fields: dict[str, str]) -> bytes:
    """A form up to the content of its file."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="example_file"; filename="a.pdf"\r\n\r\n'
    )
    return "".join(parts).encode()
