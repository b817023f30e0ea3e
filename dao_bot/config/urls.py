"""URLs of nodes and of the database, which may carry keys: shown without them, or given by reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dao_bot.config.references import REFERENCE, SecretReference, parse_reference
from dao_bot.config.secrets import redact
from dao_bot.domain.errors import BadInput


@dataclass(frozen=True, slots=True, repr=False)
class _SecretUrl:
    """A literal URL or a reference to one; neither form shows credentials."""

    source: str | SecretReference

    def __str__(self) -> str:
        return str(self.source) if isinstance(self.source, SecretReference) else redact(self.source)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


@dataclass(frozen=True, slots=True, repr=False)
class RpcUrl(_SecretUrl):
    """A node's URL. Shown without credentials and keys; `resolve()` gives it whole."""

    @property
    def host(self) -> str | None:
        """Lower-case host of a literal HTTP URL."""
        return None if isinstance(self.source, SecretReference) else urlsplit(self.source).hostname

    def resolve(self) -> str:
        """The URL: http, https, or `ipc:///path/of/the/socket`.

        Raises:
            BadInput: the reference cannot be resolved, or to something else.
        """
        if isinstance(self.source, str):
            return self.source
        try:
            return _require_rpc(self.source.resolve())
        except BadInput as error:
            error.add_note(f"It was read from {self.source}.")
            raise


def _require_rpc(url: str) -> str:
    parts = _split_url(url)
    fine = (parts.scheme in ("http", "https") and parts.hostname) or (parts.scheme == "ipc" and parts.path)
    if not fine:
        raise BadInput(
            "not the URL of a node",
            value=redact(url) if "://" in url else None,
            limit="http://…, https://…, ipc:///path, or a reference env:NAME or file:PATH",
        )
    return url


def _split_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadInput("not a URL") from None
    if any(character.isspace() or not character.isprintable() for character in url):
        raise BadInput("a URL has no white space")
    return parts


def parse_rpc_url(text: object, directory: Path) -> RpcUrl:
    """A URL or a reference.

    Raises:
        BadInput: it is neither.
    """
    if not isinstance(text, str) or REFERENCE.fullmatch(text):
        return RpcUrl(parse_reference(text, directory))
    return RpcUrl(_require_rpc(text))


_SQLITE_SCHEMES = ("sqlite", "sqlite+pysqlite")
_STORE_SCHEMES = (*_SQLITE_SCHEMES, "postgresql", "postgresql+psycopg", "postgres")


@dataclass(frozen=True, slots=True, repr=False)
class StoreUrl(_SecretUrl):
    """A database's URL, shown without credentials.

    `directory` is the configuration file's: a relative SQLite path starts there, because a path that started in the
    working directory would silently begin an empty record when the program is started elsewhere.
    """

    directory: Path

    def resolve(self) -> str:
        """The URL, with an absolute path for SQLite.

        Raises:
            BadInput: the reference cannot be resolved, or to another kind of URL.
        """
        url = self.source if isinstance(self.source, str) else _require_store(self.source.resolve())
        scheme, _, rest = url.partition("://")
        if scheme.startswith("sqlite"):
            return f"{scheme}:///{self.directory.resolve() / rest.removeprefix('/')}"
        return url


def _require_store(url: str) -> str:
    parts = _split_url(url)
    if parts.scheme not in _STORE_SCHEMES or "://" not in url:
        raise BadInput(
            "not the URL of a database that can hold the record",
            value=redact(url) if "://" in url else None,
            limit="sqlite:///path, postgresql://…, or a reference env:NAME or file:PATH",
        )
    if parts.scheme in _SQLITE_SCHEMES and (parts.netloc or parts.path in ("", "/", "/:memory:") or parts.query):
        raise BadInput(
            "the record needs a file that outlives the process", value=url, limit="sqlite:///path, nothing after it"
        )
    if parts.scheme not in _SQLITE_SCHEMES and parts.path in ("", "/"):
        raise BadInput("the URL names no database", limit="postgresql://user@host/database")
    return url


def parse_store_url(text: object, directory: Path) -> StoreUrl:
    """A URL or a reference.

    Raises:
        BadInput: it is neither.
    """
    if not isinstance(text, str) or REFERENCE.fullmatch(text):
        return StoreUrl(parse_reference(text, directory), directory)
    return StoreUrl(_require_store(text), directory)
