"""The `dao-bot` command: names, options and help. What a command does is imported when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dao_bot.app import people
from dao_bot.app.delegate_commands import delegates
from dao_bot.app.options import CONFIG as _CONFIG
from dao_bot.app.options import Config, Json
from dao_bot.app.options import finish as _finish
from dao_bot.app.policy_commands import policy

app = typer.Typer(
    name="dao-bot",
    help=(
        "Run a DAO's treasury by rules: strategies decide, people approve, a keeper executes exactly what was approved."
        "\n\nExit codes: 0 done, 1 failed, 2 bad input, 3 refused by policy, 130 interrupted."
        "\n\nExample: dao-bot demo"
    ),
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

app.add_typer(delegates, name="delegates")
app.add_typer(policy, name="policy")

ProposalId = Annotated[str, typer.Argument(help="A proposal's id, or at least its first 6 hex digits.")]
INTERRUPTED = 130
"""As shells count: 128 and the number of SIGINT."""


@app.command()
def demo(
    json: Json = False,
    directory: Annotated[Path | None, typer.Option(help="Where the demo leaves its files.")] = None,
) -> None:
    """Play the main job on a local chain: observe, decide, check, sign, execute.

    Example: dao-bot demo --json
    """
    from dao_bot.app.demo import run_demo

    _finish(run_demo(directory, as_json=json))


@app.command()
def init(path: Annotated[Path, typer.Argument(help="The file to write.")] = _CONFIG) -> None:
    """Write a commented strategies.yaml, policy included.

    Example: dao-bot init
    """
    from dao_bot.app.configure import init as command

    _finish(command(path))


@app.command()
def check(config: Config = _CONFIG, json: Json = False) -> None:
    """Read the configuration offline and tell every error at once.

    Example: dao-bot check -c strategies.yaml
    """
    from dao_bot.app.configure import check as command

    _finish(command(config, json))


@app.command()
def doctor(
    config: Config = _CONFIG,
    json: Json = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="First record the Safe as it is now: its owners did what changed.")
    ] = False,
) -> None:
    """Test the configuration against the chain, line by line.

    Example: dao-bot doctor
    """
    from dao_bot.app.doctor import doctor as command

    _finish(command(config, accept, json))


@app.command()
def plan(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    config: Config = _CONFIG,
    json: Json = False,
    html: Annotated[Path | None, typer.Option(help="Also write the card as one HTML file.")] = None,
) -> None:
    """Run one strategy up to the proposal card; nothing is stored or sent.

    Example: dao-bot plan reserve
    """
    from dao_bot.app.planning import plan as command

    _finish(command(config, strategy, json, html))


@app.command()
def brief(
    strategy: Annotated[str, typer.Argument(help="A strategy that writes a brief, such as curation.")],
    config: Config = _CONFIG,
    json: Json = False,
    directory: Annotated[Path | None, typer.Option(help="Also write NAME-brief.json and NAME-brief.md there.")] = None,
) -> None:
    """Print what a strategy has learned, such as what the community prefers. Example: dao-bot brief curation"""
    from dao_bot.app.briefing import brief as command

    _finish(command(config, strategy, json, directory))


@app.command()
def signer(
    socket: Annotated[Path, typer.Option(help="Where the keeper asks; `treasury.keeper.signer` of its configuration.")],
    config: Config = _CONFIG,
    user: Annotated[int | None, typer.Option(help="Id of the user that may ask, besides this one.")] = None,
) -> None:
    """Hold the keeper's key, and sign only what this own copy of the configuration allows. Run it as a user of its own.

    Example: dao-bot signer -c /etc/dao-bot-signer/strategies.yaml --socket /run/dao-bot/signer.sock --user 1001
    """
    from dao_bot.app.signing_service import serve as command

    _finish(command(config, socket, user))


@app.command()
def run(
    config: Config = _CONFIG,
    once: Annotated[bool, typer.Option("--once", help="One pass over what is due, then stop.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Each line as a JSON object, for collectors of logs.")] = False,
) -> None:
    """Run the schedule and the keeper until SIGTERM.

    Example: dao-bot run --once
    """
    from dao_bot.app.running import run as command

    _finish(command(config, once, json))


@app.command()
def discord(config: Config = _CONFIG) -> None:
    """Serve the configured Discord until SIGTERM: cards, votes, approvals, vetoes.

    Example: dao-bot discord
    """
    from dao_bot.app.chatting import chat as command

    _finish(command(config))


@app.command()
def pause(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the record.")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Let a strategy run no more, until it is resumed.

    Example: dao-bot pause reserve --reason "new limits"
    """
    from dao_bot.app.pausing import pause as command

    _finish(command(config, strategy, reason, json))


