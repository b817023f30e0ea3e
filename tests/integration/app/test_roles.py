"""`dao-bot roles`: owners read what the module may do, execute exactly that, and a different role stops everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from dao_bot.chain.abi import function
from dao_bot.config.source import read_source
from dao_bot.domain.calls import Call
from dao_bot.safe.batch import wrap_multisig
from dao_bot.safe.builder import parse_batch_file
from dao_bot.safe.transaction import safe_transaction
from tests.integration.app.kit import command, refused
from tests.integration.engine.kit import Office
from tests.integration.engine.module_kit import as_safe, module_of, module_office

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Nothing is set up yet."""
    with module_office(tmp_path, world, anvil, monkeypatch, set_up=False) as opened:
        yield opened


def config(office: Office) -> Path:
    return office.desk.config.path


def give(office: Office, directory: Path) -> None:
    """The owners load the file, sign it, and somebody sends it."""
    file = directory / "role.json"
    assert command("roles", "plan", "-c", config(office), "--out", file).code == 0
    batch = parse_batch_file(file.read_bytes(), office.world.chain_id)
    assert batch.safe == office.world.safe
    wrapped = wrap_multisig(batch.calls, office.world.multi_send_call_only)
    office.submit_as_stranger(safe_transaction(wrapped, office.safe_nonce()))


def spoil(office: Office) -> None:
    """Somebody gave the role the right to call everything of a token."""
    allow = function("allowTarget(bytes32,address,uint8)")
    data = allow.encode(module_of(office).role, office.token("DAI").address, 0)
    as_safe(office.anvil, office.world, Call(office.world.roles, data))


def test_owners_execute_the_plan_and_the_chain_has_exactly_the_derived_role(office: Office, tmp_path: Path) -> None:
    before = command("roles", "diff", "-c", config(office), "--json")
    assert (before.code, before.facts["exact"]) == (1, False)
    assert "the Safe has not enabled the module" in before.facts["differences"]
    give(office, tmp_path)
    after = command("roles", "diff", "-c", config(office), "--json")
    assert (after.code, after.facts) == (0, {"exact": True, "differences": []})
    assert command("roles", "plan", "-c", config(office), "--json").facts["calls"] == []
    assert "nothing to do" in command("roles", "plan", "-c", config(office)).out


def test_the_plan_names_every_function_every_condition_and_what_a_thief_can_take(office: Office) -> None:
    told, facts = (command("roles", "plan", "-c", config(office), *more) for more in ((), ("--json",)))
    assert told.code == 0
    found = {
        (way["label"], way["function"]): (way["target"], way["arguments"], way["at_most"])
        for way in facts.facts["functions"]
    }
    usdc, router, limit = office.token("USDC").address, office.world.router, ["1,000.00 USDC in 1 d"]
    single = "(USDC token, DAI token, 100, the Safe, within the allowance of USDC token, any, 0)"
    through = "USDC token ▸ 100 ▸ USDT token ▸ 100 ▸ DAI token"
    path = f"({through}, the Safe, within the allowance of USDC token, any)"
    assert found == {
        ("USDC token", "approve"): (usdc, ["Uniswap v3 router", "any"], []),
        ("USDC token", "transfer"): (usdc, ["Grantee", "within the allowance of USDC token"], limit),
        ("Uniswap v3 router", "exactInputSingle"): (router, [single], limit),
        ("Uniswap v3 router", "exactInput"): (router, [path], limit),
        ("Uniswap v3 router", "multicall"): (router, ["any", "nothing"], []),
    }
    # People see the same as a table, and below it where each name is.
    rows = [line.split() for line in told.out.splitlines()]
    assert ["Contract:", "function", "Each", "argument", "At", "most"] in rows
    assert ["USDC", "token:", "Grantee", "1,000.00", "USDC", "in", "1", "d"] in rows
    assert f"Uniswap v3 router is {router}" in told.out
    assert "2,000.00 USDC" in told.out and "across a refill" in told.out


def test_the_plan_says_where_the_chain_would_let_more_through_than_the_policy(office: Office, tmp_path: Path) -> None:
    assert command("roles", "plan", "-c", config(office), "--json").facts["looser_than_policy"] == []
    data = read_source(config(office)).data
    data["routes"]["module"]["limits"] = {
        "USDC": {"most": "100000", "every": "1h"},
        "DAO": {"most": "1", "every": "1d"},
    }
    data["strategies"]["reserve"]["may"].append({"burn": "DAO"})
    (burn,) = [rule for rule in data["policy"]["rules"] if rule["use"] == "burn"]
    burn["tokens"] = {}
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(data))
    burning, spending = sorted(
        command("roles", "plan", "-c", other, "--json").facts["looser_than_policy"], key=lambda note: "USDC" in note
    )
    assert burning == "reserve may burn DAO on the chain, but never by the policy's rule `burn`"
    assert "USDC: the chain lets 2,400,000.00 USD through in 1 d" in spending and "2,000,000.00 USD" in spending


def test_a_role_that_is_not_the_derived_one_stops_the_keeper_and_fails_the_doctor(
    office: Office, tmp_path: Path
) -> None:
    give(office, tmp_path)
    assert command("run", "--once", "-c", config(office)).code == 0
    spoil(office)
    words = "may call every function of DAI token"
    ended = command("run", "--once", "-c", config(office))
    assert ended.code == 2 and words in ended.err + ended.out, ended
    doctor = command("doctor", "-c", config(office), "--json")
    assert doctor.code == 1
    lines = {line["subject"]: line["problem"] for line in doctor.facts["checks"]}
    assert words in lines["role of the module"]
    give(office, tmp_path)
    assert command("run", "--once", "-c", config(office)).code == 0


def test_without_a_module_in_the_configuration_there_is_no_role(office: Office, tmp_path: Path) -> None:
    data = read_source(config(office)).data
    del data["routes"]
    data["strategies"]["reserve"] |= {"route": "multisig", "approval": "two-owners"}
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(data))
    refused(command("roles", "plan", "-c", other, "--json"), 2, "no module is configured")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("most: '1000'", "most: 'much'", "not an amount"),
        ("most: '1000'", "most: '0.0000001'", "more decimal places"),
        ("swap: USDC", "swap: USDX", "USDX"),
        ("into: DAI", "into: USDC", "no configured protocol can be allowed"),
        ("to: Grantee", "to: Granny", "Granny"),
        ("every: 1d", "every: 1s", "every"),
        ("route: module", "route: modul", "Did you mean `module`?"),
    ],
)
def test_a_mistake_in_the_configuration_is_told(office: Office, tmp_path: Path, old: str, new: str, words: str) -> None:
    text = config(office).read_text()
    assert old in text, text[text.index("routes:") :][:600]
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(old, new))
    refused(command("roles", "plan", "-c", wrong, "--json"), 2, words)


def test_a_module_of_another_safe_is_refused(office: Office, tmp_path: Path) -> None:
    """The mastercopy is a Roles contract too, but nobody's."""
    text = config(office).read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(office.world.roles, office.world.roles_mastercopy))
    told = command("roles", "diff", "-c", wrong, "--json")
    assert told.code == 1
    assert any(line.startswith("its owner is 0x0000") for line in told.facts["differences"])
