"""The committed artifacts are what the sources beside them compile to."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from dao_bot.devnet.artifacts import CONTRACTS_DIRECTORY

SOURCES = sorted(CONTRACTS_DIRECTORY.glob("*.vy"))


@pytest.fixture(scope="module")
def compile_contracts() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "scripts" / "compile_contracts.py"
    spec = importlib.util.spec_from_file_location("compile_contracts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_source_has_its_artifact() -> None:
    stems = {source.stem for source in SOURCES}
    assert stems >= {"Emitter", "PriceFeed", "Token"}
    assert stems == {artifact.stem for artifact in CONTRACTS_DIRECTORY.glob("*.json")}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_artifact_is_what_the_source_compiles_to(source: Path, compile_contracts: ModuleType) -> None:
    assert source.with_suffix(".json").read_text() == compile_contracts.compiled(source), "run `make contracts`"
