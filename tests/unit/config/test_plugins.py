"""Plugins are found by name or path, imported only when they are named, and never mistaken for one another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dao_bot import plugins
from dao_bot.config.load import load_text
from dao_bot.config.problems import ConfigErrors
from dao_bot.domain.errors import BadInput, NotFound, PluginFailed
from dao_bot.suggest import did_you_mean

Install = Callable[..., Path]
Lines = Callable[[str], list[str]]

STRATEGY = """
from __future__ import annotations
from typing import ClassVar
from dao_bot.strategy import Decision, Observation, StrategyParams

class MineParams(StrategyParams):
    target: int = 1

class Mine:
    name: ClassVar[str] = "mine"
    Params: ClassVar[type[StrategyParams]] = MineParams
    def __init__(self, params: MineParams) -> None: ...
    def needs(self) -> tuple[object, ...]:
        return ()
    def decide(self, seen: Observation) -> Decision:
        return Decision.nothing("never")
"""
RULE = """
from dao_bot.fields import IntField, Settings

class Limit:
    class Params(Settings):
        most: IntField
    def __init__(self, params): ...
"""


def test_everything_that_ships_bears_the_name_it_is_found_by() -> None:
    for group in (plugins.STRATEGIES, plugins.PROTOCOLS, plugins.POLICY_RULES, plugins.PRICE_SOURCES):
        assert plugins.names(group)
        for name in plugins.names(group):
            assert plugins.find(group, name).name == name


def test_unknown_name_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(NotFound, match=r"there is no policy rule `slipage`. Did you mean `slippage`\?"):
        plugins.find(plugins.POLICY_RULES, "slipage")
    with pytest.raises(NotFound, match="Known: chainlink, .*uniswap_v3_twap"):
        plugins.find(plugins.PRICE_SOURCES, "qqqqqq")


def test_name_with_two_letters_exchanged_is_recognised_among_names_that_are_as_near() -> None:
    assert did_you_mean("USCD", ("USDC", "USDT", "USDD")) == "Did you mean `USDC`?"
    assert did_you_mean("usdc", ("USDC", "USDT")) == "Did you mean `USDC`?"
    assert did_you_mean("zzz", ()) == ""
    assert did_you_mean("zzz", (f"name{n:02}" for n in range(50))).endswith("name11 and 38 more")


def test_plugin_of_another_distribution_is_found_without_importing_the_others(install: Install) -> None:
    install(
        "acme-rules",
        {plugins.POLICY_RULES: {"acme": "acme_rules:Limit", "loud": "acme_loud:Limit"}},
        {"acme_rules.py": RULE, "acme_loud.py": "raise RuntimeError('imported')"},
    )
    assert {"acme", "loud", "slippage"} <= set(plugins.names(plugins.POLICY_RULES))
    assert plugins.find(plugins.POLICY_RULES, "acme").__name__ == "Limit"
    assert "acme_loud" not in sys.modules


def test_plugin_of_another_distribution_is_validated_by_its_own_model(
    install: Install, sample: str, lines: Lines
) -> None:
    install("acme-rules2", {plugins.POLICY_RULES: {"acme2": "acme_rules2:Limit"}}, {"acme_rules2.py": RULE})
    text = sample.replace("{use: hold_only}", "{use: acme2, most: 3}")
    assert load_text(text, Path("strategies.yaml")).rules[7].settings.model_dump() == {"most": 3}
    (told,) = lines(text.replace("most: 3", "most: x"))
    assert "policy.rules[7].most: not a whole number; got 'x'" in told


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("raise RuntimeError('boom')", "cannot be imported: RuntimeError: boom"),
        ("import no_such_library", "cannot be imported: ModuleNotFoundError"),
        ("def Limit(): ...", "is not a class"),
        ("class Limit: ...", "has no model of its settings"),
        ("class Limit:\n    Params = int", "has no model of its settings"),
    ],
)
def test_broken_plugin_is_a_problem_of_the_configuration(
    source: str, what: str, install: Install, sample: str, lines: Lines, request: pytest.FixtureRequest
) -> None:
    module = f"acme_broken_{abs(hash(request.node.name))}"
    install(module, {plugins.POLICY_RULES: {"acme3": f"{module}:Limit"}}, {f"{module}.py": source})
    (told,) = lines(sample.replace("{use: hold_only}", "{use: acme3}"))
    assert "policy.rules[7].use: " in told
    assert what in told


def test_name_that_two_distributions_offer_is_refused_and_both_are_named(install: Install) -> None:
    install("acme-one", {plugins.PROTOCOLS: {"uniswap_v3": "acme_one:X"}}, {})
    with pytest.raises(
        BadInput, match=r"two distributions offer a protocol `uniswap_v3`; got acme-one 1.0 and dao-bot"
    ):
        plugins.find(plugins.PROTOCOLS, "uniswap_v3")


def test_strategy_is_loaded_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGY)
    loaded = plugins.load_strategy("./mine.py:Mine", tmp_path)
    assert loaded.name == "mine"
    assert loaded.Params.model_validate({"target": "3"}).target == 3
    assert plugins.load_strategy("./mine.py:Mine", tmp_path) is loaded
    assert plugins.load_strategy(str(tmp_path / "mine.py") + ":Mine", Path("/")).name == "mine"


def test_changed_file_is_another_strategy(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGY)
    first, digest = plugins.load_strategy("mine.py:Mine", tmp_path), plugins.strategy_digest("mine.py:Mine", tmp_path)
    (tmp_path / "mine.py").write_text(STRATEGY.replace('"never"', '"not now"'))
    assert plugins.load_strategy("mine.py:Mine", tmp_path) is not first
    assert plugins.strategy_digest("mine.py:Mine", tmp_path) != digest


@pytest.mark.parametrize(
    ("use", "source", "error", "what"),
    [
        ("mine.py:Nine", STRATEGY, NotFound, "there is no class `Nine` in mine.py. Did you mean `Mine`"),
        ("mine.py:Decision", STRATEGY, BadInput, "is not a strategy: it has no name"),
        ("mine.py:Mine", "def x(:", BadInput, "not valid Python"),
        ("mine.py:Mine", "\0", BadInput, "not valid Python"),
        ("mine.py:Mine", "raise ValueError('boom')", PluginFailed, "the strategy's file failed: ValueError: boom"),
        ("mine.py:Mine", "import neighbour", PluginFailed, "ModuleNotFoundError"),
        ("none.py:Mine", STRATEGY, NotFound, "cannot be read"),
        (".:Mine", STRATEGY, BadInput, "not a strategy"),
        ("mine:Mine", STRATEGY, BadInput, "not a strategy"),
        ("a\0.py:Mine", STRATEGY, NotFound, "cannot be read"),
    ],
)
def test_file_that_is_no_strategy_is_told(
    use: str, source: str, error: type[Exception], what: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(source)
    (tmp_path / "neighbour.py").write_text("")
    with pytest.raises(error, match=what):
        plugins.load_strategy(use, tmp_path)


def test_digest_of_a_plugin_covers_its_whole_package_and_imports_nothing(install: Install) -> None:
    site = install(
        "acme-pack",
        {plugins.STRATEGIES: {"acme-pack": "acme_pack.inner:S"}},
        {"acme_pack/__init__.py": "raise RuntimeError", "acme_pack/inner.py": "", "acme_pack/data.json": "{}"},
    )
    (site / "acme_pack" / "__pycache__").mkdir()
    first = plugins.strategy_digest("acme-pack", Path())
    plugins.package_digest.cache_clear()
    (site / "acme_pack" / "__pycache__" / "inner.pyc").write_bytes(b"x")
    assert plugins.strategy_digest("acme-pack", Path()) == first
    plugins.package_digest.cache_clear()
    (site / "acme_pack" / "data.json").write_text("{ }")
    assert plugins.strategy_digest("acme-pack", Path()) != first
    assert "acme_pack" not in sys.modules


def test_strategy_that_nobody_offers_is_told_with_its_line(sample: str) -> None:
    with pytest.raises(ConfigErrors, match=r"strategies.reserve.use: there is no strategy `acme`"):
        load_text(sample.replace("use: reserve-rebalance", "use: acme"), Path("strategies.yaml"))
