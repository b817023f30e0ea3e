"""HTTP for ccxt: no redirects, and neither more bytes nor more time than was allowed, whatever the other side does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import HTTPError

_LARGEST_ANSWER = 64 << 20
_PART = 1 << 16


class BoundedSession(requests.Session):
    """What ccxt takes as its `session`.

    Attributes:
        status: of the last answer; None when there was none.
        headers_seen: of the last answer, names in lowercase.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        # Neither proxies nor passwords from the surroundings.
        self.trust_env = False
        self._seconds = seconds
        self.status: int | None = None
        self.headers_seen: Mapping[str, str] = {}

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """As `requests.Session.request`; the whole answer has been read when it returns.

        Raises:
            requests.RequestException: too large, too slow, or no connection.
        """
        self.status, self.headers_seen = None, {}
        deadline = time.monotonic() + self._seconds
        options.update(stream=True, allow_redirects=False, timeout=self._seconds)
        response = super().request(method, url, *args, **options)
        with response:
            self.status = response.status_code
            self.headers_seen = {name.lower(): value for name, value in response.headers.items()}
            # So that `response.text` and `.content` are what was read here; requests has no public way to say so.
            response._content = _read(response, deadline)
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
