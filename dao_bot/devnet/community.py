"""The people around the treasury: what they hold when the world is built, and what they may spend it on."""

from __future__ import annotations

from collections.abc import Mapping

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import COMMUNITY, DEPLOYER, MARKET_MAKER, REVENUE
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import Transaction
from dao_bot.devnet.world import TokenInfo
from dao_bot.domain.addresses import Address

DAO_OF_A_MEMBER = 80_000
DAO_OF_THE_MARKET_MAKER = 270_000
WETH_OF_THE_MARKET_MAKER = 500
USDC_OF_REVENUE = 1_000_000
REVENUE_PAID = {"USDC": 70_000}
"""What the treasury receives in the days before the present (`history`), in whole tokens."""

PEOPLE = (*COMMUNITY, MARKET_MAKER, REVENUE)
_MAX_UINT256 = 2**256 - 1


def endow(tokens: Mapping[str, TokenInfo], router: Address, staking: Address) -> list[Transaction]:
    """Tokens from the deployer to everybody, in whole tokens as above, and allowances for router and staking."""
    dao, weth, usdc = (tokens[symbol] for symbol in ("DAO", "WETH", "USDC"))
    gifts = [(dao, member, DAO_OF_A_MEMBER) for member in COMMUNITY]
    gifts += [(dao, MARKET_MAKER, DAO_OF_THE_MARKET_MAKER), (weth, MARKET_MAKER, WETH_OF_THE_MARKET_MAKER)]
    gifts += [(usdc, REVENUE, USDC_OF_REVENUE)]
    allowances = [(dao, MARKET_MAKER, router), (weth, MARKET_MAKER, router)]
    allowances += [(dao, member, staking) for member in COMMUNITY]
    return [
        *(_call(token, DEPLOYER.address, "transfer", to, whole * 10**token.decimals) for token, to, whole in gifts),
        *(_call(token, holder, "approve", spender, _MAX_UINT256) for token, holder, spender in allowances),
    ]


def _call(token: TokenInfo, sender: str, function: str, *arguments: object) -> Transaction:
    return Transaction(sender, token.address, encode_call(own_artifact("Token"), function, *arguments))
