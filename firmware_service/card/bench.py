"""The technician's bench: what is read once, and written to one card or to forty."""

from __future__ import annotations

import base64
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from firmware_service.card.bundle import Bundle, read_bundle
from firmware_service.card.errors import CardError
from firmware_service.card.prepare import Wish, contents, prepare
from firmware_service.card.private_keys import refuse_private_key
from firmware_service.card.recognise import System, recognise
from firmware_service.card.room_label import RoomLabel, read_label, sign_label
from firmware_service.card.rooms import Room
from firmware_service.card.site import load_site
from firmware_service.card.target import open_target
from hardware.host.secret import read_secret
from hardware.host.toml import ConfigError

_LEAST_TOKEN = 22
"""Characters of base64 that hold 128 bits."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A card that was written and read back."""

    system: System
    files: dict[str, bytes]
    release: str | None


class Bench:
    """A site, and the release its cards get."""

    def __init__(self, site_file: Path, bundle: Path | None) -> None:
        """Read the settings and the files they name.

        Raises:
            CardError: the settings cannot be used.
            OSError: a file that they name cannot be read.
        """
        try:
            self.site = load_site(site_file)
        except ConfigError as error:
            raise CardError("\n".join(f"{site_file}: {each.message}" for each in error.problems)) from None
        self._folder = bundle
        self._bundles: dict[str, Bundle] = {}
        self._root = self.site.release.root.read_bytes()
        self._template = self.site.station.template.read_text(encoding="utf-8")
        dot1x = self.site.network.dot1x
        self._network_ca = None if dot1x is None else dot1x.ca.read_bytes()

    def prepare(self, target: Path, room: Room | None, token: str | None) -> Prepared:
        """Prepare one card, with a progress bar.

        Args:
            target: an image, a device or a folder.
            room: whose card it is; None: any room's, told by its label.
            token: for its enrolment.

        Raises:
            CardError: it cannot be prepared.
            OSError: it cannot be read or written.
        """
        boot = open_target(target, writing=True)
        system = recognise(boot)
        now = datetime.now(UTC)
        bundle = self._bundle(system, now)
        named = room or Room("", "")
        wish = Wish(
            site=self.site,
            root=self._root,
            template=self._template,
            network_ca=self._network_ca,
            station=named.station or None,
            place=named.place or None,
            address=named.address,
            token=token,
            bundle=bundle,
        )
        instance = f"udi-{secrets.token_hex(8)}"
        size = sum(map(len, contents(wish, system, boot.read("cmdline.txt") or b"", instance).values()))
        with click.progressbar(length=size, label=str(target), file=sys.stderr) as bar:
            files = prepare(boot, wish, system, instance, now, bar.update)
        return Prepared(system, files, None if bundle is None else bundle.manifest.version)

    def labels(self, rooms: Sequence[Room], key_file: Path) -> list[str]:
        """The signed text of each room's label.

        Raises:
            CardError: the key is not the site's, or a label is too long.
            OSError: the key cannot be read.
        """
        key, public = read_secret(key_file), base64.b64decode(self.site.authority.label_key)
        texts = [sign_label(RoomLabel(self.site.site.name, r.station, r.place, r.address), key) for r in rooms]
        for text in texts:
            read_label(text, public)  # or the wrong key would only be noticed in the room
        return texts

    def _bundle(self, system: System, now: datetime) -> Bundle | None:
        if self._folder is None:
            return None
        if system.codename not in self._bundles:
            channel = self.site.release.channel
            self._bundles[system.codename] = read_bundle(self._folder, self._root, channel, system, now)
        return self._bundles[system.codename]


def read_token(file: Path) -> str:
    """An enrolment token.

    Raises:
        CardError: the file holds none.
        OSError: it cannot be read.
    """
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    refuse_private_key(str(file), text.encode())
    if re.fullmatch(rf"[A-Za-z0-9_.=-]{{{_LEAST_TOKEN},256}}", text) is None:
        raise CardError(
            f"{file} holds no enrolment token: expected one line of {_LEAST_TOKEN} or more letters and digits"
        )
    return text
