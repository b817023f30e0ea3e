"""What a token's code can do, by the function selectors that stand in it."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.chain import hexes
from dao_bot.chain.abi import Function, function
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.pinned import settle_at
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.hashing import keccak
from dao_bot.domain.runs import Block

IS_PAUSED = (function("paused()", "(bool)"),)
IS_BLOCKED = tuple(
    function(f"{name}(address)", "(bool)")
    for name in ("isBlacklisted", "isBlackListed", "getBlackListStatus", "isFrozen", "frozen", "isBlocked", "isDenied")
)
"""USDC, USDT, PYUSD, and others."""

_CHANGES_BALANCES = tuple(
    function(signature)
    for signature in (
        "rebase()",
        "rebase(uint256)",
        "rebase(int256)",
        "rebase(uint256,int256)",
        "sharesOf(address)",
        "getPooledEthByShares(uint256)",
        "scaledBalanceOf(address)",
        "rebasingCreditsPerToken()",
    )
)
"""Ampleforth, stETH, aTokens, OUSD."""

_CHARGES = tuple(
    function(signature) for signature in ("setParams(uint256,uint256)", "setFee(uint256)", "setTransferFee(uint256)")
)
"""Tether's, which is zero today, and the like."""

_IMPLEMENTATION_SLOTS = (
    int.from_bytes(keccak(b"eip1967.proxy.implementation"), "big") - 1,
    int.from_bytes(keccak(b"org.zeppelinos.proxy.implementation"), "big"),
)
"""EIP-1967, and what USDC has from before it."""

_PUSH4 = 0x63
_PUSH1, _PUSH32 = 0x60, 0x7F


@dataclass(frozen=True, slots=True)
class TokenCode:
    """The selectors in a token's code and, behind a proxy, in its implementation's."""

    exists: bool
    is_proxy: bool
    selectors: frozenset[bytes]

    def has(self, functions: tuple[Function, ...]) -> tuple[Function, ...]:
        """Those of `functions` that the code knows."""
        return tuple(each for each in functions if each.selector in self.selectors)

    @property
    def can_change_balances(self) -> bool:
        """Balances may change without a transfer."""
        return bool(self.has(_CHANGES_BALANCES))

    @property
    def can_charge(self) -> bool:
        """Its owner may let it keep a part of transfers."""
        return bool(self.has(_CHARGES))


def read_token_code(endpoint: Endpoint, block: Block, token: Address) -> TokenCode:
    """One round trip, two behind a proxy."""
    slots = [("eth_getStorageAt", [token, hex(slot)]) for slot in _IMPLEMENTATION_SLOTS]
    code, *places = _settled(endpoint, block, [("eth_getCode", [token]), *slots])
    implementations = {checksum(place[-20:]) for place in places} - {ZERO_ADDRESS}
    behind = _settled(endpoint, block, [("eth_getCode", [address]) for address in sorted(implementations)])
    selectors = frozenset(selector for each in (code, *behind) for selector in pushed_selectors(each))
    return TokenCode(bool(code), bool(implementations), selectors)


def pushed_selectors(code: bytes) -> frozenset[bytes]:
    """Every four bytes that the code pushes (opcode PUSH4): the selectors it dispatches on are among them."""
    found = set()
    position = 0
    while position < len(code):
        opcode = code[position]
        if opcode == _PUSH4:
            found.add(code[position + 1 : position + 5])
        position += 1 + (opcode - _PUSH1 + 1 if _PUSH1 <= opcode <= _PUSH32 else 0)
    return frozenset(found)


def _settled(endpoint: Endpoint, block: Block, requests: list[tuple[str, list[str]]]) -> list[bytes]:
    answers = settle_at(endpoint, block, requests) if requests else []
    for answer in answers:
        if isinstance(answer, RpcFault):
            raise answer
    return [hexes.data(answer, f"code or storage of {endpoint.name}") for answer in answers]
