"""`dao-bot policy`: what stewards sign so that mode `live` may run it, and what has changed since they did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keys import read_key
from dao_bot.app.output import print_json, print_text
from dao_bot.app.seal_file import Seal, read_seal, write_seal
from dao_bot.app.wiring import Desk, dependencies_digest, open_desk, policy_of
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.hashing import canonical
from dao_bot.safe.policy_seal import PolicyPaper, sign_paper

_SEALED = "policy sealed"


def require_sealed(desk: Desk) -> None:
    """Nothing runs in mode `live` that stewards' wallets have not signed, and nothing older than what ran before.

    The record notes each newer revision, so that of this treasury no earlier seal is taken any more.

    Raises:
        Refused: too few of them have signed this very policy; or a newer one was sealed before.
        ChainError: a steward's contract cannot be asked.
    """
    seal, (newest, newest_hash) = read_seal(desk.config), _newest(desk)
    signed, wanted = _signers(desk, seal), desk.config.governance.seal
    if seal is None or len(signed) < wanted:
        raise Refused(
            "stewards have not sealed this policy",
            value=f"{len(signed)} signatures over {desk.services.policy_hash}",
            limit=f"{wanted} of {', '.join(desk.config.governance.stewards) or 'no stewards'}",
            next_step="Look at what changed with `dao-bot policy diff`, then `dao-bot policy sign`",
        )
    if seal.revision < newest or (seal.revision == newest and seal.policy_hash != newest_hash):
        raise Refused(
            "this seal is an older one: the record has seen a newer policy sealed",
            value=f"revision {seal.revision} of {seal.policy_hash}",
            limit=f"revision {newest} of {newest_hash}, or a later one",
            next_step="If this policy is wanted again, let the stewards seal it anew: `dao-bot policy sign`",
        )
    if seal.revision > newest:
        told = {"revision": seal.revision, "policy_hash": seal.policy_hash}
        desk.store.append(_subject(desk), _SEALED, desk.services.endpoints.pin().timestamp, told)


def sign(path: Path, key: str | None, signature: str | None, as_json: bool) -> int:
    """Add a steward's signature over the policy as it is now, made here with a key or elsewhere with a wallet."""
    if (key is None) == (signature is None):
        raise BadInput(
            "a signature, or a key to sign with, is needed", next_step="Give --key env:NAME, or --signature 0x…"
        )
    with open_desk(path) as desk:
        paper = _paper(desk)
        made = "0x" + sign_paper(read_key(key), paper).hex() if key is not None else str(signature)
        steward = _steward(desk, paper, made)
        seal = read_seal(desk.config)
        if seal is None or seal.revision != paper.revision:
            seal = Seal(paper.revision, paper.policy_hash, _sealed(desk), ())
        kept = seal.signatures if steward in _signers(desk, seal) else (*seal.signatures, made)
        write_seal(desk.config, Seal(paper.revision, paper.policy_hash, _sealed(desk), kept))
        count, wanted = len(kept), desk.config.governance.seal
    if as_json:
        facts = {"policy_hash": paper.policy_hash, "revision": paper.revision, "steward": steward}
        print_json({**facts, "signatures": count, "wanted": wanted})
    else:
        policy = f"revision {paper.revision} of the policy, {paper.policy_hash}"
        print_text(f"{steward} has sealed {policy}: {count} of {wanted} signatures.")
    return DONE


def message(path: Path) -> int:
    """Print the EIP-712 message for a wallet."""
    with open_desk(path) as desk:
        print_json(_paper(desk).message)
    return DONE


