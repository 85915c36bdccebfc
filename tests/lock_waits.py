"""Whether a transaction waits for another's lock, asked of the database server itself."""

from __future__ import annotations

import time

import sqlalchemy as sa

from flask_waapi.storage.session import Store

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


def wait_until_one_waits(store: Store, patience: float = 30.0) -> None:
    """Return once a transaction in the store's database waits for a lock.

    :param patience: seconds.
    """
    admin = sa.create_engine(store.engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    dialect = "mysql" if store.engine.dialect.name == "mariadb" else store.engine.dialect.name
    deadline = time.monotonic() + patience
    with admin.connect() as connection:
        while not connection.scalar(sa.text(_WAITING[dialect])):
            assert time.monotonic() < deadline, "no transaction waits for a lock"
            # MariaDB answers anew only where nobody has asked for a tenth of a second.
            time.sleep(0.2)
