"""Which release is the newest that may be believed, and its verified bytes: The Update Framework on a device.

The root of trust comes with the device. A server, a mirror or a stick is only a carrier: whatever it does, the worst is
that nothing new comes. https://theupdateframework.github.io/specification/latest/
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import StorageError
from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.api.metadata import Metadata, TargetFile, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from firmware_service.places import Places
from firmware_service.release.layout import ISSUED, METADATA, releases, target_path
from firmware_service.release.manifest import CHANNEL, Layer, Manifest, ManifestError, Patch, read_manifest
from firmware_service.update.fetching import AbsentError, FetchError, Source
from firmware_service.update.machine import Machine, refusals
from hardware.host.clock import Clock
from hardware.host.files import sync_file, sync_folder

MOST_MANIFEST = 256 * 1024
"""Bytes."""


class TrustError(Exception):
    """No release can be had now; each kind asks for something else."""


class SourceError(TrustError):
    """The source did not answer or broke off: try again later. What has come is kept."""


class StaleError(TrustError):
    """What the source has is rightly signed but old.

    Past its end, or older than what this device has already seen or kept: bring a newer copy, renew the repository, or
    look at this device's clock.
    """


class ForgedError(TrustError):
    """What the source has was not made by who may make releases, or was changed since: report it, take nothing."""


class UnfitError(TrustError):
    """The source is good but has no release for this channel or machine: nothing to do until there is one."""


def latest(clock: Clock) -> datetime:
    """The latest time that has surely come, for `Trust`: this machine's, or the clock's floor when that is later."""
    return max(clock.now().at, clock.floor)


class Trust:
    """What this device believes of one repository. One thread; what it has learnt is kept in ``places.trust``."""

    def __init__(
        self, places: Places, root_bytes: bytes, source: Source, machine: Machine, now: Callable[[], datetime]
    ) -> None:
        """Believe in `root_bytes`.

        Args:
            places: of the device.
            root_bytes: the root metadata that came with the device; later ones are followed from it.
            source: where to look.
            machine: which this is.
            now: the latest time that has surely come, UTC; see `latest`.
        """
        self._folder = places.trust
        self._root = root_bytes
        self._source = source
        self._machine = machine
        self._now = now

    def newest(self, channel: str, floor: int) -> Manifest:
        """Look at the source: the verified manifest of the channel's newest release.

        Args:
            channel: such as ``stable``.
            floor: the counter of the release this device has committed, 0 if none. A release with exactly this counter
                is given too: nothing new.

        Raises:
            SourceError: it did not answer.
            StaleError: what it has is old, or below `floor`.
            ForgedError: it is not signed by who may, or was changed.
            UnfitError: it has nothing for this channel, or it does not run on this machine.
            OSError: this device's own disk or identity (`hardware.host.tls.TlsError`).
        """
        if CHANNEL.fullmatch(channel) is None:
            raise UnfitError(f"channel {channel!r}: expected such as stable")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._folder.glob(f"{tempfile.gettempprefix()}*"):  # by a look that a power cut ended
            left.unlink()
        with _explained():
            target = self._newest_target(channel)
            manifest = self._read(target)
        _refuse_other(manifest, channel, target)
        if manifest.counter < floor:
            raise StaleError(
                f"release {manifest.version} has counter {manifest.counter}, this device has kept {floor}: "
                "bring a newer copy of the repository"
            )
        if wrong := refusals(manifest.runs, self._machine):
            raise UnfitError(f"release {manifest.version} does not run here: {'; '.join(wrong)}")
        return manifest

    def fetch(self, blob: Layer | Patch, into: Path) -> Iterator[int]:
        """Fetch what a manifest from `newest` names; gives the number of bytes that are there after each piece.

        `into` appears when it is whole and has the SHA-256 and length that the manifest promises; until then what has
        come lies beside it as ``<into>.part``, over restarts, and the next call goes on from there.

        Raises:
            SourceError: it broke off, or it has other bytes than promised: these are thrown away.
            OSError: this device's own disk or identity (`hardware.host.tls.TlsError`).
        """
        try:
            yield from self._source.fetch(blob.path, into, blob.sha256, blob.size)
        except AbsentError as error:
            raise SourceError(f"{error}: the copy of the repository is not whole") from error
        except FetchError as error:
            raise SourceError(str(error)) from error

    def _newest_target(self, channel: str) -> TargetFile:
        updater = _Updater(self._folder, self._root, self._source, self._now())
        try:
            updater.refresh()
        finally:
            _flush(self._folder)
        offered = updater.offered(releases(channel))
        if not offered:
            raise UnfitError(f"channel {channel}: there is no release in it")
        return max(offered, key=_counter)

    def _read(self, target: TargetFile) -> Manifest:
        data = self._source.read(target.get_prefixed_paths()[0], min(target.length, MOST_MANIFEST))
        target.verify_length_and_hashes(data)
        return read_manifest(data)


class _Updater(Updater):
    """The framework's own client, told the time and given our carrier."""

    def __init__(self, folder: Path, root: bytes, source: Source, now: datetime) -> None:
        config = UpdaterConfig(max_root_rotations=64, targets_max_length=1_000_000, snapshot_max_length=100_000)
        super().__init__(str(folder), METADATA, fetcher=_Fetcher(source), config=config, bootstrap=root)
        self._trusted_set.reference_time = now

    def offered(self, prefix: str) -> list[TargetFile]:
        """The verified targets below this path."""
        return [target for path, target in self._trusted_set.targets.targets.items() if path.startswith(prefix)]

    def _load_timestamp(self) -> None:
        """Nothing can be newer than the clock, but the time when the kept timestamp was signed has surely come."""
        kept = self._kept_issue_time()
        if kept is not None:
            self._trusted_set.reference_time = max(self._trusted_set.reference_time, kept)
        super()._load_timestamp()

    def _kept_issue_time(self) -> datetime | None:
        try:
            kept = Metadata[Timestamp].from_bytes(self._load_local_metadata(Timestamp.type))
            self._trusted_set.root.verify_delegate(Timestamp.type, kept.signed_bytes, kept.signatures)
        except (OSError, RepositoryError, DeserializationError):
            return None
        return _issued(kept.signed)


