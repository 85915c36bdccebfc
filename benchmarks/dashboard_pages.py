"""How long the dashboard's pages take on the server, with millions of messages and calls on PostgreSQL.

    make benchmark BENCHMARK=dashboard_pages ARGS="--rows 10000000"

Each page stands beside the same page of an empty database, measured in the same run: the floor that Flask and
the templates set. On a machine that others use too, the best of the rounds says most. The rows are spread
over the last thirty days. The database is made for the run and dropped at its end; with ten million
rows it takes some 15 GB for that time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

import services
from flask_waapi import Permission, Viewer, WaApi
from flask_waapi.access.key_fields import KeyFields
from flask_waapi.identifiers import first_id
from flask_waapi.messaging.history import cursor_at
from flask_waapi.services import EXTENSION, Services
from flask_waapi.storage import migrate
from flask_waapi.storage.models import ApiRequest, DailyUsage, Message

KEYS = 20
DAYS = 30

UUID7 = """(
    lpad(to_hex(({at} / 1000)::bigint), 12, '0') || '7' || lpad(to_hex(({at} % 1000) * 4096 / 1000), 3, '0')
    || '8' || substr(md5({salt} || number), 1, 15)
)::uuid"""
"""As :func:`flask_waapi.identifiers.uuid7` makes it of microseconds."""

MOMENTS = """
    SELECT number, :first + number * :step AS at, (hashint8(number) & 2147483647) AS dice
    FROM generate_series(1, :rows) AS number
"""

MESSAGES = f"""
INSERT INTO waapi_messages (
    id, account, key_id, direction, sender, is_echo, recipient, type, content, template_name,
    template_language, rendered, reference, simulated, provider, provider_message_id, status, failure_code,
    failure_reason, priority, lane, due_at, send_at, round, attempts, request_id, created_at, updated_at
)
SELECT
    {UUID7.format(at="at", salt="'message'")},
    CASE WHEN dice % 10 = 0 THEN 'other' ELSE 'default' END,
    CASE WHEN status <> 'received' THEN (:keys)[1 + dice % {KEYS}] END,
    CASE WHEN status = 'received' THEN 'inbound' ELSE 'outbound' END,
    CASE WHEN status = 'received' THEN '+1' || 2000000000 + dice % 1000000 END,
    false,
    '+1' || CASE WHEN status = 'received' THEN 5550001111 ELSE 2000000000 + dice % 1000000 END,
    CASE WHEN dice % 3 = 0 THEN 'text' ELSE 'template' END,
    '{{"body": "Hello, your order is on its way."}}',
    CASE WHEN dice % 3 > 0 THEN 'template_' || dice % 50 END,
    CASE WHEN dice % 3 > 0 THEN 'en' END,
    'Hello, your order is on its way.',
    'order-' || number,
    false,
    'simulation',
    'wamid.' || number,
    status,
    CASE WHEN status = 'failed'
        THEN (ARRAY['MESSAGE_REJECTED', 'DELIVERY_FAILED', 'PROVIDER_FAILED'])[1 + dice % 3] END,
    CASE WHEN status = 'failed' THEN 'The number is not on WhatsApp.' END,
    1,
    CASE WHEN status = 'queued' THEN '1:simulation:' END,
    CASE WHEN status = 'queued' THEN now() + interval '1 day' END,
    CASE WHEN status = 'queued' THEN now() + interval '1 day' END,
    1, 1, 'request-' || number,
    to_timestamp(at / 1000000.0), to_timestamp(at / 1000000.0)
FROM (
    SELECT moments.*, CASE
        WHEN number % 10000 = 0 THEN 'queued'
        WHEN dice % 100 < 60 THEN 'read'
        WHEN dice % 100 < 80 THEN 'delivered'
        WHEN dice % 100 < 86 THEN 'sent'
        WHEN dice % 100 < 91 THEN 'failed'
        WHEN dice % 100 < 92 THEN 'canceled'
        ELSE 'received'
    END AS status FROM ({MOMENTS}) AS moments
) AS dated
"""

REQUESTS = f"""
INSERT INTO waapi_requests (
    id, account, key_id, occurred_at, method, endpoint, status, error_code, duration_ms, request_id,
    message_id
)
SELECT
    {UUID7.format(at="at", salt="'request'")},
    CASE WHEN dice % 10 = 0 THEN 'other' ELSE 'default' END,
    (:keys)[1 + dice % {KEYS}],
    to_timestamp(at / 1000000.0),
    CASE WHEN dice % 3 = 0 THEN 'GET' ELSE 'POST' END,
    '/api/v1/external/messages/template/send',
    CASE WHEN dice % 100 < 92 THEN 201 WHEN dice % 100 < 97 THEN 422
        WHEN dice % 100 < 99 THEN 429 ELSE 503 END,
    CASE WHEN dice % 100 < 92 THEN NULL WHEN dice % 100 < 97 THEN 'VALIDATION_ERROR'
        WHEN dice % 100 < 99 THEN 'RATE_LIMIT_EXCEEDED' ELSE 'PROVIDER_UNAVAILABLE' END,
    5 + dice % 40,
    'request-' || number,
    CASE WHEN dice % 100 < 92 THEN {UUID7.format(at="at", salt="'message'")} END
