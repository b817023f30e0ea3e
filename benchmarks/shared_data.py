"""Where the given data is: files of real markets and votes, which are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
DIRECTORY = Path(os.environ.get("DAO_BOT_SHARED_DATA") or _BESIDE)
"""`../shared/data` beside the checkout, unless the environment says otherwise."""
