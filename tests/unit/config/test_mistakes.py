"""Each mistake that people make in strategies.yaml is told where it stands, with what was probably meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Edited = Callable[..., str]
Lines = Callable[[str], list[str]]

USDC = '"0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722"'
STEWARD = '"0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"'
USDT = '"0x037F0211E456cdA31fc464a0831E99d6E87260b6"'

ONE_PROBLEM = [
    # old, new, where and what
    ("mode: devnet", "mode: devnt", ': mode: must be `devnet` or `plan` or `live`, is "devnt". Did you mean `devnet`?'),
    ("version: 1", "version: 2", ': version: must be less than or equal to 1, is "2"'),
    ("version: 1", "version: 1.0", ": version: not a whole number; got '1.0'"),
    ("  name: Demo DAO\n", "", ": treasury.name: this key is missing"),
    ("  name: Demo DAO", "  nmae: Demo DAO", ": treasury.nmae: unknown key. Did you mean `name`?"),
    ("    finality: 1 block ", "    finality: soon ", ": treasury.chain.finality: not a finality; got 'soon'"),
    ("    id: 31337", "    id: 031337", ": treasury.chain.id: not a whole number; got '031337'"),
    ("    id: 31337", "    id: 0x7a69", ": treasury.chain.id: not a whole number; got '0x7a69'"),
    ("    id: 31337", "    id: 1", ": treasury.chain.id: mode devnet is only for a local chain"),
    ("    id: 31337", "    id:", ": treasury.chain.id: there is no value; write one, or remove the key"),
    (
        "decimals: 6, issuer: Circle",
        "decimals: 99, issuer: Circle",
        ": treasury.tokens.USDC.decimals: must be less than",
    ),
    ("hold_only: true", "hold_only: yes", ": treasury.tokens.DAO.hold_only: must be true or false; got 'yes'"),
    ("hold_only: true", "hold_only: True", ": treasury.tokens.DAO.hold_only: must be true or false; got 'True'"),
    ("6F2A5EB00310F722", "6f2A5EB00310F722", ": treasury.tokens.USDC.address: the address has a wrong checksum"),
    (USDT, USDC, ": treasury.tokens.USDT.address: the same address stands at treasury.tokens.USDC.address"),
    (USDT, USDC.lower(), ": the same address stands at treasury.tokens.USDC.address"),
    (USDT, '"0x0000000000000000000000000000000000000000"', ": the zero address cannot stand here"),
    ("200 gwei", "200", ": treasury.keeper.max_fee_per_gas: not a price of gas; got '200'"),
    ("200 gwei", "0 gwei", ": a price of gas must be positive"),
    (
        "env:DAO_BOT_KEEPER_KEY",
        "hunter2",
        ": treasury.keeper.key: not a reference to a secret; allowed: env:NAME or file:PATH",
    ),
    ('"http://127.0.0.1:8545"', '"wss://127.0.0.1:8545"', ": treasury.chain.rpcs[0].url: not the URL of a node"),
    (
        "{symbol: ETH, decimals: 18}",
        "{symbol: USDC, decimals: 18}",
        ": treasury.tokens.USDC: `USDC` is the chain's own coin",
    ),
    (
        "  uniswap_v3:\n",
        "  uniswap_v4:\n",
        ": protocols.uniswap_v4: there is no protocol `uniswap_v4`. Did you mean `uniswap_v3`?",
    ),
    (
        "    twap_window: 30m",
        "    twap_windw: 30m",
        ": protocols.uniswap_v3.twap_windw: unknown key. Did you mean `twap_window`?",
    ),
    (
        "{tokens: [USDC, USDT], fee: 100}",
        "{tokens: [USDC, UDST], fee: 100}",
        ".pools[0].tokens[1]: there is no token `UDST` under treasury.tokens. Did you mean `USDT`?",
    ),
    ("  max_deviation: 100bps ", "  max_deviation: 0.01 ", ": prices.max_deviation: not a ratio; got '0.01'"),
    (
        "    LUSD:\n",
        "    LUDS:\n",
        ': prices.sources.LUDS: there is no token "LUDS" under treasury.tokens. Did you mean `LUSD`?',
    ),
    (
        "uniswap_v3_twap, against: DAI",
        "uniswap_v2_twap, against: DAI",
        "there is no price source `uniswap_v2_twap`. Did you mean `uniswap_v3_twap`?",
    ),
    ("min: 0.01 USD", "min: 0.01", ": prices.sources.DAO[0].min: not an amount of money"),
    (
        "{use: no_delegatecall}",
        "{use: no_delegatecal}",
        ": policy.rules[1].use: there is no policy rule `no_delegatecal`. Did you mean `no_delegatecall`?",
    ),
    ("{use: no_delegatecall}", "{uses: no_delegatecall}", ": policy.rules[1].use: this key is missing"),
    (
        "{use: no_delegatecall}",
        "no_delegatecall",
        ': policy.rules[1]: must be a mapping (`key: value`), is "no_delegatecall"',
    ),
    (
        "{use: slippage, max: 50bps}",
        "{use: slippage, maximum: 50bps}",
        ": policy.rules[10].maximum: unknown key. Did you mean `max`?",
    ),
    ("{use: slippage, max: 50bps}", "{use: slippage}", ": policy.rules[10].max: this key is missing"),
    (
        "{use: token_floor, tokens: {USDC:",
        "{use: token_floor, tokens: {USDCC:",
        ": policy.rules[13].tokens.USDCC: there is no token `USDCC`",
    ),
    (
        "{use: owners}",
        "{use: owner}",
        ": approvals.two-owners.use: there is no approval rule `owner`. Did you mean `owners`?",
    ),
    (
        "{use: owners}",
        "{use: ballot, power: members, duration: 1h, quorum: 1}",
        ": approvals.two-owners.power: there is no `members` under governance.power",
    ),
    (
        "{use: owners}",
        "{use: ballot, power: members, duration: 1h, quorum: 1e3}",
        ": approvals.two-owners.quorum: ",
    ),
    (
        "{use: owners}",
        "{use: stewards, approvals: 2}",
        ": approvals.two-owners.approvals: 2 stewards are asked for, and governance.stewards has 0",
    ),
    (
        "approvals:\n",
        f"governance: {{stewards: {{ann: {STEWARD}, bob: {STEWARD}}}}}\n\napprovals:\n",
        ": governance.stewards.bob: the same address stands at governance.stewards.ann",
    ),
    (
        "approvals:\n",
        f"governance: {{stewards: {{ann: {STEWARD}}}}}\n\napprovals:\n",
        ": governance.stewards: there are fewer stewards than must sign to end a freeze",
    ),
    (
        "approvals:\n",
        "governance: {power: {members: {sources: [{use: balanc, token: x}]}}}\n\napprovals:\n",
        ": governance.power.members.sources[0].use: there is no source of voting power `balanc`",
    ),
    (
        "approval: two-owners",
        "approval: two-owner",
        ': strategies.reserve.approval: there is no "two-owner" under approvals. Did you mean `two-owners`?',
    ),
    (
        "use: reserve-rebalance",
        "use: reserve-rebalanse",
        ": strategies.reserve.use: there is no strategy `reserve-rebalanse`. Did you mean `reserve-rebalance`?",
    ),
    ("use: reserve-rebalance", "use: ./none.py:Mine", ": strategies.reserve.use: the strategy's file cannot be read"),
    ("use: reserve-rebalance", "use: ./none.py", ": strategies.reserve.use: not a strategy; got './none.py'"),
    (
        "{every: 1h, jitter: 2m}",
        "{every: 1h, jitter: 1h}",
        ": strategies.reserve.schedule: jitter (3600 s) must be shorter",
    ),
    (
        "{every: 1h, jitter: 2m}",
        '{cron: "*/5 * * * *", jitter: 5m}',
        ": strategies.reserve.schedule: jitter (300 s) must be shorter",
    ),
    (
        "{every: 1h, jitter: 2m}",
        '{every: 1h, cron: "0 * * * *"}',
        ": strategies.reserve.schedule: write either `every` or `cron`",
    ),
    ("{every: 1h, jitter: 2m}", "{jitter: 2m}", ": strategies.reserve.schedule: write either `every` or `cron`"),
    ("{every: 1h, jitter: 2m}", "{every: 1:30}", ": strategies.reserve.schedule.every: not a duration; got '1:30'"),
    (
        "{every: 1h, jitter: 2m}",
        "{every: 0s}",
        ": strategies.reserve.schedule.every: must be greater than or equal to 1",
    ),
    (
        "{every: 1h, jitter: 2m}",
        '{cron: "0 0 31 2 *"}',
        ": strategies.reserve.schedule.cron: this cron expression never fires",
    ),
    (
        "route: multisig",
        "route: multisgi",
        ': strategies.reserve.route: there is no "multisgi" under routes. Did you mean `multisig`?',
    ),
    (
        "route: multisig",
        "route: module",
        ': strategies.reserve.approval: "two-owners" asks owners, who sign nothing that goes by the route "module"',
    ),
    (
        "route: multisig",
        "route: multisig\n    autonomy: {most: instant, instant: two-owners}",
        ': strategies.reserve.autonomy.instant: "two-owners" asks owners',
    ),
    ("max_failures: 3", "max_failures: 3.5", ": strategies.reserve.max_failures: not a whole number"),
    ("valid_for: 12h", "valid_for: 12 hours", ": strategies.reserve.valid_for: not a duration"),
    ("  reserve:\n", "  Reserve Strategy:\n", ': strategies["Reserve Strategy"]: not a name'),
    ("url: sqlite:///dao-bot.sqlite3", "url: mysql://user:hunter2@db/x", ": store.url: not the URL of a database"),
    ("store:\n", "stroe:\n", ": stroe: unknown key. Did you mean `store`?"),
]


@pytest.mark.parametrize(("old", "new", "expected"), ONE_PROBLEM, ids=[new.strip() for _, new, _ in ONE_PROBLEM])
def test_mistake_is_told_with_line_column_path_and_what_was_meant(
    old: str, new: str, expected: str, edited: Edited, lines: Lines
) -> None:
    told = lines(edited(old, new))
    assert any(line.startswith("strategies.yaml:") and expected in line for line in told), "\n".join(told)
    assert "hunter2" not in "".join(told)


PLACES = [
    # old, new, the text at the place that is told
    ("slippage, max: 50bps", "slippage, max: half", "half}"),
    ("  name: Demo DAO", "  nmae: Demo DAO", "nmae: Demo DAO"),
    ("  name: Demo DAO\n", "", "treasury:"),
    ("{use: no_delegatecall}", "{use: no_delegatecal}", "no_delegatecal}"),
    ("  uniswap_v3:\n", "  uniswap_v4:\n", "uniswap_v4:"),
    ("{every: 1h, jitter: 2m}", "{jitter: 2m}", "schedule:"),
    ("fee: 500}", "fee: 0}", "0}"),
    ("LUSD: {backing", "LUSD: {<<: x, backing", "<<: x"),
]


@pytest.mark.parametrize(("old", "new", "at"), PLACES, ids=[at for _, _, at in PLACES])
def test_line_and_column_are_where_it_stands(old: str, new: str, at: str, sample: str, lines: Lines) -> None:
    text = sample.replace(old, new, 1)
    places = [(int(line.split(":")[1]), int(line.split(":")[2])) for line in lines(text)]
    found = [text.splitlines()[row - 1][column - 1 :] for row, column in places]
    assert any(rest.startswith(at) for rest in found), found
