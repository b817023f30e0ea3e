"""What no part of the program expected, and is no bug."""

from __future__ import annotations

import errno

import pytest

from dao_bot.app.exits import FAILED, tell


def test_a_full_disk_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(OSError(errno.ENOSPC, "No space left on device"), as_json=False) == FAILED
    told = capsys.readouterr().err
    assert "the disk is full" in told and "Free some space" in told and "bug" not in told
