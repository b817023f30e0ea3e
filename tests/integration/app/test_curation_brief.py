"""`dao-bot brief` and `dao-bot plan` with the curator, on stakes of the local chain's staking contract."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from dao_bot.devnet import World
from dao_bot.devnet.accounts import COMMUNITY
from dao_bot.domain.addresses import checksum
from tests.integration.app.kit import Office, refused

EVENTS = {
    "staked": "Staked(address indexed staker, uint256 indexed work, uint256 amount)",
    "unstaked": "Unstaked(address indexed staker, uint256 indexed work, uint256 amount)",
    "registered": "Registered(uint256 indexed work, address indexed creator)",
}


@pytest.fixture
def curated(office: Office, world: World) -> Office:
    """A curator of six works; their makers stand in the address book. The chain is a week old, so it is quicker."""
    makers = {f"maker {number}": checksum(str(member)) for number, member in enumerate(COMMUNITY)}
    pay = list(makers.values())
    params = {
        "stakes": {"stream": "staked"},
        "unstakes": {"stream": "unstaked"},
        "registrations": {"stream": "registered"},
        "works": {
            f"Work {number}": {
                "id": str(number),
                "pay": pay[number % len(pay)],
                "traits": ["even" if number % 2 else "odd"],
            }
            for number in range(1, 7)
        },
        "token": "USDC",
        "budget": "1000 USD",
        "half_life": "2d",
        "standing_half_life": "3d",
        "probation": "1d",
        "trial_period": "2d",
    }

    def change(data: dict[str, Any]) -> None:
        data["treasury"]["address_book"] = makers
        data["streams"] = {
            name: {"address": world.staking, "event": event, "from_block": "0"} for name, event in EVENTS.items()
        }
        data["strategies"]["curator"] = {**deepcopy(data["strategies"]["reserve"]), "use": "curation", "params": params}

    office.configure(change)
    return office


def test_the_brief_is_written_for_programs_and_for_people(curated: Office) -> None:
    directory = curated.directory / "out"
    told = curated.facts("brief", "curator", "--directory", directory)
    assert told["events"] > 0 and told["works"][0]["place"] == 1
    assert json.loads((directory / "curator-brief.json").read_text()) == told
    assert told["works"][0]["work"] in (directory / "curator-brief.md").read_text()


def test_the_curator_plans_grants_that_the_policy_accepts(curated: Office) -> None:
    planned = curated.dao_bot("plan", "curator")
    assert planned.code == 0, planned
    assert "Work" in planned.out and "USDC" in planned.out


def test_a_strategy_without_a_brief_says_so(office: Office) -> None:
    refused(office.dao_bot("brief", "reserve", "--json"), 2, "writes no brief")
