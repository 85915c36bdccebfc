"""Below our own path every answer is JSON of ours, whatever the method and however the path is written."""

from __future__ import annotations

import pytest

from answers import error
from factories import API, MESSAGES, TEXT_SEND, World

METHODS = ["GET", "POST", "OPTIONS", "TRACE", "PROPFIND", "FOO", "get", "M-SEARCH"]


@pytest.mark.parametrize("method", ["FOO", "PROPFIND", "M-SEARCH", "CONNECT"])
@pytest.mark.parametrize(("path", "allowed"), [(MESSAGES, "GET, HEAD"), (TEXT_SEND, "POST")])
def test_a_method_that_nobody_knows_is_a_405_too(shared: World, path: str, allowed: str, method: str) -> None:
    answer = shared.client.open(path, method=method)

    error(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "//messages", "///messages", "//", "/messages//x", "/a%0Ab", "//a/"]
)
def test_a_path_that_leads_nowhere_is_a_json_404_whatever_the_method(
    shared: World, path: str, method: str
) -> None:
    error(shared.client.open(API + path, method=method), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "allowed"), [(MESSAGES, "GET, HEAD, OPTIONS"), (TEXT_SEND, "POST, OPTIONS")]
)
def test_who_asks_is_told_the_methods_of_a_path(shared: World, path: str, allowed: str) -> None:
    answer = shared.client.options(path)

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Allow"] == allowed
    assert answer.headers["X-Request-Id"]


def test_whoever_lists_the_routes_of_the_app_finds_sets_of_methods(shared: World) -> None:
    # Extensions that document a host's views take it for granted.
    for rule in shared.app.url_map.iter_rules():
        assert rule.methods is not None
        assert rule.methods.difference({"HEAD", "OPTIONS"})
