"""What people can do, one class for the command line, the chat and the wallet page."""

from governance.assembly.assembly import Assembly
from governance.assembly.hall import Hall, Question
from governance.assembly.identity import STEWARD, Identity
from governance.assembly.inbox import Task, Unsigned
from governance.assembly.receipts import Receipt
from governance.assembly.voting import VoteRecorded

__all__ = ["STEWARD", "Assembly", "Hall", "Identity", "Question", "Receipt", "Task", "Unsigned", "VoteRecorded"]
