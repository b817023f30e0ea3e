"""`dao-bot init` and `dao-bot check`: the configuration, without the chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dao_bot.app.exits import BAD_INPUT, DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.config.checks import mapping_at
from dao_bot.config.load import Config, askable_strategies, load_source, strategy_problems
from dao_bot.config.problems import ConfigErrors, Problem
from dao_bot.config.source import Source, read_source
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
        config = _checked(path)
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


def _checked(path: Path) -> Config:
    """The configuration, and each strategy content with its parameters; or everything that is wrong with either."""
    source = read_source(path)
    if not source.readable:
        raise ConfigErrors(source.problems)
    problems = list(_problems_of_strategies(source, path.resolve().parent))
    try:
        config = load_source(path, source)
    except ConfigErrors as errors:
        raise ConfigErrors(dict.fromkeys([*errors.problems, *problems])) from None
    if problems:
        raise ConfigErrors(problems)
    return config


def _problems_of_strategies(source: Source, directory: Path) -> Iterator[Problem]:
    tokens = mapping_at(source.data, "treasury", "tokens")
    for name, use, params in askable_strategies(source, directory):
        process = StrategyProcess(name, use, directory, params, {}, {}, tokens=tuple(tokens) or None)
        yield from strategy_problems(source, name, process.problems()).problems
