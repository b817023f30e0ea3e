"""Domain values as the store's tests need them."""

from __future__ import annotations

from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.calls import Argument, Batch, Call, CallType, DecodedCall, WrappedTransaction
from dao_bot.domain.decisions import BindingConstraint, Decision, Evidence, Memory
from dao_bot.domain.operations import Swap
from dao_bot.domain.prices import PriceQuote, TokenPrice
from dao_bot.domain.proposals import Approval, HoldingLine, Outcome, Proposal
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.simulation import AssetChange, SafeState, Simulation, Witness
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import RuleReport, Verdict

NOW = 1_750_000_000
CHAIN = 31337
SAFE = checksum("0x" + "5a" * 20)
OTHER_SAFE = checksum("0x" + "5b" * 20)
ROUTER = checksum("0x" + "40" * 20)
OWNERS = tuple(checksum("0x" + f"{i:02x}" * 20) for i in (0xC3, 0xA1, 0xB2))
SENDER = checksum("0x" + "ee" * 20)
USDC = Token(CHAIN, checksum("0x" + "01" * 20), "USDC", 6)
USDT = Token(CHAIN, checksum("0x" + "02" * 20), "USDT", 6)
ETH = Token(CHAIN, ZERO_ADDRESS, "ETH", 18)


def hash32(number: int) -> str:
    """A made-up hash."""
    return f"0x{number:064x}"


def run(nominal: int = NOW, strategy: str = "reserve") -> RunId:
    return RunId(strategy, nominal)


def decision() -> Decision:
    return Decision(
        operations=(Swap(USDT.amount(1_000_000), USDC, 999_000, "uniswap_v3", "0xabcd"),),
        reason="USDT is above its cap",
        summary=("Sells 1 USDT.", "Costs 0.1 %.", "Fails when the price moves."),
        evidence=(Evidence("cost", 0.1, "%"), Evidence("rungs", 3), Evidence("largest", 2**200, "wei")),
        binding=(BindingConstraint("cap USDT", 0.25, "USD"),),
        memory=Memory(1, {"seen": [1, 2.5, "x", None], "deep": {"a": True}}),
        wake_at=NOW + 600,
    )


def simulation(changes: tuple[AssetChange, ...]) -> Simulation:
    state = SafeState(SAFE, "1.4.1", ROUTER, OWNERS, 2, 7, (), ZERO_ADDRESS, ZERO_ADDRESS)
    witness = Witness("eth_simulateV1", "local", True, changes, 120_000, None)
    return Simulation(100, hash32(100), NOW, True, changes, 120_000, None, (), state, (witness,))


def holding(token: Token, before: int, expected: int, usd: int | None = WAD) -> HoldingLine:
    quote = PriceQuote("chainlink", usd or 0, NOW - 60, 3_600)
    return HoldingLine(token, before, expected, TokenPrice(token, usd, (quote,)))


def proposal(
    nominal: int = NOW,
    *,
    strategy: str = "reserve",
    attempt: int = 0,
    safe: Address = SAFE,
    chain_id: int = CHAIN,
    sold: int = 1_000_000,
    holdings: tuple[HoldingLine, ...] | None = None,
    changes: tuple[AssetChange, ...] | None = None,
) -> Proposal:
    """Sells `sold` USDT for a little less USDC; every argument makes another id."""
    call = Call(ROUTER, sold.to_bytes(32, "big"))
    wrapped = WrappedTransaction("multisig", ROUTER, 0, b"\x8d\x80" + call.data, CallType.DELEGATECALL)
    argument = Argument("amounts", "uint256[]", (sold, 2**256 - 1))
    decoded = DecodedCall(
        call,
        "uniswap_v3",
        "exactInput(uint256[])",
        (argument, Argument("path", "bytes", b"\x01")),
        "sells USDT",
        recipients=(safe,),
        spends=((USDT.address, sold),),
        minimum=(USDT.address, sold, USDC.address, sold * 99 // 100),
    )
    report = RuleReport("token_cap", "USDT", "61.0 %", "60.0 %", "60.0 %", True, False, "USDT is at its cap.")
    return Proposal(
        run=run(nominal, strategy),
        attempt=attempt,
        observation_digest=hash32(5),
        block=Block(chain_id, 100, hash32(100), NOW),
        safe_nonce=0,
        batch=Batch(chain_id, safe, wrapped, hash32(9), nominal + 43_200),
        calls=(call,),
        decoded=(decoded,),
        decision=decision(),
        holdings=holdings
        or (holding(USDT, 10**13, 10**13 - sold), holding(USDC, 10**12, 10**12 + sold), holding(ETH, 10**30, 10**30)),
        simulation=simulation(
            changes or (AssetChange(USDT.address, -sold), AssetChange(USDC.address, sold * 999 // 1000))
        ),
        verdict=Verdict(hash32(9), (report,)),
        approval_rule="two-owners",
        labels={ROUTER: "Uniswap router"},
    )


def approval(of: Proposal) -> Approval:
    return Approval(of.batch.batch_hash, {"signatures": [1, 2], "rule": "two-owners"}, of.batch.valid_until)


def outcome(sold: int = 1_000_000, *, success: bool = True, block: int = 120) -> Outcome:
    realised = ((USDT, -sold), (USDC, sold * 998 // 1000))
    return Outcome(hash32(70), block, hash32(block), success, realised, realised, 130_000, 130_000 * 10**9)
