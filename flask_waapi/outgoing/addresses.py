"""Which IP addresses a stranger's URL may lead to: those of the public internet, and how names lead to them.

The networks are those of the IANA special-purpose registries
(https://www.iana.org/assignments/iana-ipv4-special-registry and the same for ipv6), whether routed or not,
with the multicast and reserved ones. A list of our own, since ``ipaddress.is_global`` lets multicast, NAT64
and 6to4 pass, and changes with the version of Python.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

Lookup = Callable[[str, int], Sequence[str]]
"""Turns a host and a port into IP addresses, or raises ``OSError``."""

_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has given out of IPv6. Outside are the mapped, compatible and translated IPv4 addresses
(``::/8``, ``64:ff9b::/16``), the unique local (``fc00::/7``), link local, site local (``fe80::/9``),
multicast, and segment routing (``5f00::/16``)."""

_BLOCKED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, with the metadata service of Alibaba
        "127.0.0.0/8",
        "168.63.129.16/32",  # the metadata service of Azure, the one that is a public address
        "169.254.0.0/16",  # link local, with most metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, with the metadata service of Oracle
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, an IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)


class NotPublic(Exception):
    """A host leads to an address that is not of the public internet, or to none."""


def is_loopback(address: str) -> bool:
    """Whether this is an IP address of the machine itself, ``127.0.0.0/8`` or ``::1``."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _LOOPBACK)


def why_blocked(address: str, *, allow_loopback: bool) -> str | None:
    """Why no URL of a stranger's may lead to an IP address; None when it may.

    :param allow_loopback: makes an exception for :func:`is_loopback`.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"{address!r} is not an IP address"
    if "%" in address:
        return f"{address} names a network interface"
    if allow_loopback and is_loopback(address):
        return None
    for network in _BLOCKED:
        if parsed in network:
            return f"{address} is in {network}, which is not public"
    if parsed.version == 6 and parsed not in _GLOBAL_UNICAST:
        return f"{address} is outside of {_GLOBAL_UNICAST}, the public IPv6 addresses"
    return None


def look_up(host: str, port: int) -> list[str]:
    """What the system makes of a host, in the order in which to try.

    :raises OSError: it knows nothing of it.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def look_up_within(patience: float, lookup: Lookup, host: str, port: int) -> Sequence[str]:
    """The same, or whatever ``lookup`` does, in bounded time.

    The system's resolver knows no deadline, so it works in a thread, which ends when the resolver gives up.

    :param patience: seconds.
    :raises TimeoutError: it took longer.
    :raises OSError: the lookup failed.
    """
    outcomes: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def work() -> None:
        try:
            outcomes.put(lookup(host, port))
        except Exception as error:
            outcomes.put(error)

    # A daemon: a name server that never answers must not hold up the end of the process.
    Thread(target=work, name="waapi-lookup", daemon=True).start()
    try:
        outcome = outcomes.get(timeout=patience)
    except Empty:
        raise TimeoutError(f"looking up the host took longer than {patience:.1f} s") from None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def public_addresses(
    patience: float, lookup: Lookup, host: str, port: int, *, allow_loopback: bool
) -> Sequence[str]:
    """The IP addresses that a host leads to, all of them checked; one of them is to be dialled.

    :param patience: seconds.
    :param allow_loopback: whether this machine's own will do.
    :raises NotPublic: one of them is blocked, or there is none; the text is for the log.
    :raises OSError: the lookup failed, or took too long.
    :raises ValueError: the host is none that could be looked up.
    """
    found = look_up_within(patience, lookup, host, port)
    # One bad address spoils all: a host of both kinds is out for the one it would get in between.
    blocked = [why for each in found if (why := why_blocked(each, allow_loopback=allow_loopback))]
    if blocked or not found:
        raise NotPublic("; ".join(blocked[:3]) or "the host has no address")
    return found
