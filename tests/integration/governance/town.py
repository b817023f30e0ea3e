"""A treasury whose batches people approve: members with tokens, stewards with wallets, and the keeper."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import Transaction, transact_all
from dao_bot.domain.addresses import Address
from dao_bot.domain.lifecycle import State
from governance.acts.polls import Poll
from governance.acts.stands import Stand, Stood
from governance.assembly import STEWARD, Assembly, Identity, VoteRecorded
from governance.ballots import Method
from governance.wallets.person import Person
from governance.wallets.sign_in import Page
from governance.wallets.statement import Deed
from tests.integration.engine.kit import STRATEGY, Office, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

TOKEN = 10**6
"""One token as power."""

GUILD = "77"
HOUR = 3600
FOR, AGAINST, ABSTAIN = 1, 2, 3
MEMBERS = {"use": "ballot", "power": "members", "duration": "1h", "quorum": "1000"}


@dataclass(frozen=True)
class Wallet:
    """A key and its address."""

    key: str
    address: Address

    @classmethod
    def number(cls, number: int) -> Wallet:
        key = f"0x{number:064x}"
        return cls(key, Address(Account.from_key(key).address))

    def sign_text(self, text: str) -> str:
        return "0x" + bytes(Account.sign_message(encode_defunct(text=text), self.key).signature).hex()

    def sign_typed(self, typed: dict[str, Any]) -> str:
        signed = Account.sign_message(encode_typed_data(full_message=typed), self.key)
        return "0x" + bytes(signed.signature).hex()


ANN, BOB, CAT, EVE = (Wallet.number(0xA11CE + n) for n in range(4))
STEWARDS = {f"steward-{n}": Wallet.number(0x57E + n) for n in range(1, 4)}


def person(user: str) -> Person:
    return Person(GUILD, user)


@dataclass(frozen=True)
class Town:
    """`office` is the treasury, `assembly` its people."""

    office: Office
    assembly: Assembly

    def fund(self, holdings: Mapping[Wallet, int]) -> None:
        """Whole DAO tokens from the deployer, then some time, so that they are held before whatever comes."""
        token, artifact = self.office.token("DAO"), own_artifact("Token")
        transact_all(
            self.office.anvil,
            [
                Transaction(
                    DEPLOYER.address, token.address, encode_call(artifact, "transfer", to.address, whole * 10**18)
                )
                for to, whole in holdings.items()
            ],
        )
        self.office.anvil.advance(12)

    def link(self, user: str, *wallets: Wallet) -> Identity:
        page = Page("vote.example.org", "https://vote.example.org/", self.office.world.chain_id)
        for wallet in wallets:
            text = self.assembly.begin_link(person(user), page).message(wallet.address).text()
            self.assembly.finish_link(page, text, wallet.sign_text(text), person(user))
        return Identity(person(user), through="discord")

    def steward(self, name: str) -> Identity:
        """With the role, and the wallet linked."""
        return dataclasses.replace(self.link(name, STEWARDS[name]), roles=frozenset({STEWARD}))

    def propose(self, whole: int = 1000) -> str:
        """A payment that waits for people."""
        proposal = self.office.propose(self.office.payment("USDC", whole))
        self.office.tick()
        assert self.office.state(proposal) is State.ACTIVE
        return proposal

    def vote(self, identity: Identity, proposal: str, choice: object, key: str = "click") -> VoteRecorded:
        return self.assembly.cast(identity, proposal, choice, key)

    def sign_vote(self, wallet: Wallet, proposal: str, choice: int) -> VoteRecorded:
        typed = self.assembly.message(proposal, wallet.address, choice).typed_data()
        return self.assembly.cast_signed(proposal, typed, wallet.sign_typed(typed))

    def stand_signed(self, name: str, proposal: str, deed: Deed, reason: str = "") -> Stood:
        batch_hash = self.office.stored(proposal).proposal.batch.batch_hash
        statement = self.assembly.statement(deed, STEWARDS[name].address, batch_hash, reason)
        return self.assembly.stand_signed(proposal, statement, STEWARDS[name].sign_text(statement.text()))

    def stand(self, identity: Identity, proposal: str, stand: Stand, key: str = "click") -> Stood:
        return self.assembly.stand(identity, proposal, stand, key)

    def ask(self, title: str, method: Method, duration: int = HOUR) -> Poll:
        """A steward's question."""
        steward = self.steward("steward-1")
        return self.assembly.ask(steward, self.assembly.poll(title, method, "members", duration), title)

    def later(self, seconds: int = HOUR + 1) -> None:
        self.office.anvil.advance(seconds)

    def finish(self, proposal: str) -> State:
        """The keeper counts, owners sign, the keeper executes."""
        self.office.tick()
        if self.office.state(proposal) is State.QUEUED:
            self.office.sign(proposal)
            self.office.tick()
        return self.office.state(proposal)


def governed(world: World, rule: Mapping[str, Any]) -> Callable[[dict[str, Any]], None]:
    """The configuration of a treasury under an approval rule."""

    def change(data: dict[str, Any]) -> None:
        token = {"token": world.tokens["DAO"].address, "decimals": "18"}
        data["governance"] = {
            "stewards": {name: wallet.address for name, wallet in STEWARDS.items()},
            "power": {"members": {"sources": [{"use": "balance", **token}]}},
        }
        data["approvals"] = {"people": dict(rule)}
        data["strategies"][STRATEGY]["approval"] = "people"

    return change


@contextmanager
def open_town(
    directory: Path,
    world: World,
    anvil: Anvil,
    rule: Mapping[str, Any],
    change: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Town]:
    """A treasury under an approval rule; `change` gets the configuration after that."""

    def govern(data: dict[str, Any]) -> None:
        governed(world, rule)(data)
        if change is not None:
            change(data)

    with open_desk(write_config(directory, anvil.url, govern)) as desk:
        yield Town(Office(desk, world, anvil), make_assembly(desk))


Opened = Callable[..., Town]
"""Opens a treasury under a rule, as `open_town` does; closed after the test."""
