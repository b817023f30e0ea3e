"""Leases: a name held by one keeper until a chain time, such as the lock of a Safe."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from dao_bot.store.checks import name_of, whole
from dao_bot.store.part import Part
from dao_bot.store.schema import leases


class Leases(Part):
    """They keep keepers out of each other's way; what must never happen twice is stopped by the chain."""

    def lease(self, name: str, holder: str, now: int, seconds: int) -> bool:
        """Take or extend a lease; False while somebody else holds it."""
        until = whole("the end of a lease", now + whole("a lease", seconds))
        name_of("lease", name)
        name_of("holder", holder)
        with self._database.write("lease") as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).first()
            if row is None:
                connection.execute(insert(leases).values(name=name, holder=holder, until=until))
                return True
            if row.holder != holder and now < row.until:
                return False
            connection.execute(update(leases).where(leases.c.name == name).values(holder=holder, until=until))
            return True

    def release(self, name: str, holder: str) -> None:
        """Give a lease back before its end; nothing when somebody else has it by now."""
        ours = (leases.c.name == name_of("lease", name), leases.c.holder == name_of("holder", holder))
        with self._database.write("release") as connection:
            connection.execute(delete(leases).where(*ours))

    def lease_holder(self, name: str, now: int) -> str | None:
        """Who holds it now, or None."""
        query = select(leases.c.holder).where(leases.c.name == name_of("lease", name), leases.c.until > now)
        with self._database.read() as connection:
            holder: str | None = connection.execute(query).scalar()
            return holder
