"""One callback of three entries with three changes of five statuses: a poisoned one costs no other."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from callback_tasks import CLOUD, PHONE_NUMBER_ID, post, status
from factories import MakeWorld, World, add_messages
from flask_waapi.storage.inbound_models import ParkedItem, StoredCallback

SECONDS = 1_780_000_000
POISON: dict[str, Any] = {
    "no object": 7,
    "null": None,
    "no id": {"status": "read", "timestamp": "1780000000"},
    "an id that is a list": {"id": [], "status": "read", "timestamp": "1780000000"},
    "a time of no calendar": {"id": "wamid.x", "status": "read", "timestamp": "9" * 40},
    "no status": {"id": "wamid.x", "timestamp": "1780000000"},
}


def batch(statuses: list[Any]) -> bytes:
    """45 statuses in three entries of three changes."""
    metadata = {"display_phone_number": "15550100", "phone_number_id": PHONE_NUMBER_ID}
    changes = [
        {
            "field": "messages",
            "value": {
                "messaging_product": "whatsapp",
                "metadata": metadata,
                "statuses": statuses[begin : begin + 5],
            },
        }
        for begin in range(0, 45, 5)
    ]
    entries = [{"id": str(begin), "changes": changes[begin : begin + 3]} for begin in range(0, 9, 3)]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


@pytest.fixture
def cloud(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app of the Cloud API."""
    return make_world(database_uri=migrated_uri, **CLOUD)


@pytest.mark.parametrize("kind", POISON)
def test_forty_four_are_applied_and_one_is_parked(cloud: World, kind: str) -> None:
    uuids = add_messages(cloud, 45, provider="main")
    statuses: list[Any] = [status("delivered", f"wamid.{uuid}", SECONDS, uuid) for uuid in uuids]
    statuses[23] = POISON[kind]

    assert post(cloud, batch(statuses)) == 200
    cloud.work()

    with cloud.services.store.read() as session:
        callback = session.scalars(sa.select(StoredCallback)).one()
        (item,) = session.scalars(sa.select(ParkedItem)).all()
    assert (callback.applied, callback.parked, callback.unmatched) == (44, 1, 0)
    assert (item.position, item.state) == ("entry[1].changes[1].value.statuses[3]", "broken")
    assert [cloud.message(uuid).status for uuid in uuids].count("delivered") == 44
