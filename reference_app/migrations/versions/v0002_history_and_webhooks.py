"""Which orders belong to the history made at the first start; events that webhooks have told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    with op.batch_alter_table("customer_order") as table:
        table.add_column(sa.Column("is_demo", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "received_event",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("webhook_id", sa.String(64), nullable=False, unique=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("message_uuid", sa.String(36)),
        sa.Column("reference", sa.String(255)),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("received_event")
    with op.batch_alter_table("customer_order") as table:
        table.drop_column("is_demo")
