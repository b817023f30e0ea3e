"""What one machine shows, another can verify: the exported Safe transaction gives the same hashes and calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dao_bot.cards.text import utc
from tests.integration.app.kit import Office, command, open_office

if TYPE_CHECKING:
    import pytest

    from dao_bot.devnet import Anvil, World


def queued(office: Office) -> str:
    """A proposal that waits for signatures; its id."""
    assert command("run", "--once", "-c", office.path).code == 0
    (line,) = command("proposals", "--json", "-c", office.path).facts
    assert line["state"] == "queued"
    return str(line["id"])


def test_an_exported_transaction_is_verified_with_another_record(
    office: Office, tmp_path: Path, world: World, anvil: Anvil
) -> None:
    proposal = queued(office)
    exported = tmp_path / "transaction.json"
    card = command("show", proposal, "--json", "--transaction", exported, "-c", office.path).facts
    owner = tmp_path / "owner"
    owner.mkdir()
    elsewhere = open_office(owner, world, [anvil.url])
    verified = command("verify", exported, "--json", "-c", elsewhere.path)
    assert verified.code == 0, verified
    assert verified.facts["hashes"]["safe_tx"] == card["hashes"]["safe_tx"]
    assert verified.facts["safe_to_sign"] is True
    assert verified.facts["verdict"]["reports"] and verified.facts["refused_because"] == []
    for name in (card["hashes"]["safe_tx"], proposal):
        assert command("verify", name, "--json", "-c", office.path).facts["hashes"] == verified.facts["hashes"]
    told = command("verify", proposal, "-c", office.path).out
    assert "The policy here allows it: " in told and "No reason was found not to sign it." in told
    assert f"Its own bytes make it fail after {utc(card['valid_until'])}" in told


def test_the_owners_own_policy_is_asked_and_its_no_is_a_reason_not_to_sign(
    office: Office, tmp_path: Path, world: World, anvil: Anvil
) -> None:
    proposal = queued(office)
    exported = tmp_path / "transaction.json"
    command("show", proposal, "--json", "--transaction", exported, "-c", office.path)
    owner = tmp_path / "owner"
    owner.mkdir()
    elsewhere = open_office(owner, world, [anvil.url])

    def allow_little(data: dict[str, Any]) -> None:
        (rule,) = [rule for rule in data["policy"]["rules"] if rule["use"] == "move_size"]
        rule["per_run"] = "10 USD"

    elsewhere.configure(allow_little)
    ended = command("verify", exported, "-c", elsewhere.path)
    assert ended.code == 3, ended
    assert "REFUSED  move_size" in ended.out and "The policy here refuses it." in ended.out
    assert "There is reason NOT to sign it." in ended.out


def test_one_changed_byte_is_told(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = queued(office)
    exported = tmp_path / "transaction.json"
    command("show", proposal, "--json", "--transaction", exported, "-c", office.path)
    content = json.loads(exported.read_text())
    stated = command("verify", exported, "--json", "-c", office.path).facts["hashes"]["safe_tx"]
    content["safeTxHash"] = stated
    content["nonce"] = str(int(content["nonce"]) + 1)
    exported.write_text(json.dumps(content))
    changed = command("verify", exported, "--json", "-c", office.path)
    assert changed.code == 3, changed
    assert changed.facts["hashes"]["safe_tx"] != stated
    assert any("hash" in danger for danger in changed.facts["dangers"])
