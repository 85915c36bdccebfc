"""``flask waapi media upload | show | download | delete``"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from factories import MakeWorld, World
from flask_waapi.testing.graph_double import GraphDouble
from media_files import PDF

Run = Callable[..., Result]
Refused = Callable[..., str]


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def world(make_world: MakeWorld, double: GraphDouble) -> Iterator[World]:
    """An app that sends to the double."""
    world = make_world(WAAPI_PROVIDERS={"main": {"type": "cloud", **double.provider_settings}})
    yield world
    world.services.providers.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bill.pdf"
    path.write_bytes(PDF)
    return path


def test_a_file_is_uploaded_shown_fetched_and_deleted(
    run: Run, refused: Refused, double: GraphDouble, file: Path, tmp_path: Path
) -> None:
    medium = json.loads(run("media", "upload", str(file), "--type", "document", "--json").stdout)

    media_id = medium["media_id"]
    assert double.media.get(media_id).content == PDF
    assert json.loads(run("media", "show", media_id, "--json").stdout) == medium
    copy = tmp_path / "copy.pdf"
    run("media", "download", media_id, str(copy))
    assert copy.read_bytes() == PDF
    run("media", "delete", media_id)
    assert "There is no medium" in refused("media", "show", media_id)


def test_the_facts_are_a_table(run: Run, file: Path) -> None:
    header, line = run("media", "upload", str(file)).stdout.splitlines()

    assert header.split() == ["MEDIA_ID", "MIME_TYPE", "SIZE", "FILENAME", "EXPIRES_AT"]
    assert line.split()[1:4] == ["application/pdf", str(len(PDF)), "bill.pdf"]


def test_a_simulated_upload_leaves_nothing_to_fetch(
    run: Run, refused: Refused, double: GraphDouble, file: Path, tmp_path: Path
) -> None:
    media_id = json.loads(run("media", "upload", str(file), "--simulate", "--json").stdout)["media_id"]

    assert "keeps no media" in refused("media", "download", media_id, str(tmp_path / "copy.pdf"))
    assert double.requests == ()


def test_a_file_that_is_there_is_not_overwritten(run: Run, refused: Refused, file: Path) -> None:
    media_id = json.loads(run("media", "upload", str(file), "--json").stdout)["media_id"]

    assert "exists already" in refused("media", "download", media_id, str(file))
    assert file.read_bytes() == PDF


def test_half_a_content_leaves_no_file(
    run: Run,
    refused: Refused,
    double: GraphDouble,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    media_id = json.loads(run("media", "upload", str(file), "--json").stdout)["media_id"]
    monkeypatch.setattr(double.media.get(media_id), "sha256", "0" * 64)

    assert "checksum" in refused("media", "download", media_id, str(tmp_path / "copy.pdf"))
    assert not (tmp_path / "copy.pdf").exists()


def test_a_file_of_another_kind_is_refused(refused: Refused, file: Path) -> None:
    assert "application/pdf" in refused("media", "upload", str(file), "--type", "image")