def diff(path: Path, as_json: bool) -> int:
    """What is different from what was sealed; exit code 1 when anything is, or nothing was sealed."""
    with open_desk(path) as desk:
        seal, now, policy_hash = read_seal(desk.config), _sealed(desk), desk.services.policy_hash
        signed, wanted = _signers(desk, seal), desk.config.governance.seal
    changes = list(_changes((), dict(seal.sealed), now)) if seal else []
    is_same = seal is not None and seal.policy_hash == policy_hash
    if as_json:
        told = [{"where": where, "sealed": before, "now": after} for where, before, after in changes]
        was = {"sealed_hash": seal.policy_hash if seal else None, "revision": seal.revision if seal else None}
        facts = {"policy_hash": policy_hash, **was, "changes": told}
        print_json({**facts, "signatures": sorted(signed), "wanted": wanted})
    elif seal is None:
        print_text(f"No policy was sealed yet. This one is {policy_hash}: `dao-bot policy sign`.")
    else:
        for where, before, after in changes:
            print_text(f"{where}: {_shown(before)} ▸ {_shown(after)}")
        since = f"since revision {seal.revision}, {seal.policy_hash}, was sealed"
        print_text(f"{len(changes)} changes {since}." if changes else "Nothing has changed.")
        print_text(f"{len(signed)} of {wanted} signatures over {policy_hash}.")
    return DONE if is_same else FAILED


def _paper(desk: Desk) -> PolicyPaper:
    """What is to be signed now: the sealed revision while that is the newest, else the next one."""
    policy_hash, seal, (newest, newest_hash) = desk.services.policy_hash, read_seal(desk.config), _newest(desk)
    treasury = desk.services.treasury
    revision = seal.revision if seal is not None else 0
    is_newest = revision > newest or (revision == newest and newest_hash == policy_hash)
    if seal is None or seal.policy_hash != policy_hash or not is_newest:
        revision = max(revision, newest) + 1
    return PolicyPaper(treasury.chain_id, treasury.safe, policy_hash, revision)


def _newest(desk: Desk) -> tuple[int, str]:
    """Revision and hash of the newest policy that the record has seen sealed; (0, "") while it has seen none."""
    events = [event for event in desk.store.events(_subject(desk)) if event.kind == _SEALED]
    return (int(str(events[-1].body["revision"])), str(events[-1].body["policy_hash"])) if events else (0, "")


def _subject(desk: Desk) -> str:
    return f"policy:{desk.services.treasury.safe}"


def _sealed(desk: Desk) -> dict[str, Any]:
    config = desk.config
    plain: dict[str, Any] = canonical(
        {"policy": policy_of(config), "code": config.code_digests(), "dependencies": dependencies_digest()}
    )
    return plain


def _signers(desk: Desk, seal: Seal | None) -> frozenset[Address]:
    """Stewards whose signature over exactly this policy is there; others do not count."""
    treasury, found = desk.services.treasury, set()
    if seal is not None:
        paper = PolicyPaper(treasury.chain_id, treasury.safe, desk.services.policy_hash, seal.revision)
        for signature in seal.signatures:
            try:
                found.add(_steward(desk, paper, signature))
            except BadInput:
                continue
    return frozenset(found)


def _steward(desk: Desk, paper: PolicyPaper, signature: str) -> Address:
    """Which steward's wallet made it: a key, or a contract that says so now (EIP-1271).

    Raises:
        BadInput: none of them.
        ChainError: a contract cannot be asked.
    """
    from governance.wallets.errors import InvalidSignature
    from governance.wallets.signatures import contract_agrees, parse_signature, recover

    stewards = tuple(Address(wallet) for wallet in desk.config.governance.stewards.values())
    raw, digest = parse_signature(signature), paper.digest
    try:
        signer = recover(digest, raw)
    except InvalidSignature:
        signer = None
    if signer in stewards:
        return signer
    endpoints = desk.services.endpoints
    asked = [contract_agrees(wallet, digest, raw) for wallet in stewards]
    agrees = endpoints.read(endpoints.pin(), asked) if asked else []
    for wallet, agreed in zip(stewards, agrees, strict=True):
        if agreed:
            return wallet
    raise BadInput(
        "this is no steward's signature over this policy",
        value=signature[:20],
        limit=f"{', '.join(stewards) or 'no steward is configured'}; "
        f"revision {paper.revision} of policy {paper.policy_hash}",
        next_step="Look at what changed with `dao-bot policy diff`, and sign with a steward's wallet",
    )


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
