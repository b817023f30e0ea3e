"""`dao-bot policy`: what stewards sign so that mode `live` may run it, and what has changed since they did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keys import read_key
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import dependencies_digest, hash_of_policy, policy_of
from dao_bot.config.load import Config, load_config
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.hashing import canonical
from dao_bot.durable import write_durably
from dao_bot.safe.policy_seal import seal_message, sign_seal, signer_of_seal

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Seal:
    """What was sealed, as plain values to compare with, and who signed its hash. Only the signatures are believed."""

    policy_hash: str
    sealed: Mapping[str, Any]
    signatures: tuple[str, ...]


def seal_path(config: Config) -> Path:
    """Beside the configuration: strategies.yaml has strategies.seal.json."""
    return config.path.with_suffix(".seal.json")


def require_sealed(config: Config) -> None:
    """Nothing runs in mode `live` that stewards' wallets have not signed.

    Raises:
        Refused: too few of them have signed this very policy.
    """
    signed, wanted = _signers(config, _read(config), hash_of_policy(config)), config.governance.seal
    if len(signed) < wanted:
        raise Refused(
            "stewards have not sealed this policy",
            value=f"{len(signed)} signatures over {hash_of_policy(config)}",
            limit=f"{wanted} of {', '.join(config.governance.stewards) or 'no stewards'}",
            next_step="Look at what changed with `dao-bot policy diff`, then `dao-bot policy sign`",
        )


def sign(path: Path, key: str | None, signature: str | None, as_json: bool) -> int:
    """Add a steward's signature over the policy as it is now, made here with a key or elsewhere with a wallet."""
    config = load_config(path)
    policy_hash, chain_id, safe = hash_of_policy(config), *_place(config)
    if (key is None) == (signature is None):
        raise BadInput(
            "a signature, or a key to sign with, is needed", next_step="Give --key env:NAME, or --signature 0x…"
        )
    made = sign_seal(read_key(key), chain_id, safe, policy_hash)[1] if key is not None else str(signature)
    steward = signer_of_seal(made, chain_id, safe, policy_hash, _stewards(config))
    seal = _read(config)
    kept = seal.signatures if seal is not None and seal.policy_hash == policy_hash else ()
    if steward not in _signers(config, seal, policy_hash):
        kept = (*kept, made)
    content = {"policy_hash": policy_hash, "sealed": _sealed(config), "signatures": list(kept)}
    write_durably(seal_path(config), json.dumps(content, indent=1).encode() + b"\n")
    count, wanted = len(kept), config.governance.seal
    if as_json:
        print_json({"policy_hash": policy_hash, "steward": steward, "signatures": count, "wanted": wanted})
    else:
        print_text(f"{steward} has sealed policy {policy_hash}: {count} of {wanted} signatures.")
    return DONE


def message(path: Path) -> int:
    """Print the EIP-712 message for a wallet."""
    config = load_config(path)
    print_json(seal_message(*_place(config), hash_of_policy(config)))
    return DONE


def diff(path: Path, as_json: bool) -> int:
    """What is different from what was sealed; exit code 1 when anything is, or nothing was sealed."""
    config = load_config(path)
    seal = _read(config)
    now, policy_hash = _sealed(config), hash_of_policy(config)
    changes = list(_changes((), dict(seal.sealed) if seal else {}, now)) if seal else []
    signed = _signers(config, seal, policy_hash)
    is_same = seal is not None and seal.policy_hash == policy_hash
    if as_json:
        told = [{"where": where, "sealed": before, "now": after} for where, before, after in changes]
        facts = {"policy_hash": policy_hash, "sealed_hash": seal.policy_hash if seal else None, "changes": told}
        print_json({**facts, "signatures": sorted(signed), "wanted": config.governance.seal})
    elif seal is None:
        print_text(f"No policy was sealed yet. This one is {policy_hash}: `dao-bot policy sign`.")
    else:
        for where, before, after in changes:
            print_text(f"{where}: {_shown(before)} ▸ {_shown(after)}")
        print_text(
            f"{len(changes)} changes since {seal.policy_hash} was sealed." if changes else "Nothing has changed."
        )
        print_text(f"{len(signed)} of {config.governance.seal} signatures over {policy_hash}.")
    return DONE if is_same else FAILED


def _place(config: Config) -> tuple[int, Address]:
    return config.treasury.chain.id, Address(config.treasury.safe)


def _stewards(config: Config) -> frozenset[Address]:
    return frozenset(Address(wallet) for wallet in config.governance.stewards.values())


def _sealed(config: Config) -> dict[str, Any]:
    plain: dict[str, Any] = canonical(
        {"policy": policy_of(config), "code": config.code_digests(), "dependencies": dependencies_digest()}
    )
    return plain


def _signers(config: Config, seal: Seal | None, policy_hash: str) -> frozenset[Address]:
    """Stewards whose signature over exactly this policy is there; others do not count."""
    found = set()
    for signature in seal.signatures if seal is not None else ():
        try:
            found.add(signer_of_seal(signature, *_place(config), policy_hash, _stewards(config)))
        except BadInput:
            continue
    return frozenset(found)


def _read(config: Config) -> Seal | None:
    path = seal_path(config)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput("the seal cannot be read", value=path, next_step=str(error.strerror)) from None
    try:
        data = json.loads(content if len(content) <= _LARGEST else b"")
        seal = Seal(str(data["policy_hash"]), dict(data["sealed"]), tuple(map(str, data["signatures"])))
    except (ValueError, TypeError, KeyError):
        raise BadInput("this is no seal of a policy", value=path, next_step="Remove it and sign again") from None
    return seal


def _changes(where: tuple[str, ...], before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _changes((*where, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from _changes((*where, str(number)), *pair)
    elif before != after:
        yield ".".join(where), before, after


def _shown(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"
