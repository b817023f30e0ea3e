"""Requests to services that sell so many a month, counted where every keeper and the one after a restart sees them."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from dao_bot.store.checks import name_of, whole
from dao_bot.store.part import Part
from dao_bot.store.schema import service_requests


class ServiceRequests(Part):
    """A count for each account and period. It is no part of the record, because it tells nothing of the treasury."""

    def take_request(self, account: str, period: str, most: int) -> bool:
        """Count one more; False, and nothing is counted, when it would be more than `most`."""
        whole("a limit of requests", most)
        key = {"account": name_of("account", account), "period": name_of("period", period)}
        is_this = (service_requests.c.account == account, service_requests.c.period == period)
        with self._database.write("take_request") as connection:
            made = connection.execute(select(service_requests.c.made).where(*is_this)).scalar()
            if (made or 0) >= most:
                return False
            if made is None:
                connection.execute(insert(service_requests).values(**key, made=1))
            else:
                connection.execute(update(service_requests).where(*is_this).values(made=made + 1))
            return True

    def requests_made(self, account: str, period: str) -> int:
        """How many were counted; 0 for a period without any."""
        query = select(service_requests.c.made).where(
            service_requests.c.account == name_of("account", account),
            service_requests.c.period == name_of("period", period),
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar() or 0
