"""ERC-20 tokens and the native coin: transfers and burns encoded, and what moves, burns or allows tokens read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from dao_bot.chain.abi import function
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Argument, Call, DecodedCall
from dao_bot.domain.errors import BadInput
from dao_bot.domain.grants import Grant, MayBurn, MaySend
from dao_bot.domain.operations import Burn, Operation, Transfer
from dao_bot.domain.tokens import Amount, Token
from dao_bot.fields import Settings
from dao_bot.protocols.balances import HoldingsProvider
from dao_bot.protocols.port import EncodeContext, Provider, Treasury
from dao_bot.protocols.reading import arguments
from dao_bot.protocols.supply import SupplyProvider
from dao_bot.safe.roles.conditions import ANYTHING, equal, within
from dao_bot.safe.roles.role import Permission

TRANSFER = function("transfer(address,uint256)")
TRANSFER_FROM = function("transferFrom(address,address,uint256)")
APPROVE = function("approve(address,uint256)")
INCREASE = function("increaseAllowance(address,uint256)")
DECREASE = function("decreaseAllowance(address,uint256)")
BURN = function("burn(uint256)")
NATIVE_TRANSFER = "receive()"

UNLIMITED = 2**256 - 1
_PRACTICALLY_UNLIMITED = 2**255


class Erc20Settings(Settings):
    """Nothing to set: the tokens stand under `treasury.tokens`."""


class Erc20:
    """Always on. Permits are not decoded: they allow by a signature what no call of the Safe shows."""

    name: ClassVar[str] = "erc20"
    Settings: ClassVar[type[Erc20Settings]] = Erc20Settings

    def __init__(self, settings: Erc20Settings, treasury: Treasury) -> None:
        self._treasury = treasury
        self._tokens = {token.address: token for token in treasury.tokens.values()}
        self._readers: dict[bytes, Callable[[Call, Token], DecodedCall | None]] = {
            TRANSFER.selector: self._transfer,
            TRANSFER_FROM.selector: self._transfer_from,
            APPROVE.selector: self._approve,
            INCREASE.selector: self._increase,
            DECREASE.selector: self._decrease,
            BURN.selector: self._burn,
        }

    @property
    def operations(self) -> tuple[type[Operation], ...]:
        return (Transfer, Burn)

    @property
    def providers(self) -> tuple[Provider, ...]:
        return (HoldingsProvider(), SupplyProvider())

    @property
    def contracts(self) -> Mapping[Address, tuple[str, str | None]]:
        """None: tokens are known by the configuration, and no token may spend for the Safe."""
        return {}

    def deadline(self, valid_until: int) -> Call | None:
        """None: tokens know no deadlines."""
        return None

    def encode(self, operation: Transfer | Burn, context: EncodeContext) -> tuple[Call, ...]:
        """One call.

        Raises:
            BadInput: for nothing, for a token of another chain, to the zero address, or to burn coins.
        """
        amount = operation.amount
        if amount.units <= 0:
            raise BadInput(f"a {operation.kind} must move something", value=str(amount))
        if amount.token not in (*self._tokens.values(), self._treasury.native):
            raise BadInput(f"a {operation.kind} of a token that is not configured", value=amount.token.address)
        if isinstance(operation, Burn):
            return (self._encode_burn(amount),)
        if operation.to == ZERO_ADDRESS:
            raise BadInput("a transfer to the zero address is lost", next_step="Name the recipient")
        if amount.token.is_native:
            return (Call(operation.to, b"", amount.units),)
        return (Call(amount.token.address, TRANSFER.encode(operation.to, amount.units)),)

    def _encode_burn(self, amount: Amount) -> Call:
        if amount.token.is_native:
            raise BadInput("coins cannot be burned", value=str(amount), limit="a token with burn(uint256)")
        return Call(amount.token.address, BURN.encode(amount.units))

    def permissions(self, grant: Grant) -> tuple[Permission, ...]:
        """What the role must allow for burning and sending."""
        match grant:
            case MayBurn(token):
                return (Permission(token.address, BURN, (within(token.address),)),)
            case MaySend(token, to) if not token.is_native:
                return (Permission(token.address, TRANSFER, (equal("address", to), within(token.address))),)
        return ()

    def decode(self, call: Call) -> DecodedCall | None:
        """Transfers, burns and allowances of configured tokens, bare transfers of coins; None for everything else."""
        if not call.data:
            return self._native_transfer(call) if call.value > 0 else None
        token = self._tokens.get(call.to)
        reader = self._readers.get(call.selector)
        if token is None or reader is None or call.value:
            return None
        return reader(call, token)

    def _native_transfer(self, call: Call) -> DecodedCall:
        amount = self._treasury.native.amount(call.value)
        return DecodedCall(
            call,
            self.name,
            NATIVE_TRANSFER,
            (),
            f"Send {amount} to {call.to}",
            recipients=(call.to,),
            spends=((ZERO_ADDRESS, call.value),),
        )

    def _transfer(self, call: Call, token: Token) -> DecodedCall | None:
        values = arguments(TRANSFER, call.data)
        if values is None:
            return None
        to, units = values
        return DecodedCall(
            call,
            self.name,
            TRANSFER.signature,
            (Argument("to", "address", to), Argument("amount", "uint256", units)),
            f"Send {token.amount(units)} to {to}",
            recipients=(to,),
            spends=((token.address, units),),
        )

    def _transfer_from(self, call: Call, token: Token) -> DecodedCall | None:
        values = arguments(TRANSFER_FROM, call.data)
        if values is None:
            return None
        sender, to, units = values
        return DecodedCall(
            call,
            self.name,
            TRANSFER_FROM.signature,
            (
                Argument("from", "address", sender),
                Argument("to", "address", to),
                Argument("amount", "uint256", units),
            ),
            f"Move {token.amount(units)} from {sender} to {to}",
            recipients=(to,),
            spends=((token.address, units),) if sender == self._treasury.safe else (),
        )

    def _burn(self, call: Call, token: Token) -> DecodedCall | None:
        values = arguments(BURN, call.data)
        if values is None:
            return None
        (units,) = values
        return DecodedCall(
            call,
            self.name,
            BURN.signature,
            (Argument("amount", "uint256", units),),
            f"Burn {token.amount(units)}",
            spends=((token.address, units),),
            burns=(token.address, units),
        )

    def _approve(self, call: Call, token: Token) -> DecodedCall | None:
        values = arguments(APPROVE, call.data)
        if values is None:
            return None
        spender, units = values
        summary = (
            f"Allow {spender} to take {_allowance(token, units)}"
            if units
            else f"Allow {spender} to take no {token.symbol} any more"
        )
        return DecodedCall(
            call,
            self.name,
            APPROVE.signature,
            (Argument("spender", "address", spender), Argument("amount", "uint256", units)),
            summary,
            approves=(token.address, spender, units),
        )

    def _increase(self, call: Call, token: Token) -> DecodedCall | None:
        values = arguments(INCREASE, call.data)
        if values is None:
            return None
        spender, units = values
        return DecodedCall(
            call,
            self.name,
            INCREASE.signature,
            (Argument("spender", "address", spender), Argument("added", "uint256", units)),
            f"Allow {spender} to take {_allowance(token, units)} more than before",
            # The bytes do not tell what stood there before, so the worst is assumed.
            approves=(token.address, spender, UNLIMITED),
        )

    def _decrease(self, call: Call, token: Token) -> DecodedCall | None:
        values = arguments(DECREASE, call.data)
        if values is None:
            return None
        spender, units = values
        return DecodedCall(
            call,
            self.name,
            DECREASE.signature,
            (Argument("spender", "address", spender), Argument("subtracted", "uint256", units)),
            f"Allow {spender} to take {_allowance(token, units)} less than before",
            # What remains is not in the bytes either; naming the pair lets the simulation look at it.
            approves=(token.address, spender, UNLIMITED),
        )


def exact_approval(
    token: Token, spender: Address, units: int, needs_zero_first: bool
) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """Calls before and after the one that spends: exactly `units` are allowed in between, and nothing afterwards.

    Args:
        needs_zero_first: some tokens (USDT) refuse to change an allowance that is not zero.
    """
    clear = approval(token, spender, 0)
    allow = approval(token, spender, units)
    return ((clear, allow) if needs_zero_first else (allow,)), (clear,)


def may_approve(token: Address, spender: Address) -> Permission:
    """Any allowance for this one spender: what it takes is limited where it is spent."""
    return Permission(token, APPROVE, (equal("address", spender), ANYTHING))


def approval(token: Token, spender: Address, units: int) -> Call:
    """Set what `spender` may take."""
    return Call(token.address, APPROVE.encode(spender, units))


def _allowance(token: Token, units: int) -> Any:
    return f"any amount of {token.symbol}" if units >= _PRACTICALLY_UNLIMITED else token.amount(units)
