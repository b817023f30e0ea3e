"""50,000 logs from a node to columns, against web3's `contract.events.Transfer.get_logs`; the same node, over HTTP."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dao_bot.chain.pinned import parse_block
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.canonical import CanonicalChain
from dao_bot.chain.streams.decode import Decoded, decode_logs
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.ranges import LogFilter, RangeReader
from dao_bot.chain.streams.stream import EventStream, StreamSource
from dao_bot.devnet import Anvil, ensure_toolchain
from dao_bot.devnet.accounts import STRANGER
from dao_bot.devnet.anvil import CHAIN_ID
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import deploy, send
from dao_bot.domain.addresses import Address
from dao_bot.domain.columns import FixedBytes, Integers

LOGS = 50_000
IN_ONE_BLOCK = 2_000
TIMES_FASTER = 25
REPEATS = 5
EMITTER = own_artifact("Emitter")
EVENT = parse_event("Transfer(address indexed sender, address indexed receiver, uint256 value)")


def emit(anvil: Anvil) -> Address:
    """The contract, after it has emitted `LOGS` events."""
    emitter = deploy(anvil, EMITTER)
    for start in range(1, LOGS, IN_ONE_BLOCK):
        send(anvil, STRANGER.address, emitter, EMITTER, "transfer_many", IN_ONE_BLOCK, start, 10**18)
    return emitter


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """The fewest seconds, which the rest of the machine disturbed least, and the last result."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
    return min(seconds), result


def require_equal(theirs: list[Any], ours: Decoded) -> None:
    sender, value = ours.fields["sender"], ours.fields["value"]
    assert isinstance(sender, FixedBytes)
    assert isinstance(value, Integers)
    told = [
        (each["blockNumber"], each["logIndex"], each["args"]["sender"].lower(), each["args"]["value"])
        for each in theirs
    ]
    if told != list(zip(ours.block.tolist(), ours.log_index.tolist(), sender.hex(), value.exact(), strict=True)):
        raise SystemExit("the two do not decode to the same events")


def main() -> int:
    from web3 import HTTPProvider, Web3

    with Anvil(ensure_toolchain().anvil) as anvil, tempfile.TemporaryDirectory() as home:
        emitter = emit(anvil)
        endpoint = Endpoint(anvil.url, "local")
        pinned = parse_block(endpoint.request("eth_getBlockByNumber", "latest", False), CHAIN_ID, "local")
        contract = Web3(HTTPProvider(anvil.url)).eth.contract(Web3.to_checksum_address(emitter), abi=EMITTER.abi)

        def columns() -> Decoded:
            reader = RangeReader(endpoint, LogFilter(emitter, EVENT.topic), CHAIN_ID)
            return decode_logs(EVENT, reader.read_exactly(0, pinned.number).logs, "local")

        def stream(directory: list[Path]) -> int:
            source = StreamSource(CHAIN_ID, emitter, EVENT, 0)
            kept = EventStream("transfers", source, directory.pop())
            return len(kept.columns(CanonicalChain(endpoint, pinned)))

        def in_web3(first: int, last: int) -> list[Any]:
            return list(contract.events.Transfer.get_logs(from_block=first, to_block=last))

        theirs: list[Any] = []
        web3_times, times = [], []
        share = -(-(pinned.number + 1) // REPEATS)
        for first in range(0, pinned.number + 1, share):
            # In turns, so that whatever else the machine does slows both.
            took, part = timed(partial(in_web3, first, first + share - 1), 1)
            web3_times.append(took / len(part))
            theirs += part
            took, ours = timed(columns, 3)
            times.append(took / len(ours.block))
        require_equal(theirs, ours)
        web3_rate, rate = 1 / min(web3_times), 1 / min(times)
        directories = [Path(home) / str(number) for number in range(REPEATS)]
        kept_seconds, kept = timed(lambda: stream(directories), REPEATS)
        assert kept == LOGS
        read_seconds, again = timed(lambda: stream([Path(home) / "0"]), REPEATS)
        assert again == LOGS
        endpoint.close()
    ratio = rate / web3_rate
    result = {
        "benchmark": "logs",
        "logs": LOGS,
        "web3_logs_per_s": round(web3_rate),
        "logs_per_s": round(rate),
        "times_web3": round(ratio, 1),
        "times_web3_limit": TIMES_FASTER,
        "checked_and_kept_logs_per_s": round(LOGS / kept_seconds),
        "read_again_logs_per_s": round(LOGS / read_seconds),
        "ok": ratio >= TIMES_FASTER,
    }
    print(json.dumps(result), flush=True)  # noqa: T201 - the result is the output
    return int(not result["ok"])


if __name__ == "__main__":
    sys.exit(main())
