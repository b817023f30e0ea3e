"""What people do: an index of their acts in the record, and sightings of cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("number", _NUMBER, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_acts"),
        sa.UniqueConstraint("key", name="uq_acts_key"),
    )
    op.create_index("ix_acts_subject_kind_actor", "acts", ["subject", "kind", "actor"])
    op.create_table(
        "sightings",
        sa.Column("subject", sa.Text),
        sa.Column("at", sa.BigInteger, autoincrement=False),
        sa.Column("good", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("subject", "at", name="pk_sightings"),
    )