class _Fetcher(FetcherInterface):
    """Metadata by the framework's names, from our source; without the temporary file of the framework's own."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Read one file of metadata."""
        try:
            return self._source.read(url, max_length)
        except AbsentError as error:
            raise DownloadHTTPError(str(error), 404) from error
        except FetchError as error:
            raise DownloadError(str(error)) from error

    def _fetch(self, url: str) -> Iterator[bytes]:
        raise NotImplementedError(url)


def _issued(timestamp: Timestamp) -> datetime | None:
    told = timestamp.unrecognized_fields.get(ISSUED)
    try:
        at = datetime.fromisoformat(told).astimezone(UTC) if isinstance(told, str) else None
    except (ValueError, OverflowError):
        return None
    return at if at is not None and at <= timestamp.expires else None


def _custom(target: TargetFile) -> dict[str, Any]:
    custom = target.custom
    return custom if isinstance(custom, dict) else {}


def _counter(target: TargetFile) -> int:
    counter = _custom(target).get("counter")
    return counter if isinstance(counter, int) else 0


def _refuse_other(manifest: Manifest, channel: str, target: TargetFile) -> None:
    """The right signature under the wrong name is a mistake or worse."""
    path = target_path(manifest.channel, manifest.version)
    if manifest.channel != channel or path != target.path or manifest.counter != _counter(target):
        raise ForgedError(
            f"{target.path} with counter {_counter(target)} holds release {manifest.version} of channel "
            f"{manifest.channel} with counter {manifest.counter}"
        )


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """The framework's errors by what can be done about them."""
    try:
        yield
    except ExpiredMetadataError as error:
        text = f"{error}: bring a newer copy or renew the repository; is this device's clock right?"
        raise StaleError(text) from error
    except BadVersionNumberError as error:
        raise StaleError(f"older than what this device has seen: {error}") from error
    except (DownloadError, FetchError) as error:
        raise SourceError(str(error)) from error
    except (RepositoryError, DeserializationError, StorageError) as error:
        raise ForgedError(str(error)) from error
    except ManifestError as error:
        raise ForgedError(f"a signed manifest cannot be read: {error}") from error


def _flush(folder: Path) -> None:
    """The framework does not: a power cut would leave empty files."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            sync_folder(path)
        elif path.is_file():
            sync_file(path)
