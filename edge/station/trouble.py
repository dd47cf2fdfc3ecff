"""What a technician should see to while scanning goes on: one lamp, not a signal for each scan."""

from __future__ import annotations

from collections.abc import Sequence

from edge.rules.verdict import Now, Site
from hardware.host.clock import TRUSTED


def troubles(
    now: Now,
    catalogue_age_days: int | None,
    site: Site,
    lacking: Sequence[str] = (),
    readers: Sequence[str] = (),
) -> tuple[str, ...]:
    """What to see to, in words for the log; empty if nothing.

    Args:
        now: the present, with the quality of the clock.
        catalogue_age_days: days since the catalogue's release; None without one.
        site: says how old it may be.
        lacking: what is configured and cannot be used, in words.
        readers: names of readers that are configured and not there.
    """
    found = list(lacking)
    if now.quality not in TRUSTED:
        found.append(f"clock: quality {now.quality}, expected one of {', '.join(TRUSTED)}; look at the time service")
    if catalogue_age_days is not None and catalogue_age_days > site.catalogue_days:
        found.append(f"catalogue: {catalogue_age_days} days old, at most {site.catalogue_days} expected; update it")
    found += [f"reader: {name} is not there; look at its cable" for name in readers]
    return tuple(found)
