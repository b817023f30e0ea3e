"""Realistic proposals for the cards: a rebalance of a reserve, a payment, and ones that go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.calls import Argument, Batch, Call, CallType, DecodedCall, WrappedTransaction
from dao_bot.domain.decisions import BindingConstraint, Decision, Evidence
from dao_bot.domain.hashing import keccak
from dao_bot.domain.multisend import encode_multi_send
from dao_bot.domain.operations import Swap
from dao_bot.domain.prices import PriceQuote, TokenPrice
from dao_bot.domain.proposals import HoldingLine, Outcome, Proposal
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.simulation import AssetChange, SafeState, Simulation, Witness
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import RuleReport, Verdict

NOW = 1_795_208_820
DEADLINE = NOW + 12 * 3600
CHAIN = 31_337


def address(name: str) -> Address:
    """An address that stands for `name`."""
    return checksum(keccak(name.encode())[:20])


def hash_of(name: str) -> str:
    """A 32-byte hash that stands for `name`."""
    return "0x" + keccak(name.encode()).hex()


def token(symbol: str, decimals: int = 6) -> Token:
    return Token(CHAIN, ZERO_ADDRESS if symbol == "ETH" else address(symbol), symbol, decimals)


SAFE = address("safe")
ROUTER, MULTISEND = address("router"), address("multisend")
ALICE, BOB, CAROL = address("alice"), address("bob"), address("carol")
OPERATIONS = address("operations")
USDC, USDT, DAI = token("USDC"), token("USDT"), token("DAI", 18)
DAO, ETH = token("DAO", 18), token("ETH", 18)
LABELS: dict[str, str] = {
    SAFE: "Demo DAO treasury",
    ROUTER: "Uniswap v3 router",
    MULTISEND: "MultiSendCallOnly 1.4.1",
    USDC.address: "USDC",
    USDT.address: "USDT",
    DAI.address: "DAI",
    DAO.address: "DAO",
    ALICE: "Alice",
    BOB: "Bob",
    CAROL: "Carol",
    OPERATIONS: "Operations multisig",
}
BLOCK = Block(CHAIN, 21_407_113, hash_of("block"), NOW)
POLICY = hash_of("policy")


def price(of: Token, usd: int | None, *others: int, problems: tuple[str, ...] = ()) -> TokenPrice:
    """`usd` WAD by a feed, and `others` by further sources."""
    quotes = [] if usd is None else [PriceQuote("chainlink", usd, NOW - 812, 90_000)]
    names = ["uniswap_v3_twap 30 min", "coinbase", "kraken"]
    quotes += [PriceQuote(names[i % 3], other, NOW - 12, 3_600) for i, other in enumerate(others)]
    return TokenPrice(of, usd, tuple(quotes), problems)


def dollars(text: str) -> int:
    """`0.9987` as a WAD."""
    whole, _, fraction = text.partition(".")
    return int(whole) * WAD + int(fraction.ljust(18, "0"))


def approve(of: Token, units: int) -> DecodedCall:
    data = bytes.fromhex("095ea7b3") + bytes.fromhex(ROUTER[2:]).rjust(32, b"\0") + units.to_bytes(32, "big")
    return DecodedCall(
        call=Call(of.address, data),
        protocol="erc20",
        function="approve(address,uint256)",
        arguments=(Argument("spender", "address", ROUTER), Argument("amount", "uint256", units)),
        summary=f"Allow the Uniswap v3 router to take exactly {of.amount(units)}",
        approves=(of.address, ROUTER, units),
    )


def swap(sold: Token, units: int, bought: Token, least: int | None, recipient: Address = SAFE) -> DecodedCall:
    path = bytes.fromhex(sold.address[2:]) + (100).to_bytes(3, "big") + bytes.fromhex(bought.address[2:])
    amounts = units.to_bytes(32, "big") + (least or 0).to_bytes(32, "big")
    return DecodedCall(
        call=Call(ROUTER, bytes.fromhex("b858183f") + path.ljust(64, b"\0") + amounts),
        protocol="uniswap_v3",
        function="exactInput((bytes,address,uint256,uint256))",
        arguments=(
            Argument("path", "bytes", "0x" + path.hex()),
            Argument("recipient", "address", recipient),
            Argument("amountIn", "uint256", units),
            Argument("amountOutMinimum", "uint256", least or 0),
        ),
        summary=f"Sell exactly {sold.amount(units)} for at least {bought.amount(least or 0)}",
        recipients=(recipient,),
        spends=((sold.address, units),),
        minimum=None if least is None else (sold.address, units, bought.address, least),
        venue="uniswap_v3",
        pools=(address("pool"),),
    )


def deadline(at: int = DEADLINE) -> DecodedCall:
    return DecodedCall(
        call=Call(ROUTER, bytes.fromhex("5ae401dc") + at.to_bytes(32, "big")),
        protocol="uniswap_v3",
        function="multicall(uint256,bytes[])",
        arguments=(Argument("deadline", "uint256", at), Argument("data", "bytes[]", ())),
        summary="Revert everything after the deadline",
        deadline=at,
    )


def transfer(of: Token, units: int, to: Address) -> DecodedCall:
    data = bytes.fromhex("a9059cbb") + bytes.fromhex(to[2:]).rjust(32, b"\0") + units.to_bytes(32, "big")
    return DecodedCall(
        call=Call(of.address, data),
        protocol="erc20",
        function="transfer(address,uint256)",
        arguments=(Argument("to", "address", to), Argument("amount", "uint256", units)),
        summary=f"Send {of.amount(units)}",
        recipients=(to,),
        spends=((of.address, units),),
    )


def report(rule: str, subject: str, before: str, after: str, limit: str, **rest: object) -> RuleReport:
    flags: dict[str, object] = {"binds": False, "violated": False, "message": "Within its limit.", **rest}
    return RuleReport(rule, subject, before, after, limit, **flags)  # type: ignore[arg-type]  # forwarded field names


def safe_state() -> SafeState:
    return SafeState(SAFE, "1.4.1", address("singleton"), (ALICE, BOB, CAROL), 2, 18, (), ZERO_ADDRESS, ZERO_ADDRESS)


def simulated(changes: Sequence[tuple[Token, int]], *, success: bool = True, reason: str | None = None) -> Simulation:
    moved = tuple(AssetChange(of.address, delta) for of, delta in changes)
    return Simulation(
        block_number=BLOCK.number,
        block_hash=BLOCK.hash,
        timestamp=NOW,
        success=success,
        changes=moved,
        gas_used=412_345,
        revert_reason=reason,
        residual_allowances=(),
        safe_after=safe_state(),
        witnesses=(
            Witness("eth_simulateV1", "local", success, moved, 412_345, reason),
            Witness("execTransaction on a fork", "local", success, moved, 414_020, reason),
        ),
    )


def batch_of(decoded: Sequence[DecodedCall]) -> Batch:
    wrapped = WrappedTransaction(
        "multisig", MULTISEND, 0, encode_multi_send(item.call for item in decoded), CallType.DELEGATECALL
    )
    return Batch(CHAIN, SAFE, wrapped, POLICY, DEADLINE)


def proposal(
    decoded: Sequence[DecodedCall],
    holdings: Sequence[tuple[Token, int, TokenPrice]],
    changes: Sequence[tuple[Token, int]],
    reports: Sequence[RuleReport],
    decision: Decision,
    simulation: Simulation | None = None,
) -> Proposal:
    """A proposal whose parts agree with each other."""
    delta = dict(changes)
    return Proposal(
        run=RunId("reserve", NOW - NOW % 3600),
        attempt=0,
        observation_digest=hash_of("observation"),
        block=BLOCK,
        safe_nonce=0,
        batch=batch_of(decoded),
        calls=tuple(item.call for item in decoded),
        decoded=tuple(decoded),
        decision=decision,
        holdings=tuple(
            HoldingLine(of, before, before + delta.get(of, 0), of_price) for of, before, of_price in holdings
        ),
        simulation=simulation or simulated(changes),
        verdict=Verdict(POLICY, tuple(reports)),
        approval_rule="two-owners",
        labels=dict(LABELS),
    )


RULES = (
    report("simulation", "", "", "", "", message="Two simulations agree: eth_simulateV1, execTransaction on a fork."),
    report("allowed_targets", "", "", "", "", message="All 5 calls go to configured contracts, and are understood."),
    report("allowed_recipients", "", "", "", "", message="Everything goes to the Safe itself or to named recipients."),
    report("no_delegatecall", "", "", "", "", message="5 plain calls through the pinned MultiSendCallOnly."),
    report("safe_unchanged", "", "2 of 3 owners", "2 of 3 owners", "", message="Nobody gains control of the Safe."),
    report("deadline", "validity", "0 s", "12 h", "at most 24 h", message="The batch is valid for 12 h."),
    report("residual_allowances", "", "", "0", "0", message="No allowance is left after the batch."),
    report("price_quality", "USDT between sources", "0.00 %", "0.03 %", "at most 1.00 %"),
    report("price_quality", "USDC between sources", "0.00 %", "0.01 %", "at most 1.00 %"),
    report("price_quality", "DAI between sources", "0.00 %", "0.05 %", "at most 1.00 %"),
    report("pool_against_oracle", "USDC/USDT pool, spot", "0.00 %", "0.02 %", "at most 1.00 %"),
    report("pool_against_oracle", "DAI/USDT pool, spot", "0.00 %", "0.09 %", "at most 1.00 %"),
    report("slippage", "call 3: USDT to USDC", "0.00 %", "0.43 %", "at most 0.50 %"),
    report("slippage", "call 4: USDT to DAI", "0.00 %", "0.54 %", "at most 0.60 %"),
    report("move_size", "this run", "0.00 USD", "619,504.00 USD", "at most 750,000.00 USD"),
    report("move_size", "24 h", "310,000.00 USD", "929,504.00 USD", "at most 1,500,000.00 USD"),
    report("token_floor", "USDC", "410,229.48 USD", "830,042.59 USD", "at least 100,000.00 USD"),
    report("token_cap", "USDT", "62.12 %", "35.00 %", "at most 35.00 %", binds=True, message="USDT stands at its cap."),
    report("token_cap", "USDC", "17.96 %", "36.34 %", "at most 60.00 %"),
    report("token_cap", "DAI", "13.49 %", "22.23 %", "at most 40.00 %"),
    report("value_loss", "portfolio", "0.00 %", "0.01 %", "at most 0.50 %"),
)

REBALANCE_CHANGES = (
    (USDT, -620_000_000_000),
    (USDC, 419_834_100_000),
    (DAI, 199_612_400_000_000_000_000_000),
)


def rebalance(**changed: object) -> Proposal:
    """Too much USDT: part of it becomes USDC and DAI."""
    decoded = (
        deadline(),
        approve(USDT, 620_000_000_000),
        swap(USDT, 420_000_000_000, USDC, 417_900_000_000),
        swap(USDT, 200_000_000_000, DAI, 198_700_000_000_000_000_000_000),
        approve(USDT, 0),
    )
    decision = Decision(
        operations=(
            Swap(USDT.amount(420_000_000_000), USDC, 419_834_100_000, "uniswap_v3", "0x00"),
            Swap(USDT.amount(200_000_000_000), DAI, 199_612_400_000_000_000_000_000, "uniswap_v3", "0x00"),
        ),
        reason=(
            "62 % of the reserve hangs on one issuer, above its cap of 35 %; trading now costs less than the risk "
            "that it takes away."
        ),
        summary=(
            "Sell 620,000 USDT for USDC and DAI, which brings Tether to its cap.",
            "It costs about 71 USD, against 9,400 USD of expected loss avoided in a year.",
            "It waits if the pools move by more than the slippage bound.",
        ),
        evidence=(
            Evidence("CVaR 99 % before", 214_300.0, "USD"),
            Evidence("CVaR 99 % after", 121_870.0, "USD"),
            Evidence("runway", 14.2, "months"),
            Evidence("turnover", 27.1, "%"),
            Evidence("cost of trading", 71.18, "USD"),
        ),
        binding=(
            BindingConstraint("issuer cap Tether", 0.0184, "USD per USD"),
            BindingConstraint("liquidity bucket 24 h", 0.0009, "USD per USD"),
        ),
    )
    holdings = (
        (USDC, 410_250_000_000, price(USDC, dollars("0.99995"), dollars("0.99991"))),
        (USDT, 1_420_000_000_000, price(USDT, dollars("0.9992"), dollars("0.99899"))),
        (DAI, 308_000 * WAD, price(DAI, dollars("1.0003"), dollars("0.9999"))),
        (DAO, 250_000 * WAD, price(DAO, dollars("0.432"))),
        (ETH, 12 * WAD + 5 * WAD // 10, price(ETH, dollars("3120.55"), dollars("3121.10"))),
        (token("LUSD", 18), 0, price(token("LUSD", 18), dollars("1.001"))),
    )
    made = proposal(decoded, holdings, REBALANCE_CHANGES, RULES, decision)
    return replace(made, **changed) if changed else made  # type: ignore[arg-type]  # forwarded field names


def executed() -> Outcome:
    """The rebalance as it came: a little less USDC, a little more DAI."""
    return Outcome(
        transaction_hash=hash_of("transaction"),
        block_number=BLOCK.number + 214,
        block_hash=hash_of("later block"),
        success=True,
        realised=(
            (USDT, -620_000_000_000),
            (USDC, 419_801_220_000),
            (DAI, 199_615_900_000_000_000_000_000),
        ),
        expected=REBALANCE_CHANGES,
        gas_used=409_772,
        gas_cost=409_772 * 21_000_000_000,
    )


def refused() -> Proposal:
    """A batch that breaks two rules of the policy and sends money to a stranger."""
    stranger = address("stranger")
    decoded = (
        swap(USDT, 620_000_000_000, USDC, None),
        transfer(USDC, 40_000_000_000, stranger),
    )
    changes = ((USDT, -620_000_000_000), (USDC, 579_000_000_000 - 40_000_000_000))
    reports = (
        report("move_size", "one run", "0.00 USD", "659,504.00 USD", "at most 500,000.00 USD", violated=True,
               message="The move is too large: 659,504.00 USD is more than the 500,000.00 USD allowed; trade less."),
        report("allowed_recipients", stranger, "", stranger, "the address book", violated=True,
               message="A recipient that nobody named: add it to the address book, or drop the call."),
        report("token_cap", "USDT", "62.12 %", "35.00 %", "at most 35.00 %", binds=True),
        report("token_floor", "USDC", "410,250.00 USD", "949,250.00 USD", "at least 100,000.00 USD"),
    )  # fmt: skip
    base = rebalance()
    holdings = tuple((line.token, line.before, line.price) for line in base.holdings)
    return proposal(decoded, holdings, changes, reports, Decision((), reason="Trust me."))


def payment() -> Proposal:
    """Salaries to a labelled address; nothing is traded."""
    decoded = (deadline(), transfer(USDC, 42_500_000_000, OPERATIONS))
    base = rebalance()
    holdings = tuple((line.token, line.before, line.price) for line in base.holdings)
    reports = (report("allowed_recipients", "", "", "Operations multisig", "the address book"),)
    decision = Decision((), reason="Monthly payment to operations.")
    return proposal(decoded, holdings, ((USDC, -42_500_000_000),), reports, decision)


def reverting() -> Proposal:
    """A batch that fails in simulation."""
    base = rebalance()
    return replace(
        base,
        simulation=simulated((), success=False, reason="Too little received"),
        holdings=tuple(replace(line, expected=line.before) for line in base.holdings),
    )


def many(count: int = 200) -> Proposal:
    """A treasury of `count` tokens, each of which moves."""
    tokens = [token(f"T{number:03d}", 18) for number in range(count)]
    changes = tuple((of, (-1) ** number * (number + 1) * 1_000 * WAD) for number, of in enumerate(tokens))
    holdings = tuple(
        (of, 1_000_000 * WAD, price(of, WAD + (-1) ** number * number * WAD // 100_000))
        for number, of in enumerate(tokens)
    )
    reports = tuple(
        report("token_cap", of.symbol, "1.00 %", f"{number / 100:.2f} %", "at most 2.00 %")
        for number, of in enumerate(tokens)
    )
    return proposal((deadline(),), holdings, changes, reports, Decision((), reason="Many."))


HOSTILE_TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><iframe src=https://evil.example>",
    "[bold red]free money[/bold red] [link=https://evil.example]here[/link]",
    "\u202eCDSU 1 dnes\u202c",
    "US\u200bDC\u2066\u2069\ufeff",
    "\x1b[2J\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\r\n\t\0",
    "@everyone <@1234> **bold** ~~struck~~ ```code``` [text](https://evil.example)",
    "Z" + "\u0335\u0336" * 40,
    "\ud800 lone surrogate \U000e0041 tag \u115f filler",
    "A" * 4_000,
)


def hostile(text: str) -> Proposal:
    """The rebalance with `text` wherever a word from outside can stand."""
    base = rebalance()
    evil = Token(CHAIN, address("evil"), text, 6)
    decoded = (
        *base.decoded,
        DecodedCall(
            Call(evil.address, b"\xde\xad\xbe\xef"),
            text,
            text,
            (Argument(text, text, text), Argument("n", "uint256[]", (1, (text, b"\x01" * 100)))),
            text,
        ),
    )
    line = HoldingLine(evil, 5, 5, TokenPrice(evil, WAD, (PriceQuote(text, WAD, NOW, 60),), (text,)))
    return replace(
        base,
        run=RunId(text, NOW),
        calls=tuple(item.call for item in decoded),
        decoded=decoded,
        batch=batch_of(decoded),
        decision=Decision((), text, (text, text), (Evidence(text, text, text),), (BindingConstraint(text, 1.0, text),)),
        holdings=(*base.holdings, line),
        simulation=replace(
            base.simulation, witnesses=tuple(replace(w, method=text, endpoint=text) for w in base.simulation.witnesses)
        ),
        verdict=Verdict(POLICY, (*base.verdict.reports, RuleReport(text, text, text, text, text, False, True, text))),
        approval_rule=text,
        labels={**LABELS, SAFE: text, evil.address: text, ALICE: text},
    )
