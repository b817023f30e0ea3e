"""HTTP for ccxt: no redirects, and neither more bytes nor more time than was allowed, whatever the other side does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import orjson
import requests
from urllib3.exceptions import HTTPError

_LARGEST_ANSWER = 64 << 20
_PART = 1 << 16
_OK = 200


class BoundedSession(requests.Session):
    """What ccxt takes as its `session`.

    Attributes:
        status: of the last answer; None when there was none.
        headers_seen: of the last answer, names in lowercase.
        problem: what is wrong with the content of the last answer; None when nothing is.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        # Neither proxies nor passwords from the surroundings.
        self.trust_env = False
        self._seconds = seconds
        self.status: int | None = None
        self.headers_seen: Mapping[str, str] = {}
        self.problem: str | None = None

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """As `requests.Session.request`; the whole answer has been read when it returns.

        Raises:
            requests.RequestException: too large, too slow, no connection, or no JSON.
        """
        self.status, self.headers_seen, self.problem = None, {}, None
        deadline = time.monotonic() + self._seconds
        options.update(stream=True, allow_redirects=False, timeout=self._seconds)
        response = super().request(method, url, *args, **options)
        with response:
            self.status = response.status_code
            self.headers_seen = {name.lower(): value for name, value in response.headers.items()}
            content = _read(response, deadline)
            if self.status == _OK and not _is_json(content):
                # ccxt takes such an answer for an empty one.
                self.problem = "its answer is not JSON"
                raise requests.exceptions.InvalidJSONError(self.problem)
            # So that `response.text` and `.content` are what was read here; requests has no public way to say so.
            response._content = content
        return response


def _read(response: requests.Response, deadline: float) -> bytes:
    content = bytearray()
    try:
        while part := response.raw.read1(_PART, decode_content=True):
            content += part
            if len(content) > _LARGEST_ANSWER:
                raise requests.ConnectionError(f"its answer is larger than {_LARGEST_ANSWER} bytes")
            if time.monotonic() > deadline:
                raise requests.Timeout("its answer came too slowly")
    except HTTPError as error:
        raise requests.ConnectionError(f"its answer broke off: {error}") from error
    return bytes(content)


def _is_json(content: bytes) -> bool:
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return True
