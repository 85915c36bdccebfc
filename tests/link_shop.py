"""An app that fetches the links of media and sends to a Graph double, and a server of such links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from factories import MEDIA_SEND, RECIPIENT, MakeWorld, World
from flask_waapi.testing.graph_double import GraphDouble
from media_files import JPEG
from outgoing.servers import Connection, Server

FETCHING = {"WAAPI_MEDIA_LINKS": "fetch", "WAAPI_MEDIA_LINK_ALLOW_LOOPBACK": True}
"""Settings of an app in development that fetches links."""


def whole(content: bytes) -> bytes:
    """An answer with this content, declared as something else."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
    return head % len(content) + content


@dataclass
class Shop:
    """An app that sends to a double, and the server of the links.

    :param answer: what the server says next.
    """

    world: World
    double: GraphDouble
    server: Server | None = None
    answer: bytes = whole(JPEG)

    def talk(self, connection: Connection) -> None:
        """What the server does with a connection."""
        connection.say(self.answer)

    @property
    def fetched(self) -> int:
        """How often the server was asked."""
        assert self.server is not None
        return self.server.connections

    def link(self, path: str = "cat.jpg") -> str:
        """A link to the server."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.port}/{path}"

    def send(self, kind: str = "image", path: str = "cat.jpg", **members: Any) -> TestResponse:
        """Send a medium by a link to the server."""
        # So that what was sent before leaves room: one message in six seconds to the same person.
        self.world.clock.advance(10)
        body = {"to": RECIPIENT, "type": kind, "link": self.link(path)} | members
        return self.world.post(MEDIA_SEND, body)

    def uploaded(self, media_id: str) -> tuple[str, bytes]:
        """Type and content of what was uploaded."""
        medium = self.double.media.get(media_id)
        return medium.mime_type, medium.content

    def sent(self) -> dict[str, Any]:
        """The message that the double received last."""
        return dict(self.double.messages[-1].body)


MakeShop = Callable[..., Shop]
"""Takes settings."""


@contextmanager
def shops(make_world: MakeWorld) -> Iterator[MakeShop]:
    """Makes shops, which end with the block."""
    with ExitStack() as stack:

        def make(**config: Any) -> Shop:
            double = stack.enter_context(GraphDouble())
            providers = {"main": {"type": "cloud", **double.provider_settings}}
            shop = Shop(make_world(WAAPI_PROVIDERS=providers, **FETCHING | config), double)
            stack.callback(shop.world.services.providers.close)
            shop.server = stack.enter_context(Server(shop.talk))
            return shop

        yield make
