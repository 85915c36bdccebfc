"""The Cloud API provider keeps the promises of every provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from cloud_world import VERIFY_TOKEN, closed_port
from flask_waapi import CallbackRequest, Provider, ProviderContext, StatusUpdate
from flask_waapi.testing import ProviderConformance
from flask_waapi.testing.graph_double import GraphDouble
from waapi_cloud import CloudProvider


@pytest.fixture(scope="module")
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


class TestCloudProvider(ProviderConformance):
    """The test kit, against the double."""

    rejected_recipient = "+15550131026"

    @pytest.fixture
    def settings(self, double: GraphDouble) -> Mapping[str, Any]:
        self.app_secret = double.app_secret
        return {**double.provider_settings, "verify_token": VERIFY_TOKEN}

    def make_provider(self, context: ProviderContext) -> Provider:
        return CloudProvider(context)

    def unreachable_settings(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**settings, "base_url": f"http://127.0.0.1:{closed_port()}"}

    def signed_callback(self, updates: Sequence[StatusUpdate]) -> CallbackRequest:
        callback = GraphDouble(app_secret=self.app_secret).signed_callback(
            [_status(update) for update in updates]
        )
        return CallbackRequest(callback.headers, body=callback.body)


def _status(update: StatusUpdate) -> dict[str, Any]:
    item = {
        "id": update.provider_message_id,
        "status": update.status,
        "timestamp": str(int(update.occurred_at.timestamp())),
        "biz_opaque_callback_data": str(update.message_uuid),
    }
    if update.refusal is None:
        return item
    return item | {"errors": [{"code": int(update.refusal.code), "title": update.refusal.reason}]}
