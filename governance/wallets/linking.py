"""From a signed message to the event that links or unlinks a wallet; nothing is recorded here."""

from __future__ import annotations

from dao_bot.chain.plan import Plan
from governance.wallets.errors import InvalidMessage
from governance.wallets.events import Linked, Unlinked
from governance.wallets.links import Links
from governance.wallets.nonces import NonceIssued
from governance.wallets.sign_in import Page, Purpose, SignIn
from governance.wallets.signatures import Proof, holds_still, personal_hash, prove
from governance.wallets.siwe import parse_siwe


def request(page: Page, issued: NonceIssued) -> SignIn:
    """What to sign, for a nonce that was recorded."""
    return SignIn(page, issued.purpose, issued.person, issued.nonce, issued.at, issued.expires)


def link(links: Links, asked: SignIn, text: str, signature: bytes, now: int) -> Plan[Linked]:
    """The event to record, if message, nonce, rules and signature allow it. At most one round, on the asked chain.

    Args:
        now: chain time, epoch seconds.

    Raises:
        InvalidMessage, InvalidNonce, LinkRefused, InvalidSignature: what is wrong, in words; nothing changes.
    """
    proof = yield from _proven(links, asked, Purpose.LINK, text, signature, now)
    at = max(now, links.nonces.latest)
    return Linked(proof.wallet, asked.person, at, asked.nonce, text, signature, proof.contract)


def unlink(links: Links, asked: SignIn, text: str, signature: bytes, now: int) -> Plan[Unlinked]:
    """As `link`, for a wallet that takes itself away from whoever has it; its owner needs no signature for that.

    Raises:
        InvalidMessage, InvalidNonce, LinkRefused, InvalidSignature: what is wrong, in words; nothing changes.
    """
    proof = yield from _proven(links, asked, Purpose.UNLINK, text, signature, now)
    return Unlinked(proof.wallet, asked.person, max(now, links.nonces.latest), asked.nonce, text, signature)


def link_holds(linked: Linked) -> Plan[bool]:
    """Whether a recorded link is still signed at the block that is read: for the count, and for whoever recounts."""
    try:
        message = parse_siwe(linked.message)
    except InvalidMessage:
        return False
    if message.address != linked.wallet or message.nonce != linked.nonce:
        return False
    proof = Proof(linked.wallet, linked.signature, linked.contract)
    return (yield from holds_still(proof, personal_hash(linked.message)))


def _proven(links: Links, asked: SignIn, purpose: Purpose, text: str, signature: bytes, now: int) -> Plan[Proof]:
    if asked.purpose is not purpose:
        raise InvalidMessage("the request was for something else", value=asked.purpose.value, limit=purpose.value)
    now = max(now, links.nonces.latest)
    links.nonces.require(asked.nonce, asked.person, purpose, now)
    message = asked.check(text, now)
    if purpose is Purpose.LINK:
        links.require_link(asked.person, message.address, asked.nonce, now)
    else:
        links.require_unlink(asked.person, message.address, asked.nonce, now)
    return (yield from prove(message.address, personal_hash(text), signature))
