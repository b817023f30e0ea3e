"""`dao-bot init` and `dao-bot check`: the configuration, without the chain."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import BAD_INPUT, DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.config.load import Config, load_config, strategy_problems
from dao_bot.config.problems import ConfigErrors, Problem
from dao_bot.config.template import write_template
from dao_bot.distribution import check_distribution
from dao_bot.engine.decide import StrategyProcess


def init(path: Path) -> int:
    """Write the commented template."""
    write_template(path)
    print_text(f"Wrote {path}. Put in your Safe, tokens and nodes, then run: dao-bot check -c {path}")
    return DONE


def check(path: Path, as_json: bool) -> int:
    """Everything that can be known offline; the strategies' parameters are asked of the strategies themselves."""
    check_distribution()
    try:
        config = load_config(path)
        problems = _problems_of_strategies(config)
        if problems is not None:
            raise problems
    except ConfigErrors as errors:
        if not as_json:
            raise
        print_json({"ok": False, "problems": errors.problems})
        return BAD_INPUT
    facts = {
        "ok": True,
        "mode": config.mode,
        "treasury": config.treasury.name,
        "chain_id": config.treasury.chain.id,
        "safe": config.treasury.safe,
        "strategies": list(config.strategies),
        "rules": [plugin.name for plugin in config.rules],
        "digest": config.digest,
    }
    if as_json:
        print_json(facts)
    else:
        print_text(
            f"{path} is valid: {config.treasury.name} on {config.treasury.chain.name}, mode {config.mode}, "
            f"{len(config.strategies)} strategies, {len(config.rules)} policy rules.\n"
            f"Next: dao-bot doctor -c {path} tests it against the chain."
        )
    return DONE


def _problems_of_strategies(config: Config) -> ConfigErrors | None:
    found: list[Problem] = []
    tokens = tuple(config.tokens)
    for name, settings in config.strategies.items():
        process = StrategyProcess(name, settings.use, config.directory, settings.params, {}, {}, tokens=tokens)
        found += strategy_problems(config, name, process.problems()).problems
    return ConfigErrors(found) if found else None
