"""A key in another process: one request and one answer for each line of JSON, over a local socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from dao_bot.chain.gas import Fees
from dao_bot.chain.hexes import to_data
from dao_bot.chain.transactions import Signed, Unsigned, unsigned_of
from dao_bot.domain.addresses import Address, checksum, parse_address
from dao_bot.domain.errors import BadInput, ChainError, Refused
from dao_bot.domain.hashing import keccak

LONGEST_LINE = 64 << 20
"""Bytes; a signed vote has about one KiB, and all votes of a ballot are presented together."""

SIGNER_SECONDS = 120.0
"""For the signer to read the chain, to simulate and to check."""


Present = Callable[[], Mapping[str, object]]
"""Makes what is shown of a proposal, once it is needed."""


class RemoteSigner:
    """The keeper's side. What comes back is read again: it must be what was asked for, by the signer's own key.

    Args:
        who: whose key: `keeper`, or `member` of the module's role.
        timeout: seconds for one answer.
    """

    def __init__(self, socket_path: Path, who: str = "keeper", timeout: float = SIGNER_SECONDS) -> None:
        self._path = socket_path
        self._who = who
        self._timeout = timeout
        self._present: Present | None = None

    def __repr__(self) -> str:
        return f"RemoteSigner({self._path})"

    @cached_property
    def address(self) -> Address:
        """The key's.

        Raises:
            ChainError: the signer does not answer.
        """
        return parse_address(str(self._ask({"do": "address", "of": self._who}).get("address")))

    def present(self, proposal: Present) -> None:
        """What is signed from now on is for this proposal, until the next one is presented."""
        self._present = proposal

    def sign_for_module(self, proposal: Mapping[str, object]) -> bytes:
        """r, s, v of the role's member, with the proposal's id as salt.

        Raises:
            Refused: by the signer, in its words.
            ChainError: the signer does not answer.
        """
        return _bytes(self._ask({"do": "sign for the module", "proposal": proposal}).get("signature"))

    def sign(self, transaction: Unsigned) -> Signed:
        """What the signer made of it.

        Raises:
            Refused: by the signer, in its words; or it signed something else.
            ChainError: the signer does not answer. Nothing was sent.
        """
        from eth_account import Account

        shown = None if self._present is None else self._present()
        raw = _bytes(self._ask({"do": "sign", "as": self._who, "proposal": shown, **as_json(transaction)}).get("raw"))
        if unsigned_of(raw) != transaction:
            raise Refused("the signer signed another transaction than it was asked for", value=self._path)
        sender = checksum(Account.recover_transaction(to_data(raw)))
        if sender != self.address:
            raise Refused("the signed bytes are by another key", value=sender, limit=self.address)
        return Signed(raw, to_data(keccak(raw)), sender, transaction.nonce, transaction.fees)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout)
                connection.connect(str(self._path))
                connection.sendall(json.dumps(request).encode() + b"\n")
                with connection.makefile("rb") as answers:
                    answer = json.loads(answers.readline(LONGEST_LINE) or b"null")
        except (OSError, ValueError) as error:
            raise self._silent(getattr(error, "strerror", None) or "it answered nonsense") from error
        if not isinstance(answer, dict):
            raise self._silent("it hung up; perhaps this user may not ask it")
        if "refused" in answer:
            raise Refused(f"the signer refused: {answer['refused']}")
        return answer

    def _silent(self, why: str) -> ChainError:
        return ChainError(
            "the signer does not answer, so nothing can be sent",
            value=f"{self._path}: {why}",
            next_step="Start it with `dao-bot signer`, as its own user",
        )


def _bytes(answer: object) -> bytes:
    try:
        return bytes.fromhex(str(answer).removeprefix("0x"))
    except ValueError:
        raise ChainError("the signer answered something that is no signature", value=str(answer)[:80]) from None


def as_json(transaction: Unsigned) -> dict[str, Any]:
    """Its fields, numbers as decimal text."""
    return {
        "chain_id": str(transaction.chain_id),
        "nonce": str(transaction.nonce),
        "to": str(transaction.to),
        "data": to_data(transaction.data),
        "value": str(transaction.value),
        "gas": str(transaction.gas),
        "fees": {name: str(fee) for name, fee in transaction.fees.as_dict().items()},
    }


def from_json(raw: dict[str, Any]) -> Unsigned:
    """The inverse of `as_json`, of anything that somebody sent.

    Raises:
        BadInput: it is no transaction.
    """
    try:
        fees = {str(name): _number(fee) for name, fee in dict(raw["fees"]).items()}
        return Unsigned(
            _number(raw["chain_id"]),
            _number(raw["nonce"]),
            parse_address(str(raw["to"])),
            bytes.fromhex(str(raw["data"]).removeprefix("0x")),
            _number(raw["value"]),
            _number(raw["gas"]),
            Fees.from_dict(fees),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput("this is no transaction to sign", value=f"{type(error).__name__}: {error}"[:100]) from None


def _number(text: object) -> int:
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > 78:
        raise ValueError("not a decimal number")
    return int(text)
