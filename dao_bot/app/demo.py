"""`dao-bot demo`: every strategy of strategies.yaml on a local chain with the real contracts, down to its outcome."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.briefing import brief_in, write_brief
from dao_bot.app.demo_chat import Chatted, play_chat
from dao_bot.app.demo_module import promote, wants_the_module
from dao_bot.app.demo_report import Played, facts, summary
from dao_bot.app.demo_vote import hand_out_tokens, play_vote
from dao_bot.app.doctor import examine_desk
from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_keeper
from dao_bot.app.output import print_json, print_shown, print_text, progress
from dao_bot.app.showing import card_of, terminal_width, write_page
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.outcome import outcome_table
from dao_bot.cards.terminal import brief, renderable
from dao_bot.devnet.running import RunningWorld, start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.calls import MULTISIG
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
_MODULE_KEY_VARIABLE = "DAO_BOT_MODULE_KEY"
_NODE = "http://127.0.0.1:8545"


def run_demo(directory: Path | None, *, as_json: bool) -> int:
    """Play it; exit code 1 when a strategy is not executed at the end, or something came otherwise than promised."""
    report = progress(quiet=as_json)
    home = directory or Path(tempfile.mkdtemp(prefix="dao-bot-demo-"))
    home.mkdir(parents=True, exist_ok=True)
    with start_world(ensure_toolchain(report), progress=report) as running:
        report(f"A local chain with the real contracts runs at {running.anvil.url}")
        config = _prepare(home, running)
        os.environ[_KEY_VARIABLE] = running.world.keeper_key
        os.environ[_MODULE_KEY_VARIABLE] = running.world.module_signer_key
        with open_desk(config) as desk:
            played = _play_all(_Stage(desk, running, home, report, (lambda _: None) if as_json else _show))
            chatted = play_chat(home, running, config.read_text(encoding="utf-8"), _sign_all(running), report)
            return _finish(desk, played, chatted, home, as_json=as_json)


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


def _play_all(stage: _Stage) -> list[Played]:
    """Every strategy in the order of the configuration; what one did is what the next one finds."""
    checks = examine_desk(stage.desk)
    failed = [check for check in checks if check.fatal and check.problem]
    warned = [check for check in checks if check.problem and not check.fatal]
    passed = len(checks) - len(failed) - len(warned)
    stage.report(f"doctor: {passed} of {len(checks)} checks pass, {len(warned)} warn, {len(failed)} fail")
    hand_out_tokens(stage.running)
    keeper = make_keeper(stage.desk)
    plans = [plan for plan in stage.desk.services.strategies.values() if plan.enabled]
    return [_play(stage, plan, keeper, whole=plan is plans[0]) for plan in plans]


def _play(stage: _Stage, plan: StrategyPlan, keeper: Keeper, *, whole: bool) -> Played:
    """`whole`: whether all of the card is printed, or its head and sentences; the page has all of it."""
    desk, promotion = stage.desk, None
    if wants_the_module(plan):
        promotion = promote(
            desk, stage.running, plan, lambda proposal: _sign_and_execute(stage, keeper, proposal), stage.report
        )
    now = desk.services.endpoints.pin().timestamp
    stage.report(f"{plan.name}: observing, deciding, encoding, simulating, checking …")
    result = run_once(desk.services, desk.store, plan, RunId(plan.name, plan.schedule.latest(now) or now), "demo", now)
    if result is None or result.proposal is None:
        detail = result.detail if result else "somebody else did this run"
        stage.show(f"{plan.name} proposes nothing: {detail}")
        return Played(plan.name, detail, promotion=promotion)
    if result.proposal.batch.transaction.route == MULTISIG:
        _tick(keeper, stage.report)
    stored = desk.store.proposal(result.proposal.id)
    card = card_of(desk, stored)
    stage.show(renderable(card, terminal_width()) if whole else brief(card))
    _sign_and_execute(stage, keeper, stored.id)
    done = desk.store.proposal(stored.id)
    recorded = desk.store.outcome(done.id)
    if recorded:
        stage.show(outcome_table(done.proposal, recorded.outcome, terminal_width()))
    files = _write(stage, done)
    return Played(plan.name, result.detail, card.title, done, recorded.outcome if recorded else None, files, promotion)


def _sign_and_execute(stage: _Stage, keeper: Keeper, proposal: str) -> None:
    """People vote and owners sign where they have to; through the module the keeper's first tick is enough."""
    desk, world = stage.desk, stage.running.world
    _tick(keeper, stage.report)
    stored = desk.store.proposal(proposal)
    if stored.state is State.ACTIVE:
        play_vote(desk, stage.running, stored, stage.report)
        _tick(keeper, stage.report)
        stored = desk.store.proposal(proposal)
    if stored.state is not State.QUEUED:
        return
    for number, key in enumerate(world.owner_keys[: world.threshold], start=1):
        owner = _sign(desk, stored, key)
        stage.report(f"owner {number} of {len(world.owners)} signs: {owner}")
    _tick(keeper, stage.report)


def _write(stage: _Stage, stored: StoredProposal) -> tuple[Path, ...]:
    """The card, and the brief of a strategy that writes one."""
    name = stored.proposal.run.strategy
    page = stage.home / f"card-{name}.html"
    write_page(page, card_of(stage.desk, stored))
    memory = stored.proposal.decision.memory
    found = brief_in(memory.value) if memory else None
    return (page, *write_brief(stage.home, name, found)) if found else (page,)


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


def _sign_all(running: RunningWorld) -> Callable[[Desk, str], None]:
    """As many owners' signatures as the threshold asks for."""

    def sign(desk: Desk, proposal: str) -> None:
        for key in running.world.owner_keys[: running.world.threshold]:
            _sign(desk, desk.store.proposal(proposal), key)

    return sign


def _tick(keeper: Keeper, report: Callable[[str], None]) -> None:
    for step in keeper.tick():
        report(f"keeper: {step.told}")


def _finish(desk: Desk, played: list[Played], chatted: Chatted, home: Path, *, as_json: bool) -> int:
    head = desk.store.verify()
    complete = bool(played) and all(one.executed for one in played) and chatted.as_approved
    everything = [*played, *([chatted.batch] if chatted.batch else [])]
    as_promised = all(one.as_promised for one in everything)
    if as_json:
        print_json(
            {
                "state": State.EXECUTED if complete else "incomplete",
                "as_promised": as_promised,
                "strategies": [facts(one) for one in played],
                "discord": {
                    "approved": chatted.approved,
                    "executed": chatted.executed,
                    "transcript": chatted.transcript,
                },
                "config": str(home / "strategies.yaml"),
                "head": str(head),
            }
        )
    else:
        _show("A vote in Discord, as people saw it:\n\n" + "\n".join(chatted.transcript))
        _show(summary(everything, terminal_width()))
        print_text(
            f"The cards with their plots: {home}/card-*.html\n"
            + "".join(f"The brief: {path}\n" for one in played for path in one.files[1:])
            + f"The record is whole; its head: {head}\n"
            + ("Every proposal is executed" if complete else "Not every strategy came to an executed proposal")
            + (", and every balance changed as promised." if complete and as_promised else ".")
        )
    return DONE if complete and as_promised else FAILED
