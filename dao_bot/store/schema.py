"""The tables, the same on SQLite and PostgreSQL. A change here needs a new file in `migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every revision that this program knows, oldest first; the last is the one it works with."""

VERSION_TABLE = "dao_bot_version"

NONCE_HOLDING_STATES = ("succeeded", "queued", "ready", "executing")
"""States in which a proposal that has a nonce keeps it from others; in any other state it is free again."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_EVENT_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""On SQLite only `INTEGER` makes the primary key the row's own place."""

events = Table(
    "events",
    metadata,
    Column("number", _EVENT_NUMBER, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("strategy", Text, primary_key=True),
    Column("nominal", BigInteger, primary_key=True, autoincrement=False),
    Column("keeper", Text, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("result", Text),
    Column("finished_at", BigInteger),
    Column("detail", Text, nullable=False),
    Column("decision", Text),
    Column("verdict", Text),
)

strategies = Table(
    "strategies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", BigInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("paused_at", BigInteger),
)

memories = Table(
    "memories",
    metadata,
    Column("strategy", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("safe", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("nominal", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("batch_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("nonce", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("strategy", "nominal", "attempt"),
    Index("ix_proposals_safe_state", "safe", "state"),
)

_holding = text("state IN (" + ", ".join(f"'{state}'" for state in NONCE_HOLDING_STATES) + ")")
Index(
    "uq_proposals_live_nonce",
    proposals.c.chain_id,
    proposals.c.safe,
    proposals.c.nonce,
    unique=True,
    sqlite_where=_holding,
    postgresql_where=_holding,
)

approvals = Table(
    "approvals",
    metadata,
    Column("proposal_id", Text, ForeignKey("proposals.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

signatures = Table(
    "signatures",
    metadata,
    Column("safe_tx_hash", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("proposal_id", Text, ForeignKey("proposals.id")),
)

attempts = Table(
    "attempts",
    metadata,
    Column("transaction_hash", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("proposal_id", Text, ForeignKey("proposals.id"), nullable=False, index=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sender_nonce", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("fees", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("planned_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("block_number", BigInteger),
    Column("block_hash", Text),
    Column("status", BigInteger),
    Column("gas_used", BigInteger),
    Column("replaced_by", Text),
    Index("ix_attempts_sender_nonce", "sender", "sender_nonce"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("proposal_id", Text, ForeignKey("proposals.id"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("final_at", BigInteger),
)

spends = Table(
    "spends",
    metadata,
    Column("proposal_id", Text, ForeignKey("proposals.id"), primary_key=True),
    Column("realised", Boolean, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False),
    Column("units", Text, nullable=False),
    Column("usd", Text),
    Column("at", BigInteger, nullable=False),
)
"""What proposals take out of their Safe; amounts as decimal text because they exceed 64 bits."""

acts = Table(
    "acts",
    metadata,
    Column("number", _EVENT_NUMBER, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Index("ix_acts_subject_kind_actor", "subject", "kind", "actor"),
)
"""Where acts of people stand in the record; what they say stands only there."""

sightings = Table(
    "sightings",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("good", Boolean, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("channel", Text),
    Column("message", Text),
    Column("shows", Text),
)
"""What is said once where people talk, and where it stands."""

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)

service_requests = Table(
    "service_requests",
    metadata,
    Column("account", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("made", BigInteger, nullable=False),
)
"""Requests to services that sell so many a month."""
