"""People at the command line: what a wallet signs is recorded for that wallet, and nobody can speak for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.governing import own_page
from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import Transaction, transact_all
from governance.wallets.person import Person
from tests.integration.app.kit import Office, in_, refused
from tests.integration.governance.town import ANN, BOB, EVE, STEWARDS, Wallet

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

BALLOT = {"power": "members", "duration": "1h", "quorum": "1000"}


def key_of(office: Office, wallet: Wallet) -> str:
    """A reference to the wallet's key in a file."""
    path = office.directory / f"{wallet.address}.key"
    path.write_text(wallet.key)
    path.chmod(0o600)
    return f"file:{path}"


def fund(anvil: Anvil, world: World, *wallets: Wallet) -> None:
    token, artifact = world.tokens["DAO"].address, own_artifact("Token")
    data = [encode_call(artifact, "transfer", wallet.address, 2000 * 10**18) for wallet in wallets]
    transact_all(anvil, [Transaction(DEPLOYER.address, token, one) for one in data])
    anvil.advance(12)


@pytest.fixture
def founded(office: Office, anvil: Anvil, world: World) -> Office:
    """Members and stewards decide on what the reserve proposes."""
    token = {"token": world.tokens["DAO"].address, "decimals": "18"}
    rule = {"use": "stewards-and-ballot", "stewards": {"approvals": "1"}, "ballot": BALLOT}

    def govern(data: dict[str, Any]) -> None:
        data["governance"] = {
            "stewards": {name: wallet.address for name, wallet in STEWARDS.items()},
            "power": {"members": {"sources": [{"use": "balance", **token}]}},
        }
        data["approvals"] = {"people": rule}

    office.configure(govern, in_("strategies", "reserve", approval="people"))
    fund(anvil, world, ANN, BOB)
    return office


@pytest.fixture
def governed(founded: Office) -> Office:
    """One proposal waits for them."""
    ended = founded.dao_bot("run", "--once")
    assert ended.code == 0, ended
    return founded


def proposal_of(office: Office) -> str:
    (proposal,) = office.facts("proposals")
    return str(proposal["id"])


def test_a_proposal_is_voted_on_approved_signed_and_executed_from_the_command_line(
    governed: Office, anvil: Anvil, world: World
) -> None:
    proposal = proposal_of(governed)
    (open_,) = governed.facts("inbox")
    assert (open_["subject"], open_["rule"], open_["waits_for"]) == (proposal, "people", "approval by people")
    listed = governed.dao_bot("proposals").out
    assert listed.split()[:4] == ["proposal", "state", "strategy", "until/since"] and "reserve" in listed
    said = governed.facts("proposals")[0]["reason"]
    assert all(word in listed for word in said.split()), "the reason is told whole"
    (task,) = governed.facts("inbox", "--wallet", ANN.address)
    assert (task["do"], task["done"]) == ("vote", None)
    first = governed.facts("vote", proposal, "against", "--key", key_of(governed, ANN), "--yes")
    cast = governed.facts("vote", proposal[:10], "For", "--key", key_of(governed, ANN), "--yes")
    assert first["receipt"] != cast["receipt"]
    assert governed.facts("inbox", "--wallet", ANN.address)[0]["done"] == "For"
    steward = STEWARDS["steward-1"]
    assert governed.facts("approve", proposal, "--key", key_of(governed, steward), "--yes")["steward"] == "steward-1"
    anvil.advance(3601)
    governed.dao_bot("run", "--once")
    counted = governed.facts("tally", proposal, "--wallet", ANN.address)
    assert counted["tally"]["scores"] == [2000 * 10**6, 0, 0] and counted["closed"]
    assert counted["receipt"]["receipt"] == cast["receipt"]
    assert "passed" in governed.dao_bot("tally", proposal).out
    for number in range(world.threshold):
        (waits,) = governed.facts("inbox")
        assert waits["waits_for"] == f"owners' signatures at nonce 0: {number} of {world.threshold}"
        (task,) = governed.facts("inbox", "--wallet", world.owners[number])
        assert (task["subject"], task["do"], task["done"]) == (proposal, "sign", None)
        key = governed.directory / f"owner-{number}.key"
        key.write_text(world.owner_keys[number])
        key.chmod(0o600)
        governed.facts("sign", proposal, "--key", f"file:{key}", "--yes")
    assert governed.facts("inbox", "--wallet", world.owners[0])[0]["done"] == "signed"
    assert governed.facts("execute", proposal)["state"] == "executed"
    assert {"ballot opened", "voted", "steward took a stand", "ballot closed"} <= set(governed.events())


