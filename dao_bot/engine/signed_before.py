"""What a signer signed before, in its own record: nothing twice under another name, and no limit without its past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.errors import Refused
from dao_bot.domain.proposals import Approval
from dao_bot.domain.tokens import Amount, Token, usd_value
from dao_bot.engine.examine import Examined
from dao_bot.engine.look import Look
from dao_bot.policy.facts import Move
from dao_bot.store.store import Store

SUBJECT = "signer"
_SIGNED = "signed"


class SignedBefore:
    """Args:
    store: the signer's own record, which the keeper cannot write.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def moves(self, seen: Look, batch_hash: str, since: int) -> Iterator[Move]:
        """What was signed since then, each batch once, without the one that is asked for.

        A token that is no longer configured counts too, in base units under its address.
        """
        tokens = {token.address: token for token in seen.balances}
        for name, at, told in self._others(batch_hash):
            if at >= since:
                for moved in told["moves"]:
                    address = Address(moved["token"])
                    token = tokens.get(address) or Token(seen.block.chain_id, address, symbol=address, decimals=0)
                    yield Move(name, SUBJECT, token, int(moved["units"]), int(moved["usd"]), at, open=False)

    def require_one_salt(self, batch_hash: str, proposal_id: str) -> None:
        """One approved batch is signed for one proposal: with the salt of another one it would pay once more.

        Raises:
            Refused: it was signed for another one.
        """
        for event in self._store.events(SUBJECT):
            told: Mapping[str, Any] = event.body
            if told.get("batch_hash") == batch_hash and told.get("proposal") != proposal_id:
                raise Refused(
                    "this very batch was signed for another proposal, so it would be executed twice",
                    value=proposal_id,
                    limit=str(told.get("proposal")),
                )

    def require_in_budget(self, approval: Approval, batch_hash: str, examined: Examined, now: int) -> None:
        """A batch under a mandate stays inside its totals, counting all that was signed under it.

        Raises:
            Refused: it does not.
        """
        mandate, budget = approval.evidence.get("mandate"), approval.evidence.get("budget")
        if mandate is None or not isinstance(budget, Mapping):
            return
        own = sum(int(moved["usd"]) for moved in taken(examined))
        spent = [
            (at, sum(int(moved["usd"]) for moved in told["moves"]))
            for _, at, told in self._others(batch_hash)
            if told.get("mandate") == mandate
        ]
        lately = sum(usd for at, usd in spent if at >= now - int(budget["window"]))
        for what, before in (("total", sum(usd for _, usd in spent)), ("per_window", lately)):
            if before + own > int(budget[what]):
                raise Refused(
                    f"the mandate's {what} would be passed by what was signed here",
                    value=before + own,
                    limit=budget[what],
                )

    def note(self, now: int, told: Mapping[str, object]) -> None:
        """Record it, before it is signed."""
        self._store.append(SUBJECT, _SIGNED, now, told)

    def _others(self, batch_hash: str) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        counted = {batch_hash}
        for event in self._store.events(SUBJECT):
            told: Mapping[str, Any] = event.body
            if event.kind == _SIGNED and told["batch_hash"] not in counted:
                counted.add(str(told["batch_hash"]))
                yield str(told["batch_hash"]), event.at, told


def taken(examined: Examined) -> Iterator[dict[str, Any]]:
    """What a batch takes out of the Safe."""
    lines = {ZERO_ADDRESS if line.token.is_native else line.token.address: line for line in examined.holdings}
    for change in examined.simulation.changes:
        if change.token_id is None and change.delta < 0 and change.token in lines:
            line = lines[change.token]
            usd = usd_value(Amount(line.token, -change.delta), line.price.usd) if line.price.usd is not None else 0
            yield {"token": str(line.token.address), "units": str(-change.delta), "usd": str(usd)}
