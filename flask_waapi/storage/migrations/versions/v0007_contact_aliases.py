"""The names of a person beside the one that a provider tells of them by; user ids of every length.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_waapi.storage.columns import ExactString

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SHORTER, LONGER = 64, 160

NAMES = (("waapi_messages", "sender", True), ("waapi_contacts", "number", False))
"""Columns that hold a person's name, and whether they may hold none."""


def upgrade() -> None:
    """Add the table, and lengthen the columns."""
    op.create_table(
        "waapi_contact_aliases",
        sa.Column("provider", ExactString(64), nullable=False),
        sa.Column("name", ExactString(LONGER), nullable=False),
        sa.Column("number", ExactString(LONGER), nullable=False),
        sa.PrimaryKeyConstraint("provider", "name", name=op.f("pk_waapi_contact_aliases")),
    )
    op.create_index(
        op.f("ix_waapi_contact_aliases_provider_number"), "waapi_contact_aliases", ["provider", "number"]
    )
    _set_length(SHORTER, LONGER)


def downgrade() -> None:
    """Remove it, and what does not fit."""
    op.drop_table("waapi_contact_aliases")
    _set_length(LONGER, SHORTER)


def _set_length(former: int, length: int) -> None:
    if op.get_context().dialect.name == "sqlite":
        # It holds no text to a length, and would have to write every message anew.
        return
    if length < former:
        messages = sa.table("waapi_messages", sa.column("sender", sa.String()))
        contacts = sa.table("waapi_contacts", sa.column("number", sa.String()))
        cut = sa.update(messages).values(sender=sa.func.substr(messages.c.sender, 1, length))
        op.execute(cut.where(sa.func.char_length(messages.c.sender) > length))
        op.execute(sa.delete(contacts).where(sa.func.char_length(contacts.c.number) > length))
    for table, column, is_nullable in NAMES:
        op.alter_column(
            table,
            column,
            type_=ExactString(length),
            existing_type=ExactString(former),
            existing_nullable=is_nullable,
        )
