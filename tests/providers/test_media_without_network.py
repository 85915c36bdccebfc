"""Media at the providers that reach nobody: an id that follows from the content, and nothing kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest

from flask_waapi import MediaUpload, Provider, ProviderContext, UnsupportedFeature
from flask_waapi.testing import ManualClock
from waapi_logging import LoggingProvider
from waapi_simulation import SimulationProvider

CONTENT = b"%PDF-1.7\n" * 20_000

Make = Callable[[ProviderContext], Provider]

KINDS = pytest.mark.parametrize(("make", "prefix"), [(SimulationProvider, "sim"), (LoggingProvider, "log")])


def made(make: Make) -> Provider:
    return make(ProviderContext("paper", {}, ManualClock()))


def upload(provider: Provider, content: bytes = CONTENT) -> str:
    return provider.upload_media(MediaUpload(io.BytesIO(content), len(content), "application/pdf", "a.pdf"))


@KINDS
def test_the_id_of_a_medium_follows_from_its_content(make: Make, prefix: str) -> None:
    media_id = upload(made(make))

    assert media_id == f"{prefix}.{hashlib.sha256(CONTENT).hexdigest()[:32]}"
    assert upload(made(make)) == media_id
    assert upload(made(make), CONTENT + b"x") != media_id


@KINDS
def test_nothing_is_kept_of_a_medium(make: Make, prefix: str) -> None:
    provider = made(make)
    media_id = upload(provider)

    for ask in (provider.describe_media, provider.download_media):
        with pytest.raises(UnsupportedFeature, match="keeps no"):
            ask(media_id)
    provider.delete_media(media_id)
