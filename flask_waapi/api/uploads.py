"""Forms with a file, read to disk and never whole into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from ..errors import Fault, MalformedRequest, PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from ..messaging.media.names import LONGEST_FILENAME
from ..messaging.media.store import MediaFile
from ..settings import Settings

FORM = "multipart/form-data"
FILE = "file"
"""Name of the part that is the file."""

MOST_PARTS = 16
"""So many are told apart in a refusal; none needs more than two."""

_SMALLEST_BUFFER = 256 * 1024
"""Bytes of a form that the parser must be able to hold at once."""

_Parts = tuple[MultiDict[str, str], MultiDict[str, FileStorage]]


@dataclass(frozen=True)
class Upload:
    """A form: its file, on disk for as long as the request lasts, and its other parts."""

    file: MediaFile
    fields: Mapping[str, str]


@contextmanager
def read_upload(request: Request, settings: Settings, fields: Sequence[str]) -> Iterator[Upload]:
    """The form of a request; its file is deleted at the end of the block.

    :param fields: names of the parts that may stand beside the file.
    :raises UnsupportedMediaType: it is not declared as ``multipart/form-data``.
    :raises PayloadTooLarge: it is longer than ``WAAPI_MAX_UPLOAD_SIZE``, declared or chunked.
    :raises MalformedRequest: it is no such form, or breaks off.
    :raises ValidationFailed: it does not have exactly one file, or parts that nobody knows.
    """
    if request.mimetype != FORM:
        declared = request.headers.get("Content-Type") or "nothing"
        raise UnsupportedMediaType(f"Send Content-Type: {FORM}, not {declared}.")
    with ExitStack() as opened:
        texts, files = _parts(request, settings, opened)
        faults = _faults(texts, files, fields)
        if faults:
            raise ValidationFailed(faults)
        given = files[FILE]
        filename = given.filename or FILE
        yield Upload(MediaFile.of(cast("Any", given.stream), filename), texts.to_dict())


def _parts(request: Request, settings: Settings, opened: ExitStack) -> _Parts:
    if request.content_length is not None and request.content_length > settings.max_upload_size:
        raise PayloadTooLarge(f"The body is longer than {settings.max_upload_size:,} bytes.")
    if "files" in vars(request):
        # A hook of the host has had the form read already.
        for file in request.files.values():
            opened.callback(file.close)
        return request.form, request.files
    boundary = parse_options_header(request.headers.get("Content-Type"))[1].get("boundary", "")
    if not boundary or not boundary.isascii():
        raise MalformedRequest(f"The Content-Type {FORM} does not name a boundary.")

    def place(*_sizes: Any, **_facts: Any) -> IO[bytes]:
        return opened.enter_context(tempfile.TemporaryFile())

    # As of read_bytes: one byte more than allowed is asked for, whatever the host's own limits.
    request.max_content_length = settings.max_upload_size + 1
    parser = MultiPartParser(
        place,
        max_form_memory_size=max(settings.max_body_size, _SMALLEST_BUFFER),
        max_form_parts=MOST_PARTS,
    )
    try:
        return parser.parse(request.stream, boundary.encode("ascii"), request.content_length)
    except RequestEntityTooLarge:
        raise PayloadTooLarge(
            f"The body is longer than {settings.max_upload_size:,} bytes, or one of its parts beside the"
            f" file than {settings.max_body_size:,}, or there are more than {MOST_PARTS}."
        ) from None
    except (ClientDisconnected, OSError):
        raise MalformedRequest("The body ended before its declared end.") from None
    except (ValueError, AttributeError):
        raise MalformedRequest(f"The body is not {FORM}, or ends before its last boundary.") from None


def _faults(
    texts: MultiDict[str, str], files: MultiDict[str, FileStorage], fields: Sequence[str]
) -> list[Fault]:
    known = ", ".join((FILE, *fields))
    faults = [
        Fault(f"/{_escaped(name)}", "The form has a part that is not known.", f"only {known}")
        for name in sorted({*texts, *files} - {FILE, *fields}, key=str)
    ]
    faults += [
        Fault(f"/{name}", f"The part {name!r} is there twice, or is a file.", "one text")
        for name in fields
        if len(texts.getlist(name)) > 1 or name in files
    ]
    given = files.getlist(FILE)
    if FILE in texts or len(given) > 1:
        problem = "There are two files." if len(given) > 1 else f"The part {FILE!r} has no file name."
        faults.append(Fault(f"/{FILE}", problem, "one file, with its name"))
    elif not given:
        faults.append(Fault(f"/{FILE}", f"The part {FILE!r} is missing.", "one file"))
    elif wrong := _name_problem(given[0].filename or ""):
        faults.append(Fault(f"/{FILE}", wrong, f"a bare file name of up to {LONGEST_FILENAME} characters"))
    return faults


def _name_problem(filename: str) -> str | None:
    if len(filename) > LONGEST_FILENAME:
        return f"The file's name has {len(filename)} characters."
    if "/" in filename or "\\" in filename or filename in {".", ".."}:
        return "The file's name has a path."
    if not all(character.isprintable() for character in filename):
        return "The file's name has control characters."
    return None


def _escaped(name: str | None) -> str:
    return (name or "").replace("~", "~0").replace("/", "~1")[:64]
