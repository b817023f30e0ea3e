"""`dao-bot verify` and `dao-bot inspect`: an owner's own look at bytes that somebody else made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dao_bot.app.exits import DONE, REFUSED
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.text import clean, duration, utc, with_labels, with_moments
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.proposals import HoldingLine
from dao_bot.domain.units import format_units
from dao_bot.domain.verdict import Verdict
from dao_bot.engine.examine import Examined
from dao_bot.engine.second_look import SecondLook, examine_wrapped, look_again
from dao_bot.engine.signing import REJECTED, transaction_of
from dao_bot.safe.batch import wrap_multisig
from dao_bot.safe.builder import parse_batch_file
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_file import parse_transaction_file
from dao_bot.store.values import StoredProposal

_LARGEST_FILE = 4 * 2**20


def verify(path: Path, what: str, as_facts: bool) -> int:
    """Hashes, calls, dangers, and what the Safe would gain and lose; exit code 3 when there is reason not to sign."""
    with open_desk(path) as desk:
        transaction, stated, known = _transaction(desk, what)
        batch_of = known if known is not None and known.state not in REJECTED else None
        seen = look_again(desk.services, desk.store, transaction, stated_hash=stated, batch_of=batch_of)
        labels, now = desk.services.labels, desk.services.endpoints.pin().timestamp
    if as_facts:
        print_json({**_facts(seen), "safe_to_sign": seen.is_safe_to_sign})
    else:
        print_text("\n".join(_lines(seen, labels, now)))
    return DONE if seen.is_safe_to_sign else REFUSED


def inspect(path: Path, file: Path, as_facts: bool) -> int:
    """A Transaction Builder batch: decoded, simulated, held against the policy; exit code 3 when it is refused."""
    with open_desk(path) as desk:
        treasury = desk.services.treasury
        batch_file = parse_batch_file(_read(file), treasury.chain_id)
        if batch_file.safe is not None and batch_file.safe != treasury.safe:
            raise BadInput("the batch was made for another Safe", value=batch_file.safe, limit=treasury.safe)
        labels = desk.services.labels
        wrapped = wrap_multisig(batch_file.calls, desk.services.multi_send_call_only)
        examined = examine_wrapped(desk.services, desk.store, wrapped)
    verdict = examined.verdict
    if as_facts:
        facts = {"calls": _calls(examined.decoded), "simulation": examined.simulation, "verdict": verdict}
        print_json({**facts, "passed": verdict.passed})
        return DONE if verdict.passed else REFUSED
    lines = [f"{clean(batch_file.name or file.name, 80)}: {len(examined.calls)} calls"]
    lines += _call_lines(examined.decoded, labels)
    lines += _outcome_lines(examined)
    lines += _verdict_lines(verdict)
    print_text("\n".join(lines))
    return DONE if verdict.passed else REFUSED


def _transaction(desk: Desk, what: str) -> tuple[SafeTransaction, str | None, StoredProposal | None]:
    """From a file, or by a safeTxHash or a proposal's id from the record; the hash that was stated; whose it is."""
    if not what.startswith("0x") or Path(what).exists():
        file = parse_transaction_file(_read(Path(what)))
        treasury = desk.services.treasury
        if file.chain_id not in (None, treasury.chain_id) or file.safe != treasury.safe:
            raise BadInput(
                "the transaction is of another Safe or chain",
                value=f"{file.safe} on chain {file.chain_id}",
                limit=f"{treasury.safe} on chain {treasury.chain_id}",
            )
        return file.transaction, file.stated_hash, None
    treasury = desk.services.treasury
    for stored in desk.store.proposals(limit=None):
        if stored.nonce is None:
            continue
        transaction = transaction_of(stored)
        safe_tx = safe_hashes(treasury.chain_id, treasury.safe, transaction).safe_tx
        if what.lower() in (safe_tx, stored.id):
            return transaction, safe_tx, stored
    raise NotFound(
        "no proposal of this record that has a nonce has that safeTxHash or id",
        value=what[:80],
        next_step="Export the transaction as a file where it was made, and verify that",
    )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise BadInput(
            f"{file} cannot be read: {error.strerror}", next_step="Name a file that is there, or a safeTxHash, 0x…"
        ) from error
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
        "verdict": seen.examined.verdict if seen.examined else None,
        "refused_because": [report.message for report in seen.refusals],
        "deadline": verification.deadline,
    }


def _calls(decoded: tuple[DecodedCall, ...]) -> list[dict[str, Any]]:
    return [{"to": each.call.to, "function": each.function, "summary": each.summary} for each in decoded]


def _lines(seen: SecondLook, labels: Mapping[str, str], now: int) -> list[str]:
    verification = seen.verification
    hashes, safe = verification.hashes, verification.safe
    lines = [
        f"{labels.get(safe.address, 'Safe')} {safe.address} on chain {verification.chain_id}, version {safe.version}",
        f"Nonce {verification.transaction.nonce}; the Safe is at {safe.nonce}, and {safe.threshold} of its "
        f"{len(safe.owners)} owners sign",
        *_deadline_lines(verification.deadline, now),
        "Compare with your signing device, character by character:",
        f"  domain hash   {hashes.domain}",
        f"  message hash  {hashes.message}",
        f"  safeTxHash    {hashes.safe_tx}",
        "What it does, in order:",
    ]
    lines += _call_lines(verification.calls, labels)
    if seen.examined is None:
        lines.append(f"It could not be simulated: {seen.problem}")
    else:
        lines += _outcome_lines(seen.examined)
        lines += [] if verification.is_rejection else _verdict_lines(seen.examined.verdict)
    lines += [f"note    {note}" for note in verification.notes]
    lines += [f"DANGER  {danger}" for danger in verification.dangers]
    lines.append("No reason was found not to sign it." if seen.is_safe_to_sign else "There is reason NOT to sign it.")
    return lines


def _deadline_lines(deadline: int | None, now: int) -> list[str]:
    if deadline is None:
        return []
    left = f"{duration(deadline - now)} left" if deadline > now else "OVER"
    return [f"Its own bytes make it fail after {utc(deadline)} ({left})"]


def _call_lines(calls: Sequence[DecodedCall], labels: Mapping[str, str]) -> list[str]:
    return [
        f"{number:3}  {clean(with_moments(with_labels(call.summary, labels), None))}"
        for number, call in enumerate(calls, start=1)
    ]


def _verdict_lines(verdict: Verdict) -> list[str]:
    lines = [f"REFUSED  {report.rule} {report.subject}: {report.message}" for report in verdict.violations]
    binding = [f"{report.rule} {report.subject}".rstrip() for report in verdict.binding]
    allowed = f"The policy here allows it: {len(verdict.reports)} rules kept"
    allowed += f", at their limit {', '.join(binding)}." if binding else "."
    return [*lines, allowed if verdict.passed else "The policy here refuses it."]


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
