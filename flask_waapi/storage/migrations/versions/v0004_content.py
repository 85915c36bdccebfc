"""Options of messages, media, and keys with a number of their own.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_waapi.storage.columns import ExactString, UtcDateTime, ordered_uuid

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.add_column("waapi_messages", sa.Column("options", sa.JSON(), nullable=True))
    op.add_column("waapi_keys", sa.Column("provider", ExactString(64), nullable=True))
    op.create_table(
        "waapi_media",
        sa.Column("id", ordered_uuid(), nullable=False),
        sa.Column("account", ExactString(64), nullable=False),
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("media_id", ExactString(255), nullable=False),
        sa.Column("message_id", ordered_uuid(), nullable=True),
        sa.Column("mime_type", ExactString(128), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", ExactString(64), nullable=True),
        sa.Column("filename", ExactString(255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waapi_media")),
        sa.UniqueConstraint(
            "account", "provider", "media_id", name=op.f("uq_waapi_media_account_provider_media_id")
        ),
    )
    op.create_index(op.f("ix_waapi_media_provider_media_id"), "waapi_media", ["provider", "media_id"])
    op.create_index(op.f("ix_waapi_media_expires_at"), "waapi_media", ["expires_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("waapi_media")
    op.drop_column("waapi_keys", "provider")
    op.drop_column("waapi_messages", "options")
