"""What a transaction offers for its gas: EIP-1559 or a plain price, always under a cap."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import Refused

_HISTORY_BLOCKS = 10
_GWEI = 10**9


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei for one unit of gas. Without a priority fee it is a legacy gas price."""

    max_fee_per_gas: int
    max_priority_fee_per_gas: int | None

    def as_dict(self) -> dict[str, int]:
        """Field names and values, for the record."""
        if self.max_priority_fee_per_gas is None:
            return {"gas_price": self.max_fee_per_gas}
        return {
            "max_fee_per_gas": self.max_fee_per_gas,
            "max_priority_fee_per_gas": self.max_priority_fee_per_gas,
        }

    @staticmethod
    def from_dict(values: dict[str, int]) -> Fees:
        """The inverse of `as_dict`."""
        if "gas_price" in values:
            return Fees(values["gas_price"], None)
        return Fees(values["max_fee_per_gas"], values["max_priority_fee_per_gas"])


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What the keeper may pay, in wei for one unit of gas.

    Attributes:
        cap: of base and priority fee together; a node that asks for more is not believed.
        least_priority: paid even when the blocks are empty.
        headroom: how many times the base fee may double before the transaction is too cheap.
    """

    cap: int
    least_priority: int = 1
    headroom: int = 1


def suggest_fees(endpoint: Endpoint, policy: FeePolicy) -> Fees:
    """Fees that should get into one of the next blocks: median tip of the last blocks, room for a doubled base fee.

    One round trip. On a chain without base fees it is the node's gas price.

    Raises:
        Refused: even the base fee with the least tip exceeds the cap.
        RpcUnavailable, RpcFault: the node does not tell.
    """
    history, price = endpoint.settle(
        [("eth_feeHistory", (hexes.to_quantity(_HISTORY_BLOCKS), "latest", [50])), ("eth_gasPrice", ())]
    )
    for answer in (history, price):
        if isinstance(answer, RpcFault) and not answer.is_unknown_method:
            raise answer
    base = _next_base_fee(history, endpoint.name)
    if base is None:
        gas_price = hexes.quantity(price, f"the gas price of {endpoint.name}")
        _require_under_cap(gas_price, policy, "the gas price")
        return Fees(gas_price, None)
    _require_under_cap(base + policy.least_priority, policy, "the base fee with the least tip")
    priority = max(_median_tip(history, endpoint.name), policy.least_priority)
    max_fee = min((base << policy.headroom) + priority, policy.cap)
    return Fees(max_fee, min(priority, max_fee - base))


def bumped(fees: Fees, suggestion: Fees, policy: FeePolicy) -> Fees | None:
    """Fees with which a replacement is accepted (an eighth more of each), or the suggestion where that is more.

    None when the cap does not allow it: then the transaction has to wait.
    """
    max_fee = max(_an_eighth_more(fees.max_fee_per_gas), suggestion.max_fee_per_gas)
    if max_fee > policy.cap:
        return None
    if fees.max_priority_fee_per_gas is None:
        return Fees(max_fee, None)
    priority = max(_an_eighth_more(fees.max_priority_fee_per_gas), suggestion.max_priority_fee_per_gas or 0)
    return Fees(max_fee, min(priority, max_fee))


def gas_limit(gas_used: int) -> int:
    """What to allow for a transaction that used `gas_used` when it was tried.

    Half more: refunds are subtracted only at the end (a fifth at most, EIP-3529), inner calls get 63 of 64 parts
    (EIP-150), and the state moves between simulation and execution. Unused gas costs nothing.
    """
    return gas_used + gas_used // 2 + 30_000


def _an_eighth_more(fee: int) -> int:
    return fee + -(-fee // 8) if fee else 1


def _next_base_fee(history: object, node: str) -> int | None:
    """Of the block to come; None on a chain that has none."""
    fees = history.get("baseFeePerGas") if isinstance(history, dict) else None
    if not isinstance(fees, list) or not fees:
        return None
    return hexes.quantity(fees[-1], f"the base fee of {node}") or None


def _median_tip(history: object, node: str) -> int:
    """Over the blocks that were not empty; 0 when all were."""
    rewards = history.get("reward") if isinstance(history, dict) else None
    tips = [
        hexes.quantity(block[0], f"a tip of {node}")
        for block in (rewards if isinstance(rewards, list) else [])
        if isinstance(block, list) and block
    ]
    paid = [tip for tip in tips if tip]
    return int(statistics.median_low(paid)) if paid else 0


def _require_under_cap(fee: int, policy: FeePolicy, what: str) -> None:
    if fee > policy.cap:
        raise Refused(
            f"{what} is above the cap for gas",
            value=f"{fee / _GWEI:.3f} gwei",
            limit=f"{policy.cap / _GWEI:.3f} gwei",
            next_step="Nothing was sent. Wait until gas is cheaper, or raise the cap in strategies.yaml",
        )
