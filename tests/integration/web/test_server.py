"""What the server lets in, what it says, and what it never says."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable

import pytest

from governance.wallets.signatures import personal_hash
from governance.web.assets import assets, page
from governance.web.bodies import LARGEST_BODY
from governance.web.errands import Errand
from tests.integration.governance.town import ANN, BOB, EVE, person
from tests.integration.web.kit import Site


@pytest.fixture
def opened(site: Callable[..., Site]) -> Site:
    return site()


def test_every_answer_forbids_what_the_page_does_not_need(opened: Site) -> None:
    answers = [
        opened.request("GET", "/"),
        opened.request("GET", "/assets/main.js"),
        opened.request("GET", "/nothing"),
        opened.request("DELETE", "/"),
        opened.post("/api/open", {"token": "x"}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 404, 405, 403]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Set-Cookie" not in answer.headers and "Python" not in answer.headers["Server"]
        assert "Strict-Transport-Security" not in answer.headers, "there is no TLS on this machine"


def test_a_page_behind_tls_asks_for_tls_for_two_years() -> None:
    import asyncio

    from aiohttp.test_utils import make_mocked_request
    from aiohttp.web import Response

    from governance.web.headers import header_setter

    response = Response()
    asyncio.run(header_setter("https://vote.example.org")(make_mocked_request("GET", "/"), response))
    assert response.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_the_document_loads_nothing_from_elsewhere_and_runs_nothing_that_stands_in_it() -> None:
    text = page().content.decode()
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {
        "/assets/main.js", "/assets/card.css", "/assets/page.css"
    }  # fmt: skip
    assert not re.search(r"<script(?![^>]*src=)|<style|\son[a-z]+=|\sstyle=", text)
    for name, asset in assets().items():
        script = asset.content.decode()
        if name.endswith(".js"):
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|https?:", script
            )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": None}, 415),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
    ],
)
def test_only_the_page_itself_may_post(opened: Site, headers: dict[str, str | None], status: int) -> None:
    token = opened.token(Errand.LINK)
    assert opened.post("/api/open", {"token": token}, **headers).status == status
    assert len(opened.events("wallet page link used")) == (status == 200)


def test_no_other_site_is_told_that_it_may_ask(opened: Site) -> None:
    asked = {"Origin": "https://evil.example.org", "Access-Control-Request-Method": "POST"}
    answer = opened.request("OPTIONS", "/api/open", headers=asked)
    assert answer.status == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"token": 1}', b'{"token": null}', b"{}", b'{"token":"a","more":1}', b"\xff\xfe",
     b"[" * 5000, b'{"token":' + b'{"a":' * 3000, b'{"token": "' + b"a" * 101 + b'"}', b'{"token": NaN}'],
)  # fmt: skip
def test_malformed_bodies_are_refused_in_words(opened: Site, body: bytes) -> None:
    answer = opened.post("/api/open", body)
    assert answer.status == 400 and "malformed" in answer.error["what"], answer


@pytest.mark.parametrize(
    "body",
    [
        {"wallet": "0x12"}, {"wallet": 5}, {}, {"wallet": ANN.address, "choice": -1},
        {"wallet": ANN.address, "choice": 2**32}, {"wallet": ANN.address, "choice": True},
        {"wallet": ANN.address, "choice": "1"}, {"wallet": ANN.address, "choice": 1.5},
        {"wallet": ANN.address, "choice": [1] * 101}, {"wallet": ANN.address, "choice": {"1": "a"}},
        {"wallet": ANN.address, "reason": "a" * 501}, {"wallet": ANN.address, "typed": {}},
        {"wallet": ANN.address, "choice": 4}, {"wallet": ANN.address, "choice": [1]}, {"wallet": ANN.address},
    ],
)  # fmt: skip
def test_no_other_vote_can_be_offered_than_the_ballot_has(opened: Site, body: dict[str, object]) -> None:
    opened.town.fund({ANN: 10})
    proposal = opened.town.propose()
    session = opened.enter(opened.token(Errand.VOTE, proposal=proposal))
    assert opened.post("/api/offer", body, session).status == 400
    assert opened.post("/api/take", {"signature": "0x" + "11" * 65}, session).status == 400
    assert not opened.events("voted")


@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_is_not_read(opened: Site, *, told: bool) -> None:
    answer = _too_large(opened, told=told)
    assert b" 413 " in answer.partition(b"\r\n")[0], answer[:200]


def _too_large(opened: Site, *, told: bool) -> bytes:
    """The beginning of the answer to a body of twice the size, its length told before or not."""
    host, port = opened.origin.removeprefix("http://").split(":")
    size = 2 * LARGEST_BODY
    length = f"Content-Length: {size}" if told else "Transfer-Encoding: chunked"
    head = (
        f"POST /api/open HTTP/1.1\r\nHost: {host}\r\nOrigin: {opened.origin}\r\n"
        f"Content-Type: application/json\r\nConnection: close\r\n{length}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode())
        if not told:
            connection.sendall(f"{size:x}\r\n".encode() + b"a" * size + b"\r\n0\r\n\r\n")
        received = b""
        while b"\r\n" not in received and (part := connection.recv(65_536)):
            received += part
        return received


def test_a_link_is_for_one_use_in_one_browser(opened: Site) -> None:
    token = opened.token(Errand.LINK)
    session = opened.enter(token)
    again = opened.post("/api/open", {"token": token})
    assert again.status == 403 and "used already" in again.error["what"]
    assert opened.post("/api/look", {}, session).status == 200


def test_a_link_expires_by_the_time_of_the_chain(opened: Site) -> None:
    token = opened.token(Errand.LINK)
    opened.town.later(600)
    answer = opened.post("/api/open", {"token": token})
    assert answer.status == 403 and "expired" in answer.error["what"]


@pytest.mark.parametrize("path", ["/api/look", "/api/offer", "/api/take"])
@pytest.mark.parametrize("session", [None, "", "x", "é" * 10, "A" * 43])
def test_nothing_is_shown_without_a_session(opened: Site, path: str, session: str | None) -> None:
    quoted = session.encode().decode("latin-1") if session else session
    answer = opened.post(path, {}, quoted)
    assert answer.status == 401 and answer.error["next_step"], answer


def test_a_session_ends_with_its_errand(opened: Site) -> None:
    session = opened.enter(opened.token(Errand.LINK))
    text = json.loads(opened.post("/api/offer", {"wallet": ANN.address}, session).text)["text"]
    assert opened.post("/api/take", {"signature": ANN.sign_text(text)}, session).status == 200
    assert opened.post("/api/look", {}, session).status == 401


def test_a_signature_counts_for_the_person_of_the_link_alone(opened: Site) -> None:
    """Bob brings what Ann signed for herself, and Eve what she signed instead of Bob's message."""
    ann, bob = (opened.enter(opened.token(Errand.LINK, user)) for user in ("ann", "bob"))
    texts = [
        json.loads(opened.post("/api/offer", {"wallet": ANN.address}, session).text)["text"] for session in (ann, bob)
    ]
    answer = opened.post("/api/take", {"signature": ANN.sign_text(texts[0])}, bob)
    assert (answer.status, answer.error["kind"]) == (400, "InvalidSignature")
    answer = opened.post("/api/take", {"signature": EVE.sign_text(texts[1])}, bob)
    assert (answer.status, answer.error["kind"]) == (400, "InvalidSignature")
    assert opened.town.assembly.wallets(person("bob")) == ()
    assert opened.post("/api/take", {"signature": ANN.sign_text(texts[0])}, ann).status == 200


