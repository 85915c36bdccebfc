"""The first tables.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_waapi.storage.columns import (
    ExactString,
    UtcDateTime,
    digest,
    long_text,
    ordered_uuid,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "waapi_audit",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("actor", ExactString(255), nullable=False),
        sa.Column("action", ExactString(32), nullable=False),
        sa.Column("key_id", ordered_uuid(), nullable=False),
        sa.Column("key_name", ExactString(100), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_audit")),
    )
    op.create_index(op.f("ix_waapi_audit_account_id"), "waapi_audit", ["account", "id"])
    op.create_table(
        "waapi_callbacks",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("body", long_text(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("unmatched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_callbacks")),
    )
    op.create_table(
        "waapi_daily_usage",
        sa.Column("key_id", ordered_uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "day", name=op.f("pk_waapi_daily_usage")),
    )
    op.create_table(
        "waapi_idempotency",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("route", ExactString(64), nullable=False),
        sa.Column("idempotency_key", ExactString(255), nullable=False),
        sa.Column("request_digest", digest(), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=False),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer_body", sa.JSON(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_idempotency")),
        sa.UniqueConstraint(
            "account",
            "route",
            "idempotency_key",
            name=op.f("uq_waapi_idempotency_account_route_idempotency_key"),
        ),
    )
    op.create_index(op.f("ix_waapi_idempotency_created_at"), "waapi_idempotency", ["created_at"])
    op.create_table(
        "waapi_keys",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("name", ExactString(100), nullable=False),
        sa.Column("description", long_text(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("mode", ExactString(8), nullable=False),
        sa.Column("rate_limit", sa.Integer(), nullable=True),
        sa.Column("daily_limit", sa.Integer(), nullable=True),
        sa.Column("allowed_networks", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_keys")),
        sa.UniqueConstraint("account", "name", name=op.f("uq_waapi_keys_account_name")),
    )
    op.create_table(
        "waapi_messages",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("key_id", ordered_uuid(), nullable=True),
        sa.Column("recipient", ExactString(160), nullable=False),
        sa.Column("type", ExactString(24), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("template_name", ExactString(512), nullable=True),
        sa.Column("template_language", ExactString(16), nullable=True),
        sa.Column("rendered", long_text(), nullable=True),
        sa.Column("reference", ExactString(255), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("provider_message_id", ExactString(255), nullable=True),
        sa.Column("status", ExactString(16), nullable=False),
        sa.Column("failure_code", ExactString(64), nullable=True),
        sa.Column("provider_code", ExactString(64), nullable=True),
        sa.Column("failure_reason", long_text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("request_id", ExactString(128), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_messages")),
    )
    op.create_index(op.f("ix_waapi_messages_account_id"), "waapi_messages", ["account", "id"])
    op.create_index(
        op.f("ix_waapi_messages_account_recipient_id"),
        "waapi_messages",
        ["account", "recipient", "id"],
    )
    op.create_index(
        op.f("ix_waapi_messages_account_reference_id"),
        "waapi_messages",
        ["account", "reference", "id"],
    )
    op.create_index(
        op.f("ix_waapi_messages_account_status_id"), "waapi_messages", ["account", "status", "id"]
    )
    op.create_index(
        op.f("ix_waapi_messages_account_template_name_id"),
        "waapi_messages",
        ["account", "template_name", "id"],
    )
    op.create_index(op.f("ix_waapi_messages_due_at"), "waapi_messages", ["due_at"])
    op.create_index(
        op.f("ix_waapi_messages_provider_provider_message_id"),
        "waapi_messages",
        ["provider", "provider_message_id"],
    )
    op.create_table(
        "waapi_requests",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("key_id", ordered_uuid(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("method", ExactString(8), nullable=False),
        sa.Column("endpoint", ExactString(255), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error_code", ExactString(64), nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("request_id", ExactString(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_requests")),
    )
    op.create_index(
        op.f("ix_waapi_requests_account_occurred_at"), "waapi_requests", ["account", "occurred_at"]
    )
    op.create_table(
        "waapi_template_syncs",
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=False),
        sa.Column("succeeded_at", UtcDateTime(), nullable=True),
        sa.Column("problem", long_text(), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_waapi_template_syncs")),
    )
    op.create_table(
        "waapi_templates",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("name", ExactString(512), nullable=False),
        sa.Column("language", ExactString(16), nullable=False),
        sa.Column("status", ExactString(32), nullable=False),
        sa.Column("category", ExactString(32), nullable=False),
        sa.Column("parameter_format", ExactString(16), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("provider_template_id", ExactString(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_templates")),
        sa.UniqueConstraint(
            "provider", "name", "language", name=op.f("uq_waapi_templates_provider_name_language")
        ),
    )
    op.create_table(
        "waapi_key_secrets",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("key_id", ordered_uuid(), nullable=False),
        sa.Column("digest", digest(), nullable=False),
        sa.Column("last_four", ExactString(4), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["waapi_keys.id"],
            name=op.f("fk_waapi_key_secrets_key_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_key_secrets")),
        sa.UniqueConstraint("digest", name=op.f("uq_waapi_key_secrets_digest")),
    )
    op.create_index(op.f("ix_waapi_key_secrets_key_id"), "waapi_key_secrets", ["key_id"])
    op.create_table(
        "waapi_message_events",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=False),
        sa.Column("fingerprint", ExactString(80), nullable=False),
        sa.Column("status", ExactString(16), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("provider_code", ExactString(64), nullable=True),
        sa.Column("reason", long_text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["waapi_messages.id"],
            name=op.f("fk_waapi_message_events_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_message_events")),
        sa.UniqueConstraint(
            "message_id", "fingerprint", name=op.f("uq_waapi_message_events_message_id_fingerprint")
        ),
    )
    op.create_table(
        "waapi_scheduled_updates",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("status", ExactString(16), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("provider_code", ExactString(64), nullable=True),
        sa.Column("reason", long_text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["waapi_messages.id"],
            name=op.f("fk_waapi_scheduled_updates_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_scheduled_updates")),
    )
    op.create_index(op.f("ix_waapi_scheduled_updates_due_at"), "waapi_scheduled_updates", ["due_at"])
    op.create_index(op.f("ix_waapi_scheduled_updates_message_id"), "waapi_scheduled_updates", ["message_id"])


def downgrade() -> None:
    """Remove them, with all they hold."""
    op.drop_table("waapi_scheduled_updates")
    op.drop_table("waapi_message_events")
    op.drop_table("waapi_key_secrets")
    op.drop_table("waapi_templates")
    op.drop_table("waapi_template_syncs")
    op.drop_table("waapi_requests")
    op.drop_table("waapi_messages")
    op.drop_table("waapi_keys")
    op.drop_table("waapi_idempotency")
    op.drop_table("waapi_daily_usage")
    op.drop_table("waapi_callbacks")
    op.drop_table("waapi_audit")
