"""The files that ship agree with the program: the demo's configuration, the template, the reference."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Any

import pytest

from dao_bot.config import reference
from dao_bot.config.load import load_config
from dao_bot.config.template import template, write_template
from dao_bot.domain.errors import BadInput
from dao_bot.fields import IntField, RatioField, Settings
from dao_bot.plugins import load_strategy

ROOT = Path(__file__).resolve().parents[3]


def parameters_are_valid(path: Path) -> None:
    config = load_config(path)
    for strategy in config.strategies.values():
        model = load_strategy(strategy.use, config.directory).Params
        model.model_validate(dict(strategy.params), context={"tokens": tuple(config.tokens)})


def test_demo_is_valid_parameters_included() -> None:
    parameters_are_valid(ROOT / "strategies.yaml")


def test_template_is_valid_as_it_stands_and_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "strategies.yaml"
    write_template(path)
    parameters_are_valid(path)
    assert load_config(path).mode == "plan"
    assert load_config(path).treasury.keeper is None


def test_template_and_demo_share_their_rules(tmp_path: Path) -> None:
    path = tmp_path / "strategies.yaml"
    write_template(path)
    rules = [rule.name for rule in load_config(path).rules]
    assert rules == [rule.name for rule in load_config(ROOT / "strategies.yaml").rules]


def _uncommented(line: str) -> str:
    """A section of its own that is commented out stands at the left edge; words for people have no colon there."""
    return line.removeprefix("# ") if re.match(r"# ( |[a-z]+: )", line) else line


def test_every_line_that_the_template_comments_out_is_valid_too(tmp_path: Path) -> None:
    lines = [_uncommented(line) for line in template().splitlines()]
    replies = {"# - {": "- {", "# keeper:": "keeper:", "#   key:": "  key:", "#   max_fee": "  max_fee"}
    replies |= {"# service:": "service:", "#   proposer:": "  proposer:"}
    replies |= {"# council:": "council:", "# everybody:": "everybody:"}
    for old, new in replies.items():
        lines = [line.replace(old, new, 1) for line in lines]
    path = tmp_path / "strategies.yaml"
    path.write_text("\n".join(lines).replace("mode: plan ", "mode: live "))
    config = load_config(path)
    assert config.mode == "live"
    assert len(config.treasury.chain.rpcs) == 2
    assert config.treasury.service is not None
    assert config.web is not None and config.discord is not None
    assert len(config.governance.stewards) == 3 and "members" in config.governance.power
    assert {"council", "everybody"} <= config.approvals.keys()


def test_template_is_never_written_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "strategies.yaml"
    path.write_text("mine")
    with pytest.raises(BadInput, match="exists already and is not overwritten"):
        write_template(path)
    assert path.read_text() == "mine"
    with pytest.raises(BadInput, match="cannot be written"):
        write_template(tmp_path / "none" / "strategies.yaml")


def test_a_template_that_does_not_fit_on_the_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(BadInput, match="cannot be written"):
            write_template(tmp_path / "strategies.yaml")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_reference_is_what_the_settings_say() -> None:
    committed = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert committed == reference.reference(), "run: python -m dao_bot.config.reference > docs/configuration.md"


class _Half(Settings):
    """Documented in two ways, but not wholly.

    Attributes:
        first, second: one text
            for both.
    """

    first: IntField
    second: RatioField = 10**16
    third: IntField = 3


def test_undocumented_setting_is_an_error() -> None:
    assert reference.description(_Half, "first") == "One text for both."
    assert reference.description(_Half, "second") == "One text for both."
    with pytest.raises(LookupError, match=r"_Half.third has no description"):
        reference.description(_Half, "third")


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (10**16, "a ratio", "1%"),
        (10**18, "a ratio", "100%"),
        (5 * 10**15, "a ratio", "0.5%"),
        (0, "a ratio", "0%"),
        (1_000 * 10**18, "an amount of money", "1000 USD"),
        (10**17, "an amount of money", "0.1 USD"),
        (43_200, "a duration", "12h"),
        (90, "a duration", "90s"),
        (0, "a duration", "0s"),
        (False, "true or false", "false"),
        (3, "a whole number", "3"),
    ],
)
def test_default_is_written_as_in_the_file(value: Any, unit: str, written: str) -> None:
    assert reference._written(value, unit) == written
