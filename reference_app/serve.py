"""Serving: gunicorn, one worker process of many threads, set up in code, silent unless something breaks."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5000
LAST_PORT = 65_535
THREADS = 16


class PlaceTaken(Exception):
    """The app cannot listen where it was told to; the message says how to move it."""


def read_place(environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port from ``HOST`` and ``PORT``; port 0 finds a free one.

    :raises PlaceTaken: another program listens there, or it is no place to listen.
    """
    host = environment.get("HOST") or DEFAULT_HOST
    given = environment.get("PORT") or str(DEFAULT_PORT)
    if not given.isascii() or not given.isdecimal() or int(given) > LAST_PORT:
        raise PlaceTaken(f"PORT must be a number from 0 to {LAST_PORT}, not {given!r}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(given)))
            # Two sockets may be bound to one port as long as neither listens.
            probe.listen(1)
        except OSError as error:
            raise PlaceTaken(_explain(host, int(given), error)) from error
        port: int = probe.getsockname()[1]
        return host, port


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < LAST_PORT else DEFAULT_PORT
        return (
            f"Port {port} is taken. Stop the program there, or take another port:\n\n  PORT={other} make run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Take another one:\n\n  PORT=5001 make run"
    return f"The app cannot listen on {host}: {os.strerror(error.errno or 0)}. HOST names another address."


def address_of(host: str, port: int) -> str:
    """The address under which a browser on this machine finds the app."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(load: Callable[[], Flask], host: str, port: int, tell: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; requests in hand are finished.

    :param load: makes the app, in the process that serves it.
    :param tell: called once, when the app answers.
    """
    _Server(
        load,
        {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "loglevel": "warning",
            "proc_name": "reference_app",
            # Newer versions would otherwise write below HOME.
            "control_socket_disable": True,
            "when_ready": lambda arbiter: tell(),
        },
    ).run()


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, load: Callable[[], Flask], options: Mapping[str, Any]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()
