"""Memories of strategies: versioned values, stored by compare-and-swap."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from dao_bot.domain.decisions import Memory
from dao_bot.domain.errors import Conflict
from dao_bot.store.checks import name_of
from dao_bot.store.part import Part
from dao_bot.store.schema import memories


class Memories(Part):
    """What a strategy wants to know again. Budgets and slices are not kept here: they follow from outcomes."""

    def memory(self, strategy: str) -> tuple[int, Memory] | None:
        """Version, from 1, and value; None before the first."""
        with self._database.read() as connection:
            row = connection.execute(
                select(memories).where(memories.c.strategy == name_of("strategy", strategy))
            ).first()
        return None if row is None else (row.version, self._codec.decode(row.body, Memory))

    def swap_memory(self, strategy: str, expected_version: int, memory: Memory) -> int:
        """Replace the memory that has `expected_version` (0: there is none); the new version.

        Raises:
            Conflict: another run has replaced it since.
        """
        name_of("strategy", strategy)
        body = self._codec.encode(memory, Memory)
        with self._database.write("swap_memory") as connection:
            version = connection.execute(select(memories.c.version).where(memories.c.strategy == strategy)).scalar()
            if (version or 0) != expected_version:
                raise Conflict(
                    "another run has changed the memory of this strategy; nothing was recorded",
                    value=f"version {version or 0} of {strategy}",
                    limit=f"version {expected_version}",
                    next_step="Decide again with the memory as it is now",
                )
            if version is None:
                connection.execute(insert(memories).values(strategy=strategy, version=1, body=body))
            else:
                connection.execute(
                    update(memories).where(memories.c.strategy == strategy).values(version=version + 1, body=body)
                )
            return expected_version + 1
