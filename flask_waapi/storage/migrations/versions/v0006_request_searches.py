"""The log of requests is searched by request id and by message as far as is shown, and no further.

Revision ID: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SEARCHED = ("request_id", "message_id")
"""Columns whose indexes gain the id, so that the newest come first without sorting."""


def upgrade() -> None:
    """Put the longer indexes in the place of the shorter ones."""
    for column in SEARCHED:
        op.create_index(
            op.f(f"ix_waapi_requests_account_{column}_id"), "waapi_requests", ["account", column, "id"]
        )
        op.drop_index(op.f(f"ix_waapi_requests_account_{column}"), "waapi_requests")


def downgrade() -> None:
    """Put the shorter ones back."""
    for column in SEARCHED:
        op.create_index(op.f(f"ix_waapi_requests_account_{column}"), "waapi_requests", ["account", column])
        op.drop_index(op.f(f"ix_waapi_requests_account_{column}_id"), "waapi_requests")
