"""What must hold between the sections of a configuration. Works on raw data, so that one error hides no other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dao_bot.config.problems import KeyPath, path_text, shown
from dao_bot.config.settings import GovernanceSettings
from dao_bot.domain.calls import MULTISIG
from dao_bot.domain.errors import DaoBotError
from dao_bot.plugins import require_strategy
from dao_bot.suggest import did_you_mean

_UNFREEZE = GovernanceSettings.model_fields["unfreeze"].default

LOCAL_CHAINS = ("31337", "1337")
"""Chain ids of anvil, Hardhat and Ganache."""

_MODULE, _LIQUIDITY = "module", "liquidity"
_THROUGH_MODULE = ("delayed", "instant")
"""Rungs of autonomy."""

Finding = tuple[KeyPath, str]


def findings(data: Mapping[str, Any], directory: Path) -> Iterator[Finding]:
    """Every contradiction, as where it is and what it is."""
    yield from _addresses(data)
    yield from _prices(data)
    yield from _strategies(data, directory)
    yield from _stewards(data)
    yield from _nodes(data)
    yield from _keys(data)
    if data.get("mode") == "devnet":
        yield from _devnet(data)
    elif "server" in mapping_at(data, "discord"):
        yield ("discord", "server"), "a local Discord is for mode devnet; leave it out to use the real one"
    if data.get("mode") == "live":
        yield from _live(data)


def mapping_at(data: object, *path: str) -> dict[str, Any]:
    """The mapping at `path`, or an empty one."""
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def list_at(data: object, *path: str) -> list[Any]:
    """The list at `path`, or an empty one."""
    found = mapping_at(data, *path[:-1]).get(path[-1])
    return found if isinstance(found, list) else []


def native_symbol(data: Mapping[str, Any]) -> str:
    """Symbol of the chain's own coin."""
    return str(mapping_at(data, "treasury", "chain", "native").get("symbol", "ETH"))


def _addresses(data: Mapping[str, Any]) -> Iterator[Finding]:
    """No two tokens and no two labels share an address, and no recipient is a token's contract or the Safe."""
    taken: dict[str, str] = {}
    safe = mapping_at(data, "treasury").get("safe")
    if isinstance(safe, str):
        taken[safe.lower()] = "treasury.safe"
    native = native_symbol(data)
    for symbol, token in mapping_at(data, "treasury", "tokens").items():
        path: KeyPath = ("treasury", "tokens", symbol)
        if symbol == native:
            yield path, f"`{symbol}` is the chain's own coin (treasury.chain.native); a token needs another symbol"
        yield from _taken(taken, (*path, "address"), mapping_at(token).get("address"))
    for label, address in mapping_at(data, "treasury", "address_book").items():
        yield from _taken(taken, ("treasury", "address_book", label), address)


def _taken(taken: dict[str, str], path: KeyPath, address: object) -> Iterator[Finding]:
    if not isinstance(address, str) or len(address) != 42:
        return
    first = taken.setdefault(address.lower(), path_text(path))
    if first != path_text(path):
        yield path, f"the same address stands at {first}"


def _prices(data: Mapping[str, Any]) -> Iterator[Finding]:
    known = {*mapping_at(data, "treasury", "tokens"), native_symbol(data)}
    for symbol in mapping_at(data, "prices", "sources"):
        if symbol not in known:
            hint = did_you_mean(symbol, known)
            yield ("prices", "sources", symbol), f"there is no token {shown(symbol)} under treasury.tokens. {hint}"
    fewest = str(mapping_at(data, "prices").get("min_sources", ""))
    for symbol, sources in mapping_at(data, "prices", "sources").items():
        if isinstance(sources, list) and fewest.isdecimal() and len(fewest) < 9 and len(sources) < int(fewest):
            yield ("prices", "sources", symbol), f"has fewer sources than prices.min_sources ({fewest}) asks for"


def _strategies(data: Mapping[str, Any], directory: Path) -> Iterator[Finding]:
    approvals, routes = mapping_at(data, "approvals"), (MULTISIG, *mapping_at(data, "routes"))
    for name, strategy in mapping_at(data, "strategies").items():
        chosen = mapping_at(strategy)
        path: KeyPath = ("strategies", name)
        approval = chosen.get("approval")
        if isinstance(approval, str) and approval not in approvals:
            hint = did_you_mean(approval, approvals)
            yield (*path, "approval"), f"there is no {shown(approval)} under approvals. {hint}".strip()
        route = chosen.get("route")
        if isinstance(route, str) and route not in routes:
            hint = did_you_mean(route, routes)
            yield (*path, "route"), f"there is no {shown(route)} under routes. {hint}".strip()
        if isinstance(route, str) and route != MULTISIG:
            yield from _without_owners((*path, "approval"), approval, route, data)
        for rung in _THROUGH_MODULE:
            named = mapping_at(chosen, "autonomy").get(rung)
            yield from _without_owners((*path, "autonomy", rung), named, _MODULE, data)
        yield from _never_through_a_module(path, chosen)
        yield from _rungs((*path, "autonomy"), chosen, approvals, routes)
        yield from _grants((*path, "may"), list_at(chosen, "may"), data)
        use = chosen.get("use")
        if isinstance(use, str) and use:
            try:
                require_strategy(use, directory)
            except DaoBotError as error:
                yield (*path, "use"), str(error).rstrip(".")


def _without_owners(path: KeyPath, approval: object, route: str, data: Mapping[str, Any]) -> Iterator[Finding]:
    """Owners approve by signing, and what goes through a module they do not sign."""
    if mapping_at(data, "approvals", str(approval)).get("use") == "owners":
        yield (
            path,
            f"{shown(approval)} asks owners, who sign nothing that goes by the route {shown(route)}. "
            "Name an approval of another kind, such as one of `use: stewards`, `optimistic` or `none`",
        )


