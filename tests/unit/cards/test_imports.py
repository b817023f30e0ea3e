from __future__ import annotations

import subprocess
import sys


def test_cards_are_imported_without_any_heavy_library() -> None:
    modules = ["data", "decision", "outcome", "page", "plots", "story", "tables", "terminal"]
    code = ";".join(f"import dao_bot.cards.{module}" for module in modules) + (
        ";import sys;print({name.split('.')[0] for name in sys.modules}"
        " & {'rich', 'numpy', 'pydantic', 'web3', 'sqlalchemy', 'cvxpy', 'pandas', 'sha3'})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
