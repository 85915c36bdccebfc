"""The files by which a template's media header is reviewed: which are taken, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import Fault, ValidationFailed
from ..media.kinds import recognise
from ..media.names import LONGEST_FILENAME, bare_name
from ..media.store import MediaFile, check_file

EXAMPLE_TYPES: Mapping[str, tuple[str, ...]] = {
    "IMAGE": ("image/jpeg", "image/png"),
    "VIDEO": ("video/mp4",),
    "DOCUMENT": ("application/pdf",),
    # It is a film that is played over and over.
    "GIF": ("video/mp4",),
}
"""By the format of the header; Resumable Upload API, ``file_type``, and Cloud API, media headers."""

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "video/mp4": "mp4", "application/pdf": "pdf"}

EXAMPLE_MIME_TYPES = tuple(_ENDINGS)
"""All of them."""


def check_example(file: MediaFile, header_format: str | None = None) -> str:
    """The MIME type of a file that can be the example of a media header.

    :param header_format: one of :data:`EXAMPLE_TYPES`; without it any of them.
    :raises ValidationFailed: there is no such header, or the file is empty or no example of it.
    :raises PayloadTooLarge: it is larger than a medium of its kind may be.
    """
    shape = None if header_format is None else header_format.upper()
    if shape is not None and shape not in EXAMPLE_TYPES:
        problem = f"A header of format {shape[:64]!r} has no file as its example."
        raise ValidationFailed([Fault("/format", problem, f"one of {', '.join(EXAMPLE_TYPES)}")])
    allowed = EXAMPLE_TYPES[shape] if shape else EXAMPLE_MIME_TYPES
    found = recognise(file.content)
    if file.size and (found is None or not {*found.mime_types} & {*allowed}):
        what = f"{found.mime_types[0]} by its content" if found else "of no type that is known"
        header = f"a header of format {shape}" if shape else "a media header"
        problem = f"The file is {what}, which is no example of {header}."
        raise ValidationFailed([Fault("/file", problem, f"one of {', '.join(allowed)}")])
    return check_file(file)


def format_of(file: MediaFile) -> str:
    """The format of header that a file is the plain example of: of a film ``VIDEO``.

    :raises WaApiError: as :func:`check_example`.
    """
    mime_type = check_example(file)
    return next(shape for shape, types in EXAMPLE_TYPES.items() if mime_type in types)


def presentable_name(filename: str, mime_type: str) -> str:
    """A bare name for the provider, from one that a stranger may have chosen."""
    return bare_name(filename).strip(" .")[-LONGEST_FILENAME:] or f"example.{_ENDINGS[mime_type]}"
