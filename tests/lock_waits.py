"""How many transactions wait for others' locks, asked of the database server itself."""

from __future__ import annotations

import time

import sqlalchemy as sa

from disconnections import connect_from_outside
from flask_waapi.storage.session import Store
from waiting import PATIENCE

_WAITING = {
    "postgresql": (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ),
    "mysql": (
        "SELECT count(*) FROM information_schema.innodb_trx AS waiting"
        " JOIN information_schema.processlist AS connected ON connected.id = waiting.trx_mysql_thread_id"
        " WHERE connected.db = DATABASE() AND waiting.trx_state = 'LOCK WAIT'"
    ),
}


def wait_until_waiting(store: Store, count: int = 1) -> None:
    """Return once so many transactions in the store's database wait for a lock."""
    dialect = "mysql" if store.engine.dialect.name == "mariadb" else store.engine.dialect.name
    deadline = time.monotonic() + PATIENCE
    with connect_from_outside(store) as connection:
        while (waiting := connection.scalar(sa.text(_WAITING[dialect])) or 0) < count:
            assert time.monotonic() < deadline, f"{waiting} transactions wait for a lock, not {count}"
            # MariaDB answers anew only where nobody has asked for a tenth of a second.
            time.sleep(0.2)
