"""Which URLs of strangers we ask for: those of webhook endpoints, and the links of media.

Parsers disagree about unusual URLs: of ``http://127.0.0.1\\@good.com/`` the one makes ``good.com``, the other
``127.0.0.1``. So a URL is refused unless it is plain, and what is dialled is what is read here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from .addresses import is_loopback, why_blocked

LONGEST = 2_048
"""Characters of a URL."""

HTTPS_PORTS = (443, 8443)
HTTP_PORTS = (80, 8080)

_FOREIGN = re.compile(r'[^!-~]|[\\#"<>^`{|}]')
_FORM = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(/[^?]*)?(\?.*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
_LONGEST_NAME = 253  # RFC 1035
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRIVATE_NAMES = re.compile(r"(?:.*\.)?(?:localhost|localdomain|local|internal|home\.arpa)")
"""RFC 6761, RFC 6762, RFC 8375, and ``internal``, which ICANN keeps free for private use."""


@dataclass(frozen=True)
class Endpoint:
    """A URL taken apart.

    :param host: in lower case, an IPv6 address without its brackets.
    :param target: path and query as they go into the request line.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def is_this_machine(self) -> bool:
        """Whether the host, by its name or address, is a loopback one."""
        return self.host == "localhost" or self.host.endswith(".localhost") or is_loopback(self.host)

    @property
    def host_header(self) -> str:
        """The value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def read(url: str) -> Endpoint:
    """Take a URL apart.

    :raises ValueError: it is not a plain ``https`` or ``http`` URL; the text says what to change.
    """
    if len(url) > LONGEST:
        raise ValueError(f"it has {len(url)} characters: use at most {LONGEST}")
    if found := _FOREIGN.search(url):
        raise ValueError(f"it contains {found[0]!r}: leave it out, or in path and query percent-encode it")
    if (form := _FORM.fullmatch(url)) is None or form[1].lower() not in ("https", "http"):
        raise ValueError("it must have the form https://host/path")
    if "@" in form[2]:
        raise ValueError("it contains a user or password before the host: leave them out")
    if not form[2] or form[2].startswith(":"):
        raise ValueError("it has no host: use https://host/path")
    if (authority := _AUTHORITY.fullmatch(form[2])) is None:
        raise ValueError(f"{form[2]!r} is not a host, or a host and a port: use https://host/path")
    scheme = form[1].lower()
    port = int(authority[2]) if authority[2] else {"https": 443, "http": 80}[scheme]
    target = (form[3] or "/") + (form[4] or "")
    return Endpoint(scheme, authority[1].strip("[]").lower(), port, target)


def problems_of(url: str, *, allow_http: bool, allow_loopback: bool) -> list[str]:
    """What is wrong with a URL, in words that a customer can act on; nothing is looked up.

    :param allow_http: whether ``http`` will do, and its ports 80 and 8080.
    :param allow_loopback: whether the host may be this machine, then at any port and by ``http`` too.
    """
    try:
        endpoint = read(url)
    except ValueError as error:
        return [str(error)]
    problems = []
    is_near = allow_loopback and endpoint.is_this_machine
    if endpoint.scheme == "http" and not allow_http and not is_near:
        problems.append("it begins with http://: use https://")
    if problem := _host_problem(endpoint, allow_loopback=allow_loopback):
        problems.append(problem)
    ports = HTTPS_PORTS + (HTTP_PORTS if allow_http else ())
    if endpoint.port not in ports and not (is_near and 0 < endpoint.port < 65_536):
        problems.append(f"port {endpoint.port} is not allowed: use one of {', '.join(map(str, ports))}")
    return problems


def _host_problem(endpoint: Endpoint, *, allow_loopback: bool) -> str | None:
    host = endpoint.host
    # What ends in a number is an IPv4 address for some resolvers: 127.1, 0x7f.1, 2130706433.
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return f"host {host!r} is neither a name nor an IP address in its usual form"
        if why_blocked(host, allow_loopback=allow_loopback):
            return f"host {host!r} is not a public address: use one that is"
        return None
    if len(host) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        return f"host {host!r} is not a valid name: use letters, digits, hyphens, dots (xn--... for others)"
    if allow_loopback and endpoint.is_this_machine:
        return None
    if "." not in host or _PRIVATE_NAMES.fullmatch(host):
        return f"host {host!r} is not a public name: use one that is"
    return None
