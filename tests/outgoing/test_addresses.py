"""A webhook goes to public addresses only, whatever a name leads to."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi.outgoing import safe_http
from flask_waapi.outgoing.addresses import is_loopback, look_up, why_blocked
from flask_waapi.outgoing.safe_http import Answer, check_url

from .hosts import BAD, ENCODINGS, GOOD, SHAPES, in_url


def strictly(url: str) -> list[str]:
    """The problems of a URL as of a production app."""
    return check_url(url, allow_http=False, allow_loopback=False)


@pytest.mark.parametrize("address", BAD)
def test_an_address_that_is_not_public_is_blocked(address: str) -> None:
    assert why_blocked(address, allow_loopback=False)
    assert strictly(in_url(address))


@pytest.mark.parametrize("address", [address for address in BAD if not is_loopback(address)])
def test_allowing_loopback_allows_nothing_else(address: str) -> None:
    assert why_blocked(address, allow_loopback=True)
    assert check_url(in_url(address), allow_http=True, allow_loopback=True)


@pytest.mark.parametrize("address", GOOD)
def test_a_public_address_is_not_blocked(address: str) -> None:
    assert why_blocked(address, allow_loopback=False) is None
    assert strictly(in_url(address)) == []


@given(st.ip_addresses())
def test_nothing_passes_that_python_does_not_call_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert address.is_global or why_blocked(str(address), allow_loopback=False)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_passes_inside_a_mapped_compatible_or_translated_one(
    address: ipaddress.IPv4Address,
) -> None:
    for prefix in ("::ffff:0:0", "::", "64:ff9b::"):
        inside = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
        assert why_blocked(str(inside), allow_loopback=True) or inside == ipaddress.IPv6Address("::1")


class Lookups:
    """A name server that answers each time with the next of these."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The addresses that are dialled; none answers."""
    addresses: list[tuple[str, int]] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        assert timeout > 0
        addresses.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", dial)
    return addresses


def post(url: str, lookups: Lookups) -> Answer:
    """A webhook of a production app."""
    return safe_http.post(url, b"{}", {}, allow_http=False, allow_loopback=False, lookup=lookups)


@pytest.mark.parametrize("address", BAD)
def test_a_name_that_leads_to_a_bad_address_is_not_dialled(
    address: str, dialled: list[tuple[str, int]]
) -> None:
    answer = post("https://good.com/", Lookups([address]))

    assert dialled == []
    assert answer.problem == safe_http.UNREACHABLE
    assert answer.reason is not None
    assert address in answer.reason


@pytest.mark.parametrize("url", [*SHAPES, *(f"https://{host}/" for host in ENCODINGS), *map(in_url, BAD)])
def test_a_bad_url_is_not_even_looked_up_when_it_comes_to_sending(
    url: str, dialled: list[tuple[str, int]]
) -> None:
    lookups = Lookups()

    answer = post(url, lookups)

    assert (answer.problem, answer.status, answer.succeeded) == (safe_http.UNREACHABLE, None, False)
    assert dialled == lookups.asked == []


def test_one_bad_address_among_good_ones_spoils_them_all(dialled: list[tuple[str, int]]) -> None:
    answer = post("https://good.com/", Lookups(["93.184.216.34", "10.0.0.1"]))

    assert (answer.problem, dialled) == (safe_http.UNREACHABLE, [])


def test_a_name_is_looked_up_once_and_the_checked_address_is_dialled(
    dialled: list[tuple[str, int]],
) -> None:
    rebinding = Lookups(["93.184.216.34"], ["127.0.0.1"])

    post("https://good.com:8443/", rebinding)

    assert rebinding.asked == [("good.com", 8443)]
    assert dialled == [("93.184.216.34", 8443)]


def test_a_name_that_was_good_when_the_endpoint_was_made_is_checked_again_when_sending(
    dialled: list[tuple[str, int]],
) -> None:
    rebinding = Lookups(["93.184.216.34"], ["127.0.0.1"])

    assert (
        check_url("https://good.com/", allow_http=False, allow_loopback=False, resolve=True, lookup=rebinding)
        == []
    )
    assert post("https://good.com/", rebinding).problem == safe_http.UNREACHABLE
    assert dialled == []


def test_only_a_few_addresses_of_a_host_are_dialled(dialled: list[tuple[str, int]]) -> None:
    post("https://good.com/", Lookups([f"8.8.8.{last}" for last in range(100)]))

    assert len(dialled) == 4


@pytest.mark.usefixtures("dialled")
def test_blocked_refused_and_unknown_look_the_same_to_a_customer() -> None:
    outcomes: list[Sequence[str] | Exception] = [
        ["10.0.0.1"],
        ["93.184.216.34"],
        [],
        socket.gaierror(-2, "Name or service not known"),
        UnicodeError("label too long"),
        TimeoutError(),
    ]

    answers = [post("https://good.com/", Lookups(outcome)) for outcome in outcomes]

    assert {(answer.status, answer.body, answer.problem) for answer in answers} == {
        (None, "", "The endpoint could not be reached.")
    }
    assert len({answer.reason for answer in answers}) == len(outcomes)


@pytest.mark.parametrize("outcome", [["10.0.0.1"], [], socket.gaierror(-2, "unknown"), TimeoutError()])
def test_a_check_that_looks_up_tells_nothing_but_that_the_host_is_not_public(
    outcome: Sequence[str] | Exception,
) -> None:
    problems = check_url(
        "https://good.com/", allow_http=False, allow_loopback=False, resolve=True, lookup=Lookups(outcome)
    )

    assert problems == [safe_http.NOT_PUBLIC]


def test_a_check_looks_nothing_up_unless_it_is_asked_to() -> None:
    lookups = Lookups()

    assert check_url("https://good.com/", allow_http=False, allow_loopback=False, lookup=lookups) == []
    assert check_url(
        "https://good.com:1/", allow_http=False, allow_loopback=False, resolve=True, lookup=lookups
    )
    assert lookups.asked == []


def test_the_system_knows_this_machine() -> None:
    assert all(map(is_loopback, look_up("localhost", 443)))
    assert look_up("127.0.0.1", 443) == ["127.0.0.1"]