@app.command()
def resume(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Let a paused strategy run again.

    Example: dao-bot resume reserve
    """
    from dao_bot.app.pausing import resume as command

    _finish(command(config, strategy, json))


@app.command()
def proposals(
    config: Config = _CONFIG,
    json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """List proposals, newest first.

    Example: dao-bot proposals --all
    """
    from dao_bot.app.proposing import proposals as command

    _finish(command(config, json, everything))


@app.command()
def show(
    proposal: ProposalId,
    config: Config = _CONFIG,
    json: Json = False,
    html: Annotated[Path | None, typer.Option(help="Write the card as one HTML file.")] = None,
    transaction: Annotated[
        Path | None, typer.Option(help="Write the Safe transaction, for `dao-bot verify` on an owner's machine.")
    ] = None,
) -> None:
    """Show a proposal's card.

    Example: dao-bot show 3f9a1c --html card.html
    """
    from dao_bot.app.proposing import show as command

    _finish(command(config, proposal, json, html, transaction))


@app.command()
def sign(
    proposal: ProposalId,
    key: Annotated[str, typer.Option(help="Your owner key: env:NAME or file:PATH (key or keystore).")],
    config: Config = _CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Sign this Safe's transaction for a proposal, nothing else.

    Example: dao-bot sign 3f9a1c --key file:owner.json
    """
    from dao_bot.app.proposing import sign as command

    _finish(command(config, proposal, key, yes, json))


@app.command()
def execute(proposal: ProposalId, config: Config = _CONFIG, json: Json = False) -> None:
    """Execute an approved proposal now, as the keeper would.

    Example: dao-bot execute 3f9a1c
    """
    from dao_bot.app.proposing import execute as command

    _finish(command(config, proposal, json))


@app.command()
def cancel(
    proposal: ProposalId,
    reason: Annotated[str, typer.Option(help="Why; goes into the record.")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Cancel a proposal; offers a rejection if it was signed.

    Example: dao-bot cancel 3f9a1c --reason "wrong pool"
    """
    from dao_bot.app.proposing import cancel as command

    _finish(command(config, proposal, reason, json))


@app.command()
def verify(
    what: Annotated[str, typer.Argument(help="A safeTxHash in the record, or a file with the Safe transaction.")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Recompute the hashes, decode and simulate, on your own machine.

    Example: dao-bot verify transaction.json
    """
    from dao_bot.app.verifying import verify as command

    _finish(command(config, what, json))


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A Safe Transaction Builder batch (JSON).")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Decode, simulate and check a Transaction Builder batch.

    Example: dao-bot inspect batch.json
    """
    from dao_bot.app.verifying import inspect as command

    _finish(command(config, file, json))


@app.command()
def web(config: Config = _CONFIG) -> None:
    """Serve the wallet page until SIGTERM: people link wallets and sign there. It has no key.

    Example: dao-bot web
    """
    from dao_bot.app.serving import web as command

    _finish(command(config))


@app.command()
def invite(
    errand: Annotated[str, typer.Argument(help="What for: link, unlink, vote, approve, veto, unfreeze or sign.")],
    subject: Annotated[str | None, typer.Argument(help="The proposal or mandate that it is about.")] = None,
    user: Annotated[str, typer.Option(help="Who gets the link: a name for the record.")] = "owner",
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Print a link to the wallet page, for one person and one purpose; it works once, within ten minutes.

    Example: dao-bot invite sign 3f9a1c --user ada
    """
    from dao_bot.app.serving import invite as command

    _finish(command(config, errand, subject, user, json))


@app.command()
def report(
    config: Config = _CONFIG,
    month: Annotated[str | None, typer.Option(help="Only one month, such as 2026-11.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Only one strategy.")] = None,
    json: Json = False,
    table: Annotated[Path | None, typer.Option("--csv", help="Also write every execution as CSV.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write it with plots as one HTML file.")] = None,
) -> None:
    """Sum up how well batches were executed: cost against the oracle, against what was promised, gas, time.

    Example: dao-bot report --month 2026-11 --html november.html
    """
    from dao_bot.app.reporting import report as command

    _finish(command(config, month, strategy, json, table, html))


@app.command()
def audit(
    config: Config = _CONFIG,
    head: Annotated[str | None, typer.Option(help="A published head, NUMBER:HASH, that must be in the record.")] = None,
    json: Json = False,
) -> None:
    """Verify the record's hash chain and print it.

    Example: dao-bot audit --head 42:0x…
    """
    from dao_bot.app.auditing import audit as command

    _finish(command(config, head, json))


@app.command()
def backtest(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration, or `all`.")],
    begin: Annotated[str, typer.Option("--from", help="First moment, in UTC: 2022-05-01 or `2022-05-01 12:00`.")],
    end: Annotated[str, typer.Option("--to", help="Last moment.")],
    config: Config = _CONFIG,
    market: Annotated[Path, typer.Option(help="Prices, depth and holdings of the backtest.")] = Path("market.yaml"),
    out: Annotated[Path | None, typer.Option(help="Directory for the report (HTML, Parquet, JSON).")] = None,
    vary: Annotated[
        list[str] | None, typer.Option(help="Try several values: NAME=VALUE,VALUE. May be given again.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes for a sweep; -1 takes every core.")] = -1,
    dask: Annotated[str | None, typer.Option(help="Scheduler of a Dask cluster that does the sweep.")] = None,
    json: Json = False,
) -> None:
    """Play strategies over history; nothing is read from a chain.

    Example: dao-bot backtest all --from 2022-05-01 --to 2022-05-31 --out report
    """
    from dao_bot.app.backtesting import backtest as command

    _finish(command(config, strategy, market, begin, end, out, json, vary or [], jobs, dask))


@app.command()
def crisis(
    data: Annotated[Path, typer.Option(help="Directory with the data of the crises.")],
    strategy: Annotated[str, typer.Argument(help="The strategy that keeps the reserve.")] = "reserve",
    config: Config = _CONFIG,
    delay: Annotated[str, typer.Option(help="From a decision to its execution: people read and sign.")] = "1h",
    out: Annotated[Path | None, typer.Option(help="Write the report as one HTML file.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; -1 takes every core.")] = -1,
    json: Json = False,
) -> None:
    """Replay the reserve through past crises and hold it to stated limits; exit code 1 when one is broken.

    Example: dao-bot crisis --data history --out crisis.html
    """
    from dao_bot.app.backtesting import crisis as command

    _finish(command(config, strategy, data, delay, out, json, jobs))


ladder = typer.Typer(help="How much each strategy may do by itself.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(ladder, name="ladder")


@ladder.command("show")
def ladder_show(config: Config = _CONFIG, json: Json = False) -> None:
    """Show each strategy's rung and record.

    Example: dao-bot ladder show
    """
    from dao_bot.app.climbing import show as command

    _finish(command(config, json))


@ladder.command("promote")
def ladder_promote(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    to: Annotated[str, typer.Option(help="propose, delayed or instant.")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Propose to let a strategy do more by itself; shows its record so far.

    Example: dao-bot ladder promote buyback --to delayed
    """
    from dao_bot.app.climbing import promote as command

    _finish(command(config, strategy, to, json))


@ladder.command("demote")
def ladder_demote(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the record.")],
    config: Config = _CONFIG,
    json: Json = False,
) -> None:
    """Have people asked again, from now on.

    Example: dao-bot ladder demote buyback --reason "odd prices"
    """
    from dao_bot.app.climbing import demote as command

    _finish(command(config, strategy, reason, json))


roles = typer.Typer(help="The module's role: derived, shown, compared.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(roles, name="roles")


@roles.command("plan")
def roles_plan(
    config: Config = _CONFIG,
    out: Annotated[Path | None, typer.Option(help="Write the owners' transaction for the Transaction Builder.")] = None,
    json: Json = False,
) -> None:
    """Derive the smallest role from the strategies, and what owners execute to give it.

    Example: dao-bot roles plan --out role.json
    """
    from dao_bot.app.roles import plan as command

    _finish(command(config, out, json))


@roles.command("diff")
def roles_diff(config: Config = _CONFIG, json: Json = False) -> None:
    """Compare the role on the chain with the derived one; exit code 1 when it differs.

    Example: dao-bot roles diff
    """
    from dao_bot.app.roles import diff as command

    _finish(command(config, json))


@app.command()
def devnet(
    port: Annotated[int, typer.Option(help="Port of the local chain.")] = 8545,
    json: Json = False,
) -> None:
    """Keep a local chain with the real contracts running.

    Example: dao-bot devnet --port 8545
    """
    from dao_bot.app.devnet import devnet as command

    _finish(command(port, json))


people.add_to(app)


def main() -> None:
    """Entry point: whatever goes wrong becomes one message and an exit code, never a traceback."""
    as_json = "--json" in sys.argv
    try:
        code = app(standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last place where an error can be told
        from dao_bot.app.exits import tell

        sys.exit(tell(error, as_json=as_json))
    if code == INTERRUPTED:
        from dao_bot.app.exits import tell_interruption

        tell_interruption(as_json=as_json)
    sys.exit(code)


if __name__ == "__main__":
    main()
