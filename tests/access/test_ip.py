"""The addresses a key may be used from."""

from __future__ import annotations

import pytest

from answers import error
from factories import MESSAGES, MakeWorld, World


def status(world: World, networks: list[str], address: str, **headers: str) -> int:
    """What a request from this address with such a key is answered."""
    name = f"{networks} {address} {headers}"[:100]
    key = world.secrets.get(name) or world.issue_key(name, allowed_networks=networks)
    answer = world.get(MESSAGES, key, environ_overrides={"REMOTE_ADDR": address}, headers=headers)
    if answer.status_code == 403:
        error(answer, 403, "IP_NOT_ALLOWED")
    return answer.status_code


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        ([], "203.0.113.9"),
        ([], "2001:db8::1"),
        (["203.0.113.9"], "203.0.113.9"),
        (["203.0.113.0/24"], "203.0.113.0"),
        (["203.0.113.0/24"], "203.0.113.255"),
        (["10.0.0.0/8", "203.0.113.9"], "203.0.113.9"),
        (["203.0.113.0/24"], "::ffff:203.0.113.9"),
        (["2001:db8::/32"], "2001:db8:ffff::1"),
        (["2001:db8::1"], "2001:0db8:0000:0000:0000:0000:0000:0001"),
        (["0.0.0.0/0"], "198.51.100.1"),
    ],
)
def test_an_address_within_is_let_in(shared: World, networks: list[str], address: str) -> None:
    assert status(shared, networks, address) == 200


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        (["203.0.113.9"], "203.0.113.10"),
        (["203.0.113.0/24"], "203.0.114.0"),
        (["203.0.113.0/24"], "2001:db8::1"),
        (["203.0.113.0/24"], "::ffff:203.0.114.9"),
        (["2001:db8::/64"], "2001:db8:0:1::1"),
        (["0.0.0.0/0"], "2001:db8::1"),
        (["203.0.113.0/24"], "203.0.113.9, 10.0.0.1"),
        (["203.0.113.0/24"], "unix:"),
        (["203.0.113.0/24"], ""),
    ],
)
def test_an_address_outside_is_refused(shared: World, networks: list[str], address: str) -> None:
    assert status(shared, networks, address) == 403


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Client-Ip", "True-Client-Ip"]
)
def test_a_header_of_the_clients_does_not_move_it(shared: World, header: str) -> None:
    assert status(shared, ["203.0.113.9"], "198.51.100.1", **{header: "203.0.113.9"}) == 403


def test_behind_a_proxy_the_hosts_proxyfix_says_who_the_client_is(make_world: MakeWorld) -> None:
    from werkzeug.middleware.proxy_fix import ProxyFix

    world = make_world()
    world.app.wsgi_app = ProxyFix(world.app.wsgi_app, x_for=1)  # type: ignore[method-assign]

    assert status(world, ["203.0.113.9"], "10.0.0.1", **{"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}) == 200
    assert status(world, ["6.6.6.6"], "10.0.0.1", **{"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}) == 403
