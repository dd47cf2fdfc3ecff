"""A machine without a name takes it from the room label that it was shown.

The station reads the label and lays it down; whether the site signed it is found out here. Then the station's file is
made from the site's template, once: a machine with a name does not take another from a label.
"""

from __future__ import annotations

import base64
import logging
from pathlib import Path

from firmware_service.card.room_label import RoomLabel, RoomLabelError, read_label
from firmware_service.card.site import Site
from firmware_service.card.site_text import station_file
from firmware_service.places import Places
from hardware.host import files
from hardware.host.toml import ConfigError, read_table

log = logging.getLogger(__name__)

LABEL = "room-label"
"""Within the station's folder until the next start of the machine."""


def station_name(places: Places) -> str | None:
    """The name in the station's file; None: it has none yet."""
    try:
        table = read_table(places.station_file).get("station")
    except ConfigError:
        return None
    found = table.get("id") if isinstance(table, dict) else None
    return found if isinstance(found, str) else None


def shown_text(places: Places) -> str | None:
    """What was shown, whatever it is; None: nothing yet."""
    try:
        return (places.station_run / LABEL).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def signed_label(text: str, site: Site) -> RoomLabel | None:
    """The label in what was shown, if this site signed it; else that is told."""
    try:
        label = read_label(text, base64.b64decode(site.authority.label_key))
    except RoomLabelError as error:
        log.error("room_label=refused problem=%s", error)  # noqa: TRY400 - the text says it all
        return None
    if label.site != site.site.name:
        log.error("room_label=refused problem=it is of site %r, this card of %r", label.site, site.site.name)
        return None
    return label


def take_name(places: Places, label: RoomLabel, template: Path) -> None:
    """Name this machine after its label, and keep the address that it brings until the network has taken it.

    Raises:
        OSError: the file cannot be written.
        hardware.host.toml_edit.EditError: the template has no ``[station]``.
    """
    text = station_file(template.read_text(encoding="utf-8"), label.station, label.place)
    former = template.stat()
    if label.address is not None:
        files.replace(places.address, label.address.encode())
    owner = (former.st_uid, former.st_gid)
    files.replace(places.station_file, text.encode(), mode=0o640, owner=owner)
    log.info("station=%s place=%s named=by_label", label.station, label.place)
