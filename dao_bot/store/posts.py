"""What was posted where people talk: the intent before, the place after, so that nothing is posted twice or lost."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update

from dao_bot.domain.errors import NotFound
from dao_bot.store.checks import name_of, whole
from dao_bot.store.part import Part
from dao_bot.store.schema import posts
from dao_bot.store.values import StoredPost


class Posts(Part):
    """One row for each thing that is said once; no events, because what people read is made from the record."""

    def intend_post(self, subject: str, part: str, at: int) -> StoredPost:
        """That it is to be said; the row from before, if there is one.

        Args:
            subject: what it is about: a proposal's id, a day.
            part: which of the posts about it: its card, its result, a reminder.
            at: epoch seconds.
        """
        row = {"subject": name_of("subject", subject), "part": name_of("part", part), "at": whole("time", at)}
        with self._database.write("intend_post") as connection:
            known = connection.execute(_one(subject, part)).first()
            if known is not None:
                return _post(known)
            connection.execute(insert(posts).values(**row))
        return StoredPost(subject, part, at, None, None, None)

    def place_post(self, subject: str, part: str, channel: str, message: str) -> None:
        """It stands there now; what it shows is not known yet."""
        self._change_post(subject, part, {"channel": channel, "message": message, "shows": None})

    def show_post(self, subject: str, part: str, shows: str) -> None:
        """It shows that now; `shows` is a digest of it."""
        self._change_post(subject, part, {"shows": shows})

    def lose_post(self, subject: str, part: str, at: int) -> None:
        """It stands nowhere any more: somebody deleted it, so it is to be posted again, which is intended `at`."""
        values = {"at": whole("time", at), "channel": None, "message": None, "shows": None}
        self._change_post(subject, part, values)

    def post(self, subject: str, part: str) -> StoredPost | None:
        """What is known of it."""
        with self._database.read() as connection:
            row = connection.execute(_one(subject, part)).first()
        return None if row is None else _post(row)

    def posts(self, part: str) -> tuple[StoredPost, ...]:
        """All of one part, in the order in which they were intended."""
        query = select(posts).where(posts.c.part == part).order_by(posts.c.at, posts.c.subject)
        with self._database.read() as connection:
            return tuple(_post(row) for row in connection.execute(query))

    def _change_post(self, subject: str, part: str, values: dict[str, Any]) -> None:
        here = (posts.c.subject == subject, posts.c.part == part)
        with self._database.write("change_post") as connection:
            if connection.execute(update(posts).where(*here).values(**values)).rowcount != 1:
                raise NotFound(f"no post {part!r} about {subject!r} was intended")


def _one(subject: str, part: str) -> Any:
    return select(posts).where(posts.c.subject == subject, posts.c.part == part)


def _post(row: Row[Any]) -> StoredPost:
    return StoredPost(row.subject, row.part, row.at, row.channel, row.message, row.shows)
