"""What the service answers, as far as it is used (API v2): types and sizes checked, meaning checked elsewhere."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput, ServiceUnavailable
from dao_bot.safe.signatures import MAX_SIGNATURE_SIZE
from dao_bot.safe.transaction import UINT256_LIMIT

MOST_OWNERS = 500
LARGEST_PAGE = 1_000


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except BadInput as error:
        raise ValueError(str(error)) from None


def _number(value: object) -> object:
    """The service writes large numbers as decimal text, and the same fields as numbers in older versions."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 78:
        return int(value)
    return value


AddressText = Annotated[str, AfterValidator(_address)]
Number = Annotated[int, Field(strict=True, ge=0, lt=UINT256_LIMIT), BeforeValidator(_number)]
HashText = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$"), AfterValidator(str.lower)]
HexText = Annotated[str, Field(pattern=r"^0x(?:[0-9a-fA-F]{2})*$", max_length=2 + 2 * (1 << 20))]
SignatureText = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]*$", max_length=2 + 2 * MAX_SIGNATURE_SIZE)]


class _Answer(BaseModel):
    """Unknown fields are ignored: the service adds some from time to time."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore")


class ConfirmationRecord(_Answer):
    """One owner's confirmation; `signature` is None where the owner only approved the hash on the chain."""

    owner: AddressText
    signature: SignatureText | None
    signature_type: Annotated[str, Field(max_length=40)]


class TransactionRecord(_Answer):
    """A multisig transaction, as in `SafeMultisigTransactionResponseSerializerV2`."""

    safe: AddressText
    to: AddressText
    value: Number
    data: HexText | None
    operation: Annotated[int, Field(strict=True, ge=0, le=2)]
    safe_tx_gas: Number
    base_gas: Number
    gas_price: Number
    gas_token: AddressText | None
    refund_receiver: AddressText | None
    nonce: Number
    safe_tx_hash: HashText
    is_executed: bool
    transaction_hash: HashText | None = None
    confirmations: Annotated[tuple[ConfirmationRecord, ...], Field(max_length=MOST_OWNERS)] = ()


class TransactionPage(_Answer):
    """One page; `count` is of all pages, `next` the address of the following one."""

    count: Annotated[int, Field(strict=True, ge=0)]
    next: Annotated[str, Field(max_length=4_000)] | None
    results: Annotated[tuple[TransactionRecord, ...], Field(max_length=LARGEST_PAGE)]


class DelegateRecord(_Answer):
    """Somebody who may propose in the name of an owner; `safe` is None where it holds for all of the owner's Safes."""

    safe: AddressText | None
    delegate: AddressText
    delegator: AddressText
    label: Annotated[str, Field(max_length=200)]
    expiry_date: Annotated[str, Field(max_length=60)] | None = None


class DelegatePage(_Answer):
    """One page of delegates."""

    count: Annotated[int, Field(strict=True, ge=0)]
    next: Annotated[str, Field(max_length=4_000)] | None
    results: Annotated[tuple[DelegateRecord, ...], Field(max_length=LARGEST_PAGE)]


Answer = TypeVar("Answer", bound=_Answer)
Page = TypeVar("Page", TransactionPage, DelegatePage)


def parse_answer(model: type[Answer], raw: bytes, where: str) -> Answer:
    """An answer of this shape.

    Raises:
        ServiceUnavailable: it is not JSON, or has another shape.
    """
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ServiceUnavailable(
            "the transaction service answered what its API does not allow",
            value=f"{where}: {place + ': ' if place else ''}{first['msg']}"[:300],
            next_step="Nothing of this answer was used. Check `treasury.service.url`, and the service's version",
        ) from None
