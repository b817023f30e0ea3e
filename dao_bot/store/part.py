"""What all parts of the store have in common: the database and the codec."""

from __future__ import annotations

from dao_bot.store.codec import Codec
from dao_bot.store.database import Database


class Part:
    """Base of the store's parts; each is one concern, and `Store` is all of them on one database."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self._database = database
        self._codec = codec