FROM ({MOMENTS}) AS moments
"""

HOURS = (
    """
    INSERT INTO waapi_request_hours
    SELECT account, date_trunc('hour', occurred_at, 'UTC'), key_id, status, coalesce(error_code, ''),
        count(*), sum(duration_ms)
    FROM waapi_requests GROUP BY 1, 2, 3, 4, 5
    """,
    """
    INSERT INTO waapi_message_hours
    SELECT account, date_trunc('hour', created_at, 'UTC'), status, coalesce(failure_code, ''), count(*)
    FROM waapi_messages WHERE direction = 'outbound' GROUP BY 1, 2, 3, 4
    """,
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the pages of the dashboard on PostgreSQL.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="messages, and as many calls")
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    database = services.ThrowAwayDatabase(services.location("postgresql"))
    try:
        app = create_app(database.uri)
        app_services: Services = app.extensions[EXTENSION]
        engine = app_services.store.engine
        migrate.upgrade(engine)
        keys = make_keys(app_services)
        pages = the_pages(keys, arguments.rows, cursor=None)
        floor = {name: measure(app, path, arguments.rounds) for name, path in pages.items()}
        begun = time.monotonic()
        fill(engine, keys, arguments.rows)
        size = engine_size(engine)
        print(
            f"{arguments.rows:,} messages and as many calls: {size}, {time.monotonic() - begun:.0f} s to make"
        )
        pages = the_pages(keys, arguments.rows, cursor=middle(app_services))
        print(f"{'':60} {'best':>6} {'median':>7} {'p95':>6}  ms | empty: {'best':>5} {'median':>7}")
        for name, path in pages.items():
            times = measure(app, path, arguments.rounds)
            empty = floor[name]
            print(
                f"{name:60} {min(times):6.1f} {statistics.median(times):7.1f} {p95(times):6.1f}     |"
                f" {min(empty):12.1f} {statistics.median(empty):7.1f}",
                flush=True,
            )
        engine.dispose()
    finally:
        database.drop()


def create_app(uri: str) -> Flask:
    """A host whose dashboard is open to everyone, without a background thread."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="benchmark", WAAPI_DATABASE_URI=uri, WAAPI_BACKGROUND_THREAD=False)
    WaApi(app, dashboard_access=lambda: Viewer("default", "benchmark"))
    return app


def make_keys(app_services: Services) -> list[UUID]:
    """Some keys that have been used today."""
    now = app_services.clock()
    keys = [
        app_services.keys.issue(
            KeyFields(f"key {number}", permissions=list(Permission), daily_limit=1_000_000),
            account="default",
            actor="benchmark",
        ).key.id
        for number in range(KEYS)
    ]
    with app_services.store.begin() as session:
        for number, key_id in enumerate(keys):
            session.add(DailyUsage(key_id=key_id, day=now.date(), used=1_000 * number, last_used_at=now))
    return keys


