"""A Safe among the voters: what it says is asked of it once more when the ballot closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_account import Account

from dao_bot.chain.abi import encode, function
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import keccak
from dao_bot.domain.lifecycle import State
from governance.assembly import Identity
from governance.wallets.sign_in import Page
from governance.wallets.signatures import personal_hash
from tests.integration.governance.town import AGAINST, ANN, BOB, EVE, FOR, MEMBERS, TOKEN, Opened, Town, Wallet, person

if TYPE_CHECKING:
    from dao_bot.devnet import Toolchain

ADD_OWNER = function("addOwnerWithThreshold(address,uint256)")


def signed_for(town: Town, safe: Address, digest: bytes) -> str:
    """Ann's signature over a `SafeMessage` that holds `digest`."""
    domain = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)") + encode(
        ("uint256", "address"), (town.office.world.chain_id, safe)
    )
    message = keccak(b"SafeMessage(bytes message)") + keccak(digest)
    signed = Account.from_key(ANN.key).unsafe_sign_hash(keccak(b"\x19\x01" + keccak(domain) + keccak(message)))
    return "0x" + bytes(signed.signature).hex()


def with_a_safe(opened: Town, toolchain: Toolchain) -> Address:
    """Ann's Safe, with tokens."""
    safe = deploy_safe(opened.office.anvil, toolchain.packages, version="1.4.1", owners=[ANN.address], threshold=1)
    opened.fund({Wallet("", safe): 5000, BOB: 200})
    return safe


def link_safe(opened: Town, safe: Address) -> Identity:
    page = Page("vote.example.org", "https://vote.example.org/", opened.office.world.chain_id)
    text = opened.assembly.begin_link(person("dao"), page).message(safe).text()
    opened.assembly.finish_link(page, text, signed_for(opened, safe, personal_hash(text)), person("dao"))
    return Identity(person("dao"), through="discord")


def take_power_from_ann(opened: Town, safe: Address) -> None:
    """From now on her Safe wants two signatures."""
    anvil = opened.office.anvil
    anvil.rpc("anvil_setBalance", safe, hex(10**18))
    anvil.rpc("anvil_impersonateAccount", safe)
    transact(anvil, Transaction(safe, safe, "0x" + ADD_OWNER.encode(EVE.address, 2).hex()))
    anvil.rpc("anvil_stopImpersonatingAccount", safe)


def test_a_safe_votes_through_a_chat_and_by_signature_and_counts_while_it_stands_by_it(
    town: Opened, toolchain: Toolchain
) -> None:
    opened = town(MEMBERS)
    safe = with_a_safe(opened, toolchain)
    dao = link_safe(opened, safe)
    proposal = opened.propose()
    assert opened.vote(dao, proposal, AGAINST).power == 5000 * TOKEN
    message = opened.assembly.message(proposal, safe, FOR)
    opened.assembly.cast_signed(proposal, message.typed_data(), signed_for(opened, safe, message.digest))
    opened.later()
    assert opened.finish(proposal) is State.EXECUTED
    assert opened.assembly.tally(proposal).void == frozenset()


def test_a_link_and_a_signed_vote_that_a_safe_does_not_confirm_any_more_are_left_out_by_name(
    town: Opened, toolchain: Toolchain
) -> None:
    opened = town(MEMBERS)
    safe = with_a_safe(opened, toolchain)
    dao = link_safe(opened, safe)
    by_chat = opened.propose()
    opened.vote(dao, by_chat, FOR)
    by_signature = opened.office.propose(opened.office.payment("USDC", 500), nominal=1)
    opened.office.tick()
    message = opened.assembly.message(by_signature, safe, FOR)
    opened.assembly.cast_signed(by_signature, message.typed_data(), signed_for(opened, safe, message.digest))
    opened.sign_vote(BOB, by_signature, FOR)
    take_power_from_ann(opened, safe)
    opened.later()
    opened.office.tick()
    for proposal in (by_chat, by_signature):
        assert opened.office.state(proposal) is State.DEFEATED
        assert opened.assembly.tally(proposal).void == {safe.lower()}
    assert opened.assembly.tally(by_signature).tally.total == 200 * TOKEN
