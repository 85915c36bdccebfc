"""An app whose messages go to a Graph double."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from factories import API, RECIPIENT, World, opened
from flask_waapi.testing.graph_double import GraphDouble

_FORM = (
    b'--x\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\npixels\r\n--x--\r\n"
)


@dataclass(frozen=True)
class GraphWorld:
    """One app and the double behind it.

    :param media_id: of a medium that the double keeps.
    """

    world: World
    double: GraphDouble
    media_id: str

    def send(self, family: str, body: Mapping[str, Any]) -> TestResponse:
        """Send to somebody, unless the body says to whom."""
        to = {} if "recipient" in body else {"to": RECIPIENT}
        # So that what was sent before leaves room: one message in six seconds to the same person.
        self.world.clock.advance(10)
        return self.world.post(f"{API}/messages/{family}/send", to | dict(body))

    def received(self, family: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send what must be accepted; what the double received."""
        before = len(self.double.messages)
        answer = self.send(family, body)
        assert answer.status_code == 201, answer.text
        assert len(self.double.messages) == before + 1
        return dict(self.double.messages[-1].body)


@contextmanager
def graph_world(directory: Path, **config: Any) -> Iterator[GraphWorld]:
    """Both, for as long as the block lasts."""
    with GraphDouble() as double:
        media_id = double.media.upload("multipart/form-data; boundary=x", _FORM)["id"]
        cloud = {"type": "cloud", "verify_token": "agreed", **double.provider_settings}
        uri = f"sqlite:///{directory / 'waapi.sqlite'}"
        with opened(uri, WAAPI_PROVIDERS={"main": cloud}, **config) as world:
            yield GraphWorld(world, double, media_id)
            world.services.providers.close()
