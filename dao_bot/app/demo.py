"""`dao-bot demo`: every strategy of strategies.yaml on a local chain with the real contracts, down to its outcome."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.doctor import examine_desk
from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_keeper
from dao_bot.app.output import print_json, print_shown, print_text, progress
from dao_bot.app.showing import card_of, terminal_width, write_page
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.outcome import outcome_table
from dao_bot.cards.tables import Column, table
from dao_bot.cards.terminal import brief, renderable
from dao_bot.cards.text import short_hash
from dao_bot.devnet.running import RunningWorld, start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.runs import run_once
from dao_bot.engine.services import StrategyPlan
from dao_bot.engine.signing import take_signature, transaction_of
from dao_bot.safe.signatures import signature_bytes
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.store.values import StoredProposal

if TYPE_CHECKING:
    from rich.console import RenderableType

_KEY_VARIABLE = "DAO_BOT_KEEPER_KEY"
_NODE = "http://127.0.0.1:8545"


@dataclass(frozen=True, slots=True)
class _Played:
    """One strategy's turn. `stored` is None when it came to no proposal; `detail` then says why."""

    strategy: str
    detail: str
    stored: StoredProposal | None
    page: Path

    @property
    def executed(self) -> bool:
        return self.stored is not None and self.stored.state is State.EXECUTED


def run_demo(directory: Path | None, *, as_json: bool) -> int:
    """Play it; exit code 1 when a proposal is not executed at the end."""
    report = progress(quiet=as_json)
    home = directory or Path(tempfile.mkdtemp(prefix="dao-bot-demo-"))
    home.mkdir(parents=True, exist_ok=True)
    with start_world(ensure_toolchain(report), progress=report) as running:
        report(f"A local chain with the real contracts runs at {running.anvil.url}")
        config = _prepare(home, running)
        os.environ[_KEY_VARIABLE] = running.world.keeper_key
        with open_desk(config) as desk:
            played = _play_all(_Stage(desk, running, home, report, (lambda _: None) if as_json else _show))
            return _finish(desk, played, home, as_json=as_json)


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


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where the play takes place. `show` prints for people, and nothing where facts are wanted."""

    desk: Desk
    running: RunningWorld
    home: Path
    report: Callable[[str], None]
    show: Callable[[RenderableType | str], None]


def _play_all(stage: _Stage) -> list[_Played]:
    """Every strategy in the order of the configuration; what one did is what the next one finds."""
    checks = examine_desk(stage.desk)
    failed = [check for check in checks if check.fatal and check.problem]
    stage.report(f"doctor: {len(checks) - len(failed)} of {len(checks)} checks pass")
    keeper = make_keeper(stage.desk)
    plans = [plan for plan in stage.desk.services.strategies.values() if plan.enabled]
    return [_play(stage, plan, keeper, whole=plan is plans[0]) for plan in plans]


def _play(stage: _Stage, plan: StrategyPlan, keeper: Keeper, *, whole: bool) -> _Played:
    """`whole`: whether all of the card is printed, or its head and sentences; the page has all of it."""
    desk, world = stage.desk, stage.running.world
    page = stage.home / f"card-{plan.name}.html"
    now = desk.services.endpoints.pin().timestamp
    stage.report(f"{plan.name}: observing, deciding, encoding, simulating, checking …")
    result = run_once(desk.services, desk.store, plan, RunId(plan.name, plan.schedule.latest(now) or now), "demo", now)
    if result is None or result.proposal is None:
        detail = result.detail if result else "somebody else did this run"
        stage.show(f"{plan.name} proposes nothing: {detail}")
        return _Played(plan.name, detail, None, page)
    _tick(keeper, stage.report)
    stored = desk.store.proposal(result.proposal.id)
    card = card_of(desk, stored)
    stage.show(renderable(card, terminal_width()) if whole else brief(card))
    for number, key in enumerate(world.owner_keys[: world.threshold], start=1):
        owner = _sign(desk, stored, key)
        stage.report(f"owner {number} of {len(world.owners)} signs: {owner}")
    _tick(keeper, stage.report)
    done = desk.store.proposal(stored.id)
    write_page(page, card_of(desk, done))
    recorded = desk.store.outcome(done.id)
    if recorded:
        stage.show(outcome_table(done.proposal, recorded.outcome, terminal_width()))
    return _Played(plan.name, result.detail, done, page)


def _show(shown: RenderableType | str) -> None:
    print_text("")
    print_shown(shown, terminal_width())
    print_text("")


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


def _finish(desk: Desk, played: list[_Played], home: Path, *, as_json: bool) -> int:
    head = desk.store.verify()
    complete = bool(played) and all(one.executed for one in played)
    if as_json:
        print_json(
            {
                "state": State.EXECUTED if complete else "incomplete",
                "strategies": [_facts(desk, one) for one in played],
                "config": str(home / "strategies.yaml"),
                "head": str(head),
            }
        )
    else:
        _show(_summary(desk, played, terminal_width()))
        print_text(
            f"The cards with their plots: {home}/card-*.html\nThe record is whole; its head: {head}\n"
            + ("Every proposal is executed." if complete else "Not every strategy came to an executed proposal.")
        )
    return DONE if complete else FAILED


def _facts(desk: Desk, played: _Played) -> dict[str, object]:
    stored = played.stored
    return {
        "strategy": played.strategy,
        "state": stored.state if stored else "nothing",
        "reason": played.detail,
        "proposal": stored.id if stored else None,
        "transaction_hash": _transaction_hash(desk, played),
        "policy_passed": stored.proposal.verdict.passed if stored else None,
        "card": str(played.page) if stored else None,
    }


def _summary(desk: Desk, played: list[_Played], width: int) -> RenderableType:
    columns = [
        Column("strategy"),
        Column("state"),
        Column("what", keep=8, flexible=True),
        Column("transaction", keep=7),
    ]
    rows = [
        [
            one.strategy,
            str(one.stored.state) if one.stored else "nothing",
            card_of(desk, one.stored).title if one.stored else one.detail,
            short_hash(_transaction_hash(desk, one) or ""),
        ]
        for one in played
    ]
    return table(columns, rows, width, title="What the strategies did")


def _transaction_hash(desk: Desk, played: _Played) -> str | None:
    recorded = desk.store.outcome(played.stored.id) if played.stored else None
    return recorded.outcome.transaction_hash if recorded else None
