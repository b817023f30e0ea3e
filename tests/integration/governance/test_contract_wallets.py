"""A Safe as a voter: its owners sign for it (EIP-1271), the chain is asked at the vote and again at the count."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from dao_bot.chain.abi import encode, function
from dao_bot.devnet.transactions import Transaction
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.hashing import keccak
from dao_bot.store.store import open_store
from governance.ballots.ballot import Ballot
from governance.ballots.for_against import ForAgainst
from governance.wallets.errors import InvalidSignature
from governance.wallets.events import KINDS, wallet_event
from governance.wallets.linking import link, link_holds, request
from governance.wallets.links import Links, fold
from governance.wallets.person import Person
from governance.wallets.sign_in import Page, Purpose
from governance.wallets.signatures import personal_hash
from governance.wallets.signed_ballot import BallotPaper, ballot_holds, sign_off
from tests.integration.governance.conftest import Chain

if TYPE_CHECKING:
    from dao_bot.devnet import World

ANN = Person("77", "1001")
HASH = "0x" + "ab" * 32
CHANGE_THRESHOLD = function("changeThreshold(uint256)")


def safe_signature(world: World, digest: bytes, owners: int = 2) -> bytes:
    """The owners' signatures over a `SafeMessage` that holds `digest`, as a Safe's fallback handler wants them."""
    domain = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)") + encode(
        ("uint256", "address"), (world.chain_id, world.safe)
    )
    message = keccak(b"SafeMessage(bytes message)") + keccak(digest)
    signed = keccak(b"\x19\x01" + keccak(domain) + keccak(message))
    accounts = [Account.from_key(key) for key in world.owner_keys[:owners]]
    accounts.sort(key=lambda account: int(account.address, 16))
    return b"".join(bytes(account.unsafe_sign_hash(signed).signature) for account in accounts)


def raise_threshold(chain: Chain) -> None:
    """After it, two owners do not speak for the Safe any more."""
    chain.anvil.rpc("anvil_setBalance", chain.world.safe, hex(10**18))
    chain.anvil.rpc("anvil_impersonateAccount", chain.world.safe)
    chain.send(Transaction(chain.world.safe, chain.world.safe, "0x" + CHANGE_THRESHOLD.encode(3).hex()))
    chain.anvil.rpc("anvil_stopImpersonatingAccount", chain.world.safe)


def test_a_safe_is_linked_by_its_owners_and_the_link_ends_with_their_power(chain: Chain, tmp_path: Path) -> None:
    page = Page("vote.example.org", "https://vote.example.org/", chain.world.chain_id)
    now = chain.block().timestamp
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:

        def links() -> Links:
            return fold(wallet_event(event.kind, event.body) for event in store.events() if event.kind in KINDS)

        issued = links().nonces.issue(ANN, Purpose.LINK, now)
        store.append("wallets", issued.kind, issued.at, issued.body())
        asked = request(page, issued)
        text = asked.message(chain.world.safe).text()
        with pytest.raises(InvalidSignature):
            chain.run(link(links(), asked, text, safe_signature(chain.world, personal_hash(text), owners=1), now))
        event = chain.run(link(links(), asked, text, safe_signature(chain.world, personal_hash(text)), now))
        store.append("wallets", event.kind, event.at, event.body())
        (recorded,) = links().wallets(ANN)
    assert recorded == event and recorded.contract
    assert chain.run(link_holds(recorded))
    raise_threshold(chain)
    assert not chain.run(link_holds(recorded))


def test_a_safe_votes_and_its_ballot_falls_when_its_owners_lose_their_power_before_the_count(chain: Chain) -> None:
    now = chain.block().timestamp
    ballot = Ballot("proposal 1", ForAgainst(quorum=0), now, now + 3600)
    paper = BallotPaper(chain.world.chain_id, chain.world.safe, HASH, ballot)
    message = paper.message(chain.world.safe, 1, now)
    signature = "0x" + safe_signature(chain.world, message.digest).hex()
    signed = chain.run(sign_off(paper, message.typed_data(), signature, now))
    assert signed.proof.contract and chain.run(ballot_holds(signed))
    other = paper.message(chain.world.safe, 2, now)
    with pytest.raises(InvalidSignature):
        chain.run(sign_off(paper, other.typed_data(), signature, now))
    raise_threshold(chain)
    assert not chain.run(ballot_holds(signed))


def test_a_contract_without_the_function_and_an_account_without_code_confirm_nothing(chain: Chain) -> None:
    now = chain.block().timestamp
    paper = BallotPaper(chain.world.chain_id, chain.world.safe, HASH, Ballot("p", ForAgainst(quorum=0), now, now + 1))
    for wallet in (chain.world.multicall3, chain.world.tokens["DAO"].address, ZERO_ADDRESS):
        typed = paper.message(wallet, 1, now).typed_data()
        with pytest.raises(InvalidSignature, match="does not confirm"):
            chain.run(sign_off(paper, typed, "0x" + "11" * 65, now))
