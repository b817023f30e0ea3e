"""What was posted where people talk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "posts",
        sa.Column("subject", sa.Text),
        sa.Column("part", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("shows", sa.Text),
        sa.PrimaryKeyConstraint("subject", "part", name="pk_posts"),
    )
