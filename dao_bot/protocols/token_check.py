"""The self-test of the configured tokens: there is code, and decimals and symbol are those of the configuration."""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Plan
from dao_bot.chain.provider import Treasury
from dao_bot.domain.tokens import Token
from dao_bot.protocols.port import Check
from dao_bot.protocols.reading import told, told_units

_DECIMALS = function("decimals()", "(uint8)")
_SYMBOL = function("symbol()", "(string)")
_TOTAL_SUPPLY = function("totalSupply()", "(uint256)")
_FIELDS = (_DECIMALS, _SYMBOL, _TOTAL_SUPPLY)


def check_tokens(treasury: Treasury) -> Plan[tuple[Check, ...]]:
    """One line for each configured token, in one round."""
    tokens = tuple(treasury.tokens.values())
    answers = yield [field.read(token.address) for token in tokens for field in _FIELDS]
    count = len(_FIELDS)
    return tuple(_check(token, *answers[count * at : count * (at + 1)]) for at, token in enumerate(tokens))


def _check(token: Token, decimals: Answer, symbol: Answer, supply: Answer) -> Check:
    subject = f"token {token.symbol}"
    if told_units(_TOTAL_SUPPLY, supply) is None:
        return Check(subject, f"there is no token at {token.address}; correct the address under treasury.tokens")
    actual = told_units(_DECIMALS, decimals)
    if actual is None:
        return Check(subject, f"the token at {token.address} does not tell its decimals")
    if actual != token.decimals:
        return Check(subject, f"the chain says {actual} decimals, the configuration {token.decimals}; correct it")
    name = _symbol(symbol)
    if name != token.symbol:
        shown = "no symbol" if name is None else repr(name[:40])
        return Check(subject, f"the token at {token.address} calls itself {shown}; is it the right one?", fatal=False)
    return Check(subject)


def _symbol(answer: Answer) -> str | None:
    """A `string`, or the `bytes32` of tokens older than the standard (MKR)."""
    if answer.success and len(answer.data) == 32:
        return answer.data.rstrip(b"\0").decode("utf-8", "replace")
    values = told(_SYMBOL, answer)
    return None if values is None else str(values[0])
