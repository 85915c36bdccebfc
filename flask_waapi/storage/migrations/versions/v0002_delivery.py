"""Lanes, schedules, expiry, rounds and attempts of messages; batches under an Idempotency-Key.

Revision ID: 0002
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from flask_waapi.storage.columns import ExactString, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; put what waits into a lane, and let what is unconfirmed come to an end."""
    op.drop_index(op.f("ix_waapi_messages_due_at"), "waapi_messages")
    for column in (
        sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="1"),
        sa.Column("lane", ExactString(140), nullable=True),
        sa.Column("send_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False, server_default="1"),
    ):
        op.add_column("waapi_messages", column)
    messages = sa.table(
        "waapi_messages",
        *(sa.column(name) for name in ("lane", "provider", "account", "status", "claimed_at")),
        sa.column("due_at", UtcDateTime()),
    )
    op.execute(
        messages.update()
        .where(messages.c.due_at.is_not(None), messages.c.claimed_at.is_(None), messages.c.status == "queued")
        .values(lane=sa.literal("1:") + messages.c.provider + sa.literal(":") + messages.c.account)
    )
    # It waited for a report without end before. The hour is the standard of WAAPI_UNCONFIRMED_AFTER.
    op.execute(
        messages.update()
        .where(messages.c.status == "unconfirmed")
        .values(due_at=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
    )
    op.create_index(op.f("ix_waapi_messages_lane_due_at_id"), "waapi_messages", ["lane", "due_at", "id"])
    for column in (
        sa.Column("round", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("provider_message_id", ExactString(255), nullable=True),
        sa.Column("code", ExactString(64), nullable=True),
    ):
        op.add_column("waapi_message_events", column)
    op.add_column(
        "waapi_scheduled_updates", sa.Column("provider_message_id", ExactString(255), nullable=True)
    )
    op.execute("ALTER TABLE waapi_idempotency RENAME COLUMN message_id TO subject_id")


def downgrade() -> None:
    """Remove them. What is unconfirmed is left as it is: revision 0001 would send it again."""
    messages = sa.table("waapi_messages", *(sa.column(name) for name in ("status", "due_at", "claimed_at")))
    op.execute(
        messages.update()
        .where(messages.c.status == "unconfirmed", messages.c.claimed_at.is_(None))
        .values(due_at=None)
    )
    op.execute("ALTER TABLE waapi_idempotency RENAME COLUMN subject_id TO message_id")
    op.drop_column("waapi_scheduled_updates", "provider_message_id")
    for name in ("code", "provider_message_id", "attempt", "round"):
        op.drop_column("waapi_message_events", name)
    op.drop_index(op.f("ix_waapi_messages_lane_due_at_id"), "waapi_messages")
    for name in ("round", "expires_at", "send_at", "lane", "priority"):
        op.drop_column("waapi_messages", name)
    op.create_index(op.f("ix_waapi_messages_due_at"), "waapi_messages", ["due_at"])
