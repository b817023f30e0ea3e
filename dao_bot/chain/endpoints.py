"""The configured nodes together: one to read from, one of another operator that must say the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.answers import RpcFault
from dao_bot.chain.hexes import quantity, to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.plan import Plan
from dao_bot.chain.reads import cross_check, run_plans
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, ChainError, RpcDisagreement, RpcUnavailable
from dao_bot.domain.runs import Block


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old and how far apart heads may be; None does not limit.

    Attributes:
        lag_blocks: how far one operator's head may be behind the other's.
        oldest: seconds that the latest block may lie behind the wall clock. None for a chain that mines on demand.
        ahead: seconds that it may lie before the wall clock.
    """

    lag_blocks: int = 3
    oldest: int | None = 300
    ahead: int | None = 60


class Endpoints:
    """All nodes of one chain, in the order of preference.

    Args:
        operators: how many different operators must answer and agree; by default two where two are configured.

    Raises:
        BadInput: there are fewer operators than asked for.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        chain_id: int,
        multicall3: Address,
        operators: int | None = None,
        freshness: Freshness | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        different = {endpoint.operator for endpoint in endpoints}
        self._wanted = min(2, len(different)) if operators is None else operators
        if not 1 <= self._wanted <= min(2, len(different)):
            raise BadInput(
                "too few RPC operators are configured",
                value=", ".join(sorted(different)) or "none",
                limit=f"at least {self._wanted} that are independent of each other",
                next_step="Add nodes of another operator under `rpc` in strategies.yaml",
            )
        self.all = tuple(endpoints)
        self.chain_id = chain_id
        self._multicall3 = multicall3
        self._freshness = freshness or Freshness()
        self._clock = clock
        self._chosen: tuple[Endpoint, Endpoint | None] = (endpoints[0], None)

    @property
    def primary(self) -> Endpoint:
        """The node that answered the last `pin`."""
        return self._chosen[0]

    @property
    def second(self) -> Endpoint | None:
        """The node of another operator that agreed with it; None where one operator is enough."""
        return self._chosen[1]

    @property
    def round_trips(self) -> int:
        """Of all nodes together."""
        return sum(endpoint.round_trips for endpoint in self.all)

    def pin(self) -> Block:
        """The latest block that the first usable node has, and that one of another operator has too.

        One round trip to each node that is asked; one more to the first when the second is a little behind. A node
        that does not answer is passed over for the next of the list; a node that says something else is not.

        Raises:
            BadInput: a node is on another chain.
            RpcUnavailable: too few operators answer, a head is too old, too far ahead, or lags too much.
            RpcDisagreement: two operators have different blocks at one height.
        """
        problems: list[ChainError] = []
        primary, block = self._first_usable(problems)
        if self._wanted == 1:
            self._chosen = (primary, None)
            return block
        for candidate in self.all:
            if candidate.operator == primary.operator:
                continue
            try:
                common = self._common_block(primary, candidate, block)
            except (RpcUnavailable, RpcFault) as error:
                problems.append(error)
                continue
            self._chosen = (primary, candidate)
            return common
        raise self._too_few(problems)

    def read(self, block: Block, plans: Sequence[Plan[Any]]) -> list[Any]:
        """The results of all plans at `block`; where a second operator is wanted, every read must be the same there.

        Raises:
            RpcUnavailable, RpcDisagreement: as `pin`, `run_plans` and `cross_check`.
        """
        self.witnesses()
        results, transcript = run_plans(self.primary, block, self._multicall3, plans)
        if self.second is not None and transcript:
            cross_check(self.second, block, self._multicall3, transcript)
        return results

    def witnesses(self) -> tuple[Endpoint, ...]:
        """The nodes that must say the same: the primary, and one of another operator where two are wanted.

        Raises:
            ChainError: as `pin`, which is done first where it was not yet.
        """
        if self._wanted > 1 and self.second is None:
            self.pin()
        return tuple(endpoint for endpoint in self._chosen if endpoint is not None)

    def check_chain(self, endpoint: Endpoint, answer: object) -> None:
        """Raise `BadInput` unless the answer to `eth_chainId` is this chain."""
        if isinstance(answer, RpcFault):
            raise answer
        chain_id = quantity(answer, f"the chain id of {endpoint.name}")
        if chain_id != self.chain_id:
            raise BadInput(
                f"{endpoint.name} is on another chain",
                value=f"chain id {chain_id}",
                limit=self.chain_id,
                next_step="Correct its URL, or the chain id in strategies.yaml",
            )

    def head_of(self, endpoint: Endpoint) -> Block:
        """The latest block of one node, where it is on this chain and not too old.

        Raises:
            BadInput, RpcUnavailable, RpcFault: it is not, or it does not answer.
        """
        chain_id, header = endpoint.batch([("eth_chainId", ()), ("eth_getBlockByNumber", ("latest", False))])
        self.check_chain(endpoint, chain_id)
        block = parse_block(header, self.chain_id, endpoint.name)
        self._check_clock(endpoint, block)
        return block

    def leave_out(self, endpoint: Endpoint) -> None:
        """Ask it no more. How many operators must agree stays as it was."""
        self.all = tuple(each for each in self.all if each is not endpoint)

    def _first_usable(self, problems: list[ChainError]) -> tuple[Endpoint, Block]:
        for endpoint in self.all:
            try:
                return endpoint, self.head_of(endpoint)
            except (RpcUnavailable, RpcFault) as error:
                problems.append(error)
        raise self._too_few(problems)

    def _common_block(self, primary: Endpoint, second: Endpoint, block: Block) -> Block:
        chain_id, same_height, latest = second.batch(
            [
                ("eth_chainId", ()),
                ("eth_getBlockByNumber", (to_quantity(block.number), False)),
                ("eth_getBlockByNumber", ("latest", False)),
            ]
        )
        self.check_chain(second, chain_id)
        head = parse_block(latest, self.chain_id, second.name)
        self._check_clock(second, head)
        self._check_lag(primary, second, block.number, head.number)
        if same_height is not None:
            _require_same(primary, block, second, parse_block(same_height, self.chain_id, second.name))
            return block
        if head.number >= block.number:
            raise RpcUnavailable(f"{second.name} says that it has block {block.number}, but does not show it")
        header = primary.request("eth_getBlockByNumber", to_quantity(head.number), False)
        _require_same(primary, parse_block(header, self.chain_id, primary.name), second, head)
        return head

    def _check_clock(self, endpoint: Endpoint, block: Block) -> None:
        age = int(self._clock()) - block.timestamp
        oldest, ahead = self._freshness.oldest, self._freshness.ahead
        if oldest is not None and age > oldest:
            raise RpcUnavailable(
                f"the latest block of {endpoint.name} is too old",
                value=f"{age} s behind this machine's clock",
                limit=f"{oldest} s",
                next_step="Wait until the node has caught up, use another one, or set this machine's clock",
            )
        if ahead is not None and -age > ahead:
            raise RpcUnavailable(
                f"the latest block of {endpoint.name} lies in the future",
                value=f"{-age} s before this machine's clock",
                limit=f"{ahead} s",
                next_step="Set this machine's clock, or use another node",
            )

    def _check_lag(self, primary: Endpoint, second: Endpoint, ours: int, theirs: int) -> None:
        behind = primary if ours < theirs else second
        if abs(ours - theirs) > self._freshness.lag_blocks:
            raise RpcUnavailable(
                f"{behind.name} lags behind",
                value=f"{abs(ours - theirs)} blocks",
                limit=f"{self._freshness.lag_blocks} blocks",
                next_step="Wait until it has caught up, or use another node",
            )

    def _too_few(self, problems: list[ChainError]) -> ChainError:
        if len(self.all) == len(problems) == 1:
            return problems[0]
        error = RpcUnavailable(
            "too few nodes can be used",
            limit=f"{self._wanted} independent operator(s)",
            next_step="What each of them said stands below" if problems else None,
        )
        for problem in problems:
            error.add_note(f"- {problem}")
        return error


def _require_same(primary: Endpoint, ours: Block, second: Endpoint, theirs: Block) -> None:
    if ours != theirs:
        raise RpcDisagreement(
            f"two nodes have different blocks at height {ours.number}",
            value=f"{primary.name}: {ours.hash} at {ours.timestamp}",
            limit=f"{second.name}: {theirs.hash} at {theirs.timestamp}",
            next_step="Nothing was done. A short reorganisation heals by itself; run again",
        )
