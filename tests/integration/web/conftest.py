"""A browser for the tests of the wallet page, and the page itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.engine.kit import KEEPER_VARIABLE
from tests.integration.governance.town import MEMBERS, open_town
from tests.integration.web.kit import Site, open_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dao_bot.devnet import Anvil, World

_NOT_NEEDED = (
    # Each window would start a second renderer, for a part of the address bar that nobody sees.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    "WebUIReloadButton",
    "SpareRendererForSitePerProcess",
    # What Playwright leaves out too; its own list is replaced by this one.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
)
_FLAGS = (
    f"--disable-features={','.join(_NOT_NEEDED)}",
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIGNED = {**MEMBERS, "signed_above": "0 USD"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium of this machine. While it is there, an event loop runs in this thread: other tests must not see that."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine; install the package chromium")
    from playwright.sync_api import sync_playwright

    home = tmp_path_factory.mktemp("browser")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, headless=True, args=list(_FLAGS), env={"HOME": str(home), "PATH": "/usr/bin:/bin"}
        )
        yield launched
        launched.close()


@pytest.fixture
def site(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    """Serves the page of a treasury under an approval rule."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with ExitStack() as stack:

        def open_(rule: Mapping[str, Any] = SIGNED, proxies: int = 0, **options: Any) -> Site:
            town = stack.enter_context(open_town(tmp_path, world, anvil, rule, **options))
            return stack.enter_context(open_site(town, proxies=proxies))

        yield open_
