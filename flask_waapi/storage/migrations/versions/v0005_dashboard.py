"""Counters by the hour, the message that a logged request made, runs of the playground.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_waapi.storage.columns import ExactString, UtcDateTime, long_text, ordered_uuid

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES_OF_REQUESTS = (
    ("account", "id"),
    ("account", "key_id", "id"),
    ("account", "error_code", "id"),
    ("account", "key_id", "error_code", "id"),
    ("account", "request_id"),
    ("account", "message_id"),
)


def upgrade() -> None:
    """Add them."""
    op.add_column("waapi_requests", sa.Column("message_id", ordered_uuid(), nullable=True))
    for columns in INDEXES_OF_REQUESTS:
        op.create_index(op.f(f"ix_waapi_requests_{'_'.join(columns)}"), "waapi_requests", list(columns))
    # The ids sort by time, and serve in its place.
    op.drop_index(op.f("ix_waapi_requests_account_occurred_at"), "waapi_requests")
    op.create_index(
        op.f("ix_waapi_messages_account_key_id_id"), "waapi_messages", ["account", "key_id", "id"]
    )
    op.create_index(op.f("ix_waapi_webhook_events_message_id"), "waapi_webhook_events", ["message_id"])
    op.create_table(
        "waapi_request_hours",
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("key_id", ordered_uuid(), nullable=False),
        sa.Column("status", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("error_code", ExactString(64), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "hour", "key_id", "status", "error_code", name=op.f("pk_waapi_request_hours")
        ),
    )
    op.create_table(
        "waapi_message_hours",
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("status", ExactString(16), nullable=False),
        sa.Column("failure_code", ExactString(64), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "hour", "status", "failure_code", name=op.f("pk_waapi_message_hours")
        ),
    )
    op.create_table(
        "waapi_counted_hours",
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("counted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "hour", name=op.f("pk_waapi_counted_hours")),
    )
    op.create_table(
        "waapi_playground_runs",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("viewer", ExactString(255), nullable=False),
        sa.Column("key_id", ordered_uuid(), nullable=False),
        sa.Column("key_name", ExactString(100), nullable=False),
        sa.Column("operation", ExactString(64), nullable=False),
        sa.Column("payload", long_text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error_code", ExactString(64), nullable=True),
        sa.Column("answer", long_text(), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_playground_runs")),
    )
    op.create_index(
        op.f("ix_waapi_playground_runs_account_viewer_id"),
        "waapi_playground_runs",
        ["account", "viewer", "id"],
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("waapi_playground_runs")
    op.drop_table("waapi_counted_hours")
    op.drop_table("waapi_message_hours")
    op.drop_table("waapi_request_hours")
    op.drop_index(op.f("ix_waapi_webhook_events_message_id"), "waapi_webhook_events")
    op.drop_index(op.f("ix_waapi_messages_account_key_id_id"), "waapi_messages")
    op.create_index(
        op.f("ix_waapi_requests_account_occurred_at"), "waapi_requests", ["account", "occurred_at"]
    )
    for columns in INDEXES_OF_REQUESTS:
        op.drop_index(op.f(f"ix_waapi_requests_{'_'.join(columns)}"), "waapi_requests")
    op.drop_column("waapi_requests", "message_id")
