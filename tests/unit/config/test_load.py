"""strategies.yaml becomes typed settings, or every problem at once with its line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from pydantic import ValidationError

from dao_bot.config.load import Config, load_config, load_text, strategy_problems
from dao_bot.config.problems import ConfigErrors, Position
from dao_bot.config.values import Finality
from dao_bot.domain.units import WAD

Edited = Callable[..., str]
Lines = Callable[[str], list[str]]

USDC = '"0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722"'
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


def test_the_demo_loads_with_every_section_typed(load: Callable[[str], Config], sample: str) -> None:
    config = load(sample)
    assert config.mode == "devnet"
    assert config.treasury.chain.finality == Finality(1)
    assert config.treasury.keeper is not None
    assert config.treasury.keeper.max_fee_per_gas == 200 * 10**9
    assert config.tokens["USDC"].decimals == 6
    assert config.native.symbol == "ETH"
    assert config.native.is_native
    assert config.treasury.tokens["DAO"].hold_only is True
    assert config.prices.max_deviation == WAD // 100
    assert [source.name for source in config.price_sources["USDC"]] == ["chainlink", "uniswap_v3_twap"]
    assert config.protocols["uniswap_v3"].kind.__name__ == "UniswapV3"
    assert config.rules[0].name == "simulation"
    reserve = config.strategies["reserve"]
    assert (reserve.schedule.every, reserve.schedule.jitter, reserve.valid_for) == (3600, 120, 43_200)
    assert reserve.params["monthly_burn"] == "60000 USD"


def test_loaded_configuration_is_immutable(load: Callable[[str], Config], sample: str) -> None:
    config = load(sample)
    with pytest.raises(FrozenInstanceError):
        config.mode = "live"  # type: ignore[misc]  # the point of the test
    with pytest.raises(ValidationError, match="frozen"):
        config.treasury.name = "Other"


def test_unquoted_address_and_number_mean_what_was_written(load: Callable[[str], Config], edited: Edited) -> None:
    config = load(edited(USDC, USDC.strip('"'), "name: Demo DAO", "name: 010"))
    assert config.tokens["USDC"].address == USDC.strip('"')
    assert config.treasury.name == "010"


def test_digest_ignores_layout_and_comments_only(load: Callable[[str], Config], sample: str, edited: Edited) -> None:
    config = load(sample)
    assert load("# a comment\n" + sample.replace("{every: 1h, jitter: 2m}", "{jitter: 2m, every: 1h}")).digest == (
        config.digest
    )
    assert load(edited("slippage, max: 50bps", "slippage, max: 51bps")).digest != config.digest
    assert config.source_text == sample


def test_positions_of_values_can_be_asked_later(load: Callable[[str], Config], sample: str) -> None:
    position = load(sample).position(["strategies", "reserve", "params", "monthly_burn"])
    assert position is not None
    assert sample.splitlines()[position.line - 1][position.column - 1 :].startswith("60000 USD")


def test_every_problem_is_told_at_once_in_the_order_of_the_lines(edited: Edited, lines: Lines) -> None:
    text = edited(
        *("mode: devnet", "mode: dev"),
        *("200 gwei", "lots"),
        *("  uniswap_v3:\n", "  uniswap_v4:\n"),
        *("{use: slippage, max: 50bps}", "{use: slippage, max: 50}"),
        *("approval: two-owners", "approval: nobody"),
        *("store:\n", "shop:\n"),
    )
    told = lines(text)
    places = [tuple(map(int, line.split(":")[1:3])) for line in told]
    assert places == sorted(places)
    assert len(told) == 7  # `shop` is unknown and `store` is missing


def test_a_thousand_errors_are_told_in_one_go(edited: Edited, lines: Lines) -> None:
    bad = "".join(
        f"  s{n}: {{use: reserve-rebalance, schedule: {{every: 1h}}, approval: nobody{n}}}\n" for n in range(1000)
    )
    told = lines(
        edited("store:\n", f"{bad}store:\n".replace("store:", "store:")).replace("\nstrategies:", "\nstrategies:")
    )
    assert len(told) == 1000 or any("s999" in line for line in told)


def test_empty_section_is_told_in_words(edited: Edited, lines: Lines, sample: str) -> None:
    start = sample.index("policy:")
    end = sample.index("approvals:")
    told = lines(sample[:start] + "policy:\n" + sample[end:])
    line = sample[:start].count("\n") + 1
    assert told == [f"strategies.yaml:{line}:1: policy: there is no value; write one, or remove the key"]


def test_yaml_problem_hides_no_other(edited: Edited, lines: Lines) -> None:
    told = lines(edited("version: 1", "version: &v 1\nversion: 3", "200 gwei", "many"))
    assert [line.split(": ", 1)[1][:40] for line in told] == [
        "version: anchors are not understood (`&v",
        "version: the key stands here a second ti",
        "treasury.keeper.max_fee_per_gas: not a p",
    ]


def test_part_that_was_told_of_is_not_told_of_twice(edited: Edited, lines: Lines) -> None:
    told = lines(edited("env:DAO_BOT_KEEPER_KEY", f"0x{KEY}"))
    assert len(told) == 1
    assert "this looks like a private key" in told[0]
    assert KEY not in told[0]


def test_live_needs_two_operators_on_different_hosts_and_a_keeper(edited: Edited, lines: Lines) -> None:
    one = edited("mode: devnet", "mode: live")
    (told,) = lines(one)
    assert told.endswith("treasury.chain.rpcs: mode live needs nodes of two different operators; add one")
    node = '      - {url: "http://127.0.0.1:8545", operator: local}\n'
    second = '      - {url: "https://node.example", operator: other}\n'
    assert lines(one.replace(node, node + second)) == []
    same_host = '      - {url: "http://127.0.0.1:9545", operator: other}\n'
    assert "share the host 127.0.0.1" in lines(one.replace(node, node + same_host))[0]
    same_operator = '      - {url: "https://node.example", operator: " LOCAL"}\n'
    assert any("two different operators" in line for line in lines(one.replace(node, node + same_operator)))
    assert any("the same node stands at" in line for line in lines(one.replace(node, node + node)))
    keeper = one[one.index("  keeper:") : one.index("  tokens:  ")]
    assert any(
        "mode live needs a keeper" in line for line in lines(one.replace(node, node + second).replace(keeper, ""))
    )


def test_recipient_cannot_be_a_token_or_the_safe_or_stand_twice(edited: Edited, lines: Lines) -> None:
    comment = '  #   Operations multisig: "0x…"\n'
    safe, other = "0x399c61b017A871181d8B6C418c93a8bB361E3Db8", "0x" + "11" * 20
    book = f"  address_book:\n    Tokens: {USDC}\n    Us: {safe}\n    Ops: {other}\n    Ops 2: {other}\n"
    told = lines(edited(comment, book))
    assert [line.split(": ", 1)[1] for line in told] == [
        "treasury.address_book.Tokens: the same address stands at treasury.tokens.USDC.address",
        "treasury.address_book.Us: the same address stands at treasury.safe",
        'treasury.address_book["Ops 2"]: the same address stands at treasury.address_book.Ops',
    ]


def test_parameters_of_a_strategy_are_told_with_their_lines_later(load: Callable[[str], Config], sample: str) -> None:
    config = load(sample)
    errors = strategy_problems(
        config.source,
        "reserve",
        [
            {"loc": ["runway_months"], "msg": "Value error, not a whole number"},
            {"loc": ["issuers", "Circle", "hazard"], "msg": "Input should be greater than 0"},
            {"loc": ["peg", "bound"], "msg": "Field required"},
            {"loc": [], "msg": "Value error, assets.DAI.backing: the shares must sum to 100 %; assets.X: is unknown"},
            {"loc": [], "msg": "Value error, all of it is wrong"},
            {"loc": ["isuers"], "msg": "Extra inputs are not permitted"},
        ],
    )
    assert isinstance(errors, ConfigErrors)
    paths = {".".join(map(str, problem.path)): problem for problem in errors.problems}
    line = next(n for n, text in enumerate(sample.splitlines(), 1) if "runway_months" in text)
    assert paths["strategies.reserve.params.runway_months"].position == Position(line, 22)
    assert paths["strategies.reserve.params.runway_months"].what == "not a whole number"
    assert paths["strategies.reserve.params.issuers.Circle.hazard"].what == "must be greater than 0"
    assert paths["strategies.reserve.params.peg.bound"].what == "this key is missing"
    line = next(n for n, text in enumerate(sample.splitlines(), 1) if "DAI: {backing" in text)
    assert paths["strategies.reserve.params.assets.DAI.backing"].position == Position(line, 15)
    assert paths["strategies.reserve.params.assets.DAI.backing"].what == "the shares must sum to 100 %"
    assert paths["strategies.reserve.params.assets.X"].what == "is unknown"
    assert paths["strategies.reserve.params"].what == "all of it is wrong"
    assert paths["strategies.reserve.params.isuers"].what == "unknown key"


def test_file_is_read_from_disk_and_named_by_its_own_name(tmp_path: Path, sample: str) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(sample.replace("mode: devnet", "mode: x"))
    with pytest.raises(ConfigErrors) as caught:
        load_config(path)
    assert str(caught.value).startswith("other.yaml:") and ": mode: must be" in str(caught.value)
    path.write_text(sample)
    assert load_config(path).store.url.resolve() == f"sqlite:///{tmp_path}/dao-bot.sqlite3"
    with pytest.raises(ConfigErrors, match="there is no file"):
        load_config(tmp_path / "none.yaml")


def test_strategy_by_path_is_found_beside_the_file_without_running_it(tmp_path: Path, sample: str) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('it ran')\nclass Mine: ...\n")
    text = sample.replace("use: reserve-rebalance", "use: ./mine.py:Mine")
    assert load_text(text, tmp_path / "strategies.yaml").strategies["reserve"].use == "./mine.py:Mine"
    with pytest.raises(ConfigErrors, match="there is no class `Mein` in ./mine.py. Did you mean `Mine`?"):
        load_text(text.replace(":Mine", ":Mein"), tmp_path / "strategies.yaml")


def test_code_of_everything_named_is_digested(load: Callable[[str], Config], sample: str) -> None:
    digests = load(sample).code_digests()
    assert {"dao-bot", "protocol:uniswap_v3", "price_source:chainlink", "policy_rule:slippage"} <= digests.keys()
    assert digests["strategy:reserve-rebalance"].startswith("0x")
    assert digests["strategy:reserve-rebalance"] != digests["dao-bot"]


def test_loading_imports_nothing_heavy() -> None:
    heavy = ("web3", "cvxpy", "pandas", "sqlalchemy", "safe_eth", "apscheduler", "ccxt", "discord", "scipy")
    script = (
        "import sys, pathlib, dao_bot.config.load as load\n"
        f"loaded = [name for name in {heavy!r} if name in sys.modules]\n"
        "load.load_config(pathlib.Path('strategies.yaml'))\n"
        f"loaded += [name for name in {heavy!r} if name in sys.modules]\n"
        "print(loaded)"
    )
    root = Path(__file__).resolve().parents[3]
    answer = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


def test_secret_in_a_wrong_place_is_not_repeated_in_any_form(edited: Edited, load: Callable[[str], Config]) -> None:
    url = "https://user:hunter2@node.example/v3/hunter3"
    text = edited('safe: "0x399c61b017A871181d8B6C418c93a8bB361E3Db8"', f"safe: {url}", "mode: devnet", f"mode: {url}")
    with pytest.raises(ConfigErrors) as caught:
        load(text)
    assert len(caught.value.problems) == 2
    for form in (str(caught.value), repr(caught.value.problems)):
        assert "node.example" in form
        assert "hunter" not in form
