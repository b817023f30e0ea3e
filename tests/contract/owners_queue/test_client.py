"""The client against a service that misbehaves on the wire."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from dao_bot.devnet.anvil import CHAIN_ID
from dao_bot.domain.errors import BadInput, ServiceRefused, ServiceUnavailable
from dao_bot.safe.transaction_service.api import ServiceApi, base_url_of
from dao_bot.safe.transaction_service.budget import Budget, Limits
from tests.contract.owners_queue.kit import Counted
from tests.contract.owners_queue.standin import StandIn, always
from tests.contract.owners_queue.wire import Request

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil

ABOUT = "/api/v1/about/"
NO_LIMITS = Limits(1000, 10**6)


@pytest.fixture
def standin(anvil: Anvil) -> Iterator[StandIn]:
    with StandIn(anvil.url) as standin:
        yield standin


def client(
    standin: StandIn, limits: Limits = NO_LIMITS, *, key: str | None = None, timeout: float = 10.0
) -> ServiceApi:
    budget = Budget("test", limits, Counted())
    return ServiceApi(CHAIN_ID, budget, url=base_url_of(CHAIN_ID, standin.url), api_key=key, timeout=timeout)


def test_the_key_is_sent_as_a_bearer_token_and_no_other_is_ever_taken(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.key = "right"
    client(standin, key="right")._get_request(ABOUT)
    monkeypatch.setenv("SAFE_TRANSACTION_SERVICE_API_KEY", "right")
    with pytest.raises(ServiceRefused, match=r"status 401.*Check the key"):
        client(standin)._get_request(ABOUT)
    with pytest.raises(ServiceRefused, match="status 401") as refused:
        client(standin, key="wrong-key")._get_request(ABOUT)
    assert "wrong-key" not in str(refused.value)


def test_a_redirect_is_not_followed_so_the_key_goes_nowhere_else(standin: StandIn, anvil: Anvil) -> None:
    with StandIn(anvil.url) as elsewhere:
        redirect = {"Location": elsewhere.url + ABOUT}
        standin.behaviours.append(always(lambda request: request.answer(None, 302, redirect)))
        with pytest.raises(ServiceUnavailable, match="status 302"):
            client(standin, key="secret")._get_request(ABOUT)
        assert elsewhere.seen == []


def test_a_proxy_of_the_environment_sees_nothing(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    client(standin, key="secret")._get_request(ABOUT)
    assert standin.seen == [("GET", ABOUT)]


def test_each_request_is_sent_once(standin: StandIn) -> None:
    standin.behaviours.append(always(lambda request: request.hang_up()))
    for method in ("_post_request", "_delete_request"):
        with pytest.raises(ServiceUnavailable, match="does not answer"):
            getattr(client(standin), method)(ABOUT, {})
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        client(standin)._get_request(ABOUT)
    assert [method for method, _ in standin.seen] == ["POST", "DELETE", "GET"]


def test_an_answer_that_does_not_end_is_given_up(standin: StandIn) -> None:
    def drip(_: StandIn, request: Request) -> bool:
        handler = request._handler
        handler.send_response_only(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            request.hang_up()
        return True

    standin.behaviours.append(drip)
    with pytest.raises(ServiceUnavailable, match="no answer in time"):
        client(standin, timeout=0.5)._get_request(ABOUT)


def test_an_answer_that_is_cut_off_is_none(standin: StandIn) -> None:
    def cut(_: StandIn, request: Request) -> bool:
        request._handler.send_response_only(200)
        request._handler.send_header("Content-Length", "1000")
        request._handler.end_headers()
        request._handler.wfile.write(b'{"name"')
        request.hang_up()
        return True

    standin.behaviours.append(cut)
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        client(standin)._get_request(ABOUT)


def test_an_answer_that_is_too_large_is_not_read_to_its_end(standin: StandIn) -> None:
    standin.behaviours.append(always(lambda request: request.answer(b" " * (17 << 20))))
    with pytest.raises(ServiceUnavailable, match="too large"):
        client(standin)._get_request(ABOUT)


def test_both_kinds_of_429_are_told_apart_though_both_name_the_end_of_the_month(standin: StandIn) -> None:
    standin.per_month, standin.per_second = 3, 2
    api = client(standin)
    api._get_request(ABOUT)
    api._get_request(ABOUT)
    with pytest.raises(ServiceUnavailable, match=r"asked too often in a second.*left alone for 1 s"):
        api._get_request(ABOUT)
    with pytest.raises(ServiceUnavailable, match="left alone: it was asked too often"):
        api._get_request(ABOUT)
    time.sleep(1.1)
    api._get_request(ABOUT)
    with pytest.raises(ServiceUnavailable, match=r"month's requests of its account.*left alone for 2591751 s"):
        api._get_request(ABOUT)
    assert len(standin.seen) == 5, "what the budget stops is not sent"


def test_a_client_within_its_limits_never_hears_429(standin: StandIn) -> None:
    standin.per_month, standin.per_second = 1000, 5
    api = client(standin, Limits(4, 1000))
    for _ in range(9):
        api._get_request(ABOUT)
    assert len(standin.seen) == 9


@pytest.mark.parametrize(
    "url", ["ftp://x", "https://", "https://x/api", "https://x/api/", "https://x?key=1", "x", "ipc:///x"]
)
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="not the URL of a transaction service"):
        base_url_of(1, url)


def test_the_hosted_service_is_found_by_chain() -> None:
    assert base_url_of(1, None).text == "https://api.safe.global/tx-service/eth"
    assert base_url_of(100, None).text == "https://api.safe.global/tx-service/gno"
    with pytest.raises(BadInput, match="no hosted transaction service"):
        base_url_of(999_999_937, None)