def fill(engine: sa.Engine, keys: list[UUID], rows: int) -> None:
    """Make the rows; the indexes afterwards, which is several times as fast."""
    end = datetime.now(UTC)
    values = {
        "rows": rows,
        "keys": keys,
        "first": int((end - timedelta(days=DAYS)).timestamp() * 1_000_000),
        "step": DAYS * 86_400 * 1_000_000 // rows,
    }
    indexes = [
        index for model in (Message, ApiRequest) for index in cast("sa.Table", model.__table__).indexes
    ]
    numbers = (sa.bindparam(name, type_=sa.BigInteger()) for name in ("rows", "first", "step"))
    typed: list[Any] = [sa.bindparam("keys", type_=sa.ARRAY(sa.Uuid())), *numbers]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
        connection.execute(sa.text("SET LOCAL maintenance_work_mem = '2GB'"))
        connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
        for statement in (MESSAGES, REQUESTS):
            connection.execute(sa.text(statement).bindparams(*typed), values)
        for index in indexes:
            index.create(connection)
        for statement in HOURS:
            connection.execute(sa.text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As the server does by itself before long.
        connection.execute(sa.text("VACUUM ANALYZE"))


def engine_size(engine: sa.Engine) -> str:
    """How much room the database takes."""
    with engine.connect() as connection:
        return str(connection.scalar(sa.text("SELECT pg_size_pretty(pg_database_size(current_database()))")))


def middle(app_services: Services) -> Message:
    """A message in the middle of the history."""
    half = first_id(app_services.clock() - timedelta(days=DAYS / 2))
    query = sa.select(Message).where(Message.account == "default", Message.id < half)
    with app_services.store.read() as session:
        return session.scalars(query.order_by(Message.id.desc()).limit(1)).one()


def the_pages(keys: list[UUID], rows: int, cursor: Message | None) -> Mapping[str, str]:
    """The pages by their names. :param cursor: where a deep page begins; the first page without one."""
    key = str(keys[3])
    since = (datetime.now(UTC) - timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")
    until = (datetime.now(UTC) - timedelta(days=19)).strftime("%Y-%m-%dT%H:%M")
    deep = {} if cursor is None else {"cursor": cursor_at(cursor)}
    deep_request = {} if cursor is None else {"cursor": str(cursor.id)}
    queries: list[tuple[str, str, dict[str, str]]] = [
        ("Overview", "/", {}),
        ("Overview, 30 days", "/", {"period": "month"}),
        ("Overview: the part kept fresh", "/overview.json", {}),
        ("Overview: the counters alone", "/counters.json", {}),
        ("Messages", "/messages", {}),
        ("Messages, a deep page", "/messages", deep),
        *(
            (f"Messages, {' and '.join(query)}", "/messages", query)
            for query in message_filters(key, since, until, rows)
        ),
        ("Keys", "/keys", {}),
        ("One key", f"/keys/{key}", {}),
        ("One key, 30 days", f"/keys/{key}", {"period": "month"}),
        ("Request log", "/requests", {}),
        ("Request log, a deep page", "/requests", deep_request),
        *(
            (f"Request log, {' and '.join(query)}", "/requests", query)
            for query in (
                {"key": key},
                {"error_code": "PROVIDER_UNAVAILABLE"},
                {"error_code": "MALFORMED_REQUEST"},
                {"key": key, "error_code": "PROVIDER_UNAVAILABLE"},
                {"key": key, "error_code": "MALFORMED_REQUEST"},
                {"request_id": f"request-{rows // 2}"},
                {"since": since, "until": until},
                {"since": since, "until": until, "key": key, "error_code": "VALIDATION_ERROR"},
            )
        ),
    ]
    pages: dict[str, str] = {}
    for name, path, query in queries:
        title = name if name not in pages else f"{name}, of none"
        pages[title] = f"/waapi{path}?{urlencode(query)}"
    return pages


def message_filters(key: str, since: str, until: str, rows: int) -> list[dict[str, str]]:
    """What is looked for among the messages: each field alone, and some together."""
    time = {"from": since, "until": until}
    return [
        *({"status": status} for status in ("read", "failed", "queued")),
        {"direction": "inbound"},
        {"to": "+12000000042"},
        {"sender": "+12000000042"},
        {"template_name": "template_7"},
        {"reference": f"order-{rows // 2}"},
        {"key": key},
        time,
        {"q": "+12000000042"},
        {"q": f"order-{rows // 2}"},
        {"q": "nowhere-to-be-found"},
        {"status": "failed", "key": key},
        {"status": "failed", "template_name": "template_7"},
        {"status": "unconfirmed", "template_name": "template_7"},
        {"to": "+12000000042", "status": "canceled"},
        time | {"status": "failed", "template_name": "template_7", "key": key},
    ]


def measure(app: Flask, path: str, rounds: int) -> list[float]:
    """Milliseconds that the app took for the page, each time."""
    client = app.test_client()
    times = []
    for _ in range(rounds + 2):
        begun = time.perf_counter()
        answer = client.get(path)
        times.append(1_000 * (time.perf_counter() - begun))
        assert answer.status_code == 200, f"{path}: {answer.status}"
    # The first ones connect, and compile templates and statements.
    return times[2:]


def p95(times: list[float]) -> float:
    """The time that 95 of 100 stay below."""
    return statistics.quantiles(times, n=20, method="inclusive")[18]


if __name__ == "__main__":
    main()
