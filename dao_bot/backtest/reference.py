"""Writes docs/market-file.md from the models: every key of a market's file, its type, its default, what it means.

`python -m dao_bot.backtest.reference` prints it; a test holds that the committed file is what it prints.
"""

from __future__ import annotations

import sys

from dao_bot.backtest.settings import MarketSettings
from dao_bot.config.reference import section

_INTRODUCTION = """\
# The market's file

What a [backtest](backtest.md) states about the market that it plays in; `--market` names the file, `market.yaml` is
where it is looked for. Values are written as in [the configuration](configuration.md), and every mistake is told with
its line.

This page is generated from the settings themselves (`python -m dao_bot.backtest.reference > docs/market-file.md`).
"""


def reference() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_INTRODUCTION, *section(MarketSettings, "")]).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
