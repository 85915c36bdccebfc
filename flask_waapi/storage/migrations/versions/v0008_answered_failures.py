"""Of each event it is known whether the message's sender was answered with it.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what failed before it is not known, so it stays for every retry."""
    op.add_column(
        "waapi_message_events", sa.Column("answered", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("waapi_message_events", "answered")
