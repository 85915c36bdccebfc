"""A link is fetched from public addresses only, whatever a name or a redirect leads to."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from flask_waapi.outgoing import fetching
from flask_waapi.outgoing.bounded import Deadline, dial
from flask_waapi.outgoing.fetching import LinkUnusable

from .conftest import Serve
from .hosts import BAD, ENCODINGS, SHAPES, in_url
from .link_client import CONTENT, fetch, redirect, refused, unavailable, whole
from .servers import Connection, answering
from .test_addresses import Lookups

Dialled = list[tuple[str, int]]


def refused_in_production(url: str, lookup: Lookups) -> LinkUnusable:
    """The same, of an app whose settings are left alone."""
    return refused(url, lookup=lookup, allow_http=False, allow_loopback=False)


class TestRedirects:
    """An address that an answer leads to is as strange as the first."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_followed(self, status: int, serve: Serve) -> None:
        there = serve(answering(whole()))
        here = serve(answering(redirect(f"http://localhost:{there.port}/new#top", status)))

        assert fetch(here.url).size == len(CONTENT)
        assert there.requests[0].startswith(b"GET /new HTTP/1.1\r\n")

    def test_a_redirect_may_be_relative(self, serve: Serve) -> None:
        def talk(connection: Connection) -> None:
            connection.say(redirect("../b/c?d=e") if len(server.requests) == 1 else whole())

        server = serve(talk)

        assert fetch(f"http://localhost:{server.port}/a/x").size == len(CONTENT)
        assert server.requests[1].startswith(b"GET /b/c?d=e HTTP/1.1\r\n")

    def test_a_circle_ends(self, serve: Serve) -> None:
        server = serve(answering(redirect("/hook")))

        assert refused(server.url).message == "It is redirected more than 3 times."
        assert server.connections == 4

    @pytest.mark.parametrize("url", [*map(in_url, BAD), "http://localhost/", "https://localhost./"])
    def test_a_redirect_to_a_bad_address_is_not_followed(
        self, url: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(answering(redirect(url)))
        dialled = []

        def recorded(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
            dialled.append(port)
            # As if the server of this test were a public one.
            return dial(["127.0.0.1"], server.port, deadline)

        monkeypatch.setattr(fetching, "dial", recorded)

        error = refused("http://good.com/", lookup=Lookups(["93.184.216.34"]), allow_loopback=False)

        assert "It cannot be used" in error.message
        assert dialled == [80]

    @pytest.mark.parametrize(
        "location",
        ["file:///etc/passwd", "gopher://good.com/", "//user@good.com/", "http://[::1", "https:///x"],
    )
    def test_a_redirect_to_something_else_is_refused(self, location: str, serve: Serve) -> None:
        server = serve(answering(redirect(location)))

        refused(server.url)
        assert server.connections == 1

    def test_a_redirect_from_https_to_http_needs_http_allowed(self, serve: Serve) -> None:
        server = serve(answering(redirect("http://good.com/")), tls=True)

        assert "http://" in refused(server.url, allow_http=False).message

    def test_each_host_on_the_way_is_looked_up_and_checked(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve(answering(redirect("http://rebinding.com/")))
        monkeypatch.setattr(
            fetching, "dial", lambda _addresses, _port, deadline: dial(["127.0.0.1"], server.port, deadline)
        )
        lookups = Lookups(["93.184.216.34"], ["169.254.169.254"])

        error = refused("http://good.com/", lookup=lookups, allow_loopback=False)

        assert error.message == fetching.NOT_PUBLIC
        assert lookups.asked == [("good.com", 80), ("rebinding.com", 80)]
        assert server.connections == 1


class TestAddresses:
    """What is dialled."""

    @pytest.fixture(autouse=True)
    def dialled(self, monkeypatch: pytest.MonkeyPatch) -> Dialled:
        """The addresses that are dialled; none answers."""
        addresses: Dialled = []

        def dial(address: tuple[str, int], timeout: float) -> socket.socket:
            addresses.append(address)
            raise ConnectionRefusedError(111, "Connection refused")

        monkeypatch.setattr(socket, "create_connection", dial)
        return addresses

    @pytest.mark.parametrize("address", BAD)
    def test_a_name_that_leads_to_a_bad_address_is_not_dialled(self, address: str, dialled: Dialled) -> None:
        error = refused_in_production("https://good.com/", Lookups(["93.184.216.34", address]))

        assert (error.message, dialled) == (fetching.NOT_PUBLIC, [])
        assert address in error.reason

    @pytest.mark.parametrize(
        "url",
        [
            *(shape for shape in SHAPES if not shape.startswith("https://good.com/#")),
            *(f"https://{host}/" for host in ENCODINGS),
            *map(in_url, BAD),
            "http://good.com/",
            "http://127.0.0.1:8000/",
        ],
    )
    def test_a_bad_url_is_not_even_looked_up(self, url: str, dialled: Dialled) -> None:
        lookups = Lookups(["10.0.0.1"])

        refused_in_production(url, lookups)

        assert dialled == []
        assert lookups.asked in ([], [("good.com", 443)])

    def test_the_checked_address_is_dialled_whatever_the_name_leads_to_later(self, dialled: Dialled) -> None:
        rebinding = Lookups(["93.184.216.34"], ["127.0.0.1"])

        error = unavailable("https://good.com:8443/", lookup=rebinding, allow_loopback=False)

        assert error.message == fetching.UNREACHABLE
        assert (rebinding.asked, dialled) == ([("good.com", 8443)], [("93.184.216.34", 8443)])

    @pytest.mark.parametrize(
        "outcome",
        [["10.0.0.1"], [], socket.gaierror(socket.EAI_NONAME, "unknown"), UnicodeError("label too long")],
    )
    def test_a_private_name_and_an_unknown_one_look_the_same(
        self, outcome: Sequence[str] | Exception
    ) -> None:
        assert refused_in_production("https://good.com/", Lookups(outcome)).message == fetching.NOT_PUBLIC

    @pytest.mark.parametrize(
        ("outcome", "message"),
        [
            (socket.gaierror(socket.EAI_AGAIN, "later"), fetching.UNREACHABLE),
            (OSError(5, "Input/output error"), fetching.UNREACHABLE),
            (TimeoutError(), fetching.TOO_SLOW),
        ],
    )
    def test_a_name_server_in_trouble_may_be_well_later(self, outcome: Exception, message: str) -> None:
        assert unavailable("https://good.com/", lookup=Lookups(outcome)).message == message
