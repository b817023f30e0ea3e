"""The reserve as static matrices: assets, who stands behind them, the limits, and what fails together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.strategy import Token
from strategies.reserve_rebalance.params import Asset, Failure, Params

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limit:
    """Sum over assets of share x value is at most (at least, if `is_floor`) `bound` x the reserve.

    Attributes:
        shares: asset index to exposure, WAD; assets without exposure are absent.
        bound: WAD.
    """

    name: str
    shares: Mapping[int, int]
    bound: int
    is_floor: bool = False

    @property
    def sign(self) -> int:
        return -1 if self.is_floor else 1

    @property
    def text(self) -> str:
        """For people: `issuer cap Circle (60.00 %)`."""
        return f"{self.name} ({format_ratio(self.bound)})"


@dataclass(frozen=True)
class Universe:
    """n assets (the DAO's own are left out), F things that can fail. Rows and columns follow these orders.

    Attributes:
        pegged: (n,) which assets should be worth one dollar.
        noise, exit: (n,) how far below a dollar each means nothing, and beyond which it is an emergency.
        retained: (n,) share that counts toward runway, one less haircut.
        kept: (n,) WAD USD of each that is never sold.
        inside: (n,) index of the asset that each one wraps, or -1.
        issuers, issuer_share: names, and (I, n) look-through shares.
        failures, hazard, loss: names, (F,) expected failures per year, (F, n) share of each asset lost by each.
    """

    tokens: tuple[Token, ...]
    pegged: npt.NDArray[np.bool_]
    noise: Array
    exit: Array
    retained: Array
    kept: Array
    inside: npt.NDArray[np.intp]
    limits: tuple[Limit, ...]
    issuers: tuple[str, ...]
    issuer_share: Array
    failures: tuple[str, ...]
    hazard: Array
    loss: Array

    @property
    def size(self) -> int:
        return len(self.tokens)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        return tuple(token.symbol for token in self.tokens)

    @cached_property
    def index(self) -> Mapping[Token, int]:
        return {token: position for position, token in enumerate(self.tokens)}

    @cached_property
    def limit_shares(self) -> Array:
        """(limits, n): limit_shares @ values <= limit_bounds x sum of values; floors have both signs turned."""
        rows = np.zeros((len(self.limits), self.size))
        for row, limit in zip(rows, self.limits, strict=True):
            row[list(limit.shares)] = [limit.sign * share / WAD for share in limit.shares.values()]
        return rows

    @cached_property
    def limit_bounds(self) -> Array:
        """(limits,)."""
        return np.array([limit.sign * limit.bound / WAD for limit in self.limits])


def build(params: Params, tokens: Mapping[str, Token]) -> Universe:
    """The universe of `params`, with the configured tokens by symbol.

    Raises:
        BadInput: an asset is not a configured token.
    """
    missing = sorted(params.assets.keys() - tokens.keys())
    if missing:
        raise BadInput(
            "reserve assets that are not configured tokens",
            value=", ".join(missing),
            limit=", ".join(sorted(tokens)) or "none",
            next_step="Add them under `treasury.tokens` in strategies.yaml, or remove them from the strategy's assets",
        )
    symbols = [symbol for symbol, asset in params.assets.items() if not asset.own]
    backing = [_backing(params, symbol) for symbol in symbols]
    venues = [{venue: WAD for venue in _venues(params, symbol)} for symbol in symbols]
    chains = [{chain: WAD for chain in _chains(params, symbol)} for symbol in symbols]
    banks = [_banks(params, shares) for shares in backing]
    kinds = (
        ("issuer", params.issuers, backing),
        ("bank", params.banks, banks),
        ("venue", params.venues, venues),
        ("chain", params.chains, chains),
    )
    hazards: list[float] = []
    names: list[str] = []
    losses: list[Array] = []
    limits: list[Limit] = []
    for kind, known, exposures in kinds:
        for name, failure in known.items():
            row = {i: shares[name] for i, shares in enumerate(exposures) if shares.get(name)}
            if not row:
                continue
            names.append(f"{kind} {name}")
            hazards.append(failure.hazard / WAD)
            losses.append(_loss_row(len(symbols), row, failure))
            if failure.cap < WAD:
                limits.append(Limit(f"{kind} cap {name}", row, failure.cap))
    limits += _asset_limits(params, symbols)
    limits += _bucket_limits(params, symbols)
    assets = [params.assets[symbol] for symbol in symbols]
    position = {symbol: i for i, symbol in enumerate(symbols)}
    pegged = np.array([_pegged(params, symbol) for symbol in symbols], dtype=bool)
    noise = np.array([_noise(params, symbol) / WAD for symbol in symbols])
    return Universe(
        tokens=tuple(tokens[symbol] for symbol in symbols),
        pegged=pegged,
        noise=noise,
        exit=np.maximum(noise, params.peg.exit / WAD),
        retained=np.array([_retained(asset, peg) for asset, peg in zip(assets, pegged, strict=True)]),
        kept=np.array([float(asset.keep) for asset in assets]),
        inside=np.array([position.get(asset.wraps or "", -1) for asset in assets], dtype=np.intp),
        limits=tuple(limits),
        issuers=tuple(params.issuers),
        issuer_share=np.array([[shares.get(name, 0) / WAD for shares in backing] for name in params.issuers]).reshape(
            len(params.issuers), len(symbols)
        ),
        failures=tuple(names),
        hazard=np.array(hazards),
        loss=np.array(losses).reshape(len(names), len(symbols)),
    )


def _chain_of_wraps(params: Params, symbol: str) -> Iterable[Asset]:
    """The asset, what it wraps, what that wraps, and so on."""
    current: str | None = symbol
    while current is not None:
        yield params.assets[current]
        current = params.assets[current].wraps


def _backing(params: Params, symbol: str) -> Mapping[str, int]:
    *_, innermost = _chain_of_wraps(params, symbol)
    for asset in _chain_of_wraps(params, symbol):
        if asset.backing:
            return asset.backing
    return innermost.backing


def _venues(params: Params, symbol: str) -> list[str]:
    return [asset.venue for asset in _chain_of_wraps(params, symbol) if asset.venue is not None]


def _chains(params: Params, symbol: str) -> set[str]:
    stated = {chain for asset in _chain_of_wraps(params, symbol) for chain in asset.chains or ()}
    return stated or (set(params.chains) if len(params.chains) == 1 else set())


def _banks(params: Params, backing: Mapping[str, int]) -> dict[str, int]:
    """Share of an asset's backing that lies at each bank, through its issuers."""
    shares: dict[str, int] = {}
    for issuer, share in backing.items():
        for bank, part in params.issuers[issuer].banks.items():
            shares[bank] = shares.get(bank, 0) + share * part // WAD
    return shares


def _pegged(params: Params, symbol: str) -> bool:
    return next((asset.peg for asset in _chain_of_wraps(params, symbol) if asset.peg is not None), "USD") == "USD"


def _noise(params: Params, symbol: str) -> int:
    stated = (asset.noise for asset in _chain_of_wraps(params, symbol))
    return next((noise for noise in stated if noise is not None), params.peg.noise)


def _retained(asset: Asset, pegged: bool) -> float:
    haircut = asset.haircut if asset.haircut is not None else (0 if pegged else WAD)
    return 1.0 - haircut / WAD


def _loss_row(size: int, shares: Mapping[int, int], failure: Failure) -> Array:
    row = np.zeros(size)
    row[list(shares)] = [share / WAD * (failure.loss / WAD) for share in shares.values()]
    return row


def _asset_limits(params: Params, symbols: list[str]) -> list[Limit]:
    capped = ((i, symbol, params.assets[symbol].cap) for i, symbol in enumerate(symbols))
    return [Limit(f"asset cap {symbol}", {i: WAD}, cap) for i, symbol, cap in capped if cap < WAD]


def _bucket_limits(params: Params, symbols: list[str]) -> list[Limit]:
    limits = []
    for name, bucket in params.buckets.items():
        shares = {i: WAD for i, symbol in enumerate(symbols) if _bucket(params, symbol) == name}
        if bucket.at_most < WAD and shares:
            limits.append(Limit(f"bucket {name} at most", shares, bucket.at_most))
        if bucket.at_least > 0:
            limits.append(Limit(f"bucket {name} at least", shares, bucket.at_least, is_floor=True))
    return limits


def _bucket(params: Params, symbol: str) -> str | None:
    return next((asset.bucket for asset in _chain_of_wraps(params, symbol) if asset.bucket is not None), None)
