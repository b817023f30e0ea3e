"""What is seen of a running keeper from outside: metrics, health, a heartbeat, alerts. None of it stops the keeper."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from dao_bot.app.keeping import make_signer
from dao_bot.app.logs import ids_of
from dao_bot.app.output import short_id
from dao_bot.app.wiring import Desk
from dao_bot.chain.hexes import quantity
from dao_bot.config.references import SecretReference
from dao_bot.config.secrets import redact
from dao_bot.config.watch_settings import WatchSettings
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.units import format_units
from dao_bot.engine.round import Told
from dao_bot.store.values import RunResult

HEALTHY_SECONDS = 180
"""A round follows a transaction for a minute at most; one that has not ended after three hangs."""

_ALARMING = ("paused:", "▸ failed", "▸ stale", "rolled back", "could not", "nothing was run", "left the chain")
_POST_SECONDS = 5.0

_log = logging.getLogger("dao_bot.watch")


@dataclass
class Pulse:
    """What is known after the last round. Times are of `time.time`."""

    started: float = field(default_factory=time.time)
    rounds: int = 0
    failed_rounds: int = 0
    ended: float | None = None
    trouble: str | None = None
    gauges: dict[str, float] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Rounds still end."""
        return time.time() - (self.ended or self.started) < HEALTHY_SECONDS

    @property
    def is_ready(self) -> bool:
        """The last round did what it should."""
        return self.is_alive and self.ended is not None and self.trouble is None

    def metrics(self) -> str:
        """In Prometheus' text format, version 0.0.4."""
        values: dict[str, float] = {
            "dao_bot_rounds_total": self.rounds,
            "dao_bot_failed_rounds_total": self.failed_rounds,
            "dao_bot_last_round_timestamp_seconds": self.ended or 0,
            "dao_bot_ready": int(self.is_ready),
            **self.gauges,
        }
        lines, typed = [], set()
        for name, value in values.items():
            family = name.partition("{")[0]
            if family not in typed:
                typed.add(family)
                lines.append(f"# TYPE {family} {'counter' if family.endswith('_total') else 'gauge'}")
            lines.append(f"{name} {value:.10g}" if isinstance(value, float) else f"{name} {value}")
        return "\n".join(lines) + "\n"


class Watch:
    """Looks at the keeper after each round, in the round's own thread."""

    def __init__(self, desk: Desk, settings: WatchSettings) -> None:
        self.pulse = Pulse()
        self._desk = desk
        self._settings = settings
        self._sent: dict[str, float] = {}
        keeper = desk.config.treasury.keeper
        self._address = make_signer(keeper).address if keeper is not None and desk.config.mode != "plan" else None

    def after_round(self, told: list[Told]) -> None:
        """Whatever goes wrong here is said, and nothing more: to watch must never be the trouble."""
        pulse = self.pulse
        failed = [each for each in told if each.result is RunResult.FAILED]
        pulse.rounds, pulse.ended = pulse.rounds + 1, time.time()
        pulse.failed_rounds += bool(failed)
        pulse.trouble = f"{short_id(failed[0].subject)}: {failed[0].words}" if failed else None
        try:
            pulse.gauges = self._gauges()
        except DaoBotError as error:
            pulse.trouble = pulse.trouble or f"it cannot be looked at: {error}"
        for each in told:
            if each.result is RunResult.FAILED or any(words in each.words for words in _ALARMING):
                self._alert(each)
        self._watch_balance()
        if pulse.trouble is None and self._settings.heartbeat is not None:
            self._post(self._settings.heartbeat, self._beat())

    def _gauges(self) -> dict[str, float]:
        desk = self._desk
        services, store = desk.services, desk.store
        block, head = services.endpoints.pin(), store.head()
        states = Counter(str(stored.state) for stored in store.open_proposals(services.treasury.safe))
        found: dict[str, float] = {
            "dao_bot_block_number": block.number,
            "dao_bot_block_timestamp_seconds": block.timestamp,
            "dao_bot_rpc_requests_total": services.endpoints.round_trips,
            "dao_bot_record_events_total": head.number,
        }
        found |= {f'dao_bot_open_proposals{{state="{state}"}}': count for state, count in sorted(states.items())}
        for name in services.strategies:
            paused = store.strategy_state(name).paused
            found[f'dao_bot_strategy_paused{{strategy="{name}"}}'] = int(paused)
        if self._address is not None:
            node = services.endpoints.primary
            balance = quantity(node.request("eth_getBalance", self._address, "latest"), f"a balance of {node.name}")
            found["dao_bot_keeper_balance_wei"] = balance
        return found

    def _watch_balance(self) -> None:
        balance = self.pulse.gauges.get("dao_bot_keeper_balance_wei")
        native = self._desk.services.treasury.native
        least = self._settings.least_balance * 10**native.decimals // 1000
        if balance is not None and balance < least:
            shown = f"{format_units(int(balance), native.decimals, 4)} {native.symbol}"
            self._alert(Told("keeper", f"its balance is low: {shown} at {self._address}"), key="balance")

    def _beat(self) -> dict[str, Any]:
        head = self._desk.store.head()
        return {"treasury": self._desk.config.treasury.name, "head": {"number": head.number, "hash": head.hash}}

    def _alert(self, told: Told, key: str | None = None) -> None:
        url, name, now = self._settings.alerts, key or f"{told.subject}: {told.words}", time.time()
        if url is None or now - self._sent.get(name, 0) < self._settings.quiet:
            return
        self._sent[name] = now
        treasury = self._desk.config.treasury.name
        text = redact(f"{treasury}: {short_id(told.subject)}: {told.words}")[:1800]
        facts = {"treasury": treasury, "subject": told.subject, "words": told.words, **ids_of(told)}
        # `text` is what Slack shows, `content` what Discord shows.
        self._post(url, {**facts, "text": text, "content": text})

    def _post(self, reference: SecretReference, body: dict[str, Any]) -> None:
        """Once. The URL may hold a key, so it is never part of a message."""
        try:
            url = reference.resolve()
            if urlsplit(url).scheme not in ("http", "https"):
                raise ValueError("not an http(s) URL")
            headers = {"Content-Type": "application/json", "User-Agent": "dao-bot"}
            request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - checked above
            with urllib.request.urlopen(request, timeout=_POST_SECONDS) as answer:  # noqa: S310 - checked above
                answer.read(1024)
        except (OSError, ValueError, DaoBotError) as error:
            _log.warning("%s could not be told: %s", reference, type(error).__name__)


@contextmanager
def watching(desk: Desk) -> Iterator[Watch | None]:
    """A watch where one is configured, served where it is to listen.

    Raises:
        DaoBotError, OSError: it cannot be set up; nothing runs unwatched that should be watched.
    """
    settings = desk.config.watch
    if settings is None:
        yield None
        return
    watch = Watch(desk, settings)
    if settings.listen is None:
        yield watch
        return
    server = ThreadingHTTPServer((settings.listen.host, settings.listen.port), _handler(watch.pulse))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(pulse: Pulse) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, pulse.metrics(), "text/plain; version=0.0.4; charset=utf-8")
            elif self.path == "/healthz":
                self._answer(200 if pulse.is_alive else 503, "alive\n" if pulse.is_alive else "no round has ended\n")
            elif self.path == "/readyz":
                words = "ready" if pulse.is_ready else redact(pulse.trouble or "no round has ended")
                self._answer(200 if pulse.is_ready else 503, words + "\n")
            else:
                self._answer(404, "not found\n")

        def _answer(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds; they are no news."""

    return Handler
