"""Callbacks that are applied after their answer, messages that come in, webhooks to endpoints.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_waapi.storage.columns import ExactString, UtcDateTime, digest, long_text, ordered_uuid

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RENAMED = {"key_id": "subject_id", "key_name": "subject_name"}
"""Columns of the audit trail, which was of keys alone."""


def upgrade() -> None:
    """Add them."""
    for old, new in RENAMED.items():
        op.execute(f"ALTER TABLE waapi_audit RENAME COLUMN {old} TO {new}")
    op.create_table(
        "waapi_contacts",
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("number", ExactString(64), nullable=False),
        sa.Column("name", ExactString(255), nullable=True),
        sa.Column("last_received_at", UtcDateTime(), nullable=True),
        sa.Column("marketing_stopped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("marketing_changed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("provider", "number", name=op.f("pk_waapi_contacts")),
    )
    op.create_table(
        "waapi_provider_states",
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("subject", ExactString(64), nullable=False),
        sa.Column("severity", ExactString(16), nullable=False),
        sa.Column("summary", long_text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("stops", sa.JSON(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject", name=op.f("pk_waapi_provider_states")),
    )
    op.create_table(
        "waapi_webhook_endpoints",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("url", long_text(), nullable=False),
        sa.Column("description", long_text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("state", ExactString(8), nullable=False),
        sa.Column("state_reason", long_text(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_webhook_endpoints")),
    )
    op.create_index(
        op.f("ix_waapi_webhook_endpoints_account_state"), "waapi_webhook_endpoints", ["account", "state"]
    )
    op.create_table(
        "waapi_webhook_events",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("type", ExactString(64), nullable=False),
        sa.Column("body", long_text(), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=True),
        sa.Column("fingerprint", ExactString(160), nullable=True),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_webhook_events")),
        sa.UniqueConstraint(
            "account", "fingerprint", name=op.f("uq_waapi_webhook_events_account_fingerprint")
        ),
    )
    op.create_index(op.f("ix_waapi_webhook_events_account_id"), "waapi_webhook_events", ["account", "id"])
    op.create_index(op.f("ix_waapi_webhook_events_created_at"), "waapi_webhook_events", ["created_at"])
    op.create_table(
        "waapi_parked_items",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("callback_id", ordered_uuid(), nullable=False),
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("position", ExactString(120), nullable=False),
        sa.Column("state", ExactString(16), nullable=False),
        sa.Column("reason", long_text(), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("provider_message_id", ExactString(255), nullable=True),
        sa.Column("parked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["callback_id"],
            ["waapi_callbacks.id"],
            name=op.f("fk_waapi_parked_items_callback_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_parked_items")),
        sa.UniqueConstraint(
            "callback_id", "position", name=op.f("uq_waapi_parked_items_callback_id_position")
        ),
    )
    op.create_index(op.f("ix_waapi_parked_items_parked_at"), "waapi_parked_items", ["parked_at"])
    op.create_index(
        op.f("ix_waapi_parked_items_provider_provider_message_id"),
        "waapi_parked_items",
        ["provider", "provider_message_id"],
    )
    op.create_index(op.f("ix_waapi_parked_items_state_id"), "waapi_parked_items", ["state", "id"])
    op.create_table(
        "waapi_webhook_deliveries",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("endpoint_id", ordered_uuid(), nullable=False),
        sa.Column("event_id", ordered_uuid(), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=True),
        sa.Column("state", ExactString(16), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["waapi_webhook_endpoints.id"],
            name=op.f("fk_waapi_webhook_deliveries_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["waapi_webhook_events.id"],
            name=op.f("fk_waapi_webhook_deliveries_event_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_webhook_deliveries")),
        sa.UniqueConstraint(
            "endpoint_id", "event_id", name=op.f("uq_waapi_webhook_deliveries_endpoint_id_event_id")
        ),
    )
    op.create_index(
        op.f("ix_waapi_webhook_deliveries_endpoint_id_message_id_state"),
        "waapi_webhook_deliveries",
        ["endpoint_id", "message_id", "state"],
    )
    op.create_index(
        op.f("ix_waapi_webhook_deliveries_endpoint_id_state_due_at"),
        "waapi_webhook_deliveries",
        ["endpoint_id", "state", "due_at"],
    )
    op.create_index(op.f("ix_waapi_webhook_deliveries_event_id"), "waapi_webhook_deliveries", ["event_id"])
    op.create_table(
        "waapi_webhook_secrets",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("endpoint_id", ordered_uuid(), nullable=False),
        sa.Column("salt", digest(), nullable=False),
        sa.Column("pepper", ExactString(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["waapi_webhook_endpoints.id"],
            name=op.f("fk_waapi_webhook_secrets_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_webhook_secrets")),
    )
    op.create_index(op.f("ix_waapi_webhook_secrets_endpoint_id"), "waapi_webhook_secrets", ["endpoint_id"])
    op.create_table(
        "waapi_webhook_attempts",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("delivery_id", ordered_uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", long_text(), nullable=True),
        sa.Column("problem", long_text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["waapi_webhook_deliveries.id"],
            name=op.f("fk_waapi_webhook_attempts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_webhook_attempts")),
    )
    op.create_index(op.f("ix_waapi_webhook_attempts_delivery_id"), "waapi_webhook_attempts", ["delivery_id"])
    op.add_column("waapi_callbacks", sa.Column("due_at", UtcDateTime(), nullable=True))
    op.add_column("waapi_callbacks", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("waapi_callbacks", sa.Column("parked", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_waapi_callbacks_due_at_id"), "waapi_callbacks", ["due_at", "id"])
    op.create_index(
        op.f("ix_waapi_callbacks_provider_received_at"), "waapi_callbacks", ["provider", "received_at"]
    )
    op.create_index(op.f("ix_waapi_callbacks_received_at"), "waapi_callbacks", ["received_at"])
    op.add_column("waapi_message_events", sa.Column("details", sa.JSON(), nullable=True))
    op.add_column(
        "waapi_messages", sa.Column("direction", ExactString(8), server_default="outbound", nullable=False)
    )
    op.add_column("waapi_messages", sa.Column("sender", ExactString(64), nullable=True))
    op.add_column("waapi_messages", sa.Column("sender_name", ExactString(255), nullable=True))
    op.add_column("waapi_messages", sa.Column("reply_to", ExactString(255), nullable=True))
    op.add_column(
        "waapi_messages", sa.Column("is_echo", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(
        op.f("ix_waapi_messages_account_direction_id"), "waapi_messages", ["account", "direction", "id"]
    )
    op.create_index(
        op.f("ix_waapi_messages_account_sender_id"), "waapi_messages", ["account", "sender", "id"]
    )
    op.create_index(
        op.f("ix_waapi_messages_provider_recipient_id"), "waapi_messages", ["provider", "recipient", "id"]
    )
    op.add_column("waapi_template_syncs", sa.Column("stale_at", UtcDateTime(), nullable=True))
    op.add_column("waapi_templates", sa.Column("quality", ExactString(32), nullable=True))
    op.add_column("waapi_templates", sa.Column("reason", long_text(), nullable=True))
    op.add_column("waapi_templates", sa.Column("changed_at", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Remove them. Messages that came in go with them: revision 0002 would take them for sent ones."""
    messages = sa.table("waapi_messages", sa.column("direction"))
    op.execute(messages.delete().where(messages.c.direction == "inbound"))
    op.drop_index(op.f("ix_waapi_messages_provider_recipient_id"), "waapi_messages")
    op.drop_index(op.f("ix_waapi_messages_account_sender_id"), "waapi_messages")
    op.drop_index(op.f("ix_waapi_messages_account_direction_id"), "waapi_messages")
    op.drop_index(op.f("ix_waapi_callbacks_received_at"), "waapi_callbacks")
    op.drop_index(op.f("ix_waapi_callbacks_provider_received_at"), "waapi_callbacks")
    op.drop_index(op.f("ix_waapi_callbacks_due_at_id"), "waapi_callbacks")
    op.drop_column("waapi_templates", "changed_at")
    op.drop_column("waapi_templates", "reason")
    op.drop_column("waapi_templates", "quality")
    op.drop_column("waapi_template_syncs", "stale_at")
    op.drop_column("waapi_messages", "is_echo")
    op.drop_column("waapi_messages", "reply_to")
    op.drop_column("waapi_messages", "sender_name")
    op.drop_column("waapi_messages", "sender")
    op.drop_column("waapi_messages", "direction")
    op.drop_column("waapi_message_events", "details")
    op.drop_column("waapi_callbacks", "parked")
    op.drop_column("waapi_callbacks", "attempts")
    op.drop_column("waapi_callbacks", "due_at")
    op.drop_table("waapi_webhook_attempts")
    op.drop_table("waapi_webhook_secrets")
    op.drop_table("waapi_webhook_deliveries")
    op.drop_table("waapi_parked_items")
    op.drop_table("waapi_webhook_events")
    op.drop_table("waapi_webhook_endpoints")
    op.drop_table("waapi_provider_states")
    op.drop_table("waapi_contacts")
    for old, new in RENAMED.items():
        op.execute(f"ALTER TABLE waapi_audit RENAME COLUMN {new} TO {old}")
