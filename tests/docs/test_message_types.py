"""The page of message types: it is current, and every example of it is sent and accepted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flask_waapi
from answers import data
from doc_pages import ROOT, Block, blocks
from factories import API
from flask_waapi.api.message_types import MESSAGE_TYPES
from flask_waapi.cli.message_types_page import message_types_page
from graph_world import GraphWorld, graph_world

PAGE = ROOT / "docs" / "message-types.md"
SHELL, PYTHON, NATIVE = (blocks(PAGE, language) for language in ("sh", "python", "json"))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphWorld]:
    with graph_world(tmp_path_factory.mktemp("types"), WAAPI_SERVICE_WINDOW="off") as world:
        yield world


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == message_types_page() + "\n", "Run: make docs"


def test_every_type_has_an_example_in_each_language() -> None:
    assert len(SHELL) == len(PYTHON) == len(MESSAGE_TYPES)
    assert len(NATIVE) == sum(described.native is not None for described in MESSAGE_TYPES)


def _line(block: Block) -> str:
    return f"line {block.line}"


def _sent(graph: GraphWorld) -> dict[str, Any]:
    sent = dict(graph.double.messages[-1].body)
    sent.pop("biz_opaque_callback_data")
    return sent


@pytest.mark.parametrize("block", SHELL, ids=_line)
def test_an_example_of_curl_is_accepted(graph: GraphWorld, block: Block) -> None:
    command = shlex.split(block.code)
    url, body = command[1].removeprefix("$WAAPI/"), json.loads(command[command.index("-d") + 1])

    graph.world.clock.advance(10)
    answer = graph.world.post(f"{API}/{url}", body)

    assert data(answer, 201)["status"] == "sent"


@pytest.mark.parametrize(
    ("shell", "python"), list(zip(SHELL, PYTHON, strict=True)), ids=[_line(block) for block in PYTHON]
)
def test_an_example_of_python_sends_what_that_of_curl_sends(
    graph: GraphWorld, shell: Block, python: Block
) -> None:
    command = shlex.split(shell.code)
    graph.world.clock.advance(10)
    graph.world.post(
        f"{API}/{command[1].removeprefix('$WAAPI/')}", json.loads(command[command.index("-d") + 1])
    )
    by_curl = _sent(graph)

    graph.world.clock.advance(10)
    with graph.world.app.app_context():
        exec(python.code, {**vars(flask_waapi), "waapi": graph.world.waapi})

    assert _sent(graph) == by_curl


@pytest.mark.parametrize(
    "described", [item for item in MESSAGE_TYPES if item.native], ids=lambda item: item.name
)
def test_both_forms_of_a_type_say_the_same(graph: GraphWorld, described: Any) -> None:
    ours = graph.received(described.family, described.body)
    native = graph.received(described.family, described.native)

    for sent in (ours, native):
        del sent["biz_opaque_callback_data"]
    assert native == ours


def test_a_page_of_the_docs_leads_there() -> None:
    assert "message-types.md" in (Path(ROOT) / "README.md").read_text(encoding="utf-8")
