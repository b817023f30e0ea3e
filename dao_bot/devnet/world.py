"""The demo world as data: what stands where on the local chain."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dao_bot.domain.addresses import Address


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token; `kind` is the artifact that it is made of."""

    address: Address
    decimals: int
    kind: str


PoolKey = tuple[str, str, int]
"""Two symbols as the world names them, and the fee in hundredths of a basis point."""


@dataclass(frozen=True, slots=True)
class World:
    """Addresses and public keys of the demo world. The same on every machine.

    `feeds` answer in US dollars with 8 decimals, by symbol (native ETH has the feed of WETH). Nobody has keys of
    `community` (who stake the DAO's token), `market_maker` and `revenue` (who pays the DAO): they are impersonated.
    `roles` is a Zodiac Roles module that the Safe owns and has not enabled; `module_signer` is meant to be its member.
    """

    chain_id: int
    safe: Address
    safe_version: str
    threshold: int
    owners: tuple[Address, ...]
    owner_keys: tuple[str, ...] = field(repr=False)
    keeper: Address
    keeper_key: str = field(repr=False)
    deployer: Address
    deployer_key: str = field(repr=False)
    stranger: Address
    stranger_key: str = field(repr=False)
    community: tuple[Address, ...]
    market_maker: Address
    revenue: Address
    tokens: Mapping[str, TokenInfo]
    feeds: Mapping[str, Address]
    pools: Mapping[PoolKey, Address]
    factory: Address
    position_manager: Address
    router: Address
    quoter: Address
    weth: Address
    multicall3: Address
    multi_send_call_only: Address
    safe_singleton: Address
    proxy_factory: Address
    fallback_handler: Address
    simulate_tx_accessor: Address
    staking: Address
    roles: Address
    roles_mastercopy: Address
    multi_send_unwrapper: Address
    position_owner_condition: Address
    module_signer: Address
    module_signer_key: str = field(repr=False)

    def pool(self, one: str, other: str, fee: int) -> Address:
        """The pool of two symbols, in either order.

        Raises:
            KeyError: there is none.
        """
        found = self.pools.get((one, other, fee)) or self.pools.get((other, one, fee))
        if found is None:
            raise KeyError((one, other, fee))
        return found

    def to_json(self) -> str:
        """For `from_json`."""
        values = {name.name: getattr(self, name.name) for name in dataclasses.fields(self)}
        values["tokens"] = {symbol: dataclasses.asdict(token) for symbol, token in self.tokens.items()}
        values["pools"] = [[*key, address] for key, address in self.pools.items()]
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> World:
        """A world from `to_json`."""
        values: dict[str, Any] = json.loads(text)
        values["tokens"] = {symbol: TokenInfo(**token) for symbol, token in values["tokens"].items()}
        values["pools"] = {(one, other, fee): address for one, other, fee, address in values["pools"]}
        for name in ("owners", "owner_keys", "community"):
            values[name] = tuple(values[name])
        return cls(**values)
