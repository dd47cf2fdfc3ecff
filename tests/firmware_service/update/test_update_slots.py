"""The state of the slots: which phase allows what, and what the file becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from firmware_service.update import slots
from firmware_service.update.slots import Before, Phase, Slots, SlotsError, Store
from tests.support.updates import Bench

ALLOWED: dict[str, tuple[Callable[[Slots, Bench], Slots], set[Phase]]] = {
    "begin": (lambda now, _: slots.begin(now, "1.3.0"), {"idle", "fetch"}),
    "fetched": (lambda now, _: slots.fetched(now), {"fetch"}),
    "verified": (lambda now, _: slots.verified(now, good=True), {"verify"}),
    "not verified": (lambda now, _: slots.verified(now, good=False), {"verify", "install"}),
    "installed": (lambda now, bench: slots.installed(now, bench.releases.made[-1], Before()), {"install"}),
    "swapped": (lambda now, bench: slots.swapped(now, bench.releases.made[-1]), {"swap", "trial"}),
    "abandoned": (lambda now, _: slots.abandoned(now), {"fetch", "verify", "install", "swap"}),
    "returning": (lambda now, _: slots.returning(now, "asked for"), {"idle", "trial"}),
    "cleaned": (lambda now, _: slots.cleaned(now), {"cleanup"}),
}


@pytest.mark.parametrize(("change", "phases"), ALLOWED.values(), ids=ALLOWED.keys())
def test_a_change_is_for_its_phases_only(
    kept: Bench, change: Callable[[Slots, Bench], Slots], phases: set[Phase]
) -> None:
    for phase in get_args(Phase):
        now = Slots("1.1.0", "1.0.0", 2, phase, "1.2.0")
        if phase in phases:
            assert change(now, kept) != now
        else:
            with pytest.raises(SlotsError, match=f"an update is in {phase}, expected"):
                change(now, kept)


def test_a_broken_file_is_put_aside_and_written_anew(device: Bench) -> None:
    device.places.slots_file.write_text('{"sche', encoding="ascii")
    found = Store(device.places).read()
    assert (found.committed, found.floor, found.phase) == ("1.1.0", 2, "cleanup")
    assert device.places.slots_file.read_bytes() == slots.to_bytes(found)
    assert device.places.slots_file.with_name("slots.json.broken").read_text(encoding="ascii") == '{"sche'
