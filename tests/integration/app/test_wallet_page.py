"""The wallet page as a process: `dao-bot web` without any key, `dao-bot invite`, or served by `dao-bot run`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from governance.web.errands import Errand
from tests.integration.app.kit import KEEPER_VARIABLE, Office, refused

_WITHIN = 60.0


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def configured(office: Office, **settings: Any) -> str:
    """The origin of a page that the configuration has now."""
    port = _free_port()
    origin = f"http://127.0.0.1:{port}"
    page = {"origin": origin, "listen": f"127.0.0.1:{port}", "proxies": "0", **settings}
    office.configure(lambda data: data.update(web=page))
    return origin


@contextmanager
def process(office: Office, *words: str, key: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """`dao-bot WORDS`, ended by SIGTERM; its environment has the keeper's key only if it is given."""
    environment = {variable: value for variable, value in os.environ.items() if variable != KEEPER_VARIABLE}
    environment |= {} if key is None else {KEEPER_VARIABLE: key}
    program = [sys.executable, "-m", "dao_bot.app.main", *words, "-c", str(office.path)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=_WITHIN)


def fetched(origin: str, path: str = "/", body: object | None = None) -> tuple[int, str]:
    """Status and text, as soon as somebody listens there."""
    ends = time.monotonic() + _WITHIN
    headers = {"Origin": origin, "Content-Type": "application/json"}
    raw = None if body is None else json.dumps(body).encode()
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(origin + path, raw, headers), timeout=30) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            assert time.monotonic() < ends, f"nobody listens at {origin}"
            time.sleep(0.1)


def test_the_page_runs_without_any_key_and_lets_in_whom_was_invited(office: Office) -> None:
    origin = configured(office)
    with process(office, "web", "--json") as running:
        assert running.stdout is not None
        started = json.loads(running.stdout.readline())
        assert (started["subject"], started["level"]) == ("wallet page", "info") and origin in started["words"]
        url = office.facts("invite", "link", "--user", "ada")["url"]
        address, _, token = url.partition("#")
        assert address == f"{origin}/"
        status, text = fetched(origin, "/api/open", {"token": token})
        assert status == 200 and json.loads(text)["person"] == {"guild": "command-line", "user": "ada", "name": "ada"}
        opened = json.loads(running.stdout.readline())
        assert opened["subject"] == "dao_bot.web" and "POST /api/open 200" in opened["words"]
        assert fetched(origin, "/api/open", {"token": token})[0] == 403
    assert running.returncode == 0


def test_the_page_is_served_beside_the_keeper_where_the_configuration_wants_it(office: Office) -> None:
    origin = configured(office, own_process=False)
    with process(office, "run", key=office.world.keeper_key) as running:
        assert running.stdout is not None
        # Once it tells of its first round, it also listens to signals.
        while not running.stdout.readline().startswith("reserve: "):
            assert running.poll() is None
        status, text = fetched(origin)
        assert status == 200 and "/assets/main.js" in text
    assert running.returncode == 0


def test_an_address_that_is_taken_is_told(office: Office) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        office.configure(
            lambda data: data.update(web={"origin": f"http://127.0.0.1:{port}", "listen": f"127.0.0.1:{port}"})
        )
        with process(office, "web") as running:
            _, told = running.communicate(timeout=_WITHIN)
    assert running.returncode == 2 and "cannot listen" in told and "Traceback" not in told


def test_without_a_page_there_is_none_to_serve_or_to_invite_to(office: Office) -> None:
    for arguments in (("web",), ("invite", "link", "--json")):
        ended = office.dao_bot(*arguments)
        assert ended.code == 2 and "no wallet page is configured" in ended.err and "Traceback" not in ended.err


def test_an_invitation_names_an_errand_and_what_it_is_about(office: Office) -> None:
    configured(office)
    refused(office.dao_bot("invite", "dance", "--json"), 2, ", ".join(Errand))
    refused(office.dao_bot("invite", "sign", "--json"), 2, "a proposal's or mandate's id")
    refused(office.dao_bot("invite", "sign", "abcdef123456", "--json"), 2)
    refused(office.dao_bot("invite", "link", "--user", "<b>", "--json"), 2, "not the id of a user")
