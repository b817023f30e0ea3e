"""Safe Transaction Builder batch files: read with suspicion, and written so that the builder takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak
from dao_bot.safe.builder_values import encode_method
from dao_bot.safe.json_input import address_at, hex_bytes, read_json_object, text_at, whole_number

_WHAT = "a Safe Transaction Builder batch"
_MOST_CALLS = 500
_BUILDER_VERSION = "1.18.0"
"""Of the builder whose format this writes; it does not look at it."""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What such a file says.

    Attributes:
        safe: the Safe that it says it was made for, or None; it binds nobody.
    """

    chain_id: int
    name: str
    description: str
    safe: Address | None
    calls: tuple[Call, ...]


def parse_batch_file(raw: bytes, chain_id: int) -> BatchFile:
    """A batch file, with its checksum and chain id verified.

    The checksum protects against accidents only: whoever changes a file can compute it again.

    Raises:
        BadInput: it is foreign, corrupt, of another chain, or says two things at once.
    """
    content = read_json_object(raw, _WHAT)
    meta, transactions = content.get("meta"), content.get("transactions")
    if not isinstance(meta, dict) or not isinstance(transactions, list) or content.get("version") != "1.0":
        raise BadInput(
            f"the file is not {_WHAT}",
            value=f"keys {', '.join(sorted(content))[:80]}",
            limit="version 1.0 with meta and transactions",
            next_step="Export it again from the Transaction Builder",
        )
    _verify_checksum(content, meta)
    stated = whole_number(content.get("chainId"), "chainId of the batch file")
    if stated != chain_id:
        raise BadInput(
            "the batch file is for another chain", value=f"chain {stated}", limit=f"chain {chain_id} of the config"
        )
    if not 0 < len(transactions) <= _MOST_CALLS:
        raise BadInput(
            "the batch file has no usable number of transactions", value=len(transactions), limit=_MOST_CALLS
        )
    safe = address_at(meta, "createdFromSafeAddress", "meta") if meta.get("createdFromSafeAddress") else None
    return BatchFile(
        chain_id,
        _text_or_nothing(meta, "name"),
        _text_or_nothing(meta, "description"),
        safe,
        tuple(_call(entry, f"transaction {number}") for number, entry in enumerate(transactions, 1)),
    )


def write_batch_file(
    calls: Sequence[Call], *, chain_id: int, safe: Address, name: str, description: str, created_at: int
) -> bytes:
    """A batch file with its checksum, for the builder or for `parse_batch_file`.

    Args:
        created_at: epoch seconds.
    """
    content: dict[str, Any] = {
        "version": "1.0",
        "chainId": str(chain_id),
        "createdAt": created_at * 1000,
        "meta": {
            "name": name,
            "description": description,
            "txBuilderVersion": _BUILDER_VERSION,
            "createdFromSafeAddress": safe,
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": call.to,
                "value": str(call.value),
                "data": "0x" + call.data.hex(),
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
    content["meta"]["checksum"] = checksum_of(content)
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def checksum_of(content: Mapping[str, Any], *, with_name: bool = False) -> str:
    """The builder's checksum, 0x-hex: Keccak-256 of its own serialisation, without the checksum, the name nulled.

    Older builders took the name as it was (`with_name`). Source: safe-global/safe-react-apps, apps/tx-builder,
    src/lib/checksum.ts.
    """
    meta = {key: value for key, value in content["meta"].items() if key != "checksum"}
    if not with_name:
        meta["name"] = None
    return "0x" + keccak(_serialise({**content, "meta": meta}).encode()).hex()


def _serialise(value: object) -> str:
    """The builder's canonical text: sorted keys listed in front of the values, each value with a comma behind it."""
    if isinstance(value, list):
        return f"[{','.join(_serialise(item) for item in value)}]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))  # as JavaScript sorts
        return "{" + _as_javascript(keys) + "".join(_serialise(value[key]) + "," for key in keys) + "}"
    return _as_javascript(value)


def _as_javascript(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _verify_checksum(content: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
    stated = meta.get("checksum")
    if stated not in (checksum_of(content), checksum_of(content, with_name=True)):
        raise BadInput(
            "the batch file was changed after it was made, or never had a checksum",
            value=f"checksum {stated!r}"[:90],
            limit=checksum_of(content),
            next_step="Export it again from the Transaction Builder; do not repair it by hand",
        )


def _call(entry: object, where: str) -> Call:
    if not isinstance(entry, dict):
        raise BadInput(f"{where} is no transaction", value=type(entry).__name__)
    to = address_at(entry, "to", where)
    value = whole_number(text_at(entry, "value", where), f"value of {where}")
    data = entry.get("data")
    if data is not None and not isinstance(data, str):
        raise BadInput(f"the data of {where} is not text", value=type(data).__name__)
    encoded = encode_method(entry.get("contractMethod"), entry.get("contractInputsValues"), where)
    if data:
        given = hex_bytes(data, f"data of {where}")
        if encoded is not None and encoded != given:
            raise BadInput(
                f"{where} says two things: its data is not what its method and inputs encode to",
                value=f"data 0x{given[:4].hex()}…",
                limit=f"0x{encoded[:4].hex()}…",
                next_step="Ask whoever made the file which one was meant; do not sign it",
            )
        return Call(to, given, value)
    return Call(to, encoded or b"", value)


def _text_or_nothing(meta: Mapping[str, Any], key: str) -> str:
    value = meta.get(key) or ""
    if not isinstance(value, str):
        raise BadInput(f"`{key}` of the batch file is not text", value=type(value).__name__)
    return value[:500]
