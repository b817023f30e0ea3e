"""Counts of requests to services that sell so many a month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "service_requests",
        sa.Column("account", sa.Text),
        sa.Column("period", sa.Text),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "period", name="pk_service_requests"),
    )
