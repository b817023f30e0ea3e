"""An owner's own look at a transaction before signing: hashes computed here, calls decoded here, dangers named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.errors import ChainError, DaoBotError
from dao_bot.domain.simulation import SafeState
from dao_bot.safe.batch import unwrap
from dao_bot.safe.decode import NOTHING, decode_safe_call
from dao_bot.safe.hashes import SafeHashes, safe_hashes
from dao_bot.safe.transaction import SafeTransaction

Decoder = Callable[[Call], DecodedCall | None]

_TRANSACTION_HASH = function(
    "getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256)", "(bytes32)"
)


@dataclass(frozen=True, slots=True)
class Verification:
    """What an owner compares with the signing device, and what to think of it.

    Attributes:
        calls: every inner call in order; empty where the transaction cannot be taken apart.
        dangers: reasons not to sign, in words.
        notes: what an owner should know besides.
    """

    chain_id: int
    safe: SafeState
    transaction: SafeTransaction
    hashes: SafeHashes
    calls: tuple[DecodedCall, ...]
    dangers: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_rejection(self) -> bool:
        """Whether it does nothing but use up its nonce."""
        return _does_nothing(self.calls)

    @property
    def deadline(self) -> int | None:
        """The chain's time after which its own bytes make it revert; None where they do not."""
        return min((call.deadline for call in self.calls if call.deadline is not None), default=None)


def read_contract_hash(safe: Address, transaction: SafeTransaction) -> Plan[str]:
    """The safeTxHash as the Safe itself computes it, 0x-hex. One round.

    Raises:
        ChainError: the Safe does not answer.
    """
    (answer,) = yield [
        _TRANSACTION_HASH.read(
            safe,
            transaction.to,
            transaction.value,
            transaction.data,
            int(transaction.operation),
            transaction.safe_tx_gas,
            transaction.base_gas,
            transaction.gas_price,
            transaction.gas_token,
            transaction.refund_receiver,
            transaction.nonce,
            gas=1_000_000,
        )
    ]
    if not answer.success:
        raise ChainError("the Safe does not compute the hash of the transaction", value=safe)
    digest: bytes = _TRANSACTION_HASH.decode(answer.data)[0]
    return "0x" + digest.hex()


def verify(
    chain_id: int,
    safe: SafeState,
    transaction: SafeTransaction,
    *,
    decoders: Sequence[Decoder],
    multi_send_call_only: Address,
    contract_hash: str,
    stated_hash: str | None = None,
) -> Verification:
    """Everything about the transaction that can be known without simulating it.

    Args:
        safe: as `read_safe` found it on the owner's own node.
        contract_hash: what `read_contract_hash` returned.
        stated_hash: what somebody (a proposal, the transaction service, a file) says the hash is.
    """
    hashes = safe_hashes(chain_id, safe.address, transaction)
    dangers = list(_hash_dangers(hashes, contract_hash, stated_hash))
    dangers += _field_dangers(transaction)
    decoded: tuple[DecodedCall, ...] = ()
    try:
        calls = unwrap(transaction.to, transaction.value, transaction.data, transaction.operation, multi_send_call_only)
        decoded = tuple(_decode(call, safe.address, decoders) for call in calls)
    except DaoBotError as error:
        dangers.append(str(error))
    dangers += _call_dangers(decoded, safe.address)
    return Verification(
        chain_id, safe, transaction, hashes, decoded, tuple(dangers), tuple(_notes(safe, transaction, decoded))
    )


def _decode(call: Call, safe: Address, decoders: Sequence[Decoder]) -> DecodedCall:
    for decoder in (lambda known: decode_safe_call(known, safe), *decoders):
        decoded = decoder(call)
        if decoded is not None:
            return decoded
    what = f"unknown function 0x{call.selector.hex()} of" if call.data else f"{call.value} wei to"
    return DecodedCall(call, "unknown", None, (), f"{what} {call.to}")


def _hash_dangers(hashes: SafeHashes, contract_hash: str, stated_hash: str | None) -> Iterator[str]:
    if contract_hash != hashes.safe_tx:
        yield (
            f"The Safe on this node computes another hash ({contract_hash}): the node lies, this is another chain, "
            "or this is no Safe"
        )
    if stated_hash is not None and stated_hash.lower() != hashes.safe_tx:
        yield f"The hash that was stated ({stated_hash}) is not the hash of this transaction; somebody is lying"


def _field_dangers(transaction: SafeTransaction) -> Iterator[str]:
    if transaction.gas_price or transaction.base_gas or transaction.gas_token != ZERO_ADDRESS:
        yield "The Safe would pay whoever sends the transaction (gas price, base gas or gas token is set)"
    if transaction.refund_receiver != ZERO_ADDRESS:
        yield f"A refund would go to {transaction.refund_receiver}"
    if transaction.safe_tx_gas:
        yield "With safeTxGas set, the transaction counts as done and uses up its nonce also when its calls fail"


def _call_dangers(calls: Sequence[DecodedCall], safe: Address) -> Iterator[str]:
    for number, decoded in enumerate(calls, 1):
        if decoded.call.to == safe and decoded.function != NOTHING:
            yield f"Call {number} changes the Safe itself: {decoded.summary}"
        elif decoded.function is None:
            yield f"Call {number} is not understood: {decoded.summary}"


def _notes(safe: SafeState, transaction: SafeTransaction, calls: Sequence[DecodedCall]) -> Iterator[str]:
    if transaction.nonce < safe.nonce:
        yield f"Nonce {transaction.nonce} is used up (the Safe is at {safe.nonce}); it can never be executed"
    elif transaction.nonce > safe.nonce:
        yield f"{transaction.nonce - safe.nonce} other transactions have to be executed before it"
    if _does_nothing(calls):
        yield "It does nothing but take the place of whatever else waits at its nonce"
    elif calls and calls[0].deadline is None:
        yield "It has no deadline: once signed, anybody may send it, also in years"


def _does_nothing(calls: Sequence[DecodedCall]) -> bool:
    return len(calls) == 1 and calls[0].function == NOTHING
