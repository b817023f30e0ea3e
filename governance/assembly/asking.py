"""Stewards put questions to the vote that are no batch."""

from __future__ import annotations

from collections.abc import Mapping

from dao_bot.domain.errors import BadInput, Refused
from governance.acts.kinds import POLL_ASKED, POLLS
from governance.acts.polls import Poll, poll_of, polls
from governance.assembly.hall import key_of
from governance.assembly.identity import Identity
from governance.assembly.standing import Standing
from governance.ballots.method import Method
from governance.wallets.statement import AHEAD, OLDEST, Deed, Statement


class Asking(Standing):
    """The vote begins at once, and what comes of it binds nothing."""

    def poll(self, title: str, method: Method, tier: str, duration: int) -> Poll:
        """A question of now, to be handed in with `ask` or, signed, with `ask_signed`.

        Raises:
            BadInput: it is no question.
        """
        treasury = self._hall.treasury
        return Poll(treasury.chain_id, treasury.safe, title, method, tier, self._hall.clock.now(), duration)

    def ask(self, identity: Identity, poll: Poll, key: str) -> Poll:
        """A steward asks through a chat; handed out after the commit.

        Args:
            key: identity of the command, unique within the front door. The same again asks nothing.

        Raises:
            Refused, BadInput, InvalidBallot: he is no steward, or it cannot be voted on.
        """
        name, _ = self.steward(identity)
        told = {"through": identity.through, "statement": None, "signature": None}
        return self._ask(poll, name, told, key_of("ask", identity.person, key))

    def ask_signed(self, poll: Poll, statement: Statement, signature: str) -> Poll:
        """A steward's wallet asks; the statement is about the question's hash.

        Raises:
            Refused, BadInput, InvalidBallot, InvalidSignature: as `ask`.
        """
        if statement.deed is not Deed.ASK or statement.about != poll.hash:
            raise BadInput("the statement is about something else", value=statement.about, limit=poll.hash)
        name = self.steward_of(self._proven(statement, signature).wallet)
        told = {"through": "wallet", "statement": statement.text(), "signature": signature}
        return self._ask(poll, name, told, key_of("poll", poll.hash))

    def polls(self) -> tuple[Poll, ...]:
        """All that were ever asked, oldest first."""
        return polls(self._hall.store)

    def _ask(self, poll: Poll, by: str, told: Mapping[str, object], key: str) -> Poll:
        known = self._hall.store.act(key)
        if known is not None:
            return poll_of(known)
        block, treasury = self._hall.clock.block(), self._hall.treasury
        if (poll.chain_id, poll.safe) != (treasury.chain_id, treasury.safe):
            raise BadInput("the question is for another treasury", value=poll.safe, limit=treasury.safe)
        if not block.timestamp - OLDEST <= poll.asked <= block.timestamp + AHEAD:
            raise Refused("the question was made at another time", value=poll.asked, limit=block.timestamp)
        self._hall.box.open(poll.subject, poll.terms, block, signed=False)
        body = {"poll": poll.record(), **told}
        act, _ = self._hall.store.record_act(POLLS, POLL_ASKED, by, key, block.timestamp, body)
        return poll_of(act)
