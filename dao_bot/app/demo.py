"""`dao-bot demo`: the main job on a local chain with the real contracts, from strategies.yaml to the outcome."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from dao_bot.app.doctor import examine_desk
from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_keeper
from dao_bot.app.output import print_json, print_shown, print_text, progress
from dao_bot.app.showing import card_of, terminal_width, write_page
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.outcome import outcome_table
from dao_bot.cards.terminal import renderable
from dao_bot.devnet.running import RunningWorld, start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.runs import run_once
from dao_bot.engine.signing import take_signature, transaction_of
from dao_bot.safe.signatures import signature_bytes
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.store.values import StoredProposal

_KEY_VARIABLE = "DAO_BOT_KEEPER_KEY"
_NODE = "http://127.0.0.1:8545"


def run_demo(directory: Path | None, *, as_json: bool) -> int:
    """Play it; exit code 1 when the proposal is not executed at the end."""
    report = progress(quiet=as_json)
    home = directory or Path(tempfile.mkdtemp(prefix="dao-bot-demo-"))
    home.mkdir(parents=True, exist_ok=True)
    with start_world(ensure_toolchain(report), progress=report) as running:
        report(f"A local chain with the real contracts runs at {running.anvil.url}")
        config = _prepare(home, running)
        os.environ[_KEY_VARIABLE] = running.world.keeper_key
        with open_desk(config) as desk:
            stored = _play(desk, running, report, quiet=as_json)
            return _finish(desk, stored, home, as_json=as_json)


def demo_config() -> str:
    """The demo's strategies.yaml: in the package where it is installed, at the root of a checkout."""
    shipped = files("dao_bot.devnet").joinpath("strategies.yaml")
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    return Path(__file__).parents[2].joinpath("strategies.yaml").read_text(encoding="utf-8")


def _prepare(home: Path, running: RunningWorld) -> Path:
    """The demo's configuration, pointed at this chain, beside an empty record."""
    for old in home.glob("dao-bot.sqlite3*"):
        old.unlink()
    config = home / "strategies.yaml"
    config.write_text(demo_config().replace(_NODE, running.anvil.url), encoding="utf-8")
    return config


def _play(desk: Desk, running: RunningWorld, report: Callable[[str], None], *, quiet: bool) -> StoredProposal:
    checks = examine_desk(desk)
    failed = [check for check in checks if check.fatal and check.problem]
    report(f"doctor: {len(checks) - len(failed)} of {len(checks)} checks pass")
    (plan,) = desk.services.strategies.values()
    now = desk.services.endpoints.pin().timestamp
    report(f"{plan.name}: observing, deciding, encoding, simulating, checking …")
    result = run_once(desk.services, desk.store, plan, RunId(plan.name, plan.schedule.latest(now) or now), "demo", now)
    if result is None or result.proposal is None:
        raise DaoBotError("the demo came to no proposal", value=result.detail if result else None)
    keeper = make_keeper(desk)
    _tick(keeper, report)
    stored = desk.store.proposal(result.proposal.id)
    if not quiet:
        print_shown(renderable(card_of(desk, stored), terminal_width()), terminal_width())
    for number, key in enumerate(running.world.owner_keys[: running.world.threshold], start=1):
        owner = _sign(desk, stored, key)
        report(f"owner {number} of {len(running.world.owners)} signs: {owner}")
    _tick(keeper, report)
    return desk.store.proposal(stored.id)


def _sign(desk: Desk, stored: StoredProposal, key: str) -> str:
    treasury = desk.services.treasury
    block, safe = look_at_safe(desk.services)
    made = sign_safe_transaction(
        bytes.fromhex(key.removeprefix("0x")), treasury.chain_id, treasury.safe, transaction_of(stored), safe.owners
    )
    take_signature(desk.services, desk.store, stored, signature_bytes(made.signature), safe, block)
    return made.owner


def _tick(keeper: Keeper, report: Callable[[str], None]) -> None:
    for step in keeper.tick():
        report(f"keeper: {step.told}")


def _finish(desk: Desk, stored: StoredProposal, home: Path, *, as_json: bool) -> int:
    recorded = desk.store.outcome(stored.id)
    page = home / "card.html"
    write_page(page, card_of(desk, stored))
    head = desk.store.verify()
    facts = {
        "state": stored.state,
        "proposal": stored.id,
        "transaction_hash": recorded.outcome.transaction_hash if recorded else None,
        "policy_passed": stored.proposal.verdict.passed,
        "card": str(page),
        "config": str(home / "strategies.yaml"),
        "head": str(head),
    }
    if as_json:
        print_json(facts)
    else:
        if recorded:
            print_shown(outcome_table(stored.proposal, recorded.outcome, terminal_width()), terminal_width())
        print_text(
            f"\nThe proposal is {stored.state}"
            + (f" in transaction {recorded.outcome.transaction_hash}." if recorded else ".")
            + f"\nThe card with its plots: {page}\nThe record is whole; its head: {head}"
        )
    return DONE if stored.state is State.EXECUTED else FAILED
