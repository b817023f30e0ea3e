"""What is left to worry about: things that do not fit together first, then the risks that remain."""

from __future__ import annotations

from collections import Counter

from dao_bot.cards.liquidity import asks_for_a_price
from dao_bot.cards.model import Concern, HoldingRow, Payment, RuleRow, Tone
from dao_bot.cards.money import clean_token, other_assets, party, simulated_deltas, trades
from dao_bot.cards.sentences import listed
from dao_bot.cards.text import amount, bps, clean, duration, named, short_address
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import BadInput
from dao_bot.domain.multisend import decode_multi_send
from dao_bot.domain.positions import pair_of
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.units import WAD

_WORTH_MENTIONING = 5 * WAD // 10_000
_SOON = 3_600
_MOST_VIOLATIONS = 8


def concerns_of(
    proposal: Proposal,
    rows: tuple[HoldingRow, ...],
    paid: tuple[Payment, ...],
    rules: tuple[RuleRow, ...],
    outcome: Outcome | None,
) -> tuple[Concern, ...]:
    """Dangers before cautions before remarks."""
    found = [
        *_violations(rules),
        *_contradictions(proposal),
        *_bytes(proposal, paid),
        *_witnesses(proposal),
        *_prices(proposal, rows),
        *_promotion(proposal),
        *([] if outcome else _time(proposal)),
    ]
    order = [Tone.DANGER, Tone.CAUTION, Tone.NEUTRAL]
    return tuple(sorted(found, key=lambda concern: order.index(concern.tone)))


def _promotion(proposal: Proposal) -> list[Concern]:
    """What is approved here are all batches to come, which is more than the bytes show."""
    strategy = proposal.run.promoted
    if strategy is None:
        return []
    meaning = clean(proposal.decision.summary[0]) if proposal.decision.summary else ""
    return [Concern(Tone.CAUTION, f"It lets {clean(strategy)} do more by itself from now on. {meaning}".rstrip())]


def _violations(rules: tuple[RuleRow, ...]) -> list[Concern]:
    broken = [row for row in rules if row.violated]
    found = [
        Concern(Tone.DANGER, f"{f'{row.rule} {row.subject}'.rstrip()}: {row.message}")
        for row in broken[:_MOST_VIOLATIONS]
    ]
    if len(broken) > _MOST_VIOLATIONS:
        found.append(Concern(Tone.DANGER, f"{len(broken) - _MOST_VIOLATIONS:,} more rules are broken."))
    return found


def _contradictions(proposal: Proposal) -> list[Concern]:
    """Parts of the proposal that should agree and do not."""
    found: list[Concern] = []
    if tuple(decoded.call for decoded in proposal.decoded) != proposal.calls:
        found.append(Concern(Tone.DANGER, "The decoded calls are not the calls of the batch: do not sign."))
    if not _bytes_hold_the_calls(proposal):
        found.append(Concern(Tone.DANGER, "The bytes to be signed do not hold the calls that are shown: do not sign."))
    if proposal.verdict.policy_hash != proposal.batch.policy_hash:
        found.append(Concern(Tone.DANGER, "It was checked under another policy than the one that the batch names."))
    if proposal.simulation.success:
        deltas = simulated_deltas(proposal)
        for line in proposal.holdings:
            if line.expected - line.before != deltas[line.token.address]:
                symbol = clean_token(line.token).symbol
                found.append(
                    Concern(Tone.DANGER, f"The expected holding of {symbol} is not what the simulation shows.")
                )
    return found


def _bytes_hold_the_calls(proposal: Proposal) -> bool:
    """Whether a MultiSend batch unpacks to exactly these calls; other wrappings are judged by the policy."""
    transaction = proposal.batch.transaction
    if transaction.operation is not CallType.DELEGATECALL:
        return True
    try:
        return decode_multi_send(transaction.data) == proposal.calls
    except BadInput:
        return False


def _bytes(proposal: Proposal, paid: tuple[Payment, ...]) -> list[Concern]:
    found: list[Concern] = []
    labels = proposal.labels
    for number, decoded in enumerate(proposal.decoded, 1):
        if decoded.function is None:
            to = party(decoded.call.to, labels)
            found.append(
                Concern(
                    Tone.DANGER, f"Call {number} to {named(to.address, to.label)} cannot be decoded by any protocol."
                )
            )
    for decoded in trades(proposal.decoded):
        if decoded.minimum is None or decoded.minimum[3] == 0:
            number = proposal.decoded.index(decoded) + 1
            found.append(Concern(Tone.DANGER, f"Call {number} trades without a minimum: it may bring nothing."))
    for number, decoded in enumerate(proposal.decoded, 1):
        change = decoded.position
        if change is not None and asks_for_a_price(change) and not any(change.least):
            found.append(Concern(Tone.DANGER, f"Call {number} changes liquidity at any price: it has no minimum."))
    for payment in paid:
        for recipient in payment.recipients:
            if recipient.label is None:
                found.append(Concern(Tone.DANGER, f"Assets go to {recipient.address}, which nobody has labelled."))
    for asset in other_assets(proposal):
        what = asset.label or asset.address
        token_id = f" number {asset.token_id}" if asset.token_id is not None else ""
        found.append(
            Concern(Tone.CAUTION, f"It moves {asset.delta:+,} of {what}{token_id}, which the treasury does not list.")
        )
    found += _unexplained(proposal)
    found += _allowances(proposal)
    transaction = proposal.batch.transaction
    if transaction.operation is CallType.DELEGATECALL and transaction.to not in labels:
        found.append(Concern(Tone.DANGER, f"It is a delegatecall to {transaction.to}, which nobody has labelled."))
    return found


