"""ABI and creation bytecode of contracts: from the npm packages, and of this project's own test contracts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dao_bot.devnet.errors import DevnetError

CONTRACTS_DIRECTORY = Path(__file__).parent / "contracts"

_SAFE_130 = "@gnosis.pm/safe-contracts/build/artifacts/contracts"
_SAFE_141 = "@safe-global/safe-contracts/build/artifacts/contracts"
_SAFE_150 = "@safe-global/safe-smart-account/build/artifacts/contracts"
_PERIPHERY = "@uniswap/v3-periphery/artifacts/contracts"
_ROUTER = "@uniswap/swap-router-contracts/artifacts/contracts"

_SAFE_FILES = {
    "SafeProxyFactory": "proxies/SafeProxyFactory.sol",
    "MultiSend": "libraries/MultiSend.sol",
    "MultiSendCallOnly": "libraries/MultiSendCallOnly.sol",
    "CompatibilityFallbackHandler": "handler/CompatibilityFallbackHandler.sol",
    "SimulateTxAccessor": "accessors/SimulateTxAccessor.sol",
}

NPM_ARTIFACTS: dict[str, str] = {
    "UniswapV3Factory": "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
    "UniswapV3Pool": "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json",
    "NonfungiblePositionManager": f"{_PERIPHERY}/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
    "SwapRouter02": f"{_ROUTER}/SwapRouter02.sol/SwapRouter02.json",
    "QuoterV2": f"{_ROUTER}/lens/QuoterV2.sol/QuoterV2.json",
    "WETH9": "canonical-weth/build/contracts/WETH9.json",
    "TokenERC20": "@thirdweb-dev/contracts/abi/TokenERC20.json",
    "SafeL2-1.3.0": f"{_SAFE_130}/GnosisSafeL2.sol/GnosisSafeL2.json",
    "SafeProxyFactory-1.3.0": f"{_SAFE_130}/proxies/GnosisSafeProxyFactory.sol/GnosisSafeProxyFactory.json",
    **{
        f"{name}-1.3.0": f"{_SAFE_130}/{file}/{name}.json"
        for name, file in _SAFE_FILES.items()
        if name != "SafeProxyFactory"
    },
    **{
        f"{name}-{version}": f"{root}/{file}/{name}.json"
        for version, root in (("1.4.1", _SAFE_141), ("1.5.0", _SAFE_150))
        for name, file in {"SafeL2": "SafeL2.sol", **_SAFE_FILES}.items()
    },
}
"""Path below node_modules by name; a Safe contract's name ends in its version."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract. `bytecode` creates it; constructor arguments follow it."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes


@cache
def npm_artifact(packages: Path, name: str) -> Artifact:
    """A third party's contract by its name in `NPM_ARTIFACTS`; `packages` is `Toolchain.packages`."""
    path = packages / NPM_ARTIFACTS[name]
    try:
        compiled = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise DevnetError(
            "a contract is missing in the installed npm packages",
            value=path,
            next_step="Remove the directory of the npm packages in the cache; it is installed anew",
        ) from error
    bytecode = compiled["bytecode"]
    code = bytecode["object"] if isinstance(bytecode, dict) else bytecode
    return Artifact(name, compiled["abi"], bytes.fromhex(code.removeprefix("0x")))


@cache
def own_artifact(name: str) -> Artifact:
    """A test contract of this project: `PriceFeed`, `Token`, `FeeToken`, `RebasingToken`, `LegacyToken`, ..."""
    compiled = json.loads((CONTRACTS_DIRECTORY / f"{name}.json").read_text())
    return Artifact(name, compiled["abi"], bytes.fromhex(compiled["bytecode"].removeprefix("0x")))
