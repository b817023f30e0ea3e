"""Random batches of real calls, most of them what a strategy would do, some of them what a thief or a fool would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from dao_bot.chain.abi import function
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, CallType, WrappedTransaction
from dao_bot.domain.units import WAD
from dao_bot.safe.batch import wrap_multisig
from tests.property.cycle.office import OPERATIONS, STRANGER, THIEF, Office

BPS = WAD // 10_000
HOUR = 3_600
STABLE = ("USDC", "USDT", "DAI", "LUSD")
POOLS: Mapping[frozenset[str], int] = {
    frozenset(("USDC", "USDT")): 100,
    frozenset(("USDC", "DAI")): 100,
    frozenset(("USDC", "LUSD")): 500,
    frozenset(("DAI", "USDT")): 100,
}

APPROVE = function("approve(address,uint256)", "(bool)")
TRANSFER = function("transfer(address,uint256)", "(bool)")
SWAP = function("exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))", "(uint256)")
DEADLINE = function("multicall(uint256,bytes[])", "(bytes[])")
ADD_OWNER = function("addOwnerWithThreshold(address,uint256)")
SET_THRESHOLD = function("changeThreshold(uint256)")
ENABLE_MODULE = function("enableModule(address)")
SET_HANDLER = function("setFallbackHandler(address)")
DEPOSIT = function("deposit()")
SELF_CALLS = {
    "add an owner": ADD_OWNER.encode(STRANGER, 2),
    "lower the threshold": SET_THRESHOLD.encode(1),
    "enable a module": ENABLE_MODULE.encode(STRANGER),
    "set a handler": SET_HANDLER.encode(STRANGER),
    "nothing": b"",
}


@dataclass(frozen=True)
class Swap:
    """Sells `units` for at least the fair amount less `accepted` basis points of loss.

    `allowed` is what the router may take, `clears` whether it may take nothing afterwards.
    """

    sell: str
    buy: str
    units: int
    accepted: int
    to_stranger: bool = False
    surplus: int = 0
    clears: bool = True


@dataclass(frozen=True)
class Pay:
    """`token` None is the native coin."""

    token: str | None
    units: int
    to: Address


@dataclass(frozen=True)
class Allow:
    """An allowance that stays."""

    token: str
    spender: Address
    units: int


@dataclass(frozen=True)
class SelfCall:
    """The Safe calls itself; `name` is one of `SELF_CALLS`."""

    name: str


@dataclass(frozen=True)
class WrapCoins:
    """A call that no configured protocol knows: coins become WETH."""

    wei: int


Action = Swap | Pay | Allow | SelfCall | WrapCoins


@dataclass(frozen=True)
class Limits:
    """What a policy says: USD and ratios as WAD."""

    slippage: int = 50 * BPS
    value_loss: int = 50 * BPS
    per_run: int = 750_000 * WAD
    per_window: int = 2_000_000 * WAD
    usdc_floor: int = 100_000 * WAD
    usdc_cap: int = 60 * WAD // 100
    circle_cap: int = 65 * WAD // 100


@dataclass(frozen=True)
class Case:
    """A batch, the policy that it is held to, and what the world does before.

    Attributes:
        deadline: seconds from now that the bytes allow; None for no deadline at all.
        valid_for: seconds that people are told.
        wrapping: "batch", or "call" (a single plain call), "delegatecall" (to a strange contract).
        moved_before: USD (WAD) that another batch took an hour ago.
        weather: "calm", "stale" (a feed), "off" (a feed by 2 %), "pushed" (a pool).
    """

    actions: tuple[Action, ...]
    limits: Limits = field(default_factory=Limits)
    deadline: int | None = 12 * HOUR
    valid_for: int = 12 * HOUR
    wrapping: str = "batch"
    moved_before: int = 0
    weather: str = "calm"


@st.composite
def swaps(draw: st.DrawFn) -> Swap:
    """What strategies do."""
    pair = draw(st.sampled_from(sorted(tuple(sorted(pair)) for pair in POOLS)))
    sell, buy = pair if draw(st.booleans()) else pair[::-1]
    size = draw(st.integers(1, 40_000 if sell != "LUSD" else 10_000))
    return Swap(sell, buy, size, draw(st.sampled_from([20, 30, 45, 49])))


def _odd(swap: Swap) -> st.SearchStrategy[Action]:
    """The same swap with something wrong."""
    from dataclasses import replace

    return st.sampled_from(
        [
            replace(swap, accepted=51),
            replace(swap, accepted=300),
            replace(swap, accepted=-100),
            replace(swap, to_stranger=True),
            replace(swap, surplus=5_000),
            replace(swap, clears=False, surplus=1),
            replace(swap, units=3_000_000),
        ]
    )


_FOOLISH: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        Pay, st.sampled_from([*STABLE, "DAO", None]), st.integers(1, 40), st.sampled_from([STRANGER, OPERATIONS])
    ),
    st.builds(Allow, st.sampled_from([*STABLE, "DAO"]), st.sampled_from([STRANGER, OPERATIONS]), st.integers(0, 10)),
    st.builds(SelfCall, st.sampled_from(sorted(SELF_CALLS))),
    st.builds(WrapCoins, st.integers(1, 5)),
)

_TIGHT = {
    "slippage": [5, 20, 30],
    "value_loss": [1, 2],
    "per_run": [500, 5_000, 20_000],
    "per_window": [10_000, 60_000],
    "usdc_floor": [290_000, 299_500, 310_000],
    "usdc_cap": [400, 410, 450],
    "circle_cap": [450, 480, 500],
}


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Wide, but for at most two that a batch may reach; dollars, and basis points of ratios."""
    chosen = draw(st.lists(st.sampled_from(sorted(_TIGHT)), max_size=2, unique=True))
    in_dollars = ("per_run", "per_window", "usdc_floor")
    return Limits(
        **{name: draw(st.sampled_from(_TIGHT[name])) * (WAD if name in in_dollars else BPS) for name in chosen}
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Half of them sensible under sensible limits, so that enough are accepted."""
    good = tuple(draw(st.lists(swaps(), min_size=1, max_size=3, unique_by=lambda swap: swap.sell)))
    kind = draw(st.integers(0, 9))
    if kind < 4:
        return Case(good)
    if kind < 6:
        return Case(good, draw(limits()), moved_before=draw(st.sampled_from([0, 50_000])) * WAD)
    if kind < 8:
        return Case((*good, draw(st.one_of(_odd(good[0]), _FOOLISH))))
    if kind < 9:
        deadline, valid_for = draw(st.sampled_from([(None, 12), (13, 12), (48, 48), (1, 1)]))
        return Case(good, deadline=deadline and deadline * HOUR, valid_for=valid_for * HOUR)
    return draw(
        st.sampled_from(
            [
                Case(good, weather="stale"),
                Case(good, weather="off"),
                Case(good, weather="pushed"),
                Case(good, wrapping="call"),
                Case(good, wrapping="delegatecall"),
            ]
        )
    )


def whole(office: Office, symbol: str | None, amount: int) -> int:
    """Base units of so many whole tokens."""
    units: int = amount * 10 ** (18 if symbol is None else office.world.tokens[symbol].decimals)
    return units


def fair(office: Office, prices: Mapping[str, int], swap: Swap) -> int:
    """Base units of what is bought that are worth what is sold."""
    sold = whole(office, swap.sell, swap.units) * prices[swap.sell] * whole(office, swap.buy, 1)
    return sold // (prices[swap.buy] * whole(office, swap.sell, 1))


def calls_of(office: Office, prices: Mapping[str, int], action: Action) -> list[Call]:
    """The action as calls of the Safe."""
    world = office.world
    match action:
        case Swap():
            sold, bought = world.tokens[action.sell].address, world.tokens[action.buy].address
            units = whole(office, action.sell, action.units)
            least = fair(office, prices, action) * (10_000 - action.accepted) // 10_000
            receiver = STRANGER if action.to_stranger else world.safe
            fee = POOLS[frozenset((action.sell, action.buy))]
            calls = [
                Call(sold, APPROVE.encode(world.router, units + action.surplus)),
                Call(world.router, SWAP.encode((sold, bought, fee, receiver, units, least, 0))),
            ]
            return [*calls, Call(sold, APPROVE.encode(world.router, 0))] if action.clears else calls
        case Pay(token=None):
            return [Call(action.to, b"", whole(office, None, action.units) // 10)]
        case Pay():
            assert action.token is not None
            units = whole(office, action.token, action.units)
            return [Call(world.tokens[action.token].address, TRANSFER.encode(action.to, units))]
        case Allow():
            units = whole(office, action.token, action.units)
            return [Call(world.tokens[action.token].address, APPROVE.encode(action.spender, units))]
        case SelfCall():
            return [Call(world.safe, SELF_CALLS[action.name])]
        case WrapCoins():
            return [Call(world.weth, DEPOSIT.encode(), action.wei * 10**17)]


def wrapped(office: Office, prices: Mapping[str, int], case: Case, now: int) -> WrappedTransaction:
    """What the Safe would execute."""
    calls = [call for action in case.actions for call in calls_of(office, prices, action)]
    if case.wrapping == "call":
        return WrappedTransaction("multisig", calls[0].to, 0, calls[0].data, CallType.CALL)
    if case.wrapping == "delegatecall":
        return WrappedTransaction("multisig", THIEF, 0, b"", CallType.DELEGATECALL)
    if case.deadline is not None:
        calls.insert(0, Call(office.world.router, DEADLINE.encode(now + case.deadline, [])))
    return wrap_multisig(calls, office.world.multi_send_call_only)
