"""The connection to the Graph API: the only place that knows of HTTP, and of ``requests``.

What decides between :class:`Retryable` and :class:`OutcomeUnknown` is one fact: whether the network
has asked for the message's body. Before that the message cannot have been accepted, whatever
failed; after it, silence proves nothing.
"""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from flask_waapi import Misconfigured, OutcomeUnknown, ProviderError, Rejected, Retryable

from .failures import read_graph_error, retry_after
from .settings import CloudSettings

KEPT_CONNECTIONS = 128
"""Idle connections kept: opened only as threads need them, so room costs nothing."""

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer: far above a page of templates, far below what would hurt."""

_CHUNK = 64 * 1024
_REFUSED_BEFORE_GRAPH = {401, 403, 404, 405, 407}


class _Body(io.BytesIO):
    """Ready bytes that remember whether the connection has asked for them."""

    asked_for = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked_for = True
        return super().read(size)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class GraphClient:
    """Calls of the Graph API with one instance's credentials; shared by all threads.

    :param clock: tells the time, for a ``Retry-After`` that is a date.
    """

    def __init__(self, settings: CloudSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._root = f"{settings.base_url}/{settings.api_version}"
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._process = 0

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
        try:
            answer = self._exchange("GET", path, parameters=parameters)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _unreachable(error) from error
        return self._result(answer, 1, unreadable=Retryable)

    def close(self) -> None:
        """Close the kept connections; a later call opens new ones."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        content: _Body | None = None,
    ) -> _Answer:
        settings = self._settings
        with self._current_session().request(
            method,
            f"{self._root}/{path}",
            params=parameters,
            data=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
            timeout=(settings.connect_timeout, settings.read_timeout),
            # A redirect would carry the message, and the token, to an address of others' choosing.
            allow_redirects=False,
            stream=True,
        ) as response:
            return _Answer(response.status_code, response.headers, self._read_body(response))

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

    def _current_session(self) -> requests.Session:
        # A connection that a forked process shares with its parent would mix up their answers.
        with self._lock:
            if self._session is None or self._process != os.getpid():
                self._session = self._new_session()
                self._process = os.getpid()
            return self._session

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        # Proxies, certificates and .netrc come from the environment otherwise, looked up per call.
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(
            {
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Authorization": f"Bearer {self._settings.access_token}",
                "User-Agent": "flask-waapi",
            }
        )
        # One retry by the adapter would be one message sent twice.
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=KEPT_CONNECTIONS, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


def _unreachable(error: Exception) -> Retryable:
    return Retryable(f"The Cloud API could not be reached ({type(error).__name__}).")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
