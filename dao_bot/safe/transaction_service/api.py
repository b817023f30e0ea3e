"""safe-eth-py's client of the service, with what it leaves out: status, rate, month, deadline, size, no redirects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from safe_eth.eth import EthereumNetwork
from safe_eth.safe.api import TransactionServiceApi
from safe_eth.util.http import build_full_url
from urllib3.exceptions import HTTPError, ReadTimeoutError

from dao_bot.domain.errors import BadInput, ServiceRefused, ServiceUnavailable
from dao_bot.domain.failpoints import reach
from dao_bot.safe.transaction_service.budget import Budget
from dao_bot.safe.transaction_service.schemas import Page, parse_answer

MOST_PAGES = 10
PAGE_SIZE = 100
"""The service's own default; it allows 200."""

_ANSWER_LIMIT = 16 << 20
_SHOWN = 400
_SHORTEST_REST, _LONGEST_REST = 1.0, 3_600.0
_MONTH_REST = 6 * 3_600.0
"""When the month is used up and the service does not say for how long: asked again four times a day."""
_MONTHLY = ("month", "quota")


@dataclass(frozen=True, slots=True, repr=False)
class BaseUrl:
    """Where the API is: everything before `/api`. `host` is for people, without path or credentials."""

    text: str
    host: str

    @property
    def is_plain(self) -> bool:
        """Whether what is sent there can be read on the way."""
        return self.text.startswith("http:")


def base_url_of(chain_id: int, own: str | None) -> BaseUrl:
    """Of a service of one's own, or of the hosted one for this chain.

    Raises:
        BadInput: it is no URL of a service, or none is hosted for this chain.
    """
    shortname = TransactionServiceApi.NETWORK_SHORTNAME.get(EthereumNetwork(chain_id))
    if own is None and shortname is None:
        raise BadInput(
            "there is no hosted transaction service for this chain",
            value=f"chain {chain_id}",
            next_step="Run one, and write its address as treasury.service.url",
        )
    text = (own or f"{TransactionServiceApi.TRANSACTION_SERVICE_BASE_URL}/{shortname}").rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.path.endswith("/api"):
        limit = "http(s)://host, with a path if need be, without /api at its end and without a query"
        raise BadInput("not the URL of a transaction service", limit=limit)
    return BaseUrl(text, parts.hostname)


