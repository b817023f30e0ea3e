"""What people, wallets and strategies name is text and nothing else; other sites get nothing done; nothing is used up
by accident."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.artifacts import own_artifact
from dao_bot.domain.decisions import Decision, Evidence
from dao_bot.domain.runs import RunId
from dao_bot.engine.runs import run_once
from governance.wallets.signatures import personal_hash
from governance.web.errands import Errand
from tests.integration.engine.kit import GRANTEE, STRATEGY, deciding
from tests.integration.governance.conftest import Chain
from tests.integration.governance.test_contract_wallets import safe_signature
from tests.integration.governance.town import ANN, BOB, Town, Wallet, person
from tests.integration.web.conftest import SIGNED
from tests.integration.web.kit import Site, Visitor, visiting
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

IMAGE = "<img src=x onerror=window.hacked=1>"
SCRIPT = '"></bdi><script>window.hacked=1</script>'
LONG = "<b>" + "w" * 4000
MARKUP = "@everyone **[click](javascript:window.hacked=1)** \u202e <iframe srcdoc=x>"


def hostile_config(data: dict[str, Any]) -> None:
    data["treasury"]["name"] = IMAGE
    data["treasury"]["chain"]["name"] = '"><svg onload=window.hacked=1>'
    data["treasury"]["address_book"] = {"<s>" + IMAGE: GRANTEE}


def propose(town: Town) -> str:
    """A batch whose strategy says hostile things."""
    decision = Decision(
        (town.office.payment("USDC", 1000),),
        f"{IMAGE} {SCRIPT} {MARKUP}",
        summary=(IMAGE, SCRIPT, LONG),
        evidence=(Evidence(IMAGE, SCRIPT, MARKUP),),
    )
    desk = town.office.desk
    plan = deciding(desk.services.strategies[STRATEGY], decision)
    report = run_once(desk.services, desk.store, plan, RunId(STRATEGY, 0), "test", town.office.anvil.timestamp())
    assert report is not None and report.proposal is not None
    town.office.tick()
    return report.proposal.id


def is_unharmed(visitor: Visitor) -> None:
    """Nothing that was written has become an element, has run, or has been asked for."""
    found = visitor.page.evaluate(
        """() => ({
            hacked: window.hacked ?? null,
            elements: document.querySelectorAll("img, svg, iframe, s, main script").length,
            handlers: [...document.querySelectorAll("*")].filter((each) => each.getAttributeNames()
                .some((name) => name.startsWith("on"))).length,
            wide: document.documentElement.scrollWidth - window.innerWidth,
        })"""
    )
    assert found == {"hacked": None, "elements": 0, "handlers": 0, "wide": 0}
    assert visitor.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_names_stay_text_wherever_people_choose_them(
    site: Callable[..., Site], browser: Browser, width: int
) -> None:
    opened = site(SIGNED, change=hostile_config)
    opened.town.fund({ANN: 2000})
    proposal = propose(opened.town)
    wallet = BrowserWallet(ANN, opened.town.office.world.chain_id, name="<i>Ann's</i> wallet")
    with visiting(browser, wallet, viewport={"width": width, "height": 844}) as visitor:
        visitor.page.goto(opened.link(Errand.LINK, name=IMAGE + MARKUP))
        visitor.sees("Continue with <i>Ann's</i> wallet")
        is_unharmed(visitor)
        visitor.press("Continue with")
        visitor.sees(IMAGE)
        is_unharmed(visitor)
        visitor.choose_wallet(opened.link(Errand.VOTE, proposal=proposal))
        for hostile in (IMAGE, SCRIPT, "<s>", "<svg onload"):
            visitor.sees(hostile)
        assert "\u202e" not in visitor.reads()
        visitor.page.get_by_label("For", exact=True).check()
        visitor.page.get_by_label("Why (public, if you want)").fill(IMAGE)
        is_unharmed(visitor)
        visitor.press("Sign this vote")
        visitor.sees("Your vote is recorded")
        is_unharmed(visitor)


def test_what_a_wallet_says_when_it_fails_is_text(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()

    def fail(_: Any) -> Any:
        from tests.integration.web.wallets import Refusal

        raise Refusal(-32000, IMAGE)

    wallet = BrowserWallet(ANN, opened.town.office.world.chain_id, tampers=fail)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.LINK))
        visitor.press("Link this wallet")
        visitor.sees(IMAGE)
        is_unharmed(visitor)
    assert not opened.events("wallet linked")


_ATTACK = """async ([url, token, session]) => {
    const outcomes = [];
    for (const type of ["application/json", "text/plain"]) {
        for (const mode of ["cors", "no-cors"]) {
            const headers = { "Content-Type": type };
            if (mode === "cors") headers.Authorization = `Bearer ${session}`;
            const asked = { method: "POST", mode, headers, body: JSON.stringify({ token }), credentials: "include" };
            outcomes.push(await fetch(`${url}/api/open`, asked).then((answer) => answer.type, () => "failed"));
        }
    }
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: `${url}/api/open`, enctype: "text/plain", target: "frame" });
    const field = document.createElement("input");
    Object.assign(field, { name: `{"token":"${token}","`, value: '":1}' });
    form.append(field);
    const frame = document.createElement("iframe");
    frame.name = "frame";
    document.body.append(form, frame);
    const loaded = new Promise((resolve) => { frame.addEventListener("load", resolve); });
    form.submit();
    await loaded;
    return outcomes;
}"""


def test_another_site_cannot_spend_a_link_nor_read_an_answer(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()
    token, session = opened.token(Errand.LINK), opened.enter(opened.token(Errand.LINK))

    def evil(route: Route) -> None:
        if route.request.url.startswith("http://evil.localhost/"):
            route.fulfill(body="<!doctype html><body>", content_type="text/html")
        else:
            route.continue_()

    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", evil)
    page.goto("http://evil.localhost/")
    outcomes = page.evaluate(_ATTACK, [opened.origin, token, session])
    framed = context.new_page()
    framed.route("**/*", evil)
    framed.goto("http://evil.localhost/")
    shown = framed.evaluate(
        """async (url) => {
            const frame = document.createElement("iframe");
            const loaded = new Promise((resolve) => { frame.addEventListener("load", resolve); });
            frame.src = url;
            document.body.append(frame);
            await loaded;
            return frame.contentDocument === null;
        }""",
        opened.origin,
    )
    assert shown and "/assets/main.js" not in framed.frames[-1].content()
    context.close()
    assert set(outcomes) <= {"failed", "opaque"}
    assert len(opened.events("wallet page link used")) == 1
    assert opened.enter(token)


def test_a_browser_without_a_wallet_does_not_use_up_the_link(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()
    link = opened.link(Errand.LINK)
    wallet = BrowserWallet(ANN, opened.town.office.world.chain_id)
    with visiting(browser, wallet, without=True) as visitor:
        visitor.page.goto(link)
        visitor.sees("No wallet in this browser")
    assert not opened.events("wallet page link used")
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(link)
        visitor.sees("Whose wallet it will be")


def test_a_link_that_was_used_says_so(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()
    link = opened.link(Errand.LINK)
    with visiting(browser, BrowserWallet(ANN, opened.town.office.world.chain_id)) as visitor:
        visitor.choose_wallet(link)
        visitor.sees("Whose wallet it will be")
        visitor.choose_wallet(link)
        visitor.sees("This link was used already")
        visitor.page.goto(f"{opened.origin}/#{'x' * 12}")
        visitor.sees("This is no link to this page")


def test_the_token_is_in_no_address_that_the_browser_keeps(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()
    link = opened.link(Errand.LINK)
    token = link.partition("#")[2]
    asked: list[str] = []
    with visiting(browser, BrowserWallet(ANN, opened.town.office.world.chain_id)) as visitor:
        visitor.page.on("request", lambda request: asked.append(json.dumps([request.url, request.headers])))
        visitor.choose_wallet(link)
        visitor.sees("Whose wallet it will be")
        kept = visitor.page.evaluate(
            "[location.href, document.referrer, document.cookie, JSON.stringify(localStorage)]"
        )
        assert asked and all(token not in each for each in [*asked, *kept])
        assert visitor.page.context.cookies() == []


def test_another_account_is_another_signer(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()
    with visiting(browser, BrowserWallet(ANN, opened.town.office.world.chain_id)) as visitor:
        visitor.choose_wallet(opened.link(Errand.LINK))
        visitor.sees("Whose wallet it will be")
        visitor.page.evaluate("(account) => window.__emit('accountsChanged', [account])", BOB.address)
        visitor.sees("Your wallet changed to another account")
        assert visitor.page.get_by_role("button", name="Link this wallet").count() == 0


@dataclass
class SafeWallet(BrowserWallet):
    """A Safe as a wallet: its owners sign for it (EIP-1271)."""

    chain: Chain | None = None

    def _result(self, method: str, params: list[Any]) -> Any:
        if method != "personal_sign":
            return super()._result(method, params)
        assert self.chain is not None
        digest = personal_hash(bytes.fromhex(params[0][2:]).decode())
        return "0x" + safe_signature(self.chain.world, digest).hex()


def test_a_safe_is_linked_by_its_owners(site: Callable[..., Site], browser: Browser) -> None:
    opened = site()
    office = opened.town.office
    chain = Chain(office.anvil, office.world, own_artifact("Token"), office.desk.services.endpoints.primary)
    safe = Wallet("", office.desk.services.treasury.safe)
    with visiting(browser, SafeWallet(safe, office.world.chain_id, chain=chain)) as visitor:
        visitor.choose_wallet(opened.link(Errand.LINK))
        visitor.press("Link this wallet")
        visitor.sees("Your wallet is linked")
    (linked,) = opened.town.assembly.wallets(person("ann"))
    assert (linked.wallet, linked.contract) == (safe.address, True)
