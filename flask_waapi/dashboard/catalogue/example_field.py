"""The field for the example of a media header: what came in it is uploaded, and becomes a handle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, cast

from werkzeug.datastructures import FileStorage

from ...errors import Fault, PayloadTooLarge, ValidationFailed
from ...messaging.media.store import MediaFile
from ...messaging.templates.example_files import format_of
from ...messaging.templates.text import AUTHENTICATION
from ...services import Services
from .fields import TemplateForm

EXAMPLE_FILE = "example_file"
"""Name of the field."""


def with_example(
    services: Services, provider: str, form: TemplateForm, given: FileStorage | None
) -> TemplateForm:
    """The form with the handle of the file that came with it; as it is, where none came.

    Beside components in JSON the handle is only shown: where it belongs in them is not ours to say.

    :raises ValidationFailed: the file is no example of this header; the faults are those of the field.
    :raises WaApiError: the provider did not take it.
    """
    # A browser sends a field that was left empty as a file without a name.
    if given is None or not given.filename:
        return form
    file = MediaFile.of(cast("BinaryIO", given.stream), given.filename)
    shape = None if form.components else _header_format(form)
    try:
        handle = services.template_changes.upload_example(provider, file, shape)
    except ValidationFailed as error:
        raise _at_the_field(error.faults) from error
    except PayloadTooLarge as error:
        raise _at_the_field([Fault("", error.message, "a smaller file")]) from error
    if shape is None and not form.components:
        form = replace(form, header_format=format_of(file))
    return replace(form, header_example=handle, has_uploaded=True)


def no_file() -> ValidationFailed:
    """What is wrong with a form that asks for an upload and brings nothing."""
    return _at_the_field([Fault("", "There is no file to upload.", "a file")])


def _header_format(form: TemplateForm) -> str | None:
    """The header that the file is to be the example of; ``None`` where the file is to say."""
    if form.category == AUTHENTICATION:
        problem = "An authentication template has no header."
        raise _at_the_field([Fault("", problem, "no file, or another category")])
    return form.header_format or ("TEXT" if form.header else None)


def _at_the_field(faults: Sequence[Fault]) -> ValidationFailed:
    return ValidationFailed([Fault(f"/{EXAMPLE_FILE}", fault.message, fault.expected) for fault in faults])
