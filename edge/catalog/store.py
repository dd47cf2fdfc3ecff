"""Looking a product up by any of its DIs: immutable files, opened read-only, the newest on top."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from edge.catalog.layer import Hit, Layer
from edge.catalog.manifest import MANIFEST, read_manifest
from edge.catalog.packed import product_from
from edge.catalog.product import Order, Product
from edge.catalog.release import DeviceRecord
from edge.catalog.tree import SALE, Key, key_of
from edge.catalog.write import CatalogueError
from edge.sign import Authority

_Stamp = tuple[int, int, int]


class Catalog:
    """An opened catalogue: one file, or a folder's base with its overlays.

    Of two records with one sale unit the one in the newer file counts, with exactly the DIs that it has. Of several
    records that claim one DI the newest version counts. A record that was deleted upstream is still found, as it was
    last known and with ``withdrawn`` set: who holds the product in hand learns its name, and that it left the market.
    """

    def __init__(self, layers: Sequence[Layer], digest: str) -> None:
        """Use opened files, the base first; see `open`."""
        self._layers = tuple(reversed(layers))
        self._folder: Path | None = None
        self._authorities: tuple[Authority, ...] | None = None
        self._stamp: _Stamp | None = None
        self.digest = digest
        """SHA-256 (hex) of the file, or of what the manifest says: which knowledge a verdict was made with.

        Empty where there is nothing."""
        self.release: date | None = max((layer.release for layer in layers), default=None)
        """Day of the newest release in it; None where there is nothing."""
        self.rows = sum(layer.dis for layer in layers)
        """How many DIs its files have; one that was changed since the base counts again."""

    @classmethod
    def open(cls, path: Path, authorities: Sequence[Authority] | None = None) -> Catalog:
        """Open a catalogue.

        Args:
            path: a folder with a manifest, or a single file.
            authorities: whose signature a manifest needs; None where an unsigned one will do. A single file has none.

        Raises:
            CatalogueError: there is none, it is no catalogue, or nobody of the authorities signed it.
        """
        if path.is_dir():
            return cls._of_folder(path, None if authorities is None else tuple(authorities))
        layer = Layer.open(path)
        with path.open("rb") as file:
            return cls([layer], hashlib.file_digest(file, "sha256").hexdigest())

    @classmethod
    def none(cls, folder: Path | None = None, authorities: Sequence[Authority] | None = None) -> Catalog:
        """What is known where there is nothing usable: no product; `stale` once the folder has changed, if any."""
        catalog = cls([], "")
        catalog._folder, catalog._stamp = folder, None if folder is None else _stamp(folder)
        catalog._authorities = None if authorities is None else tuple(authorities)
        return catalog

    @classmethod
    def _of_folder(cls, folder: Path, authorities: tuple[Authority, ...] | None) -> Catalog:
        stamp = _stamp(folder)
        manifest = read_manifest(folder, authorities)
        with ExitStack() as unless_good:
            layers: list[Layer] = []
            for entry in manifest.layers:
                layers.append(Layer.open(folder / entry.name))
                unless_good.callback(layers[-1].close)
                entry.fits(layers[-1])
            if not layers:
                raise CatalogueError(f"{folder / MANIFEST}: names no base; expected one")
            catalog = cls(layers, manifest.digest)
            unless_good.pop_all()
        catalog._folder, catalog._authorities, catalog._stamp = folder, authorities, stamp
        return catalog

    def stale(self) -> bool:
        """Whether the folder has another manifest than this was opened with, or than was last tried; a few µs."""
        return self._folder is not None and _stamp(self._folder) != self._stamp

    def refresh(self) -> Catalog:
        """The catalogue of the present manifest. This one stays open and usable; close it when nobody looks it up.

        Raises:
            CatalogueError: the new one cannot be used; this manifest is not tried again.
        """
        if self._folder is None:
            return self
        while True:
            self._stamp = _stamp(self._folder)
            try:
                return self._of_folder(self._folder, self._authorities)
            except CatalogueError:
                if not self.stale():  # else it was swapped while it was read
                    raise

    def lookup(self, di: str) -> Product | None:
        """The product of any of its DIs: unit of use, body, sale unit, registration or package."""
        key = key_of(di)
        hit = self._hit(key)
        return None if hit is None else product_from(key, hit.level, hit.contains, hit.record())

    def record(self, sale_unit: str) -> DeviceRecord | None:
        """The present record of a sale unit."""
        key = key_of(sale_unit)
        for layer in self._layers:
            for hit in layer.hits(key):
                if hit.level == SALE and hit.sale == key:
                    return hit.record()
        return None

    def records(self) -> Iterator[DeviceRecord]:
        """Every present record, the base's first, in order of arrival."""
        for at in range(len(self._layers) - 1, -1, -1):
            newer = self._layers[:at]
            for record in self._layers[at].all_records():
                if not any(layer.has_record(key_of(record.sale_unit)) for layer in newer):
                    yield record

    def products(self) -> Iterator[Product]:
        """Every product once, as its sale unit, in order of arrival; in bounded memory."""
        for record in self.records():
            yield product_from(key_of(record.sale_unit), SALE, 1, record)

    def orders(self, dis: Iterable[str]) -> tuple[Order, ...]:
        """The recalls and other orders that name one of these DIs, whether or not there is a product."""
        wanted = list(dis)
        return tuple(order for layer in self._layers for order in layer.orders(wanted))

    def age_days(self, today: date) -> int | None:
        """Days since the newest release; 0 by a clock that is behind, None where there is nothing."""
        return None if self.release is None else max(0, (today - self.release).days)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its files, the newest first."""
        return self._layers

    def close(self) -> None:
        """Close the files."""
        for layer in self._layers:
            layer.close()

    def _hit(self, key: Key) -> Hit | None:
        best: Hit | None = None
        seen = False
        for at, layer in enumerate(self._layers):
            for hit in layer.hits(key):
                known_here = hit.sale != key or seen  # else the newer files were just asked for this sale unit
                seen = True
                if known_here and any(newer.has_record(hit.sale) for newer in self._layers[:at]):
                    continue
                if best is None or hit.rank > best.rank:
                    best = hit
                break
        return best


def _stamp(folder: Path) -> _Stamp | None:
    try:
        found = os.stat(folder / MANIFEST)  # noqa: PTH116 - half the time of Path.stat, twice a step
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
