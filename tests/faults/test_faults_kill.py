"""kill -9 after every named step in the life of a scan: nothing that was recorded is lost, nothing counts twice."""

import itertools
import random
import sys

import pytest

from tests.support.site import ROOT, Site, udi, wait_for

STEPS = (
    "taken", "judged", "submitted", "begun", "inserted", "committed", "shown", "published", "watermark",
)  # fmt: skip
MOST_SCANS = 30


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_kill_at_every_step(site: Site, request: pytest.FixtureRequest) -> None:
    rounds = int(request.config.getoption("--rounds"))
    rng = random.Random(20261124)  # noqa: S311 - a reproducible schedule
    terminal = site.prepare("OR-01")
    serials = itertools.count()
    recorded: set[str] = set()
    green: set[str] = set()
    died = dict.fromkeys(STEPS, 0)
    for number in range(rounds):
        step = STEPS[number % len(STEPS)]
        times = 1 if step == "watermark" else rng.randint(1, 6)  # the hub answers single events once a second
        program = [sys.executable, str(ROOT / "tests/faults/killed_station.py"), step, str(times)]
        running = site.start_station("OR-01", program, ready=False)
        running.wait_log_or_death("opened")
        for _ in range(MOST_SCANS):
            if running.process.poll() is not None:
                break
            before = len(running.shown())
            terminal.send(udi(f"S{next(serials)}"))
            running.wait_shown(before + 1)
        running.wait_death(step)
        assert running.stop() == -9, f"died of something else after {step}: {running.logs[-5:]}"
        died[step] += 1
        recorded |= running.recorded()
        green |= running.green()
    last = site.start_station("OR-01")
    before = len(last.shown())
    terminal.send(udi("LAST"))
    last.wait_shown(before + 1)
    wait_for(lambda: len(last.recorded()) > 1, "the last record")
    held = site.wait_delivered(recorded | green | last.recorded(), 60)
    assert last.stop() == 0
    assert green <= held.events
    assert held.doubled == 0
    assert len(held.counted) >= len(green)
    print(f"died {died}")  # noqa: T201 - `make faults` shows it
    print(  # noqa: T201
        f"rounds {rounds}, events {len(held.events)}, lost {len(recorded - held.events)}, doubled {held.doubled}"
    )
