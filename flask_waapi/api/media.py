"""Media that the provider keeps: uploaded, described, fetched, deleted; and sends that bring their file."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Response, request
from werkzeug.http import dump_options_header

from ..access.permissions import Permission
from ..errors import (
    Fault,
    FeatureUnsupported,
    MalformedRequest,
    MessageRejected,
    NotFound,
    PayloadTooLarge,
    ProviderFailed,
    ProviderUnavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from ..messaging.media.kinds import KINDS
from ..messaging.media.store import MediaFile, MediumView, check_file
from ..plugins.media import MediaDownload
from . import answers
from .body import parse
from .families import READERS
from .instances import instance_of
from .operation import Call, Reply, operation
from .uploads import FILE, FORM, Upload, read_upload

MESSAGE = "message"
"""Name of the part that is the message, in a send that brings its file."""

FILE_PART: dict[str, Any] = {
    "type": "string",
    "format": "binary",
    "description": "The file. What it is, its content says; its name and declared type do not count.",
}

UPLOAD_FORM: dict[str, Any] = {
    "type": "object",
    "required": [FILE],
    "properties": {
        FILE: FILE_PART,
        "type": {
            "type": "string",
            "enum": list(KINDS),
            "description": "As what it is to be sent; without it the content says.",
        },
    },
}

SEND_FORM: dict[str, Any] = {
    "type": "object",
    "required": [FILE, MESSAGE],
    "properties": {
        FILE: FILE_PART,
        MESSAGE: {
            "type": "string",
            "contentMediaType": "application/json",
            "description": "The members of the JSON body, without `link` and `media_id`.",
        },
    },
}

_NOT_UPLOADED = "0"
"""Stands for the id of a file that is yet to be uploaded, or was by the request that is repeated."""

_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+( ?; ?[\w-]+=[\w.+-]+)*", re.ASCII)
"""What is safe in a header: a type, and parameters such as ``codecs=opus``."""

_ASKING = (NotFound, FeatureUnsupported, ProviderFailed, ProviderUnavailable)

_READING: dict[str, Any] = {
    "permissions": (Permission.SEND_MEDIA, Permission.VIEW_MESSAGES),
    "data": answers.MEDIUM,
    "errors": _ASKING,
    "tag": "Media",
}


@operation(
    "POST",
    "/media",
    permissions=(Permission.SEND_MEDIA,),
    form=UPLOAD_FORM,
    statuses={201: "Uploaded: `media_id` can be sent until `expires_at`."},
    data=answers.MEDIUM,
    errors=(
        MalformedRequest,
        PayloadTooLarge,
        UnsupportedMediaType,
        ValidationFailed,
        FeatureUnsupported,
        MessageRejected,
        ProviderFailed,
        ProviderUnavailable,
    ),
    tag="Media",
)
def upload_media(call: Call) -> Reply:
    """Upload a file, to be sent by its id.

    Images may have up to 5 MB, videos and sounds 16 MB, documents 100 MB, stickers 100 kB, or 500 kB if
    animated.
    """
    services = call.services
    with read_upload(request, services.settings, ["type"]) as upload:
        kind = upload.fields.get("type")
        medium = services.media.upload(
            upload.file, account=call.credential.account, provider=_instance(call, kind), kind=kind
        )
    return Reply(answers.MEDIUM.dump(medium), status=201)


@operation("GET", "/media/<media_id>", **_READING)
def get_medium(call: Call, media_id: str) -> Reply:
    """Read what is known of a medium: one that was uploaded, or came in with a message."""
    medium = call.services.media.get(call.credential.account, media_id, simulated=call.is_simulated)
    return Reply(answers.MEDIUM.dump(medium))


@operation("GET", "/media/<media_id>/content", binary=True, **_READING)
def get_medium_content(call: Call, media_id: str) -> Reply:
    """Fetch the content of a medium.

    `Repr-Digest` (RFC 9530) holds its checksum. Where the content breaks off, or turns out to be another than
    the checksum says, the connection ends before the answer is complete.
    """
    medium, found = call.services.media.download(
        call.credential.account, media_id, simulated=call.is_simulated
    )
    return Reply(response=_content(medium, found))


@operation(
    "DELETE",
    "/media/<media_id>",
    permissions=(Permission.SEND_MEDIA,),
    statuses={200: "Deleted: it can neither be sent nor fetched any more."},
    data=answers.DELETED_MEDIUM,
    errors=_ASKING,
    tag="Media",
)
def delete_medium(call: Call, media_id: str) -> Reply:
    """Let the provider forget a medium."""
    call.services.media.delete(call.credential.account, media_id, simulated=call.is_simulated)
    return Reply({"media_id": media_id})


@contextmanager
def bringing_file(call: Call, is_repeated: Callable[[Call], bool]) -> Iterator[Call]:
    """The call of a send of a medium, its file uploaded where it brings one instead of naming it.

    :param is_repeated: whether such a call was answered before; its file is not uploaded again then.
    """
    if request.mimetype != FORM:
        yield call
        return
    with read_upload(request, call.services.settings, [MESSAGE]) as upload:
        message = _message_of(upload)
        carried = replace(call, claimed={"message": message, "file": upload.file.sha256})
        media_id = _NOT_UPLOADED if is_repeated(carried) else _upload(call, message, upload.file)
        yield replace(carried, body={**message, "media_id": media_id})


def lacks_file(call: Call) -> bool:
    """Whether the file of a send was not uploaded, since the send repeats another."""
    return call.claimed is not None and call.body["media_id"] == _NOT_UPLOADED


def _message_of(upload: Upload) -> dict[str, Any]:
    """The message of a send that brings its file; whatever is wrong with either is told at once."""
    if MESSAGE not in upload.fields:
        raise ValidationFailed([Fault(f"/{MESSAGE}", f"The part {MESSAGE!r} is missing.", "JSON")])
    message = parse(upload.fields[MESSAGE].encode())
    if not isinstance(message, dict):
        raise ValidationFailed([Fault("", "The message is not a JSON object.", "an object")])
    if message.get("type") == "document":
        # What the recipient sees of a document is its name.
        message = {"filename": upload.file.filename, **message}
    if named := next((name for name in ("link", "media_id") if name in message), None):
        raise ValidationFailed([Fault(f"/{named}", f"There is {named!r} beside the file.", "either")])
    faults = list(READERS["media"]({**message, "media_id": _NOT_UPLOADED}).faults)
    kind = message.get("type")
    try:
        check_file(upload.file, kind if isinstance(kind, str) and kind in KINDS else None)
    except ValidationFailed as error:
        faults += error.faults
    if faults:
        raise ValidationFailed(faults)
    return message


def _upload(call: Call, message: dict[str, Any], file: MediaFile) -> str:
    kind, simulate = message.get("type"), message.get("simulate") is True
    medium = call.services.media.upload(
        file,
        account=call.credential.account,
        # The one at which the message will end.
        provider=_instance(call, kind, message.get("to"), simulate=simulate),
        kind=kind,
    )
    return medium.media_id


def _instance(call: Call, kind: str | None, to: Any = None, *, simulate: bool = False) -> str:
    asked = instance_of(call, kind, to if isinstance(to, str) else None)
    simulated = simulate or call.is_simulated
    return call.services.providers.end_for(asked, simulated=simulated)[0]


def _content(medium: MediumView, found: MediaDownload) -> Response:
    # Whoever wrote to us has chosen it.
    declared = medium.mime_type or ""
    mime_type = declared if _MIME_TYPE.fullmatch(declared) else "application/octet-stream"
    response = Response(found.chunks, content_type=mime_type)
    # What somebody else has sent must not run as a page of the host.
    response.headers["Content-Disposition"] = _disposition(medium.filename or medium.media_id)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if medium.size is not None:
        response.content_length = medium.size
    if medium.sha256 is not None:
        digest = base64.b64encode(bytes.fromhex(medium.sha256)).decode()
        response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return response


def _disposition(filename: str) -> str:
    printable = "".join(character for character in filename if character.isprintable())
    return dump_options_header("attachment", {"filename": printable})


OPERATIONS = (upload_media, get_medium, get_medium_content, delete_medium)
