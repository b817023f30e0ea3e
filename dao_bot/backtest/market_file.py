"""Reads the settings of a market from a file, or says everything that is wrong with it at once, with lines."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from dao_bot.backtest.settings import MarketSettings
from dao_bot.config.problems import ConfigErrors
from dao_bot.config.source import read_source
from dao_bot.config.wording import in_words, is_about_key, plain_location


def load_market(path: Path, tokens: Collection[str]) -> MarketSettings:
    """The settings at `path`. `tokens`: the symbols that they may name.

    Raises:
        ConfigErrors: everything that is wrong with the file.
    """
    source = read_source(path, "docs/backtest.md shows how to write one")
    if not source.readable:
        raise ConfigErrors(source.problems)
    problems = list(source.problems)
    try:
        settings = MarketSettings.model_validate(source.data, context={"tokens": tuple(tokens)})
    except ValidationError as error:
        problems += [
            source.problem(plain_location(each["loc"]), in_words(each, MarketSettings), key=is_about_key(each))
            for each in error.errors(include_url=False)
        ]
    if problems:
        raise ConfigErrors(dict.fromkeys(problems))
    return settings
