"""Where the wallet page may be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dao_bot.config.web_settings import Listen, WebSettings


@pytest.mark.parametrize(
    "origin", ["https://vote.example.org", "https://vote.example.org:8443", "http://127.0.0.1:8787", "http://localhost"]
)
def test_a_page_is_behind_tls_or_on_this_machine(origin: str) -> None:
    assert WebSettings(origin=origin).origin == origin


@pytest.mark.parametrize(
    "origin",
    [
        "vote.example.org",
        "http://vote.example.org",
        "https://vote.example.org/",
        "https://vote.example.org/page",
        "https://Vote.example.org",
        "https://vote.example.org:443",
        "https://user:password@vote.example.org",
        "https://vote.example.org#",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        WebSettings(origin=origin)


def test_an_address_to_listen_on_is_read_and_shown_as_it_is_written() -> None:
    read = WebSettings.model_validate({"origin": "http://localhost", "listen": "[::1]:8000"})
    assert read.listen == Listen("::1", 8000) and str(read.listen) == "[::1]:8000"
    for listen in ("8787", "0.0.0.0", "127.0.0.1:70000", "example.org:80", 8787):
        with pytest.raises(ValidationError):
            WebSettings.model_validate({"origin": "http://localhost", "listen": listen})
