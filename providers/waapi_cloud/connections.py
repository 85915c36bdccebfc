"""The kept connections: one pool for every instance in the process, whatever its number and token."""

from __future__ import annotations

import os
import threading
import weakref
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

KEPT_CONNECTIONS = 256
"""Idle connections kept to each server: opened only as threads need them, so room costs nothing."""

KEPT_SERVERS = 16
"""Servers to which connections are kept: the Graph API, that of its media, and what tests add."""


class Connections:
    """Kept connections that several users share, each with credentials of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: weakref.WeakSet[object] = weakref.WeakSet()
        self._session: requests.Session | None = None
        self._process = 0

    def session_for(self, user: object) -> requests.Session:
        """What to make requests with, each with the user's own ``Authorization`` header."""
        # A connection that a forked process shares with its parent would mix up their answers.
        with self._lock:
            if self._session is None or self._process != os.getpid():
                self._session = _new_session()
                self._process = os.getpid()
            self._users.add(user)
            return self._session

    def close(self, user: object) -> None:
        """Close the connections when no other user needs them; a later call opens new ones."""
        with self._lock:
            self._users.discard(user)
            if self._session is not None and not self._users:
                self._session.close()
                self._session = None


def _new_session() -> requests.Session:
    session = requests.Session()
    # Proxies, certificates and .netrc come from the environment otherwise, looked up per call.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(
        {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "flask-waapi",
        }
    )
    # One retry by the adapter would be one message sent twice.
    adapter = HTTPAdapter(pool_connections=KEPT_SERVERS, pool_maxsize=KEPT_CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


shared_connections = Connections()
"""Those of this process."""
