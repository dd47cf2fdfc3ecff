"""The end of a device's time at a site: nothing is left by which it could be taken for a station."""

from __future__ import annotations

import shutil
from pathlib import Path

from firmware_service.identity.credentials import overwrite
from firmware_service.identity.holding import Holding, Reason


def decommission(holding: Holding, token: Path, journal: Path | None = None) -> None:
    """Wipe keys, certificates and token; cut off by a power cut it is gone on with at the next start.

    Args:
        holding: what the device holds.
        token: a token that was never used.
        journal: the station's folder, to be emptied too; None: every scan that the hub may not have yet is kept.

    Raises:
        OSError: the card refuses; what could not be wiped is still there.
    """
    holding.wipe(Reason("decommissioned"))
    overwrite(token)
    for each in [] if journal is None or not journal.exists() else journal.iterdir():
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    holding.say()
