"""A transaction service on this machine, stricter than the original: its routes, schemas, validations and quirks.

Written after version 6.10.1 (github.com/safe-global/safe-transaction-service) and held to it:
`test_transaction_service` runs against either. Hashes and signatures are computed by safe-eth-py, as there, not by the
code under test. Stricter: unknown fields and query parameters are refused, a page ends where it says, and `per_second`
and `per_month` count.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlencode

from eth_typing import URI
from eth_utils.address import is_checksum_address
from hexbytes import HexBytes
from safe_eth.eth import EthereumClient
from safe_eth.eth.eip712 import eip712_encode
from safe_eth.eth.utils import fast_keccak
from safe_eth.safe import Safe
from safe_eth.safe.safe_signature import SafeSignature
from safe_eth.safe.safe_tx import SafeTx

from tests.contract.owners_queue.wire import Handler, Refusal, Request

VERSION = "6.10.1"
ZERO = "0x" + "00" * 20
EXECUTION_SUCCESS = "0x" + fast_keccak(b"ExecutionSuccess(bytes32,uint256)").hex()
APPROVE_HASH = "0x" + fast_keccak(b"ApproveHash(bytes32,address)").hex()
_FIELDS = frozenset(
    {"to", "value", "data", "operation", "safeTxGas", "baseGas", "gasPrice", "gasToken", "refundReceiver", "nonce"}
    | {"contractTransactionHash", "sender", "signature", "origin"}
)
_QUERY = frozenset(["executed", "trusted", "nonce__gte", "ordering", "limit", "offset"])
_MONTH = 2_591_751


@dataclass
class Kept:
    """A transaction as the service keeps it."""

    fields: dict[str, Any]
    safe: str
    hash: str
    preimage: bytes
    proposer: str
    delegate: str | None
    trusted: bool
    origin: str
    number: int
    confirmations: dict[str, tuple[str, str]] = field(default_factory=dict)
    executed_in: str | None = None


Behaviour = Callable[["StandIn", Request], bool]
"""Answers a request itself, or returns False to leave it to the honest service."""


def always(answer: Callable[[Request], object], *methods: str) -> Behaviour:
    """Every request with one of these methods is answered so."""

    def behave(_: StandIn, request: Request) -> bool:
        if methods and request.method not in methods:
            return False
        answer(request)
        return True

    return behave


class StandIn(ThreadingHTTPServer):
    """The service of one chain.

    Attributes:
        behaviours: asked one after another before the honest answer.
        seen: method and path of all requests in order.
        key: what has to be sent as a bearer token; None for a self-hosted service, which asks for none.
        per_second, per_month: the limits of the plan; 0 for none.
        clock: epoch seconds; what delegates sign is only good for an hour or two.
        indexed_to: the last block that it has looked at; None follows the chain at once.
    """

    daemon_threads = True

    def __init__(self, node: str) -> None:
        self.behaviours: list[Behaviour] = []
        self.seen: list[tuple[str, str]] = []
        self.key: str | None = None
        self.per_second = self.per_month = 0
        self.clock: Callable[[], float] = time.time
        self.indexed_to: int | None = None
        self.kept: dict[str, Kept] = {}
        self.delegates: dict[tuple[str | None, str, str], str] = {}
        self.client = EthereumClient(URI(node))
        self.chain_id = self.client.get_chain_id()
        self._asked: list[float] = []
        self._versions: dict[str, str] = {}
        self._lock = threading.RLock()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what is tested."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def respond(self, request: Request) -> None:
        with self._lock:
            self.seen.append((request.method, request.path))
            if any(behaviour(self, request) for behaviour in list(self.behaviours)):
                return
            try:
                self._admit(request)
                status, content = self._route(request)
            except Refusal as refusal:
                status, content = refusal.status, refusal.content
            left = max(self.per_month - len(self._asked), 0)
            limits = {
                "X-RateLimit-Limit": str(self.per_month),
                "X-RateLimit-Remaining": str(left),
                "X-RateLimit-Reset": str(_MONTH),
            }
            request.answer(content, status, limits if self.per_month else None)

    def _admit(self, request: Request) -> None:
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refusal(401, {"detail": "Invalid API key"})
        if self.per_month and len(self._asked) >= self.per_month:
            raise Refusal(429, {"detail": "Monthly quota exceeded."})
        now = time.monotonic()
        if self.per_second and len([each for each in self._asked if each > now - 1]) >= self.per_second:
            raise Refusal(429, {"detail": "Too many requests"})
        self._asked.append(now)

    def _route(self, request: Request) -> tuple[int, Any]:
        parts = [part for part in request.path.split("/") if part]
        if not request.path.endswith("/"):
            raise Refusal(404, {"detail": "Not found"})
        match request.method, *parts:
            case "GET", "api", "v1", "about":
                return 200, {"name": "Safe Transaction Service", "version": VERSION}
            case "GET", "api", "v2", "safes", address, "multisig-transactions":
                return self._list(_checked_path(address), request.query)
            case "POST", "api", "v2", "safes", address, "multisig-transactions":
                return self._propose(_checked_path(address), request.json())
            case "GET", "api", "v2", "multisig-transactions", digest:
                return 200, self._shown(self._get(digest))
            case "POST", "api", "v1", "multisig-transactions", digest, "confirmations":
                return self._confirm(digest, request.json())
            case "GET", "api", "v2", "delegates":
                return self._list_delegates(request.query)
            case "POST", "api", "v2", "delegates":
                return self._add_delegate(request.json())
            case "DELETE", "api", "v2", "delegates", delegate:
                return self._remove_delegate(_checked_path(delegate), request.json())
        raise Refusal(404, {"detail": "Not found"})

    def _get(self, digest: str) -> Kept:
        self._index()
        if digest not in self.kept:
            raise Refusal(404, {"detail": "No MultisigTransaction matches the given query."})
        return self.kept[digest]

    # What is proposed.

    def _propose(self, safe: str, given: dict[str, Any]) -> tuple[int, Any]:
        self._index()
        errors = {name: ["This field is required."] for name in _FIELDS - {"signature", "origin"} - given.keys()}
        errors |= {name: ["Unknown field"] for name in given.keys() - _FIELDS}
        for name in ("to", "gasToken", "refundReceiver", "sender"):
            if name in given and not is_checksum_address(given[name]):
                errors[name] = [f"Address {given[name]} is not checksumed"]
        if errors:
            raise Refusal(422, errors)
        kept = self._transaction(safe, given)
        if kept.hash != given["contractTransactionHash"]:
            _refuse(
                f"Contract-transaction-hash={kept.hash} does not match provided "
                f"contract-tx-hash={given['contractTransactionHash']}"
            )
        for other in self.kept.values():
            if other.safe == safe and other.fields["nonce"] == kept.fields["nonce"] and other.executed_in:
                _refuse(f"Tx with nonce={kept.fields['nonce']} for safe={safe} already executed")
        owners, delegates = self._owners(safe), self._delegates_of(safe)
        if given["sender"] not in {*owners, *delegates}:
            _refuse(f"Sender={given['sender']} is not an owner or delegate. Current owners={owners}")
        raw = given.get("signature")
        signatures = self._signatures(kept, raw, {*owners, *delegates}) if raw is not None else []
        if signatures and given["sender"] not in [owner for owner, _, _ in signatures]:
            _refuse(f"Signature does not match sender={given['sender']}")
        kept.trusted = bool(signatures)
        if given["sender"] not in owners:
            kept.proposer, kept.delegate = delegates[given["sender"]], given["sender"]
        known = self.kept.setdefault(kept.hash, kept)
        known.trusted |= kept.trusted
        for owner, signature, kind in signatures:
            if owner in owners:
                known.confirmations.setdefault(owner, (signature, kind))
        return 201, None

    def _transaction(self, safe: str, given: dict[str, Any]) -> Kept:
        names = ("value", "operation", "safeTxGas", "baseGas", "gasPrice", "nonce")
        numbers = {name: int(given[name]) for name in names}
        if any(number < 0 for number in numbers.values()) or numbers["operation"] not in (0, 1):
            raise Refusal(422, {"operation": ["not a valid choice"]})
        data = bytes(HexBytes(given["data"] or b""))
        made: Any = SafeTx(
            self.client,
            safe,  # type: ignore[arg-type]  # checksummed
            given["to"],
            numbers["value"],
            data,
            numbers["operation"],
            numbers["safeTxGas"],
            numbers["baseGas"],
            numbers["gasPrice"],
            given["gasToken"],
            given["refundReceiver"],
            safe_nonce=numbers["nonce"],
            safe_version=self._version(safe),
            chain_id=self.chain_id,
        )
        fields = {**given, **numbers, "data": f"0x{data.hex()}" if data else None}
        digest = "0x" + bytes(made.safe_tx_hash).hex()
        origin = given.get("origin") or "{}"
        preimage = bytes(made.safe_tx_hash_preimage)
        return Kept(fields, safe, digest, preimage, given["sender"], None, True, origin, len(self.kept))

    def _signatures(self, kept: Kept, raw: str, allowed: set[str]) -> list[tuple[str, str, str]]:
        if len(HexBytes(raw)) < 65:
            raise Refusal(422, {"signature": ["Ensure this field has at least 65 bytes."]})
        found: list[tuple[str, str, str]] = []
        parsed: list[Any] = SafeSignature.parse_signature(
            HexBytes(raw), HexBytes(kept.hash), safe_hash_preimage=HexBytes(kept.preimage)
        )
        for each in parsed:
            if each.owner not in allowed:
                _refuse(f"Signer={each.owner} is not an owner or delegate")
            if not each.is_valid(self.client, kept.safe):
                _refuse(f"Signature={raw} for owner={each.owner} is not valid")
            if each.owner in [owner for owner, _, _ in found]:
                _refuse(f"Signature for owner={each.owner} is duplicated")
            found.append((each.owner, "0x" + bytes(each.export_signature()).hex(), each.signature_type.name))
        return found

    def _confirm(self, digest: str, given: dict[str, Any]) -> tuple[int, Any]:
        self._index()
        if given.keys() != {"signature"}:
            raise Refusal(400, {"signature": ["This field is required, and no other."]})
        if digest not in self.kept:
            raise Refusal(404, {"detail": f"Multisig transaction with safe-tx-hash={digest} was not found"})
        kept = self.kept[digest]
        if kept.executed_in:
            raise Refusal(400, {"signature": [f"Transaction with safe-tx-hash={digest} was already executed"]})
        try:
            signatures = self._signatures(kept, given["signature"], set(self._owners(kept.safe)))
        except Refusal as refusal:
            raise Refusal(400, {"signature": refusal.content}) from None
        for owner, signature, kind in signatures:
            kept.confirmations.setdefault(owner, (signature, kind))
        kept.trusted = True
        return 201, {"signature": given["signature"]}

    # What is shown.

    def _list(self, safe: str, query: dict[str, str]) -> tuple[int, Any]:
        self._index()
        if query.keys() - _QUERY:
            raise Refusal(400, {name: ["unknown parameter"] for name in query.keys() - _QUERY})
        found = [kept for kept in self.kept.values() if kept.safe == safe]
        if query.get("trusted", "true") == "true":
            found = [kept for kept in found if kept.trusted]
        if "executed" in query:
            found = [kept for kept in found if (kept.executed_in is not None) == (query["executed"] == "true")]
        found = [kept for kept in found if kept.fields["nonce"] >= int(query.get("nonce__gte", 0))]
        newest_first = query.get("ordering") != "nonce"
        found.sort(key=lambda kept: (kept.fields["nonce"], kept.number), reverse=newest_first)
        page = self._page(f"/api/v2/safes/{safe}/multisig-transactions/", [self._shown(kept) for kept in found], query)
        return 200, {**page, "countUniqueNonce": len({kept.fields["nonce"] for kept in self.kept.values()})}

    def _page(self, path: str, shown: list[Any], query: dict[str, str]) -> dict[str, Any]:
        limit, offset = min(int(query.get("limit", 100)), 200), int(query.get("offset", 0))
        following = {**query, "limit": limit, "offset": offset + limit}
        more = offset + limit < len(shown)
        return {
            "count": len(shown),
            "next": f"{self.url}{path}?{urlencode(following)}" if more else None,
            "previous": None,
            "results": shown[offset : offset + limit],
        }

    def _shown(self, kept: Kept) -> dict[str, Any]:
        fields = kept.fields
        return {
            "safe": kept.safe,
            "to": fields["to"],
            "value": str(fields["value"]),
            "data": fields["data"],
            "operation": fields["operation"],
            "gasToken": fields["gasToken"],
            "safeTxGas": str(fields["safeTxGas"]),
            "baseGas": str(fields["baseGas"]),
            "gasPrice": str(fields["gasPrice"]),
            "refundReceiver": fields["refundReceiver"],
            "nonce": str(fields["nonce"]),
            "submissionDate": "2026-01-01T00:00:00Z",
            "transactionHash": kept.executed_in,
            "safeTxHash": kept.hash,
            "proposer": kept.proposer,
            "proposedByDelegate": kept.delegate,
            "isExecuted": kept.executed_in is not None,
            "origin": kept.origin,
            "confirmationsRequired": 2,
            "confirmations": [
                {"owner": owner, "submissionDate": "", "transactionHash": None, "signature": one, "signatureType": kind}
                for owner, (one, kind) in kept.confirmations.items()
            ],
            "trusted": kept.trusted,
            "signatures": None,
        }

    # What the chain says.

    def _version(self, safe: str) -> str:
        if safe not in self._versions:
            self._versions[safe] = Safe(safe, self.client).retrieve_version()  # type: ignore[arg-type, abstract]  # as below
        return self._versions[safe]

    def _owners(self, safe: str) -> list[str]:
        return list(Safe(safe, self.client).retrieve_owners())  # type: ignore[arg-type, abstract]  # its metaclass picks

    def _index(self) -> None:
        """Executions and approved hashes up to the block that it has looked at."""
        safes = sorted({kept.safe for kept in self.kept.values()})
        if not safes:
            return
        last = hex(self.indexed_to) if self.indexed_to is not None else "latest"
        query: Any = {
            "address": safes,
            "topics": [[EXECUTION_SUCCESS, APPROVE_HASH]],
            "fromBlock": "0x0",
            "toBlock": last,
        }
        for log in self.client.w3.eth.get_logs(query):
            topics = [HexBytes(topic).to_0x_hex() for topic in log["topics"]]
            digest = topics[1] if len(topics) > 1 else HexBytes(log["data"])[:32].to_0x_hex()
            if digest not in self.kept:
                continue
            if topics[0] == EXECUTION_SUCCESS:
                self.kept[digest].executed_in = HexBytes(log["transactionHash"]).to_0x_hex()
            else:
                owner = self.client.w3.to_checksum_address("0x" + topics[2][-40:])
                signature = "0x" + owner[2:].lower().rjust(64, "0") + "00" * 32 + "01"
                self.kept[digest].confirmations.setdefault(owner, (signature, "APPROVED_HASH"))

    # Delegates.

    def _delegates_of(self, safe: str) -> dict[str, str]:
        owners = self._owners(safe)
        return {
            delegate: delegator
            for (of_safe, delegate, delegator) in self.delegates
            if of_safe in (None, safe) and delegator in owners
        }

    def _list_delegates(self, query: dict[str, str]) -> tuple[int, Any]:
        if not query.keys() & {"safe", "delegate", "delegator", "label"}:
            raise Refusal(400, ["At least one query param must be provided"])
        shown = [
            {"safe": safe, "delegate": delegate, "delegator": delegator, "label": label, "expiryDate": None}
            for (safe, delegate, delegator), label in self.delegates.items()
            if safe == query.get("safe", safe) and delegate == query.get("delegate", delegate)
        ]
        return 200, self._page("/api/v2/delegates/", shown, query)

    def _add_delegate(self, given: dict[str, Any]) -> tuple[int, Any]:
        if given.keys() - {"safe", "delegate", "delegator", "signature", "label", "expiryDate"}:
            raise Refusal(400, {"nonFieldErrors": ["unknown field"]})
        if not 0 < len(given["label"]) <= 50:
            raise Refusal(400, {"label": ["Ensure this field has no more than 50 characters."]})
        self._check_delegation(given, given["delegate"], {given["delegator"]})
        self.delegates[given.get("safe"), given["delegate"], given["delegator"]] = given["label"]
        return 201, {**given, "expiryDate": None}

    def _remove_delegate(self, delegate: str, given: dict[str, Any]) -> tuple[int, Any]:
        self._check_delegation(given, delegate, {given["delegator"], delegate})
        known = [each for each in self.delegates if each[1:] == (delegate, given["delegator"])]
        known = [each for each in known if given.get("safe") in (None, each[0])]
        for each in known:
            del self.delegates[each]
        return (204, None) if known else (404, None)

    def _check_delegation(self, given: dict[str, Any], delegate: str, signers: set[str]) -> None:
        safe, delegator = given.get("safe"), given["delegator"]
        if safe is not None and delegator not in self._owners(safe):
            _refuse(f"Provided delegator={delegator} is not an owner of Safe={safe}", 400)
        now = int(self.clock()) // 3600
        for period in (now - 1, now):
            for chain_id in (self.chain_id, None):
                preimage = b"".join(eip712_encode(_delegate_message(delegate, chain_id, period)))
                parsed: list[Any] = SafeSignature.parse_signature(
                    HexBytes(given["signature"]), fast_keccak(preimage), safe_hash_preimage=preimage
                )
                if len(parsed) == 1 and parsed[0].owner in signers and parsed[0].is_valid(self.client, parsed[0].owner):
                    return
        _refuse(f"Signature does not match provided delegate={delegate} or delegator={delegator}", 400)


def _delegate_message(delegate: str, chain_id: int | None, period: int) -> dict[str, Any]:
    domain: dict[str, Any] = {"name": "Safe Transaction Service", "version": "1.0"}
    types = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}]
    if chain_id is not None:
        domain["chainId"] = chain_id
        types.append({"name": "chainId", "type": "uint256"})
    members = [{"name": "delegateAddress", "type": "address"}, {"name": "totp", "type": "uint256"}]
    return {
        "types": {"EIP712Domain": types, "Delegate": members},
        "primaryType": "Delegate",
        "domain": domain,
        "message": {"delegateAddress": delegate, "totp": period},
    }


def _checked_path(address: str) -> str:
    if not is_checksum_address(address):
        failed = {"code": 1, "message": "Checksum address validation failed", "arguments": [address]}
        raise Refusal(422, failed)
    return address


def _refuse(words: str, status: int = 422) -> None:
    raise Refusal(status, {"nonFieldErrors": [words]})
