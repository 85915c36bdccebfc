"""Examples for the media headers of templates, which Meta takes by its Resumable Upload API.

https://developers.facebook.com/docs/graph-api/guides/upload
"""

from __future__ import annotations

import re

from flask_waapi import MediaUpload, Misconfigured, Retryable

from .client import GraphClient
from .failures import NO_SUCH_NODE
from .form import FileBody, media_type

_SESSION = re.compile(r"upload:[A-Za-z0-9_=+/:-]+(\?[A-Za-z0-9_=+/&%.~-]*)?", re.ASCII)
"""An id that is an address as well, mostly with a signature in its query: ``upload:MTph...?sig=AR...``."""


def upload_example(client: GraphClient, app_id: str, upload: MediaUpload) -> str:
    """Announce a file to the Meta app, hand it over in pieces, and get its handle: ``4::...``.

    :raises ProviderError: it was refused, or Meta cannot be reached.
    """
    described = {
        # Any string has a form in it, even one that UTF-8 cannot encode.
        "file_name": upload.filename.encode("utf-8", "replace").decode("utf-8"),
        "file_length": str(upload.size),
        "file_type": media_type(upload),
    }
    session = _open(client, app_id, described)
    # Anything else would lead the file, and the token, to another node.
    if not isinstance(session, str) or not _SESSION.fullmatch(session):
        raise Retryable("The Cloud API opened no session for the example.")
    handle = client.upload_to_session(session, FileBody(upload)).get("h")
    if not isinstance(handle, str) or not handle:
        raise Retryable("The Cloud API answered the upload of the example without a handle.")
    return handle


def _open(client: GraphClient, app_id: str, described: dict[str, str]) -> object:
    try:
        return client.open_upload(f"{app_id}/uploads", described).get("id")
    except Misconfigured as error:
        if error.code == NO_SUCH_NODE:
            problem = f"{error.message} Check the setting app_id, and that the token belongs to this app."
            raise Misconfigured(problem, code=error.code) from error
        raise
