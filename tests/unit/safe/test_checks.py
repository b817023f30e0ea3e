"""The start-up test of a Safe: what is as it should be passes, and each thing that is not is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.safe.checks import SafeCode, check_safe
from dao_bot.safe.deployments import PROXY_CODE_HASHES, SINGLETONS
from dao_bot.safe.state import control_changes, parse_version, require_supported
from tests.unit.safe.samples import OWNERS, SAFE, SINGLETON, STATE, TARGET

CODE = SafeCode(next(iter(PROXY_CODE_HASHES)), SINGLETONS[SINGLETON].code_hash)


def test_a_proper_safe_passes_every_line() -> None:
    lines = list(check_safe(STATE, CODE, {}, known=STATE))
    assert [line.subject for line in lines if line.problem] == []
    assert len(lines) == 10


@pytest.mark.parametrize(
    ("changes", "subject", "words"),
    [
        ({"version": "1.1.1"}, "version", "does not name the chain"),
        ({"version": "1.3.0"}, "singleton", "the Safe says 1.3.0"),
        ({"singleton": TARGET}, "singleton", "no singleton of Safe"),
        ({"owners": (*OWNERS, ZERO_ADDRESS)}, "owners", "nobody can sign for"),
        ({"owners": (SAFE,), "threshold": 1}, "owners", "nobody can sign for"),
        ({"owners": (OWNERS[0], OWNERS[0])}, "owners", "each once"),
        ({"threshold": 4}, "threshold", "cannot be met"),
        ({"threshold": 0}, "threshold", "cannot be met"),
        ({"modules": (TARGET,)}, "modules", "without the owners"),
        ({"guard": TARGET}, "guard", "stop every transaction"),
        ({"module_guard": TARGET}, "module guard", "stop every transaction"),
        ({"fallback_handler": TARGET}, "fallback handler", "nobody named it"),
    ],
)
def test_each_thing_that_is_wrong_is_named(changes: dict[str, Any], subject: str, words: str) -> None:
    wrong = {line.subject: line.problem for line in check_safe(replace(STATE, **changes), CODE, {}) if line.problem}
    assert words in (wrong.get(subject) or ""), wrong


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_every_threshold_that_can_be_met_passes(threshold: int) -> None:
    lines = {line.subject: line.problem for line in check_safe(replace(STATE, threshold=threshold), CODE, {})}
    assert lines["threshold"] is None


@pytest.mark.parametrize("changes", [{"modules": (TARGET,)}, {"guard": TARGET}, {"fallback_handler": TARGET}])
def test_what_the_config_names_is_accepted(changes: dict[str, Any]) -> None:
    lines = list(check_safe(replace(STATE, **changes), CODE, {TARGET: "Roles modifier"}))
    assert not any(line.problem for line in lines)
    assert any("Roles modifier" in line.found for line in lines)


def test_foreign_code_at_a_known_address_is_found() -> None:
    lines = {line.subject: line.problem for line in check_safe(STATE, SafeCode("0x00", "0x01"), {})}
    assert "no Safe proxy" in (lines["proxy"] or "")
    assert "code is not SafeL2" in (lines["singleton"] or "")


def test_changes_since_the_last_run_are_named() -> None:
    before = replace(STATE, owners=(TARGET, *OWNERS[1:]))
    (line,) = [line for line in check_safe(STATE, CODE, {}, known=before) if line.problem]
    assert TARGET in line.found


def test_the_order_of_owners_and_the_nonce_are_no_change_of_control() -> None:
    assert control_changes(STATE, replace(STATE, owners=OWNERS[::-1], nonce=8)) == ()
    assert control_changes(STATE, replace(STATE, threshold=1)) == ("threshold was 2, is 1",)


@pytest.mark.parametrize("version", ["1.3.0", "1.4.1", "1.5.0", "1.3.0+L2", "2.0.0"])
def test_safes_from_1_3_0_on_are_supported(version: str) -> None:
    require_supported(version)


@pytest.mark.parametrize("version", ["1.2.0", "1.1.1", "0.1.0", "1.0.99"])
def test_older_safes_are_refused(version: str) -> None:
    with pytest.raises(Refused, match="does not name the chain"):
        require_supported(version)


@pytest.mark.parametrize("version", ["", "1.3", "v1.3.0", "1.3.0 or so", "９.3.0"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(BadInput, match="version"):
        parse_version(version)