def test_a_wallet_that_may_not_do_it_is_told_why_and_nothing_is_recorded(governed: Office) -> None:
    proposal, before = proposal_of(governed), governed.events()
    eve = ("--key", key_of(governed, EVE), "--yes", "--json")
    refused(governed.dao_bot("vote", proposal, "for", *eve), 3, "no voting power")
    refused(governed.dao_bot("approve", proposal, *eve), 3, "no steward's wallet")
    refused(governed.dao_bot("veto", proposal, "--reason", "no", *eve), 3, "no steward's wallet")
    refused(governed.dao_bot("freeze", "--reason", "no", *eve), 3, "no steward's wallet")
    refused(governed.dao_bot("unfreeze", *eve), 2, "nothing is frozen")
    refused(governed.dao_bot("delegate", EVE.address, *eve), 3, "itself")
    refused(governed.dao_bot("link", "1" * 32, *eve), 3, "unknown")
    refused(governed.dao_bot("vote", proposal, "perhaps", *eve), 2, "no such option")
    refused(governed.dao_bot("vote", "abcdef123456", "for", *eve), 2, "no proposal begins so")
    known = [kind for kind in governed.events() if kind != "voting power read"]
    assert known == before


def test_without_yes_nobody_signs_unseen(governed: Office) -> None:
    ended = governed.dao_bot("vote", proposal_of(governed), "for", "--key", key_of(governed, ANN), "--json")
    refused(ended, 2, "nobody is here to be asked")


def test_a_delegate_votes_with_what_was_delegated_before_the_vote(office: Office, anvil: Anvil, world: World) -> None:
    token = {"token": world.tokens["DAO"].address, "decimals": "18"}
    office.configure(
        lambda data: data.update(
            governance={"power": {"members": {"sources": [{"use": "balance", **token}]}}},
            approvals={"people": {"use": "ballot", **BALLOT}},
        ),
        in_("strategies", "reserve", approval="people"),
    )
    fund(anvil, world, ANN, BOB)
    office.facts("delegate", BOB.address, "--key", key_of(office, ANN), "--yes")
    refused(
        office.dao_bot("delegate", ANN.address, "--key", key_of(office, BOB), "--yes", "--json"), 3, "closes a circle"
    )
    office.dao_bot("run", "--once")
    proposal = proposal_of(office)
    office.facts("delegate", "nobody", "--key", key_of(office, ANN), "--yes")
    office.facts("vote", proposal, "for", "--key", key_of(office, BOB), "--yes")
    tally = office.facts("tally", proposal)["tally"]
    assert (tally["scores"], tally["delegated"]) == ([4000 * 10**6, 0, 0], 2000 * 10**6)
    office.facts("vote", proposal, "against", "--key", key_of(office, ANN), "--yes")
    assert office.facts("tally", proposal)["tally"]["scores"] == [2000 * 10**6, 2000 * 10**6, 0]


def test_a_freeze_ends_only_with_enough_stewards_wallets_and_an_old_signature_ends_no_new_one(
    governed: Office,
) -> None:
    keys = {name: key_of(governed, wallet) for name, wallet in STEWARDS.items()}
    governed.facts("freeze", "--key", keys["steward-1"], "--reason", "a stranger has our role", "--yes")
    first = governed.facts("unfreeze", "--key", keys["steward-1"], "--yes")
    assert first == {"frozen": True, "signed": ["steward-1"]}
    assert governed.facts("unfreeze", "--key", keys["steward-1"], "--yes") == first
    assert governed.facts("unfreeze", "--key", keys["steward-2"], "--yes") == {"frozen": False, "signed": None}
    governed.facts("freeze", "--key", keys["steward-1"], "--reason", "again", "--yes")
    assert governed.facts("unfreeze", "--key", keys["steward-3"], "--yes")["signed"] == ["steward-3"]


def test_a_code_from_the_chat_links_the_wallet_to_whom_it_was_given(governed: Office, world: World) -> None:
    person = Person("77", "1001")
    with open_desk(governed.path) as desk:
        asked = make_assembly(desk).begin_link(person, own_page(world.chain_id))
    linked = governed.facts("link", asked.nonce, "--key", key_of(governed, ANN), "--yes")
    assert (linked["wallet"], linked["user"]) == (ANN.address, "1001")
    again = governed.dao_bot("link", asked.nonce, "--key", key_of(governed, BOB), "--yes", "--json")
    refused(again, 3, "spent")


