"""The command line at work on the demo world: a directory with a configuration that a test may change."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import yaml

from dao_bot.app.main import main
from dao_bot.config.source import read_source

if TYPE_CHECKING:
    from dao_bot.devnet import World

ROOT = Path(__file__).resolve().parents[3]
KEEPER_VARIABLE = "DAO_BOT_KEEPER_KEY"
Change = Callable[[dict[str, Any]], object]


def in_(*path: str, **values: Any) -> Change:
    """Values under `path` of the configuration."""

    def change(data: dict[str, Any]) -> None:
        for part in path:
            data = data[part]
        data.update(values)

    return change


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.out}\n{self.err}"


def refused(ended: Ended, code: int, *words: str) -> dict[str, Any]:
    """The command failed as documented: its code, one clear message, no traceback; what it told programs."""
    assert ended.code == code, ended
    assert "Traceback" not in ended.out + ended.err, ended
    assert "bug" not in ended.err, ended
    for word in words:
        assert word in ended.err, ended
    facts: dict[str, Any] = json.loads(ended.out)
    assert facts["what"] and facts["error"], facts
    assert "problems" in facts or facts["what"] in ended.err
    return facts


def command(*arguments: object) -> Ended:
    """`dao-bot …` in this process, through its entry point."""
    out, err = io.StringIO(), io.StringIO()
    argv = ["dao-bot", *map(str, arguments)]
    with (
        patch.object(sys, "argv", argv),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
    assert code is None or isinstance(code, int), code
    return Ended(code or 0, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Office:
    """A steward's directory: strategies.yaml of the demo, pointed at the chain of this test.

    Attributes:
        path: of the configuration.
    """

    directory: Path
    world: World

    @property
    def path(self) -> Path:
        return self.directory / "strategies.yaml"

    def configure(self, *changes: Change) -> None:
        """Change the configuration as data; each change gets all of it."""
        data = read_source(self.path).data
        for change in changes:
            change(data)
        self.path.write_text(yaml.safe_dump(data, sort_keys=False))

    def dao_bot(self, name: str, *arguments: object) -> Ended:
        """`dao-bot name … -c strategies.yaml`."""
        return command(name, *arguments, "-c", self.path)

    def events(self) -> list[str]:
        """Kinds of all events in the record."""
        return [event["kind"] for event in self.facts("audit")["events"]]

    def facts(self, name: str, *arguments: object) -> Any:
        """What the command says with `--json`; it must succeed."""
        ended = self.dao_bot(name, *arguments, "--json")
        assert ended.code == 0, ended
        return ended.facts


def open_office(directory: Path, world: World, urls: Sequence[str]) -> Office:
    """A new one; `urls` are the nodes, each of an operator of its own."""
    office = Office(directory, world)
    office.path.write_text(Path(__file__).with_name("treasury.yaml").read_text())
    nodes = [{"url": url, "operator": f"operator {number}"} for number, url in enumerate(urls, start=1)]

    def place(data: dict[str, Any]) -> None:
        data["treasury"].update(safe=world.safe)
        data["treasury"]["chain"].update(rpcs=nodes, multicall3=world.multicall3)
        data["protocols"]["uniswap_v3"].update(factory=world.factory, router=world.router, quoter=world.quoter)
        for symbol, token in data["treasury"]["tokens"].items():
            token["address"] = world.tokens[symbol].address
        for symbol, sources in data["prices"]["sources"].items():
            sources[0]["feed"] = world.feeds[symbol]

    office.configure(place)
    return office
