"""What is refused before a byte is written, reason by reason; and the order of Debian's versions, held against dpkg."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.station.journal.room import RESERVED_BYTES
from firmware_service.release.manifest import JournalSchema, Layer, Manifest
from firmware_service.update import packages
from firmware_service.update.fit import JOURNAL_BYTES, LEAST_FREE_BYTES, Here, needed_bytes, refusals
from firmware_service.update.packages import RangeError, fits, installed, order
from firmware_service.update.slots import Slots
from tests.support.updates import HERE, PI, RUNS

MB = 10**6
LAYERS = (Layer("deps", "a" * 64, 30 * MB, "b" * 64, 100 * MB), Layer("app", "c" * 64, MB, "d" * 64, 4 * MB))
NEWER = Manifest("1.2.0", "stable", 12, LAYERS, RUNS, JournalSchema(2, 1))
KEPT = replace(NEWER, version="1.1.0", counter=11)
SLOTS = Slots("1.1.0", "1.0.0", 11)
NEEDED = 100 * MB + (30 + 200) * MB + (1 + 8) * MB


@dataclass(frozen=True, slots=True)
class Case:
    """A release that comes to a device."""

    said: tuple[str, ...] = ()
    """A part of each refusal, in order."""
    release: Manifest = NEWER
    slots: Slots = SLOTS
    kept: Manifest | None = KEPT
    here: Here = HERE


def with_packages(**found: str) -> Here:
    """The device with these packages and no other."""
    return replace(HERE, packages={name.replace("_", "-"): version for name, version in found.items()})


def wanting(numpy: str) -> Manifest:
    return replace(NEWER, runs=replace(RUNS, packages={"python3-numpy": numpy}))


CASES: Mapping[str, Case] = {
    "a newer one that fits": Case(),
    "the first one of all": Case(slots=Slots(), kept=None),
    "its slot was lost: the same one again": Case(slots=replace(SLOTS, committed="1.0.0", previous=None, floor=12)),
    "another architecture": Case(
        ("it is for aarch64, this is x86_64",), here=replace(HERE, machine=replace(PI, architecture="x86_64"))
    ),
    "another interpreter": Case(
        ("it is for Python cp313, this has cp311",), here=replace(HERE, machine=replace(PI, python="cp311"))
    ),
    "another release of the system": Case(
        ("it is for trixie, this is bookworm",), here=replace(HERE, machine=replace(PI, system="bookworm"))
    ),
    "one of several systems": Case(
        release=replace(NEWER, runs=replace(RUNS, systems=("bookworm", "trixie"))),
    ),
    "an updater too old": Case(
        ("it needs updater 2, this is 1: write the card anew",), replace(NEWER, runs=replace(RUNS, updater=2))
    ),
    "a package is missing": Case(("which is not installed: apt-get install python3-numpy",), here=with_packages()),
    "a package below the range": Case(
        ("python3-numpy (>= 1:1.24, < 1:3), installed is 1:1.23.9-9",), here=with_packages(python3_numpy="1:1.23.9-9")
    ),
    "a package above the range": Case(
        ("python3-numpy (>= 1:1.24, < 1:3), installed is 1:3.0-1",), here=with_packages(python3_numpy="1:3.0-1")
    ),
    "a package at the lower end, with Debian's revision": Case(here=with_packages(python3_numpy="1:1.24-1")),
    "a package of an older epoch": Case(("installed is 2.2.0-1",), here=with_packages(python3_numpy="2.2.0-1")),
    "any version of a package": Case(release=wanting("*"), here=with_packages(python3_numpy="0~rc1-1")),
    "a range that is none": Case(
        ("the package python3-numpy: '~= 1.24': expected such as >= 0.3.25, or *",), wanting("~= 1.24")
    ),
    "its counter is below what was kept": Case(
        ("its counter is 10, this device has kept 11: an older one is not installed",), replace(NEWER, counter=10)
    ),
    "the kept one again": Case(("version 1.1.0 is in its slot already",), replace(NEWER, version="1.1.0", counter=12)),
    "the one before again": Case(("version 1.0.0 is in its slot already",), replace(NEWER, version="1.0.0")),
    "one that failed here": Case(
        ("it failed here (broker): a newer one is needed",), slots=replace(SLOTS, refused={"1.2.0": "broker"})
    ),
    "a journal that the kept one could not open": Case(
        ("1.1.0 could not open the journal: it has schema 2, 1.2.0 leaves one that is opened from 3 on",),
        replace(NEWER, journal=JournalSchema(3, 3)),
    ),
    "a journal that the kept one can open": Case(release=replace(NEWER, journal=JournalSchema(3, 2))),
    "a journal that nobody would have to open": Case(
        release=replace(NEWER, journal=JournalSchema(3, 3)), slots=Slots(), kept=None
    ),
    "just enough space": Case(here=replace(HERE, free_bytes=NEEDED + LEAST_FREE_BYTES)),
    "a byte too little": Case(
        ("it takes 339 MB, 406 MB are free and 67 MB of them stay for the journal: fit a larger card",),
        here=replace(HERE, free_bytes=NEEDED + LEAST_FREE_BYTES - 1),
    ),
    "a journal that has not taken its own yet": Case(
        ("it takes 339 MB",), here=replace(HERE, free_bytes=NEEDED + LEAST_FREE_BYTES, journal_bytes=JOURNAL_BYTES - 1)
    ),
    "a journal larger than planned takes nothing twice": Case(
        here=replace(HERE, free_bytes=NEEDED + LEAST_FREE_BYTES, journal_bytes=2 * JOURNAL_BYTES)
    ),
    "everything at once, each reason said": Case(
        ("x86_64", "cp311", "bookworm", "not installed", "its counter", "could not open", "fit a larger card"),
        replace(NEWER, counter=1, journal=JournalSchema(9, 9)),
        here=Here(replace(PI, architecture="x86_64", python="cp311", system="bookworm"), {}, 0, 0),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_refused_and_why(case: Case) -> None:
    found = refusals(case.release, case.slots, case.kept, case.here)
    assert len(found) == len(case.said), found
    assert all(part in text for part, text in zip(case.said, found, strict=True)), found


def test_the_space_is_that_of_the_slot_the_layers_their_tars_and_a_base() -> None:
    assert needed_bytes(NEWER) == NEEDED


def test_what_is_left_for_the_journal_is_what_the_station_takes() -> None:
    assert JOURNAL_BYTES == RESERVED_BYTES


def dpkg(a: str, relation: str, b: str) -> bool:
    """What Debian itself says; its absence is a failure, for nothing else would hold our order."""
    assert shutil.which("dpkg"), "dpkg is missing: these tests need Debian's own order; apt-get install dpkg"
    done = subprocess.run(["dpkg", "--compare-versions", a, relation, b], capture_output=True, check=False)
    assert done.returncode in (0, 1), done
    assert b"error" not in done.stderr, done.stderr
    return done.returncode == 0


# In Debian's order; those in one row are equal.
ASCENDING = (
    ("0~~", "0~~-0"),
    ("0~",),
    ("0", "0-0", "00", "0:0"),
    ("0a",),
    ("0+",),
    ("0.0~rc1", "0.0~rc01"),
    ("0.0", "0.00"),
    ("0.3.9-9",),
    ("0.3.25~rc1-1",),
    ("0.3.25~rc1-1+rpt1",),
    ("0.3.25", "0.3.25-0", "0:0.3.25", "00.03.025"),
    ("0.3.25-1~bpo12+1",),
    ("0.3.25-1",),
    ("0.3.25-1+b1",),
    ("0.3.25-1+rpt1",),
    ("0.3.25-1.1",),
    ("0.3.25-10",),
    ("0.3.25a-1",),
    ("0.3.25b-1",),
    ("0.3.25+ds-1",),
    ("0.3.25+ds-1-1",),
    ("0.3.25.1-1",),
    ("1",),
    ("1-1",),
    ("1.0~", "1.0~-0"),
    ("1.0-~1",),
    ("1.0",),
)


def test_the_order_of_tricky_versions_is_debians() -> None:
    placed = [(row, version) for row, versions in enumerate(ASCENDING) for version in versions]
    for (row, a), (other, b) in itertools.combinations_with_replacement(placed, 2):
        relation = "eq" if row == other else "lt"
        assert dpkg(a, relation, b), f"the table is wrong: {a} {relation} {b}"
        assert (order(a) == order(b)) is (row == other), f"{a} {relation} {b}"
        assert (order(a) < order(b)) is (row < other), f"{a} {relation} {b}"
        assert (order(b) < order(a)) is False, f"{a} {relation} {b}"


REVISIONS = st.text("01a~+.", min_size=1, max_size=5)
UPSTREAMS = st.builds("{}{}".format, st.sampled_from("0129"), st.text("019az~+.-", max_size=8))
VERSIONS = st.builds(
    lambda epoch, upstream, revision: f"{epoch}{upstream}{revision}",
    st.sampled_from(["", "0:", "1:", "10:"]),
    UPSTREAMS.filter(lambda text: not text.endswith("-")),
    st.one_of(st.just(""), REVISIONS.map("-{}".format)),
)


@given(VERSIONS, VERSIONS)
@settings(max_examples=150, deadline=None)
def test_any_two_versions_stand_as_debian_says(a: str, b: str) -> None:
    assert (order(a) < order(b), order(a) == order(b)) == (dpkg(a, "lt", b), dpkg(a, "eq", b))


RANGES: Mapping[str, tuple[str, str, bool]] = {
    "at the lower end": ("0.3.25-1", ">= 0.3.25-1", True),
    "the upstream version alone": ("2.0-1", ">= 2.0", True),
    "below": ("0.3.25~rc1-1", ">= 0.3.25", False),
    "between": ("0.3.25-1", ">= 0.3.25, < 0.4", True),
    "a rebuild of what is above": ("0.4-1", ">= 0.3.25, < 0.4", False),
    "what comes before a version that is excluded": ("0.4~beta1-1", "<0.4", True),
    "equal, as Debian counts": ("1.0-0", "= 1.0", True),
    "strictly less": ("1.0", "<< 1.0", False),
    "at most": ("1.0", "<= 1.0", True),
    "strictly more": ("1.0-1", ">> 1.0", True),
    "more": ("1.0", "> 1.0", False),
    "an epoch above all": ("1:0.1-1", "> 9999", True),
    "any": ("0", " * ", True),
}


@pytest.mark.parametrize(("version", "wanted", "good"), RANGES.values(), ids=RANGES.keys())
def test_ranges(version: str, wanted: str, *, good: bool) -> None:
    assert fits(version, wanted) is good


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ("", "''"),
        ("1.0", "'1.0'"),
        ("== 1.0", "'== 1.0'"),
        ("~= 1.0", "'~= 1.0'"),
        (">=", "'>='"),
        (">= 1.0 < 2", "'>= 1.0 < 2'"),
        (">= 1.0,", "''"),
        (">= 1.0, *", "'*'"),
        ("< 0.1, nonsense", "'nonsense'"),
        (">= one", "'>= one'"),
        (">= 1.0_2", "'>= 1.0_2'"),
    ],
)
def test_a_range_that_is_none_is_named(wanted: str, named: str) -> None:
    with pytest.raises(RangeError) as error:
        fits("1.0", wanted)
    assert str(error.value) == f"{named}: expected such as >= 0.3.25, or *"


def test_installed_packages_are_asked_of_dpkg() -> None:
    found = installed(["dpkg", "no-such-package-anywhere"])
    assert list(found) == ["dpkg"]
    assert dpkg(found["dpkg"], "gt", "1.0")
    assert fits(found["dpkg"], "> 1.0")


def test_nothing_is_asked_where_no_package_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed([]) == {}
    with pytest.raises(FileNotFoundError):
        installed(["dpkg"])


def test_a_dpkg_that_does_not_answer_is_an_error_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexec sleep 20\n", encoding="ascii")
    (tmp_path / "dpkg-query").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(packages, "_TIMEOUT_S", 0.1)
    with pytest.raises(TimeoutError, match="dpkg-query does not answer"):
        installed(["dpkg"])
