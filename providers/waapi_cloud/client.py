"""The connection to the Graph API: the only place that knows of HTTP, and of ``requests``.

What decides between :class:`Retryable` and :class:`OutcomeUnknown` is one fact: whether the network
has asked for the message's body. Before that the message cannot have been accepted, whatever
failed; after it, silence proves nothing.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from flask_waapi import Misconfigured, OutcomeUnknown, ProviderError, Rejected, Retryable

from .connections import shared_connections
from .failures import read_graph_error, retry_after, whole_number
from .form import FileBody
from .settings import CloudSettings

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer: far above a page of templates, far below what would hurt."""

_CHUNK = 64 * 1024
_REFUSED_BEFORE_GRAPH = {401, 403, 404, 405, 407}


class _Body(io.BytesIO):
    """Ready bytes that remember whether the connection has asked for them."""

    content_type = "application/json"
    asked_for = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked_for = True
        return super().read(size)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetched:
    """An answer whose body is read piece by piece."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.length = whole_number(response.headers.get("Content-Length"))
        self.location = response.headers.get("Location") if response.is_redirect else None

    def read(self) -> bytes:
        """The next bytes; none at the end.

        :raises Retryable: the answer broke off.
        """
        try:
            piece: bytes = self.response.raw.read1(_CHUNK, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Retryable(f"The content broke off ({type(error).__name__}).") from error
        return piece

    def close(self) -> None:
        """Give the connection back, or end it where something is left unread."""
        self.response.close()


class GraphClient:
    """Calls of the Graph API with one instance's credentials; shared by all threads.

    :param clock: tells the time, for a ``Retry-After`` that is a date.
    """

    def __init__(self, settings: CloudSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._root = f"{settings.base_url}/{settings.api_version}"

    def send(self, path: str, body: Mapping[str, Any], *, attempt: int = 1) -> dict[str, Any]:
        """POST a JSON body and return the JSON object of the answer.

        :param attempt: number of this attempt at the same message; some waits grow with it.
        :raises Retryable: nothing was accepted, later may work.
        :raises Rejected: Meta refused this body.
        :raises Misconfigured: Meta refused us.
        :raises OutcomeUnknown: no answer, or none that can be read, after the body was handed over.
        """
        # ASCII with escapes: any string has a form in it, even one that UTF-8 cannot encode.
        content = _Body(json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii"))
        try:
            answer = self._exchange("POST", path, content=content)
        except (requests.RequestException, HTTPError, OSError) as error:
            if content.asked_for:
                raise OutcomeUnknown(
                    f"The connection to the Cloud API broke after the message was handed over"
                    f" ({type(error).__name__})."
                ) from error
            raise _unreachable(error) from error
        return self._result(answer, attempt, unreadable=OutcomeUnknown)

    def read(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """GET and return the JSON object of the answer.

        :raises ProviderError: there is none; of the kinds that :meth:`send` raises, but for
            ``OutcomeUnknown``, since reading twice does no harm.
        """
        return self._harmless("GET", path, parameters=parameters)

    def delete(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """DELETE and return the JSON object of the answer.

        :raises ProviderError: as of :meth:`read`, since deleting twice does no harm either.
        """
        return self._harmless("DELETE", path, parameters=parameters)

    def upload(self, path: str, body: FileBody) -> dict[str, Any]:
        """POST a file, or a form with one, and return the JSON object of the answer.

        :raises ProviderError: as of :meth:`read`: what is uploaded twice is only kept twice.
        """
        return self._harmless("POST", path, content=body)

    def open_upload(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Announce a file, by POST without a body, and return the JSON object of the answer.

        :raises ProviderError: as of :meth:`read`: what was only announced is forgotten.
        """
        return self._harmless("POST", path, parameters=parameters)

    def upload_to_session(self, session: str, body: FileBody) -> dict[str, Any]:
        """POST the announced file, from its beginning, and return the JSON object of the answer.

        :raises ProviderError: as of :meth:`upload`.
        """
        # Resumable Upload API: both as headers alone, and the token under this scheme.
        headers = {"file_offset": "0", "Authorization": f"OAuth {self._settings.access_token}"}
        return self._harmless("POST", session, content=body, headers=headers)

    def fetch(self, url: str, *, with_token: bool) -> Fetched:
        """GET any address; the answer's body is yet to be read, and the answer to be closed.

        :param with_token: whether the server there may have our token.
        :raises Retryable: there is no answer.
        """
        try:
            headers = {"Accept": "*/*"}
            return Fetched(self._request("GET", url, headers=headers, with_token=with_token))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _unreachable(error) from error

    def refusal(self, fetched: Fetched) -> ProviderError:
        """The error that an answer tells of which is no success; it is closed then."""
        response = fetched.response
        try:
            with response:
                answer = _Answer(response.status_code, response.headers, self._read_body(response))
            self._result(answer, 1, unreadable=Retryable)
        except ProviderError as error:
            return error
        except (requests.RequestException, HTTPError, OSError) as error:
            return _unreachable(error)
        return Retryable("The Cloud API gave an answer that cannot be read.")

    def close(self) -> None:
        """Close the kept connections unless other instances need them; a later call opens new ones."""
        shared_connections.close(self)

    def _harmless(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        content: FileBody | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The result of a request that may be made again, whatever has become of it."""
        try:
            answer = self._exchange(method, path, parameters=parameters, content=content, headers=headers)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _unreachable(error) from error
        return self._result(answer, 1, unreadable=Retryable)

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        content: _Body | FileBody | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        declared = {} if content is None else {"Content-Type": content.content_type}
        url, sent = f"{self._root}/{path}", {**declared, **(headers or {})}
        with self._request(method, url, headers=sent, params=parameters, data=content) as response:
            return _Answer(response.status_code, response.headers, self._read_body(response))

    def _request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        with_token: bool = True,
        **options: Any,
    ) -> requests.Response:
        settings = self._settings
        token = {"Authorization": f"Bearer {settings.access_token}"} if with_token else {}
        return shared_connections.session_for(self).request(
            method,
            url,
            headers={**token, **headers},
            timeout=(settings.connect_timeout, settings.read_timeout),
            # A redirect would carry the message, and the token, to an address of others' choosing.
            allow_redirects=False,
            stream=True,
            **options,
        )

    def _read_body(self, response: requests.Response) -> bytes:
        # A read timeout starts anew with every byte: without an end of our own, an answer that
        # drips would hold the thread beyond the time for which the message is ours.
        end = time.monotonic() + self._settings.read_timeout
        parts: list[bytes] = []
        length = 0
        while part := response.raw.read1(_CHUNK, decode_content=True):
            parts.append(part)
            length += len(part)
            if length > LARGEST_ANSWER:
                raise requests.RequestException("The answer is too large.")
            if time.monotonic() > end:
                raise requests.ReadTimeout("The answer takes too long.")
        return b"".join(parts)

    def _result(self, answer: _Answer, attempt: int, *, unreadable: type[ProviderError]) -> dict[str, Any]:
        document = _json_object(answer.body)
        error = read_graph_error(document.get("error"), self._settings.secrets)
        asked = retry_after(answer.headers, self._clock())
        if error is not None:
            raise error.provider_error(http_status=answer.status, retry_after=asked, attempt=attempt)
        if 200 <= answer.status < 300 and document:
            return document
        code = f"HTTP {answer.status}"
        if answer.status in {408, 429}:
            raise Retryable("The Cloud API asks us to wait.", code=code, retry_after=asked)
        if 300 <= answer.status < 400 or answer.status in _REFUSED_BEFORE_GRAPH:
            raise Misconfigured(
                "The server at base_url does not answer as the Cloud API does: check base_url,"
                " api_version and what stands between.",
                code=code,
            )
        if 400 <= answer.status < 500:
            raise Rejected("The server at base_url refused the request.", code=code)
        raise unreadable("The Cloud API gave an answer that cannot be read.", code=code)


def _unreachable(error: Exception) -> Retryable:
    return Retryable(f"The Cloud API could not be reached ({type(error).__name__}).")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