def test_a_message_that_was_replaced_is_worth_nothing(opened: Site) -> None:
    session = opened.enter(opened.token(Errand.LINK))
    old, _ = (json.loads(opened.post("/api/offer", {"wallet": ANN.address}, session).text)["text"] for _ in range(2))
    assert opened.post("/api/take", {"signature": ANN.sign_text(old)}, session).error["kind"] == "InvalidSignature"


def test_a_wallet_is_linked_to_one_person(opened: Site) -> None:
    opened.town.link("bob", ANN)
    session = opened.enter(opened.token(Errand.LINK, "ann"))
    text = json.loads(opened.post("/api/offer", {"wallet": ANN.address}, session).text)["text"]
    answer = opened.post("/api/take", {"signature": ANN.sign_text(text)}, session)
    assert answer.status == 403 and "linked to somebody else" in answer.error["what"]


def test_a_wallet_takes_itself_away_from_whoever_has_it(opened: Site) -> None:
    opened.town.link("bob", ANN)
    session = opened.enter(opened.token(Errand.UNLINK, "ann"))
    text = json.loads(opened.post("/api/offer", {"wallet": ANN.address}, session).text)["text"]
    assert json.loads(opened.post("/api/take", {"signature": ANN.sign_text(text)}, session).text)["linked"] is False
    assert opened.town.assembly.wallets(person("bob")) == ()


