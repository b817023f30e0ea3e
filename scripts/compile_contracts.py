"""Compiles dao_bot/devnet/contracts/*.vy into the JSON files beside them. Run it after a change of a source."""

from __future__ import annotations

import json
from pathlib import Path

import vyper

CONTRACTS = Path(__file__).resolve().parents[1] / "dao_bot" / "devnet" / "contracts"


def compiled(source: Path) -> str:
    """The text of the JSON file that belongs to a Vyper source."""
    output = vyper.compile_code(source.read_text(), output_formats=["abi", "bytecode"])
    content = {"compiler": f"vyper {vyper.__version__}", "abi": output["abi"], "bytecode": output["bytecode"]}
    return json.dumps(content, indent=1) + "\n"


def main() -> None:
    for source in sorted(CONTRACTS.glob("*.vy")):
        source.with_suffix(".json").write_text(compiled(source))


if __name__ == "__main__":
    main()
