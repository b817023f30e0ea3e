"""Since when executions are final; unknown of those that were recorded before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("outcomes", sa.Column("final_at", sa.BigInteger))
