"""What one verdict costs: labels with every production identifier, known and unknown products, each task in turn.

The region is the one with the most dates; every tenth package shows no code and is asked for them. The product that is
known has everything that a rule looks at, so that no rule returns early for lack of it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from edge.catalog.product import Certificate, Level, NhsaCode, Order, Product, Storage
from edge.rules.judge import judge
from edge.rules.regions import site_rules
from edge.rules.verdict import Circumstances, Declared, Now, TaskName
from edge.udi.assemble import assemble
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read
from edge.udi.recover import PiFlags
from tests.bench import fixture
from tests.bench.figures import Figure, percentile

PACKAGES = 2_000
ROUNDS = 9
GOAL_US = 50
TODAY = fixture.FIRST_AT.date()
SITE = site_rules("jincheng-2024", "hospital")
NOW = Now(fixture.FIRST_AT, TODAY, "floor")
AROUND = Circumstances(
    orders=(Order("R", "recall", ("0",), serials=("none",)),),
    declared=Declared(True, TODAY),
    serial_seen="receipt",
    catalogue_age_days=3,
)
Call = tuple[Presentation, Product | None, TaskName]


def measure(_folder: Path) -> list[Figure]:
    calls = _calls()
    rounds = [_us(calls) for _ in range(ROUNDS + 1)][1:]  # the first one warms up
    means = [statistics.fmean(each) for each in rounds]
    rivals = {
        "least": min(means),
        "most": max(means),
        "p50": min(percentile(each, 0.5) for each in rounds),
        "p99": min(percentile(each, 0.99) for each in rounds),
    }
    return [Figure("judge.us", statistics.median(means), "us", GOAL_US, rivals)]


def _calls() -> Sequence[Call]:
    labels = fixture.Labels(seed=11)
    tasks = list(TaskName)
    return [
        (_presentation(labels, number), _product() if number % 2 else None, tasks[number // 2 % len(tasks)])
        for number in range(PACKAGES)
    ]


def _presentation(labels: fixture.Labels, number: int) -> Presentation:
    if number % 10 == 0:
        return Presentation(Shape.NOTHING)
    return assemble([Read(labels.udi(labels.di()), "]d2", "scanner", 1)], today=TODAY)


def _product() -> Product:
    return Product(
        "06901234567892",
        "06901234567892",
        Level.SALE_UNIT,
        1,
        "n",
        "m",
        "r",
        device_class=3,
        pi=PiFlags(lot=True, serial=True, manufactured=True, expires=True),
        certificate=Certificate("c", TODAY.replace(year=2020), TODAY),
        storage=(Storage("冷藏", 2, 8, "℃"),),
        nhsa=(NhsaCode("C0101010010101000001", "udid"), NhsaCode("C2", "table", None, TODAY.replace(year=2020))),
        withdrawn=TODAY.replace(year=2030),
        watched="集采",
    )


def _us(calls: Sequence[Call]) -> list[float]:
    """Microseconds of each call, by the CPU time of this process: what else runs here is not counted."""
    gc.collect()
    took = []
    for presentation, product, task in calls:
        began = time.process_time_ns()
        judge(presentation, product, task, SITE, NOW, AROUND)
        took.append((time.process_time_ns() - began) / 1e3)
    return took
