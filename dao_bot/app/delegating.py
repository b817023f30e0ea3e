"""`dao-bot delegates`: who may propose at the transaction service, and what an owner signs to change that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dao_bot.app.collecting import make_api, require_service
from dao_bot.app.exits import DONE
from dao_bot.app.keys import read_key
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.text import clean, utc
from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.engine.look import look_at_safe
from dao_bot.safe.delegate_message import delegate_digest, delegate_message, runs_out_at
from dao_bot.safe.signatures import parse_signature, signature_bytes
from dao_bot.safe.signing import key_address, sign_delegate_message
from dao_bot.safe.transaction_service.delegates import Delegates


@dataclass(frozen=True, slots=True)
class _Counter:
    """Where delegates are registered."""

    desk: Desk
    delegates: Delegates

    @property
    def chain_id(self) -> int:
        return self.desk.services.treasury.chain_id

    def delegate(self, given: str | None) -> Address:
        """Whom it is about."""
        if given is not None:
            return parse_address(given)
        return key_address(read_key(require_service(self.desk).proposer))

    def owner(self, given: str) -> Address:
        """An owner of the Safe, as the chain says.

        Raises:
            BadInput: it is none.
        """
        owner, (_, safe) = parse_address(given), look_at_safe(self.desk.services, any_safe=True)
        if owner not in safe.owners:
            raise BadInput("only an owner of the Safe can have delegates", value=owner, limit=", ".join(safe.owners))
        return owner


@contextmanager
def _counter(path: Path) -> Iterator[_Counter]:
    with open_desk(path) as desk:
        yield _Counter(desk, Delegates(make_api(desk), desk.services.treasury.safe))


def list_delegates(path: Path, as_facts: bool) -> int:
    """One line each."""
    with _counter(path) as counter:
        found, proposer = counter.delegates.all(), counter.delegate(None)
    if as_facts:
        print_json({"proposer": proposer, "registered": any(each.delegate == proposer for each in found), "all": found})
        return DONE
    for each in found:
        whose = "this program" if each.delegate == proposer else clean(each.label, 50)
        print_text(f"{each.delegate}  for owner {each.delegator}  {whose}")
    if all(each.delegate != proposer for each in found):
        print_text(f"treasury.service.proposer is {proposer}, which no owner has registered.")
        print_text("See `dao-bot delegates message`.")
    return DONE


def show_message(path: Path, as_facts: bool, delegate: str | None) -> int:
    """The EIP-712 message, as wallets and `cast wallet sign --data` take it."""
    now = time.time()
    with _counter(path) as counter:
        whom, chain_id = counter.delegate(delegate), counter.chain_id
    message = delegate_message(chain_id, whom, now)
    facts = {
        "delegate": whom,
        "typed_data": message,
        "hash": "0x" + delegate_digest(chain_id, whom, now).hex(),
        "valid_until": runs_out_at(now),
    }
    print_json(facts if as_facts else message)
    if not as_facts:
        print_text(
            f"An owner signs this typed data until {utc(runs_out_at(now))}; its hash is {facts['hash']}.\n"
            "Whoever has that signature can register and remove this delegate until then, and nothing else.\n"
            "Then: dao-bot delegates add OWNER --signature 0x…"
        )
    return DONE


def add_delegate(
    path: Path, as_facts: bool, owner: str, signature: str | None, key: str | None, label: str, delegate: str | None
) -> int:
    """Register."""
    with _counter(path) as counter:
        delegator, whom = counter.owner(owner), counter.delegate(delegate)
        if signature is None and key is None:
            raise BadInput(
                "an owner has to sign for a delegate",
                next_step="Give --signature (see `dao-bot delegates message`), or --key to sign here",
            )
        counter.delegates.add(whom, delegator, _signed(counter, whom, delegator, signature, key), label)
    _tell(as_facts, whom, delegator, f"{whom} may now propose for {delegator}. It can approve and execute nothing.")
    return DONE


def remove_delegate(
    path: Path, as_facts: bool, owner: str, signature: str | None, key: str | None, delegate: str | None
) -> int:
    """Take it off the list; what it proposed stays there until it is executed or rejected."""
    with _counter(path) as counter:
        delegator, whom = parse_address(owner), counter.delegate(delegate)
        if signature is None and key is None:
            signed = _sign(counter, whom, read_key(require_service(counter.desk).proposer), whom)
        else:
            signed = _signed(counter, whom, delegator, signature, key)
        counter.delegates.remove(whom, delegator, signed)
    _tell(as_facts, whom, delegator, f"{whom} proposes no more for {delegator}. What it proposed stays listed.")
    return DONE


def _signed(counter: _Counter, delegate: Address, owner: Address, signature: str | None, key: str | None) -> bytes:
    if signature is not None:
        return signature_bytes(parse_signature(signature))
    return _sign(counter, delegate, read_key(key or ""), owner)


def _sign(counter: _Counter, delegate: Address, key: bytes, signer: Address) -> bytes:
    if key_address(key) != signer:
        raise BadInput("this is the key of somebody else", value=key_address(key), limit=signer)
    return sign_delegate_message(key, counter.chain_id, delegate, time.time()).head()


def _tell(as_facts: bool, delegate: Address, owner: Address, words: str) -> None:
    if as_facts:
        print_json({"delegate": delegate, "owner": owner})
    else:
        print_text(words)
