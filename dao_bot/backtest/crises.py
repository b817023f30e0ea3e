"""The crises that a policy is replayed over, and the limits that it must keep: stated, not tuned to what comes out.

Every crisis says how US dollar marks are made of its data, because none of the data is in dollars. A change to a limit
or to a crisis is a new `VERSION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dao_bot.domain.units import WAD

VERSION = 3

BPS = WAD // 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What must hold. Ratios are WAD.

    Attributes:
        worst_of_hold: the worst mark is at most this part of holding's.
        material: since the eve of a break it is judged only when holding loses at least this; a reserve that has left
            in time has nothing to halve.
        final_lag: where the peg comes back, the final value is at least holding's less this share of the beginning.
        cut_off_loss: where it never comes back, at most this share of the beginning is lost.
        false_exits: exits a year in calm times, at most, whether they are called so or not.
        false_exit_cost: what they cost a year, at most.
    """

    worst_of_hold: int = WAD // 2
    material: int = 25 * BPS
    final_lag: int = 30 * BPS
    cut_off_loss: int = 250 * BPS
    false_exits: int = 1
    false_exit_cost: int = 10 * BPS


LIMITS = Limits()
"""The loss that is allowed when the peg never comes back is the shipped `exit_loss` (5 %) on half of the reserve."""


@dataclass(frozen=True, slots=True)
class Crisis:
    """One stretch of history.

    Attributes:
        file: name of the data file; `rows` and `columns` say where in it the candles are.
        pair: what the candles are of, in the names of the configuration.
        begin, eve, end: UTC. Holding is measured from the beginning, and again from the eve of the break.
        prices: where each token's dollar price comes from, as in the settings of a market.
        fallen: the token that falls; None in calm times.
        marks: in words: how dollars come out of the data, and on what evidence.
        daily: the data is of days, so the strategies decide once a day.
        given: the data says so; otherwise it is the same data with its legs exchanged, to see the other case.
        start: whole tokens at the beginning.
    """

    name: str
    title: str
    file: str
    rows: Mapping[str, str]
    pair: str
    begin: str
    end: str
    prices: Mapping[str, str]
    marks: str
    eve: str | None = None
    fallen: str | None = None
    daily: bool = False
    given: bool = True
    start: Mapping[str, str] = field(default_factory=lambda: START)


_MINUTES = "stablecoin_crises_1m.parquet"

_NOT_HELD = {"ETH": "2000 USD", "WETH": "2000 USD", "DAO": "2.50 USD"}
"""Stated, because rules of the policy want a price of every token; ETH pays for the gas."""

_STATED = {"DAI": "1 USD", "LUSD": "1 USD", **_NOT_HELD}
"""Without data, so stated. The first two are where a reserve can flee to."""

START: Mapping[str, str] = {"USDC": "300000", "USDT": "1800000", "DAI": "150000", "LUSD": "50000"}
"""Whole tokens, as the treasury of the demo holds them: far too much of one issuer."""

EXCHANGED = {"USDC": "USDT", "USDT": "USDC"}

_USDT_FELL = (
    "The pair is quoted in USDT and rises, and that alone does not say which side moved: minute returns of BTC/USDT do "
    "not tell it either. USDT is taken to be the side that fell, and the other coin to be worth a dollar, because USDT "
    "fell against US dollars themselves elsewhere: "
)

MAY_2022 = Crisis(
    name="terra-2022",
    title="Terra, May 2022: USDT falls",
    file=_MINUTES,
    rows={"pair": "USDCUSDT", "episode": "terra_luna_2022"},
    pair="USDC/USDT",
    begin="2022-05-02 00:00",
    eve="2022-05-11 00:00",
    end="2022-05-31 00:00",
    prices={"USDC": "1 USD", "USDT": "USDT/USDC", **_STATED},
    fallen="USDT",
    marks=_USDT_FELL
    + "0.95 to 0.97 USD on Coinbase and Kraken on 12 May, as reported at the time. USDC/USDT here goes to "
    "1.10, so part of it was a premium of USDC on this exchange; all of it is put on USDT, which is the worse case.",
)

FTX_2022 = Crisis(
    name="ftx-2022",
    title="FTX, November 2022: USDT falls",
    file=_MINUTES,
    rows={"pair": "BUSDUSDT", "episode": "ftx_2022"},
    pair="USDC/USDT",
    begin="2022-11-07 00:00",
    eve="2022-11-10 00:00",
    end="2022-11-14 00:00",
    prices={"USDC": "1 USD", "USDT": "USDT/USDC", **_STATED},
    fallen="USDT",
    marks=_USDT_FELL
    + "0.97 to 0.98 USD on Kraken and Coinbase on 10 November, as reported at the time. The data is of "
    "BUSD/USDT; BUSD stands in for a dollar, and so does USDC, of which there is no data.",
)

CELSIUS_2022 = Crisis(
    name="celsius-2022",
    title="Celsius, June 2022: calm",
    file=_MINUTES,
    rows={"pair": "USDCUSDT", "episode": "celsius_3ac_2022"},
    pair="USDC/USDT",
    begin="2022-06-13 00:00",
    end="2022-06-20 00:00",
    prices={"USDC": "1 USD", "USDT": "USDT/USDC", **_STATED},
    marks="USDC is taken to be worth a dollar and USDT what it trades at. The pair stays within 28 bp, so that it does "
    "not matter.",
)

DAI_YEARS = Crisis(
    name="dai-2019-2022",
    title="DAI, November 2019 to January 2022, by days: calm",
    file="token_daily.parquet",
    rows={"asset": "dai"},
    pair="DAI/USD",
    begin="2019-11-22 00:00",
    end="2022-01-22 00:00",
    prices={"DAI": "DAI/USD", "USDC": "1 USD", "USDT": "1 USD", "LUSD": "1 USD", **_NOT_HELD},
    marks="Daily dollar prices of DAI as an index published them. It was up to 1 % below a dollar in its first winter "
    "and always came back, so every exit was false. The other tokens are stated at one dollar.",
    daily=True,
)


def from_the_eve(crisis: Crisis) -> Crisis:
    """The same break for a treasury that comes to it with all that it started with, before it could spread it."""
    assert crisis.eve is not None, "only a break has an eve"
    return replace(
        crisis,
        name=f"{crisis.name}-from-the-eve",
        title=f"{crisis.title}, from the eve",
        begin=crisis.eve,
        marks=f"{crisis.marks} It begins on the eve, so that the reserve has not yet spread its holdings.",
    )


def mirrored(crisis: Crisis) -> Crisis:
    """The same minutes with the legs exchanged: what it would have been, had USDC fallen as USDT did."""
    return Crisis(
        name=f"{crisis.name}-mirrored",
        title=crisis.title.replace("USDT falls", "had USDC fallen instead"),
        file=crisis.file,
        rows=crisis.rows,
        pair="USDT/USDC",
        begin=crisis.begin,
        eve=crisis.eve,
        end=crisis.end,
        prices={"USDT": "1 USD", "USDC": "USDC/USDT", **_STATED},
        fallen="USDC",
        marks="The same candles with their legs exchanged, and the holdings too: this did not happen.",
        given=False,
        start={EXCHANGED.get(symbol, symbol): whole for symbol, whole in crisis.start.items()},
    )


CRISES: tuple[Crisis, ...] = (
    MAY_2022,
    from_the_eve(MAY_2022),
    FTX_2022,
    from_the_eve(FTX_2022),
    CELSIUS_2022,
    DAI_YEARS,
    mirrored(MAY_2022),
    mirrored(FTX_2022),
)