def test_a_mandate_is_proposed_approved_and_listed(governed: Office) -> None:
    bounds = ["--tokens", "USDC,USDT,DAI,LUSD", "--total", "5M USD", "--per-window", "2M USD", "--window", "1d"]
    bounds += ["--worst-price", "50bps", "--valid-for", "30d", "--yes"]
    key = key_of(governed, STEWARDS["steward-1"])
    made = governed.facts("mandate", "reserve", *bounds, "--key", key)
    governed.facts("approve", made["mandate"], "--key", key, "--yes")
    governed.facts("vote", made["mandate"], "for", "--key", key_of(governed, ANN), "--yes")
    (listed,) = governed.facts("mandates")
    assert listed["mandate"] == made["mandate"] and "vote goes on" in listed["state"]
    assert "Mandate for reserve" in governed.dao_bot("mandates").out
    wrong = governed.dao_bot("mandate", "reserve", *bounds, "--tokens", "USDX", "--key", key, "--json")
    refused(wrong, 2, "no such token")


def test_a_question_is_asked_by_a_steward_voted_on_in_any_kind_and_closed(governed: Office, anvil: Anvil) -> None:
    asked = ["--power", "members", "--duration", "1h", "--option", "Red", "--option", "Blue", "--option", "Green"]
    steward = ("--key", key_of(governed, STEWARDS["steward-1"]), "--yes")
    ann, bob = ("--key", key_of(governed, ANN), "--yes"), ("--key", key_of(governed, BOB), "--yes")
    single = governed.facts("ask", "Which colour?", *asked, *steward)["subject"]
    ranked = governed.facts("ask", "In which order?", "--kind", "ranked-choice", *asked, *steward)["subject"]
    weighted = governed.facts("ask", "How much of each?", "--kind", "weighted", *asked, *steward)["subject"]
    assert {task["subject"] for task in governed.facts("inbox", "--wallet", ANN.address)} >= {single, ranked, weighted}
    governed.facts("vote", single, "blue", *ann)
    governed.facts("vote", ranked, "blue, red, green", *ann)
    governed.facts("vote", ranked, "[3, 2, 1]", *bob)
    governed.facts("vote", weighted, "red: 3, blue: 1", *ann)
    refused(governed.dao_bot("vote", ranked, "blue", *ann, "--json"), 2, "too short")
    anvil.advance(3601)
    told = [governed.facts("tally", subject) for subject in (single, ranked, weighted)]
    assert all(each["closed"] for each in told)
    assert told[0]["tally"]["outcome"] == {"passed": True, "winners": [2], "reason": "Blue has the most power"}
    assert told[1]["tally"]["scores"] == [0, 2000 * 10**6, 2000 * 10**6]
    assert told[2]["tally"]["scores"] == [1500 * 10**6, 500 * 10**6, 0]
    refused(governed.dao_bot("vote", single, "red", *bob, "--json"), 3, "over")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x" * 4000, "--option", "A", "--option", "B"], "not one line"),
        (["A\u202e?", "--option", "A", "--option", "B"], "not one line"),
        (["A?", "--option", "A"], "too few or too many options"),
        (["A?"], "does not fit"),
        (["A?", "--kind", "for-against", "--option", "A", "--option", "B"], "does not fit"),
        (["A?", "--kind", "optimistic"], "does not fit"),
        (["A?", "--kind", "lottery", "--option", "A", "--option", "B"], "lottery"),
        (["A?", "--option", "A", "--option", "B", "--quorum", "1e3"], "not an amount of voting power"),
        (["A?", "--option", "A", "--option", "B", "--power", "stones"], "no such kind of voting power"),
    ],
)
def test_what_is_no_question_is_refused(founded: Office, arguments: list[str], words: str) -> None:
    before = founded.events()
    always = ["--power", "members", "--duration", "1h"] if "--power" not in arguments else ["--duration", "1h"]
    key = ("--key", key_of(founded, STEWARDS["steward-1"]), "--yes", "--json")
    refused(founded.dao_bot("ask", *arguments, *always, *key), 2, words)
    assert founded.events() == before


def test_where_discord_shows_it_a_question_needs_room_for_its_options_on_the_card(founded: Office) -> None:
    options = [word for number in range(15) for word in ("--option", f"{number} {'x' * 190}")]
    asked = ["ask", "Which?", *options, "--power", "members", "--duration", "1h", "--yes", "--json"]
    key = ["--key", key_of(founded, STEWARDS["steward-1"])]
    channels = {"proposals": "1290000000000000001", "news": "1290000000000000002"}
    token = {"token": "env:DAO_BOT_DISCORD_TOKEN", "guild": "1290000000000000000"}
    founded.configure(lambda data: data.update(discord={**token, "channels": channels}))
    refused(founded.dao_bot(*asked, *key), 2, "do not fit on a card", "2,800")
    founded.configure(lambda data: data.pop("discord"))
    assert len(founded.facts(*asked[:-1], *key)["options"]) == 15
