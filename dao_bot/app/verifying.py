"""`dao-bot verify` and `dao-bot inspect`: an owner's own look at bytes that somebody else made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dao_bot.app.exits import DONE, REFUSED
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.text import clean, utc
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.proposals import HoldingLine
from dao_bot.domain.units import format_units
from dao_bot.engine.examine import Examined
from dao_bot.engine.second_look import SecondLook, examine_wrapped, look_again
from dao_bot.engine.signing import transaction_of
from dao_bot.safe.batch import wrap_multisig
from dao_bot.safe.builder import parse_batch_file
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_file import parse_transaction_file

_LARGEST_FILE = 4 * 2**20


def verify(path: Path, what: str, as_facts: bool) -> int:
    """Hashes, calls, dangers, and what the Safe would gain and lose; exit code 3 when there is reason not to sign."""
    with open_desk(path) as desk:
        transaction, stated = _transaction(desk, what)
        seen = look_again(desk.services, desk.store, transaction, stated_hash=stated)
    if as_facts:
        print_json({**_facts(seen), "safe_to_sign": seen.is_safe_to_sign})
    else:
        print_text("\n".join(_lines(seen)))
    return DONE if seen.is_safe_to_sign else REFUSED


def inspect(path: Path, file: Path, as_facts: bool) -> int:
    """A Transaction Builder batch: decoded, simulated, held against the policy; exit code 3 when it is refused."""
    with open_desk(path) as desk:
        treasury = desk.services.treasury
        batch_file = parse_batch_file(_read(file), treasury.chain_id)
        if batch_file.safe is not None and batch_file.safe != treasury.safe:
            raise BadInput("the batch was made for another Safe", value=batch_file.safe, limit=treasury.safe)
        wrapped = wrap_multisig(batch_file.calls, desk.services.multi_send_call_only)
        examined = examine_wrapped(desk.services, desk.store, wrapped)
    verdict = examined.verdict
    if as_facts:
        facts = {"calls": _calls(examined.decoded), "simulation": examined.simulation, "verdict": verdict}
        print_json({**facts, "passed": verdict.passed})
        return DONE if verdict.passed else REFUSED
    lines = [f"{clean(batch_file.name or file.name, 80)}: {len(examined.calls)} calls"]
    lines += [f"{number:3}  {clean(call.summary, 110)}" for number, call in enumerate(examined.decoded, start=1)]
    lines += _outcome_lines(examined)
    lines += [f"REFUSED  {report.rule} {report.subject}: {report.message}" for report in verdict.violations]
    lines.append("The policy allows it." if verdict.passed else "The policy refuses it.")
    print_text("\n".join(lines))
    return DONE if verdict.passed else REFUSED


def _transaction(desk: Desk, what: str) -> tuple[SafeTransaction, str | None]:
    """From a file, or by a safeTxHash from the record; and the hash that was stated."""
    if not what.startswith("0x") or Path(what).exists():
        file = parse_transaction_file(_read(Path(what)))
        treasury = desk.services.treasury
        if file.chain_id not in (None, treasury.chain_id) or file.safe != treasury.safe:
            raise BadInput(
                "the transaction is of another Safe or chain",
                value=f"{file.safe} on chain {file.chain_id}",
                limit=f"{treasury.safe} on chain {treasury.chain_id}",
            )
        return file.transaction, file.stated_hash
    treasury = desk.services.treasury
    for stored in desk.store.proposals(limit=None):
        if stored.nonce is None:
            continue
        transaction = transaction_of(stored)
        if safe_hashes(treasury.chain_id, treasury.safe, transaction).safe_tx == what.lower():
            return transaction, what
    raise NotFound(
        "no proposal of this record has that safeTxHash",
        value=what[:80],
        next_step="Export the transaction as a file where it was made, and verify that",
    )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    if len(raw) > _LARGEST_FILE:
        raise BadInput(f"{file} is too large", limit=f"{_LARGEST_FILE} bytes")
    return raw


def _facts(seen: SecondLook) -> dict[str, Any]:
    verification = seen.verification
    return {
        "chain_id": verification.chain_id,
        "safe": verification.safe.address,
        "nonce": verification.transaction.nonce,
        "hashes": verification.hashes,
        "calls": _calls(verification.calls),
        "dangers": verification.dangers,
        "notes": verification.notes,
        "simulation": seen.examined.simulation if seen.examined else None,
        "simulation_problem": seen.problem,
    }


def _calls(decoded: tuple[DecodedCall, ...]) -> list[dict[str, Any]]:
    return [{"to": each.call.to, "function": each.function, "summary": each.summary} for each in decoded]


def _lines(seen: SecondLook) -> list[str]:
    verification = seen.verification
    hashes = verification.hashes
    lines = [
        f"Safe {verification.safe.address} on chain {verification.chain_id}, nonce {verification.transaction.nonce}",
        "Compare with your signing device, character by character:",
        f"  domain hash   {hashes.domain}",
        f"  message hash  {hashes.message}",
        f"  safeTxHash    {hashes.safe_tx}",
        "What it does, in order:",
    ]
    lines += [f"{number:3}  {clean(call.summary, 110)}" for number, call in enumerate(verification.calls, start=1)]
    lines += _outcome_lines(seen.examined) if seen.examined else [f"It could not be simulated: {seen.problem}"]
    lines += [f"note    {note}" for note in verification.notes]
    lines += [f"DANGER  {danger}" for danger in verification.dangers]
    return lines


def _outcome_lines(examined: Examined) -> list[str]:
    simulation = examined.simulation
    if not simulation.success:
        return [f"It would fail: {simulation.revert_reason}"]
    when = f"Simulated on block {simulation.block_number} at {utc(simulation.timestamp)} by two witnesses:"
    return [when, *(f"  {_change(line)}" for line in examined.holdings if line.expected != line.before)]


def _change(line: HoldingLine) -> str:
    delta = line.expected - line.before
    sign = "+" if delta > 0 else ""
    return f"{line.token.symbol:8} {sign}{format_units(delta, line.token.decimals)}"
