"""Spending: what open proposals may and executed ones did take out of a Safe; every limit is counted from here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.needs import PastAction, Spend
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.tokens import Amount, Token, usd_value
from dao_bot.policy.facts import Move
from dao_bot.store.checks import LARGEST, name_of
from dao_bot.store.codec import Codec
from dao_bot.store.part import Part
from dao_bot.store.schema import proposals, spends


def record_expected(connection: Connection, codec: Codec, proposal: Proposal, at: int) -> None:
    """What the simulation of a new proposal took out, at the prices of its decision.

    Raises:
        BadInput: it spends a token without a price, so that no limit could count it.
    """
    lines = {line.token.address: line for line in proposal.holdings}
    taken: defaultdict[Address, int] = defaultdict(int)
    for change in proposal.simulation.changes:
        if change.token_id is None and change.delta < 0:
            taken[change.token] -= change.delta
    rows: list[tuple[Token, int, int | None]] = []
    for address, units in taken.items():
        line = lines.get(address)
        if line is None or line.price.usd is None:
            raise BadInput(
                "the proposal spends a token without a price, so no limit can count it",
                value=line.token.symbol if line else address,
                limit="tokens in the proposal's holdings that have a price",
                next_step="Add the token and a price source to strategies.yaml",
            )
        rows.append((line.token, units, usd_value(Amount(line.token, units), line.price.usd)))
    _insert(connection, codec, proposal.id, rows, realised=False, at=at)


def record_realised(connection: Connection, codec: Codec, proposal: Proposal, outcome: Outcome, at: int) -> None:
    """What the execution took out. Facts are never refused: without a price it is kept without a value."""
    prices = {line.token.address: line.price.usd for line in proposal.holdings}
    rows: list[tuple[Token, int, int | None]] = []
    for token, delta in outcome.realised:
        price = prices.get(token.address)
        if delta < 0:
            rows.append((token, -delta, None if price is None else usd_value(Amount(token, -delta), price)))
    _insert(connection, codec, proposal.id, rows, realised=True, at=at)


def forget_realised(connection: Connection, proposal_id: str) -> None:
    """After a reorg took the execution back: what is expected counts again."""
    connection.execute(delete(spends).where(spends.c.proposal_id == proposal_id, spends.c.realised.is_(True)))


def _insert(
    connection: Connection,
    codec: Codec,
    proposal_id: str,
    rows: Iterable[tuple[Token, int, int | None]],
    *,
    realised: bool,
    at: int,
) -> None:
    values = [
        {
            "proposal_id": proposal_id,
            "realised": realised,
            "position": position,
            "token": codec.encode(token, Token),
            "units": str(units),
            "usd": None if usd is None else str(usd),
            "at": at,
        }
        for position, (token, units, usd) in enumerate(rows)
    ]
    if values:
        connection.execute(insert(spends), values)


_OPEN = and_(proposals.c.state.in_(sorted(OPEN_STATES)), spends.c.realised.is_(False))
_EXECUTED = and_(proposals.c.state == State.EXECUTED.value, spends.c.realised.is_(True))


class Spending(Part):
    """Derived from proposals and outcomes; there is nothing here that a strategy could forget or change."""

    def moves(self, safe: str, since: int, *, chain_id: int | None = None) -> tuple[Move, ...]:
        """What open proposals may take (all of them) and executed ones took at `since` or later; newest last.

        Open: the simulation's outflows, at the proposal's time. Executed: the realised ones, at the execution's. Both
        in USD at the prices of the decision. `chain_id` keeps apart Safes with one address on several chains.

        Raises:
            Refused: an executed move has no price, so no limit can be counted until it leaves the window.
        """
        of_safe = [proposals.c.safe == parse_address(safe)]
        if chain_id is not None:
            of_safe.append(proposals.c.chain_id == chain_id)
        return tuple(
            Move(
                proposal_id=row.id,
                strategy=row.strategy,
                token=self._codec.decode(row.token, Token),
                units=int(row.units),
                usd=self._usd(row),
                at=row.at,
                open=not row.realised,
            )
            for row in self._rows(since, *of_safe)
        )

    def spends(self, strategy: str, since: int) -> tuple[Spend, ...]:
        """The same for one strategy, as its observation shows it; newest last."""
        return tuple(
            Spend(
                token=self._codec.decode(row.token, Token),
                units=int(row.units),
                usd=self._usd(row),
                at=row.at,
                open=not row.realised,
            )
            for row in self._rows(since, proposals.c.strategy == name_of("strategy", strategy))
        )

    def actions(self, strategy: str, since: int) -> tuple[PastAction, ...]:
        """What open proposals of a strategy do, and what those did that were executed at `since` or later; newest last.

        Raises:
            StoreError: a stored proposal cannot be read.
        """
        is_open, executed = proposals.c.state.in_(sorted(OPEN_STATES)), proposals.c.state == State.EXECUTED.value
        query = (
            select(proposals.c.state, proposals.c.body, proposals.c.created_at, proposals.c.changed_at)
            .where(
                proposals.c.strategy == name_of("strategy", strategy),
                or_(is_open, and_(executed, proposals.c.changed_at >= since)),
            )
            .order_by(proposals.c.number)
        )
        with self._database.read() as connection:
            rows = list(connection.execute(query))
        found = []
        for row in rows:
            proposal, _ = self._codec.decode_proposal(row.body)
            done = row.state == State.EXECUTED.value
            kinds = tuple(operation.kind for operation in proposal.decision.operations)
            found.append(PastAction(kinds, row.changed_at if done else row.created_at, not done))
        return tuple(sorted(found, key=lambda action: action.at))

    def committed(self, safe: str, *, chain_id: int | None = None) -> Mapping[Address, int]:
        """Base units that open proposals may take, by token address (zero address: native coin)."""
        total: defaultdict[Address, int] = defaultdict(int)
        for move in self.moves(safe, since=LARGEST, chain_id=chain_id):
            total[move.token.address] += move.units
        return dict(total)

    def _rows(self, since: int, *of: ColumnElement[bool]) -> list[Row[Any]]:
        query = (
            select(proposals.c.id, proposals.c.strategy, spends)
            .join(proposals, proposals.c.id == spends.c.proposal_id)
            .where(*of, or_(_OPEN, and_(_EXECUTED, spends.c.at >= since)))
            .order_by(spends.c.at, proposals.c.number, spends.c.position)
        )
        with self._database.read() as connection:
            return list(connection.execute(query))

    def _usd(self, row: Row[Any]) -> int:
        if row.usd is None:
            token = self._codec.decode(row.token, Token)
            raise Refused(
                "an executed proposal moved a token that had no price, so no limit can be counted",
                value=f"{Amount(token, int(row.units))} in proposal {row.id}",
                next_step="Look at it with `dao-bot show`; it stops counting when it leaves the longest window",
            )
        return int(row.usd)
