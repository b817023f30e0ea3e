"""The demo's other route: owners give the module its role, promote a strategy, and are not asked again."""

from __future__ import annotations

from collections.abc import Callable

from dao_bot.app.roles import calls_of_owners, exposures, module_of
from dao_bot.app.wiring import Desk
from dao_bot.devnet.running import RunningWorld
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.runs import RunId
from dao_bot.engine.ladder import Rung, judge_results
from dao_bot.engine.look import look
from dao_bot.engine.promotion import propose_promotion
from dao_bot.engine.services import StrategyPlan
from dao_bot.safe.batch import wrap_multisig
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.safe.transaction import safe_transaction

SignAndExecute = Callable[[str], None]
"""Has the owners sign a proposal, by its id, and the keeper execute it."""


def wants_the_module(plan: StrategyPlan) -> bool:
    """Whether the demo promotes this strategy."""
    return plan.autonomy is not None and plan.autonomy.most == Rung.INSTANT


def promote(
    desk: Desk, running: RunningWorld, plan: StrategyPlan, execute: SignAndExecute, report: Callable[[str], None]
) -> str | None:
    """From `propose` to `instant`: the role first, then the promotion, both by what owners sign; its transaction."""
    _give_role(desk, running, report)
    report(f"{plan.name}: owners are asked to promote it to {Rung.INSTANT}")
    promotion = propose_promotion(desk.services, desk.store, plan, Rung.INSTANT)
    execute(promotion.id)
    now = desk.services.endpoints.pin().timestamp
    for strategy, words in judge_results(desk.services, desk.store, now):
        report(f"ladder: {strategy} {words}")
    outcome = desk.store.outcome(promotion.id)
    return None if outcome is None else outcome.outcome.transaction_hash


def _give_role(desk: Desk, running: RunningWorld, report: Callable[[str], None]) -> None:
    """What `dao-bot roles plan` writes, signed by as many owners as the Safe asks for, and executed."""
    module, treasury, world = module_of(desk), desk.services.treasury, running.world
    seen = look(desk.services, RunId("roles", 0), any_safe=True)
    calls = calls_of_owners(desk, module, seen)
    if not calls:
        return
    transaction = safe_transaction(wrap_multisig(calls, desk.services.multi_send_call_only), seen.safe.nonce)
    signed = tuple(
        sign_safe_transaction(
            bytes.fromhex(key.removeprefix("0x")), treasury.chain_id, treasury.safe, transaction, seen.safe.owners
        )
        for key in world.owner_keys[: seen.safe.threshold]
    )
    data = execution_calldata(transaction, assemble(signed, seen.safe.threshold))
    transact(running.anvil, Transaction(world.stranger, treasury.safe, "0x" + data.hex()))
    report(f"{len(signed)} owners enable the module and give it its role: {len(calls)} calls in one transaction")
    for each in exposures(module, seen):
        report(f"  whoever steals its key can take at most {each.token.amount(each.at_once)} across a refill")