def _never_through_a_module(path: KeyPath, strategy: dict[str, Any]) -> Iterator[Finding]:
    """No role bounds what is lost when liquidity is added or removed at a price that a thief has moved."""
    if strategy.get("use") != _LIQUIDITY:
        return
    why = "adds and removes liquidity, which no role can hold to a loss; leave it on the multisig route"
    if strategy.get("route") == _MODULE:
        yield (*path, "route"), why
    if mapping_at(strategy, "autonomy").get("most") in _THROUGH_MODULE:
        yield (*path, "autonomy", "most"), why


def _rungs(
    path: KeyPath, strategy: dict[str, Any], approvals: Collection[str], routes: Collection[str]
) -> Iterator[Finding]:
    """The rungs above `propose` go through a module, by an approval that stands in the file."""
    autonomy = mapping_at(strategy, "autonomy")
    for key in _THROUGH_MODULE:
        approval = autonomy.get(key)
        if isinstance(approval, str) and approval not in approvals:
            yield (
                (*path, key),
                f"there is no {shown(approval)} under approvals. {did_you_mean(approval, approvals)}".strip(),
            )
    if autonomy.get("most") in _THROUGH_MODULE:
        if _MODULE not in routes:
            yield (*path, "most"), "goes through a module, and there is none under routes"
        if not list_at(strategy, "may"):
            yield (*path, "most"), "goes through a module, but `may` does not say what the strategy may do there"


def _grants(path: KeyPath, grants: list[Any], data: Mapping[str, Any]) -> Iterator[Finding]:
    """What a strategy may do through a module speaks of configured tokens and recipients."""
    tokens = mapping_at(data, "treasury", "tokens")
    book = mapping_at(data, "treasury", "address_book")
    for number, grant in enumerate(grants):
        for key, known in (("swap", tokens), ("into", tokens), ("burn", tokens), ("send", tokens), ("to", book)):
            name = mapping_at(grant).get(key)
            if isinstance(name, str) and name not in known:
                where = "treasury.address_book" if known is book else "treasury.tokens"
                hint = did_you_mean(name, known)
                yield (*path, number, key), f"there is no {shown(name)} under {where}. {hint}".strip()


def _stewards(data: Mapping[str, Any]) -> Iterator[Finding]:
    """One wallet is one steward, and a freeze can be ended."""
    stewards = mapping_at(data, "governance", "stewards")
    taken: dict[str, str] = {}
    for name, wallet in stewards.items():
        yield from _taken(taken, ("governance", "stewards", name), wallet)
    needed = str(mapping_at(data, "governance").get("unfreeze", _UNFREEZE))
    if stewards and needed.isdecimal() and len(needed) < 9 and len(stewards) < int(needed):
        where: KeyPath = ("governance", "stewards")
        yield where, f"there are fewer stewards than must sign to end a freeze (governance.unfreeze, {needed})"


def _nodes(data: Mapping[str, Any]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, node in enumerate(list_at(data, "treasury", "chain", "rpcs")):
        url = mapping_at(node).get("url")
        if isinstance(url, str) and seen.setdefault(url, number) != number:
            path: KeyPath = ("treasury", "chain", "rpcs", number, "url")
            yield path, f"the same node stands at treasury.chain.rpcs[{seen[url]}]"


def _keys(data: Mapping[str, Any]) -> Iterator[Finding]:
    """The keys of keeper and module are in one place: here, or behind the signer's socket."""
    keeper, module = mapping_at(data, "treasury", "keeper"), mapping_at(data, "routes", "module")
    where: KeyPath = ("routes", "module", "key")
    if "signer" in keeper and "key" in module:
        yield where, "the signer has this key (treasury.keeper.signer); remove it here, and write it in its own file"
    if "key" in keeper and module and "key" not in module:
        yield where, "is missing: where its private key is, such as env:DAO_BOT_MODULE_KEY"


def _devnet(data: Mapping[str, Any]) -> Iterator[Finding]:
    chain_id = mapping_at(data, "treasury", "chain").get("id")
    if isinstance(chain_id, str) and chain_id not in LOCAL_CHAINS:
        where: KeyPath = ("treasury", "chain", "id")
        local = " or ".join(LOCAL_CHAINS)
        yield where, f"mode devnet is only for a local chain ({local}), this is {shown(chain_id)}; write `mode: plan`"


def _live(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Two operators, because one node can lie about what everything else relies on."""
    nodes = [mapping_at(node) for node in list_at(data, "treasury", "chain", "rpcs")]
    operators = {str(node.get("operator", "")).casefold().strip() for node in nodes}
    rpcs: KeyPath = ("treasury", "chain", "rpcs")
    if nodes and len(operators) < 2:
        yield rpcs, "mode live needs nodes of two different operators; add one"
    hosts: dict[str, str] = {}
    for number, node in enumerate(nodes):
        operator = str(node.get("operator", "")).casefold().strip()
        host = _host(node.get("url"))
        if host and hosts.setdefault(host, operator) != operator:
            yield (*rpcs, number, "operator"), f"two operators share the host {host}, so they are one"
    if mapping_at(data, "history").get("as_of") is not None:
        yield ("history", "as_of"), "mode live decides on the present; remove `as_of`, which is for replays"
    if "keeper" not in mapping_at(data, "treasury"):
        yield ("treasury", "keeper"), "mode live needs a keeper; add `key` and `max_fee_per_gas`"


def _host(url: object) -> str | None:
    try:
        return urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None  # the field's own check tells of it
