"""All that people can do, in one class."""

from __future__ import annotations

from governance.assembly.asking import Asking
from governance.assembly.delegating import Delegating
from governance.assembly.inbox import Inbox
from governance.assembly.linking import Linking
from governance.assembly.mandating import Mandating
from governance.assembly.noting import Noting


class Assembly(Inbox, Asking, Mandating, Delegating, Linking, Noting):
    """The people of one treasury at work on its record.

    The command line, the chat and the wallet page call this and nothing else. Safe for several threads. Whatever a
    method hands back is committed; whatever it raises says what to do next, and nothing was recorded.

    Acts come in two ways. A front door that knows a person passes an `Identity`; what a wallet signs comes as message
    and signature, and is believed for that wallet whoever brings it.
    """
