"""Mode live runs only what stewards' wallets have signed, and says what has changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.keeping import make_keeper
from dao_bot.app.seal_file import seal_path
from dao_bot.app.sealing import require_sealed
from dao_bot.app.wiring import open_desk
from dao_bot.config.load import load_config
from dao_bot.domain.errors import Refused
from dao_bot.safe.policy_seal import PolicyPaper
from dao_bot.safe.signing import key_address
from tests.integration.app.kit import Change, Office, in_, refused
from tests.integration.governance.test_contract_wallets import safe_signature

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("untouched")


@pytest.fixture
def keys(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stewards' keys by reference; the third one belongs to nobody."""
    for number, key in enumerate([*world.owner_keys[:2], world.keeper_key]):
        monkeypatch.setenv(f"STEWARD_{number}", key)
    return [f"env:STEWARD_{number}" for number in range(3)]


def with_stewards(world: World) -> Change:
    wallets = [key_address(bytes.fromhex(key[2:])) for key in world.owner_keys[:2]]
    return in_("governance", stewards={"ada": wallets[0], "bob": wallets[1]})


@pytest.fixture
def sealed(office: Office, world: World, keys: list[str]) -> Office:
    office.configure(_governance, with_stewards(world))
    for key in keys[:2]:
        assert office.dao_bot("policy", "sign", "--key", key).code == 0
    return office


def start(office: Office) -> None:
    """As the keeper and the signer do in mode live, each with its own record."""
    with open_desk(office.path) as desk:
        require_sealed(desk)


def _governance(data: dict[str, Any]) -> None:
    data.setdefault("governance", {})


def test_as_many_stewards_as_configured_seal_a_policy(office: Office, world: World, keys: list[str]) -> None:
    office.configure(_governance, with_stewards(world))
    for count, key in enumerate(keys[:2]):
        with pytest.raises(Refused, match=f"{count} signatures"):
            start(office)
        for _ in range(2):  # once more changes nothing
            ended = office.dao_bot("policy", "sign", "--key", key, "--json")
            assert ended.facts["signatures"] == count + 1, ended
    start(office)
    ended = office.dao_bot("policy", "diff", "--json")
    assert (ended.code, ended.facts["changes"], len(ended.facts["signatures"])) == (0, [], 2)
    refused(office.dao_bot("policy", "sign", "--key", keys[2], "--json"), 2, "no steward's signature")


def test_a_wallet_signs_what_is_printed(office: Office, world: World) -> None:
    from eth_account import Account

    office.configure(_governance, with_stewards(world))
    message = office.dao_bot("policy", "message").facts
    signature = Account.sign_typed_data(world.owner_keys[0], full_message=message).signature.hex()
    ended = office.dao_bot("policy", "sign", "--signature", f"0x{signature.removeprefix('0x')}", "--json")
    assert ended.facts["signatures"] == 1, ended
    refused(office.dao_bot("policy", "sign", "--signature", "0x1234", "--json"), 2, "signature")


def test_whoever_edits_the_configuration_needs_the_stewards_again(sealed: Office) -> None:
    sealed.configure(in_("treasury", address_book={"Thief": "0x000000000000000000000000000000000000bad1"}))
    with pytest.raises(Refused, match="have not sealed this policy"):
        start(sealed)
    ended = sealed.dao_bot("policy", "diff")
    assert ended.code == 1
    assert "policy.treasury.address_book" in ended.out


def test_where_nodes_and_keys_are_is_no_policy(sealed: Office) -> None:
    sealed.configure(in_("treasury", "keeper", key="env:ANOTHER_KEY"), in_("store", url="sqlite:///elsewhere.sqlite3"))
    start(sealed)


def test_an_older_policy_does_not_come_back_with_its_old_seal(sealed: Office, keys: list[str]) -> None:
    """Who took over the host puts back yesterday's policy and its seal, which stewards did sign."""
    seal, yesterday = seal_path(load_config(sealed.path)), sealed.path.read_text()
    old = seal.read_text()
    start(sealed)
    sealed.configure(in_("treasury", address_book={"Friend": "0x000000000000000000000000000000000000bad1"}))
    for key in keys[:2]:
        ended = sealed.dao_bot("policy", "sign", "--key", key, "--json")
    assert (ended.facts["revision"], ended.facts["signatures"]) == (2, 2)
    start(sealed)
    sealed.path.write_text(yesterday)
    with pytest.raises(Refused, match="0 signatures"):
        start(sealed)
    seal.write_text(old)
    with pytest.raises(Refused, match=r"older one.*revision 1.*revision 2.*policy sign"):
        start(sealed)
    seal.write_text(old.replace('"revision": 1', '"revision": 3'))
    with pytest.raises(Refused, match="0 signatures"):
        start(sealed)
    seal.write_text(old)
    for key in keys[:2]:
        ended = sealed.dao_bot("policy", "sign", "--key", key, "--json")
    assert (ended.facts["revision"], ended.facts["signatures"]) == (3, 2)
    start(sealed)


def test_of_two_policies_with_one_revision_the_first_stays(sealed: Office, keys: list[str]) -> None:
    seal, first = seal_path(load_config(sealed.path)), sealed.path.read_text()
    kept = seal.read_text()
    sealed.configure(in_("treasury", address_book={"Friend": "0x000000000000000000000000000000000000bad1"}))
    seal.unlink()
    for key in keys[:2]:
        assert sealed.dao_bot("policy", "sign", "--key", key, "--json").facts["revision"] == 1
    start(sealed)
    sealed.path.write_text(first)
    seal.write_text(kept)
    with pytest.raises(Refused, match="older one"):
        start(sealed)


def test_a_safe_that_is_a_steward_seals_as_long_as_it_says_so(
    office: Office, world: World, keys: list[str], anvil: Anvil
) -> None:
    stewards = {"ada": key_address(bytes.fromhex(world.owner_keys[0][2:])), "council": world.safe}
    office.configure(_governance, in_("governance", stewards=stewards))
    assert office.dao_bot("policy", "sign", "--key", keys[0]).code == 0
    with open_desk(office.path) as desk:
        paper = PolicyPaper(world.chain_id, world.safe, desk.services.policy_hash, 1)
    for owners, code in ((1, 2), (2, 0)):
        signature = "0x" + safe_signature(world, paper.digest, owners).hex()
        ended = office.dao_bot("policy", "sign", "--signature", signature, "--json")
        assert ended.code == code, ended
    assert (ended.facts["steward"], ended.facts["signatures"]) == (world.safe, 2)
    start(office)
    anvil.rpc(
        "anvil_setStorageAt", world.safe, "0x4", "0x" + "3".rjust(64, "0")
    )  # its threshold: 2 speak no more for it
    with pytest.raises(Refused, match="1 signatures"):
        start(office)


def test_a_seal_that_was_tampered_with_counts_nothing(sealed: Office) -> None:
    path = seal_path(load_config(sealed.path))
    path.write_text(path.read_text().replace('"0x', '"0y'))
    with pytest.raises(Refused, match="0 signatures"):
        start(sealed)
    path.write_text("[]")
    refused(sealed.dao_bot("policy", "diff", "--json"), 2, "no seal of a policy")


def test_live_without_a_seal_has_no_keeper(office: Office) -> None:
    with open_desk(office.path) as desk:
        live = replace(desk, config=replace(desk.config, mode="live"))
        with pytest.raises(Refused, match=r"have not sealed this policy.*no stewards"):
            make_keeper(live)
