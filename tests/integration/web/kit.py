"""The wallet page of a treasury on the local chain, its visitors, and what they see."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dao_bot.app.serving import make_page
from dao_bot.config.web_settings import Listen, WebSettings
from governance.web.errands import Errand
from governance.web.invitations import address_of, invite
from governance.web.running import serving_beside
from tests.integration.governance.town import Town, person
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
WITHIN = 60_000
"""Milliseconds that a page may take on a busy machine."""


@dataclass(frozen=True)
class Answer:
    """What the server said to a request."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)["error"]
        return found


@dataclass(frozen=True)
class Site:
    """A running page."""

    town: Town
    origin: str

    def link(self, errand: Errand, user: str = "ann", proposal: str | None = None, name: str = "") -> str:
        """A new link for a person of the guild."""
        return address_of(self.origin, self.token(errand, user, proposal, name))

    def token(self, errand: Errand, user: str = "ann", proposal: str | None = None, name: str = "") -> str:
        desk = self.town.office.desk
        now = desk.services.endpoints.pin().timestamp
        return invite(desk.store, errand, person(user), now, name=name, subject=proposal)

    def post(self, path: str, body: object, session: str | None = None, **headers: str | None) -> Answer:
        """A request as the page makes it, except for `headers`; None leaves one out, and `_` is a hyphen."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent: dict[str, str | None] = {"Origin": self.origin, "Content-Type": "application/json"}
        if session is not None:
            sent["Authorization"] = f"Bearer {session}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, raw, {name: value for name, value in sent.items() if value is not None})

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Any request at all."""
        asked = urllib.request.Request(self.origin + path, body, dict(headers or {}), method=method)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def enter(self, token: str) -> str:
        """The session that a link leads to."""
        answer = self.post("/api/open", {"token": token})
        assert answer.status == 200, answer
        return str(json.loads(answer.text)["session"])

    def events(self, kind: str) -> list[Any]:
        """Of the record."""
        return [event for event in self.town.office.desk.store.events() if event.kind == kind]


@contextmanager
def open_site(town: Town, *, proxies: int = 0) -> Iterator[Site]:
    """Serve the wallet page of a town."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    page = make_page(town.office.desk, WebSettings(origin=origin, listen=Listen("127.0.0.1", port), proxies=proxies))
    with serving_beside(page, "127.0.0.1", port):
        yield Site(town, origin)


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, and perhaps a wallet in it."""

    page: Page
    wallet: BrowserWallet
    complaints: list[str]

    def choose_wallet(self, link: str) -> None:
        """Open a link and let the page see the wallet."""
        self.page.goto(link)
        self.press(f"Continue with {self.wallet.name}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def sees(self, text: str) -> None:
        """Wait until the page shows a text."""
        from playwright.sync_api import expect

        expect(self.page.locator("main")).to_contain_text(text, timeout=WITHIN)

    def reads(self) -> str:
        return self.page.locator("main").inner_text()


@contextmanager
def visiting(browser: Browser, wallet: BrowserWallet, *, without: bool = False, **options: Any) -> Iterator[Visitor]:
    """A browser of one's own. What its console complains of fails the test, and so does any request elsewhere.

    Args:
        without: the wallet is not in this browser.
    """
    context = browser.new_context(**{"viewport": DESKTOP, **options})
    context.set_default_timeout(WITHIN)
    if not without:
        wallet.join(context)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    try:
        yield Visitor(page, wallet, complaints)
    finally:
        context.close()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