def test_a_ballot_does_not_count_on_another_proposal(opened: Site) -> None:
    opened.town.fund({ANN: 10})
    first = opened.town.propose(1000)
    second = opened.town.office.propose(opened.town.office.payment("USDC", 2000), nominal=3600)
    opened.town.office.tick()
    signatures = []
    for proposal in (first, second):
        session = opened.enter(opened.token(Errand.VOTE, proposal=proposal))
        offered = opened.post("/api/offer", {"wallet": ANN.address, "choice": 1}, session)
        signatures.append((session, ANN.sign_typed(json.loads(offered.text)["typed"])))
    (_, on_first), (session, _) = signatures
    assert opened.post("/api/take", {"signature": on_first}, session).error["kind"] == "InvalidSignature"
    assert not opened.events("voted")


def test_who_has_no_proposal_is_told_so(opened: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    unknown = "0x" + "ab" * 32
    session = opened.enter(opened.token(Errand.VOTE, proposal=unknown))
    answer = opened.post("/api/look", {}, session)
    assert answer.status == 404 and answer.error["what"]
    (looked,) = [record for record in caplog.records if "POST /api/look" in record.message]
    assert looked.facts == {"subject": unknown}  # type: ignore[attr-defined]


def test_one_client_is_slowed_down_and_told_until_when(opened: Site) -> None:
    statuses = [opened.post("/api/open", {"token": "x"}).status for _ in range(12)]
    assert statuses[:10] == [403] * 10 and statuses[10:] == [429] * 2
    answer = opened.post("/api/open", {"token": "x"})
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert opened.request("GET", "/").status == 200


def test_behind_a_proxy_clients_are_told_apart_by_what_the_proxy_says(site: Callable[..., Site]) -> None:
    opened = site(proxies=1)

    def attempts(*told: str) -> list[int]:
        return [opened.post("/api/open", {"token": "x"}, X_Forwarded_For=each).status for each in told]

    assert attempts(*["198.51.100.7"] * 11)[-1] == 429
    assert attempts("198.51.100.8") == [403]
    assert attempts("203.0.113.9, 198.51.100.7") == [429], "what a client writes itself is not believed"


def test_the_log_has_no_token_no_session_and_no_signature(opened: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = opened.token(Errand.LINK)
    session = opened.enter(token)
    text = json.loads(opened.post("/api/offer", {"wallet": ANN.address}, session).text)["text"]
    signature = ANN.sign_text(text)
    opened.post("/api/take", {"signature": BOB.sign_text(text)}, session)
    opened.post("/api/take", {"signature": signature}, session)
    opened.request("GET", f"/{token}")
    assert "POST /api/take 200" in caplog.text and "unknown 404" in caplog.text
    for secret in (token, session, signature, signature[2:], personal_hash(text).hex()):
        assert secret not in caplog.text


def test_what_people_did_not_cause_is_told_in_general(
    opened: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session = opened.enter(opened.token(Errand.LINK))

    def fail(*_: object) -> None:
        raise RuntimeError("postgresql://user:password@inside.example.org/record")

    monkeypatch.setattr(type(opened.town.assembly), "wallets", fail)
    answer = opened.post("/api/look", {}, session)
    assert answer.status == 500 and "Traceback" not in answer.text
    assert "inside" not in answer.text and "RuntimeError" not in answer.text
    assert "RuntimeError" in caplog.text and "password" not in caplog.text