def _unexplained(proposal: Proposal) -> list[Concern]:
    """Tokens of which more leaves the Safe than the decoded calls say."""
    told: Counter[str] = Counter()
    known = (*proposal.positions, *proposal.simulation.positions)
    for decoded in proposal.decoded:
        for address, units in decoded.spends:
            told[address] += units
        change = decoded.position
        if change is not None and change.token_id is not None and change.deposits is not None:
            for address, units in zip(pair_of(decoded, known) or (), change.deposits, strict=False):
                told[address] += units
    deltas = simulated_deltas(proposal)
    symbols = {line.token.address: clean_token(line.token).symbol for line in proposal.holdings}
    leaving = [
        symbols.get(address, address) for address, delta in deltas.items() if delta < 0 and -delta > told[address]
    ]
    if not leaving:
        return []
    return [Concern(Tone.DANGER, f"More leaves the Safe than the decoded calls say: {listed(leaving)}.")]


def _allowances(proposal: Proposal) -> list[Concern]:
    lines = {line.token.address: line for line in proposal.holdings}
    found = []
    for left in proposal.simulation.residual_allowances:
        if not left.units:
            continue
        spender = party(left.spender, proposal.labels)
        line = lines.get(left.token)
        what = (
            amount(clean_token(line.token), left.units, line.price.usd)
            if line
            else f"{left.units} base units of {short_address(left.token)}"
        )
        text = f"{named(spender.address, spender.label)} may still take {what} afterwards."
        found.append(Concern(Tone.CAUTION, text))
    return found


def _witnesses(proposal: Proposal) -> list[Concern]:
    witnesses = proposal.simulation.witnesses
    if len(witnesses) < 2:
        return [Concern(Tone.CAUTION, "Fewer than two simulations stand behind these numbers.")]
    if {(w.success, _net(w.changes)) for w in witnesses} != {
        (proposal.simulation.success, _net(proposal.simulation.changes))
    }:
        return [Concern(Tone.DANGER, "The simulations disagree with each other.")]
    if len({witness.endpoint for witness in witnesses}) == 1:
        return [Concern(Tone.NEUTRAL, "Both simulations ran on the state of one node.")]
    return []


def _net(changes: tuple[AssetChange, ...]) -> frozenset[tuple[tuple[str, int | None], int]]:
    """What one simulation moved, whatever the order and the number of its transfers."""
    net: Counter[tuple[str, int | None]] = Counter()
    for change in changes:
        net[change.token, change.token_id] += change.delta
    return frozenset((asset, delta) for asset, delta in net.items() if delta)


def _prices(proposal: Proposal, rows: tuple[HoldingRow, ...]) -> list[Concern]:
    moving = {row.token.address for row in rows if row.changes}
    found: list[Concern] = []
    lonely: list[str] = []
    apart: list[tuple[int, str]] = []
    for line in proposal.holdings:
        price = line.price
        if line.token.address not in moving:
            continue
        symbol = clean_token(line.token).symbol
        if price.usd is None:
            problems = "; ".join(clean(problem, 120) for problem in price.problems) or "no source"
            found.append(Concern(Tone.DANGER, f"{symbol} has no usable price: {problems}."))
            continue
        if len(price.quotes) == 1:
            lonely.append(symbol)
        widest = max((abs(quote.usd - price.usd) for quote in price.quotes), default=0) * WAD // price.usd
        if widest > _WORTH_MENTIONING:
            apart.append((widest, f"{symbol} {bps(widest)}"))
    if apart:
        listing = listed([text for _, text in sorted(apart, reverse=True)])
        found.append(Concern(Tone.CAUTION, f"Price sources are apart: {listing}."))
    if lonely:
        found.append(Concern(Tone.NEUTRAL, f"One source alone gives the price of {listed(lonely)}."))
    return found


def _time(proposal: Proposal) -> list[Concern]:
    left = proposal.batch.valid_until - proposal.block.timestamp
    found = []
    deadlines = [decoded.deadline for decoded in proposal.decoded if decoded.deadline is not None]
    if deadlines and min(deadlines) > proposal.batch.valid_until:
        found.append(Concern(Tone.CAUTION, "Its bytes stay valid longer than the approval."))
    if left < _SOON:
        found.append(Concern(Tone.CAUTION, f"There is little time to sign: {duration(max(left, 0))}."))
    elif any(decoded.venue is not None for decoded in proposal.decoded):
        text = f"Quotes are those of one block; until the deadline, {duration(left)} later, prices may move."
        found.append(Concern(Tone.NEUTRAL, text))
    return found
