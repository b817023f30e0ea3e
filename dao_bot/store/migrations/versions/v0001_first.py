"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _create_record()
    _create_runs()
    _create_proposals()
    _create_what_belongs_to_proposals()
    if op.get_bind().dialect.name == "postgresql":
        _protect_record_on_postgresql()
    else:
        _protect_record_on_sqlite()


def _create_record() -> None:
    op.create_table(
        "events",
        sa.Column("number", _NUMBER, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_events"),
    )
    op.create_index("ix_events_subject", "events", ["subject"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("strategy", sa.Text),
        sa.Column("nominal", sa.BigInteger, autoincrement=False),
        sa.Column("keeper", sa.Text, nullable=False),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("verdict", sa.Text),
        sa.PrimaryKeyConstraint("strategy", "nominal", name="pk_runs"),
    )
    op.create_table(
        "strategies",
        sa.Column("name", sa.Text),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("paused_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("name", name="pk_strategies"),
    )
    op.create_table(
        "memories",
        sa.Column("strategy", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("strategy", name="pk_memories"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("chain_id", sa.BigInteger, nullable=False),
        sa.Column("safe", sa.Text, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("nominal", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("batch_hash", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("nonce", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("number", name="uq_proposals_number"),
        sa.UniqueConstraint("strategy", "nominal", "attempt", name="uq_proposals_strategy_nominal_attempt"),
    )
    op.create_index("ix_proposals_safe_state", "proposals", ["safe", "state"])
    live = sa.text("state IN ('succeeded', 'queued', 'ready', 'executing')")
    op.create_index(
        "uq_proposals_live_nonce",
        "proposals",
        ["chain_id", "safe", "nonce"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def _of_proposal(table: str, *, nullable: bool = False) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("proposal_id", sa.Text, nullable=nullable),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=f"fk_{table}_proposal_id"),
    )


def _create_what_belongs_to_proposals() -> None:
    op.create_table(
        "approvals",
        *_of_proposal("approvals"),
        sa.Column("position", sa.BigInteger, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", "position", name="pk_approvals"),
    )
    op.create_table(
        "signatures",
        sa.Column("safe_tx_hash", sa.Text),
        sa.Column("owner", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *_of_proposal("signatures", nullable=True),
        sa.PrimaryKeyConstraint("safe_tx_hash", "owner", name="pk_signatures"),
    )
    op.create_table(
        "attempts",
        sa.Column("transaction_hash", sa.Text),
        sa.Column("number", sa.BigInteger, nullable=False),
        *_of_proposal("attempts"),
        sa.Column("chain_id", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("sender_nonce", sa.BigInteger, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("fees", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("planned_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("block_number", sa.BigInteger),
        sa.Column("block_hash", sa.Text),
        sa.Column("status", sa.BigInteger),
        sa.Column("gas_used", sa.BigInteger),
        sa.Column("replaced_by", sa.Text),
        sa.PrimaryKeyConstraint("transaction_hash", name="pk_attempts"),
        sa.UniqueConstraint("number", name="uq_attempts_number"),
    )
    op.create_index("ix_attempts_proposal_id", "attempts", ["proposal_id"])
    op.create_index("ix_attempts_sender_nonce", "attempts", ["sender", "sender_nonce"])
    op.create_table(
        "outcomes",
        *_of_proposal("outcomes"),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_outcomes"),
    )
    op.create_table(
        "spends",
        *_of_proposal("spends"),
        sa.Column("realised", sa.Boolean),
        sa.Column("position", sa.BigInteger, autoincrement=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("units", sa.Text, nullable=False),
        sa.Column("usd", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", "realised", "position", name="pk_spends"),
    )


_GENESIS = "0x" + "0" * 64
_NOT_NEXT = (
    "NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM events) "
    f"OR NEW.previous <> COALESCE((SELECT hash FROM events ORDER BY number DESC LIMIT 1), '{_GENESIS}')"
)


def _protect_record_on_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER events_no_{action.lower()} BEFORE {action} ON events "
            "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
        )
    # This keeps INSERT OR REPLACE out too, which deletes without asking the trigger above.
    op.execute(
        f"CREATE TRIGGER events_only_next BEFORE INSERT ON events WHEN {_NOT_NEXT} "
        "BEGIN SELECT RAISE(ABORT, 'the record takes only the next event'); END"
    )


def _protect_record_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION dao_bot_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the record is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events "
        "FOR EACH ROW EXECUTE FUNCTION dao_bot_append_only()"
    )
    op.execute(
        "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION dao_bot_append_only()"
    )
    op.execute(
        f"CREATE FUNCTION dao_bot_only_next() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {_NOT_NEXT} THEN "
        "RAISE EXCEPTION 'the record takes only the next event' USING ERRCODE = 'integrity_constraint_violation'; "
        "END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER events_only_next BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION dao_bot_only_next()"
    )
