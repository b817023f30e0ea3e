"""The lower half of the page: calls, the strategy's words, and what to compare before signing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from dao_bot.cards.folds import on_phones
from dao_bot.cards.markup import Child, element
from dao_bot.cards.model import CallRow, CardModel, Party
from dao_bot.cards.page_tables import cell, grid
from dao_bot.cards.text import number, usd, utc
from dao_bot.domain.calls import CallType


def calls_section(card: CardModel) -> Element:
    """The decoded calls in order, each with its bytes' meaning folded away: whole address, function and arguments."""
    return element(
        "section",
        element("h2", f"{len(card.calls):,} calls, in this order, all or none"),
        element("ol", [_call(row) for row in card.calls], class_="calls"),
    )


def _call(row: CallRow) -> Element:
    function = row.function or f"unknown function {row.selector}"
    arguments = [
        element(
            "tr",
            element("th", name, scope="row"),
            cell("type", kind, style="mono"),
            cell("value", value, style="mono wide"),
        )
        for name, kind, value in row.arguments
    ]
    target: list[Child] = [element("bdi", row.to.label), ", "] if row.to.label else []
    return element(
        "li",
        element("span", str(row.number), class_="n"),
        element(
            "div",
            element("div", row.summary),
            element("div", f"with {number(row.value, 18, 6)} of the native coin") if row.value else None,
            None if row.to.label else element("div", party(row.to), class_="small muted"),
            element(
                "details",
                element("summary", *target, element("span", function, class_="mono")),
                element("div", "to ", *party(row.to), f", {row.data_size:,} bytes", class_="small muted"),
                grid([("argument", False), ("type", False), ("value", False)], arguments) if arguments else None,
            ),
        ),
        class_="danger" if row.function is None else None,
    )


def party(of: Party) -> list[Child]:
    """Label and whole address."""
    address = element("span", of.address, class_="mono")
    return [element("bdi", of.label), " ", address] if of.label else [address]


def words_section(card: CardModel) -> Element:
    """What the strategy says of itself, marked as such."""
    words = card.words
    quoted = [element("p", sentence, dir="auto") for sentence in (words.reason, *words.summary) if sentence]
    wake = f"It asks to decide again at {utc(words.wake_at)}." if words.wake_at is not None else None
    return element(
        "section",
        element("h2", "In the words of the strategy ", element("bdi", card.strategy)),
        element("blockquote", quoted) if quoted else None,
        element("p", wake) if wake else None,
        element(
            "div",
            _words_table("Its numbers", words.evidence),
            _words_table("Its limits that bind, and the worth of one more unit", words.binding),
            class_="two even",
        ),
    )


def _words_table(title: str, rows: Sequence[tuple[str, str]]) -> Element | None:
    if not rows:
        return None
    lines = [element("tr", element("th", name, scope="row"), cell("", value, style="r")) for name, value in rows]
    return on_phones(title, element("h3", title), element("table", element("tbody", lines), class_="pairs"))


def identity_section(card: CardModel) -> Element:
    """Hashes in full; then who has signed, the simulations behind the card, and what it was made from."""
    return element(
        "section",
        element("h2", "Compare before you sign"),
        _facts(_compared(card)),
        on_phones("Route, owners, simulations, and what the proposal was made from", _facts(_origin(card))),
    )


def _facts(facts: Iterable[tuple[str, Child]]) -> Element:
    return element("dl", [[element("dt", name), element("dd", value)] for name, value in facts], class_="facts")


def _compared(card: CardModel) -> Iterator[tuple[str, Child]]:
    yield "batch hash", _hash(card.batch_hash)
    if card.hashes:
        yield "Safe nonce", str(card.hashes.nonce)
        yield "domain hash", _hash(card.hashes.domain_hash)
        yield "message hash", _hash(card.hashes.message_hash)
        yield "safeTxHash", _hash(card.hashes.safe_tx_hash)
    yield "Safe", [*party(card.safe), f", version {card.safe_version}" if card.safe_version else None]
    if card.signatures:
        made = card.signatures
        yield "signatures", f"{len(made.signed)} of {made.threshold} needed, {len(made.owners)} owners"
    yield "valid until", f"{card.deadline}, second {card.valid_until}"
    if card.outcome:
        yield "executed in", [f"block {card.outcome.block_number:,}, ", _hash(card.outcome.transaction_hash)]
        paid = f"{card.outcome.gas_used:,} gas, {number(card.outcome.gas_cost, 18, 6)} of the native coin"
        yield "gas paid", paid if card.cost.gas_usd is None else f"{paid}, {usd(card.cost.gas_usd)}"


def _origin(card: CardModel) -> Iterator[tuple[str, Child]]:
    how = "by delegatecall to " if card.operation is CallType.DELEGATECALL else "by a call to "
    yield "route", [f"{card.route}, {how}", *party(card.target), f", {card.data_size:,} bytes"]
    yield "approval", card.approval_rule
    if card.signatures:
        for owner in card.signatures.owners:
            yield "has signed" if owner in card.signatures.signed else "has not signed", party(owner)
    for witness in card.witnesses:
        result = "succeeds" if witness.success else f"fails: {witness.revert_reason or 'no reason given'}"
        gas = f", {witness.gas_used:,} gas" if witness.gas_used is not None else ""
        yield "simulation", f"{witness.method} on {witness.endpoint} {result}{gas}"
    yield "proposal", _hash(card.proposal_id)
    yield "policy", _hash(card.policy_hash)
    yield "observation", _hash(card.observation_digest)
    yield "block", [f"{card.block.number:,} of {utc(card.block.timestamp)}, ", _hash(card.block.hash)]
    yield "run", f"{card.strategy} at {utc(card.nominal)}, attempt {card.attempt + 1}"


def _hash(value: str) -> Element:
    return element("span", value, class_="mono")
