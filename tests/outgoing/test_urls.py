"""A URL for webhooks is plain, so that every parser reads the same in it, and its host is public."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from flask_waapi.outgoing.safe_http import check_url
from flask_waapi.outgoing.urls import read

from .hosts import ENCODINGS, SHAPES


def strictly(url: str) -> list[str]:
    """The problems of a URL as of a production app."""
    return check_url(url, allow_http=False, allow_loopback=False)


@pytest.mark.parametrize("host", ENCODINGS)
def test_a_host_in_disguise_is_refused(host: str) -> None:
    assert strictly(f"https://{host}/")


@pytest.mark.parametrize("url", SHAPES)
def test_a_url_that_is_not_plain_is_refused(url: str) -> None:
    assert len(strictly(url)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://good.com",
        "https://good.com/",
        "HTTPS://GOOD.com:443/hook",
        "https://good.com:8443/a/b?c=d&e=%20@f:g",
        "https://good.com?c=d",
        "https://xn--bcher-kva.example/~x/(1)!",
        "https://a-1.b.good.co.uk/",
        "https://good.com/" + "a" * (2_048 - 17),
    ],
)
def test_a_plain_url_is_accepted(url: str) -> None:
    assert strictly(url) == []


def test_every_problem_tells_the_value_and_what_to_do() -> None:
    assert strictly("http://localhost:22/") == [
        "it begins with http://: use https://",
        "host 'localhost' is not a public name: use one that is",
        "port 22 is not allowed: use one of 443, 8443",
    ]
    assert strictly("https://a@b.com/") == ["it contains a user or password before the host: leave them out"]


def test_http_is_accepted_when_it_is_allowed() -> None:
    for url in ("http://good.com/", "http://good.com:8080/", "https://good.com/"):
        assert check_url(url, allow_http=True, allow_loopback=False) == []
    assert check_url("http://good.com:22/", allow_http=True, allow_loopback=False)
    assert check_url("http://localhost/", allow_http=True, allow_loopback=False)


def test_loopback_is_accepted_at_any_port_when_it_is_allowed() -> None:
    for host in ("localhost", "hooks.localhost", "127.0.0.1", "127.8.8.8", "[::1]"):
        assert check_url(f"http://{host}:5001/", allow_http=True, allow_loopback=True) == []
        assert check_url(f"http://{host}:0/", allow_http=True, allow_loopback=True)
        assert check_url(f"http://{host}:5001/", allow_http=False, allow_loopback=True) == []
    assert check_url("http://good.com:5001/", allow_http=True, allow_loopback=True)


@given(
    st.lists(
        st.sampled_from([*r"/:@\#?[]%.;&= aZ09-", "127.0.0.1", "good.com", "::1", "\t", "443", "ü"]),
        max_size=8,
    ).map("".join)
)
def test_whatever_is_accepted_means_the_same_to_other_parsers(rest: str) -> None:
    url = f"https://{rest}"
    try:
        endpoint = read(url)
    except ValueError:
        return
    if check_url(url, allow_http=True, allow_loopback=True):
        return

    try:
        theirs = parse_url(url)
    except LocationParseError:  # stricter yet
        return
    assert (theirs.host or "").strip("[]") == endpoint.host
    assert urlsplit(url).hostname == endpoint.host
    assert (theirs.port or 443) == (urlsplit(url).port or 443) == endpoint.port


@pytest.mark.parametrize(
    ("url", "host_header", "target"),
    [
        ("https://GOOD.com", "good.com", "/"),
        ("https://good.com:443/A?b", "good.com", "/A?b"),
        ("https://good.com:8443?b=/c", "good.com:8443", "/?b=/c"),
        ("http://good.com:80/", "good.com", "/"),
        ("http://good.com:443/", "good.com:443", "/"),
        ("https://[2606:4700:4700::1111]/", "[2606:4700:4700::1111]", "/"),
        ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]:8443", "/"),
    ],
)
def test_host_and_target_are_sent_as_they_were_read(url: str, host_header: str, target: str) -> None:
    assert (read(url).host_header, read(url).target) == (host_header, target)