class ServiceApi(TransactionServiceApi):
    """Sends each request once. Its inherited methods raise the errors of this program.

    Args:
        url: see `base_url_of`.
        api_key: sent as `Authorization: Bearer`; the library's own default, an environment variable, is never used.
        timeout: seconds for one request and its whole answer.
    """

    def __init__(
        self,
        chain_id: int,
        budget: Budget,
        *,
        url: BaseUrl,
        api_key: str | None = None,
        timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(EthereumNetwork(chain_id), None, url.text, api_key, 0)
        self.host = url.host
        self.budget = budget
        self._timeout = timeout
        self._clock = clock
        # A proxy or a password file of the environment must not see the key.
        self.http_session.trust_env = False
        self.http_session.headers["Accept-Encoding"] = "identity"

    def pages(self, model: type[Page], path: str, query: Mapping[str, object]) -> Iterator[Page]:
        """Every page of a list, one request for each hundred. Addresses of next pages are not followed.

        Raises:
            ServiceUnavailable: it has no end, or an answer has another shape.
        """
        for number in range(MOST_PAGES):
            asked = urlencode({**query, "limit": PAGE_SIZE, "offset": number * PAGE_SIZE})
            page = parse_answer(model, self._get_request(f"{path}?{asked}").content, path)
            yield page
            if page.next is None or not page.results:
                return
        raise ServiceUnavailable(
            "the transaction service lists more than can be read",
            value=f"more than {MOST_PAGES} pages of {path}",
            limit=MOST_PAGES * PAGE_SIZE,
            next_step="Reject what should not wait there in Safe{Wallet}",
        )

    def propose(self, safe: str, payload: dict[str, Any]) -> None:
        """Post a multisig transaction (`SafeMultisigTransactionSerializer`)."""
        self._post_request(f"/api/v2/safes/{safe}/multisig-transactions/", payload)

    def _get_request(self, url: str) -> requests.Response:
        return self._send("GET", url, None)

    def _post_request(self, url: str, payload: dict[str, Any]) -> requests.Response:
        return self._send("POST", url, payload)

    def _delete_request(self, url: str, payload: dict[str, Any]) -> requests.Response:
        return self._send("DELETE", url, payload)

    def _send(self, method: str, path: str, payload: dict[str, Any] | None) -> requests.Response:
        self.budget.take(reading=method == "GET")
        reach(f"service:{method}:before")
        response = self._exchange(method, path, payload)
        reach(f"service:{method}:after")
        if response.status_code == requests.codes.too_many_requests:
            raise self._limited(response)
        if response.status_code >= 500 or 300 <= response.status_code < 400:
            raise ServiceUnavailable(
                "the transaction service is in trouble",
                value=f"status {response.status_code} of {method} {path.partition('?')[0]}",
                next_step="It is asked again later",
            )
        if response.status_code >= 400:
            raise ServiceRefused(
                f"the transaction service refuses {method} {path.partition('?')[0]}",
                status=response.status_code,
                value=f"status {response.status_code}: {_shown(response)}",
                next_step=_ADVICE.get(response.status_code),
            )
        return response

    def _exchange(self, method: str, path: str, payload: dict[str, Any] | None) -> requests.Response:
        deadline = time.monotonic() + self._timeout
        try:
            response = self.http_session.request(
                method,
                build_full_url(self.base_url, path),
                json=payload,
                headers=self._get_request_headers(include_json_body=payload is not None),
                timeout=(self._timeout, self._timeout),
                allow_redirects=False,
                stream=True,
            )
            with response:
                response._content = _read(response, deadline)  # read in parts, because a slow drip has no end
        except (requests.RequestException, HTTPError) as error:
            raise ServiceUnavailable(
                "the transaction service does not answer",
                value=f"{_PROBLEMS.get(type(error), type(error).__name__)} at {method} {path.partition('?')[0]}",
                next_step="It is asked again later",
            ) from None
        return response

    def _limited(self, response: requests.Response) -> ServiceUnavailable:
        """Too fast, or the month's quota: the body says which.

        Every answer carries `X-RateLimit-Reset`, the seconds until the *month* begins anew: it says nothing about the
        rate.
        """
        said = _shown(response)
        if any(word in said.lower() for word in _MONTHLY):
            seconds = _seconds(response.headers.get("X-RateLimit-Reset"), self._clock()) or _MONTH_REST
            why = "the month's requests of its account are used up"
        else:
            asked = _seconds(response.headers.get("Retry-After"), self._clock()) or _SHORTEST_REST
            seconds, why = min(asked, _LONGEST_REST), "it was asked too often in a second"
        self.budget.rest(seconds, why)
        return ServiceUnavailable(
            f"the transaction service limits its use: {why}",
            value=f"status 429: {said}",
            next_step=f"It is left alone for {seconds:.0f} s",
        )


_ADVICE = {
    401: "Check the key that `treasury.service.key` refers to",
    403: "Check the key that `treasury.service.key` refers to",
    404: "Check `treasury.service.url`: the API stands below `/api` of it",
}

_PROBLEMS: dict[type[BaseException], str] = {
    requests.ConnectTimeout: "no connection in time",
    requests.ReadTimeout: "no answer in time",
    requests.exceptions.SSLError: "its certificate is not valid",
    requests.ConnectionError: "the connection failed",
    ReadTimeoutError: "no answer in time",
}


def _read(response: requests.Response, deadline: float) -> bytes:
    """The whole body, at most `_ANSWER_LIMIT` bytes, read until `deadline` on `time.monotonic()`."""
    content = bytearray()
    while part := response.raw.read1(1 << 16):
        content += part
        if time.monotonic() > deadline:
            raise requests.ReadTimeout
        if len(content) > _ANSWER_LIMIT:
            raise ServiceUnavailable(
                "the answer of the transaction service is too large", limit=f"{_ANSWER_LIMIT} bytes"
            )
    return bytes(content)


def _shown(response: requests.Response) -> str:
    """What it says, short and printable."""
    text = response.content[: 4 * _SHOWN].decode(errors="replace")
    return "".join(each if each.isprintable() else " " for each in text)[:_SHOWN]


def _seconds(text: str | None, now: float) -> float | None:
    """Seconds from now, of a number or an HTTP date; None when it is neither."""
    if text is None:
        return None
    if text.strip().replace(".", "", 1).isdecimal():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except ValueError:
        return None
