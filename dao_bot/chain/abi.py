"""Contract functions by their signature: calldata and return data, with nothing lenient about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dao_bot.chain.codec import Reader, split_types, tuple_of
from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, ChainError
from dao_bot.domain.hashing import keccak


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract. Make it with `function`.

    Attributes:
        signature: canonical, such as `transfer(address,uint256)`.
        inputs, outputs: canonical ABI types, tuples as `(type,type)`.
    """

    signature: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    selector: bytes

    def encode(self, *arguments: Any) -> bytes:
        """Calldata.

        Raises:
            BadInput: for arguments that do not have the types of the signature.
        """
        return self.selector + encode(self.inputs, arguments, self.signature)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """What the function returned; addresses checksummed.

        Raises:
            ChainError: the data is not what the signature says.
        """
        try:
            return decode(self.outputs, data)
        except ValueError as error:
            raise ChainError(
                f"a contract did not answer {self.signature} as it must",
                value=f"{len(data)} bytes: 0x{data[:68].hex()}{'…' if len(data) > 68 else ''}",
                limit=f"({','.join(self.outputs)})",
                next_step="Check that the address is the right contract",
            ) from error

    def arguments(self, calldata: bytes) -> tuple[Any, ...]:
        """The arguments of calldata that somebody else made; only the canonical encoding is accepted.

        Raises:
            BadInput: another function, or bytes that `encode` would not have written (hidden or unpadded data).
        """
        if calldata[:4] != self.selector:
            raise BadInput(f"not a call of {self.signature}", value=f"selector 0x{calldata[:4].hex()}")
        try:
            arguments = decode(self.inputs, calldata[4:])
        except ValueError as error:
            raise BadInput(f"calldata of {self.signature} that does not decode", value=_shown(calldata)) from error
        if self.encode(*arguments) != calldata:
            raise BadInput(f"calldata of {self.signature} in an unusual encoding", value=_shown(calldata))
        return arguments

    def read(self, to: Address, *arguments: Any, gas: int = 100_000) -> Read:
        """The call as a `Read`."""
        return Read(to, self.encode(*arguments), gas)

    def result(self, answer: Answer) -> tuple[Any, ...] | None:
        """The decoded answer, None when the call failed.

        Raises:
            ChainError: it succeeded with data of another shape.
        """
        return self.decode(answer.data) if answer.success else None


@cache
def function(signature: str, outputs: str = "()") -> Function:
    """`function("balanceOf(address)", "(uint256)")`. Types are canonical: `uint256`, not `uint`.

    Raises:
        ValueError: the signature does not parse; it is written in code, so this is a mistake in the program.
    """
    name = signature.partition("(")[0]
    if not name.isidentifier():
        raise ValueError(f"not a function signature: {signature!r}")
    inputs, results = split_types(signature[len(name) :]), split_types(outputs)
    tuple_of(inputs), tuple_of(results)
    return Function(signature, inputs, results, keccak(signature.encode())[:4])


def encode(types: Sequence[str], values: Sequence[Any], of: str = "values") -> bytes:
    """ABI encoding of a tuple. Raises `BadInput`, naming `of`, where a value does not have its type."""
    try:
        return tuple_of(tuple(types)).encode(values)
    except (ValueError, TypeError, BadInput) as error:
        raise BadInput(f"arguments that do not fit {of}", value=str(error)[:200]) from error


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """ABI decoding of a tuple, addresses checksummed. Raises `ValueError` for anything that is no encoding of it."""
    return tuple_of(tuple(types)).decode(Reader(data), 0)


def _shown(calldata: bytes) -> str:
    return f"0x{calldata[:68].hex()}" + ("…" if len(calldata) > 68 else "")
