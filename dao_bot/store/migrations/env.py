"""Alembic's entry: runs on the connection that it is handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from dao_bot.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
