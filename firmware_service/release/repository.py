"""A repository of releases as a folder that any web server or stick can carry (The Update Framework).

``metadata/`` is what devices follow, ``release/`` the manifests, ``blob/`` the layers; ``staged/`` waits for signatures
of keys that are elsewhere. Nothing signed is ever changed: a change is a new version beside the old, and only the
timestamp, written last, leads to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from firmware_service.release.layout import ISSUED, METADATA, releases, target_path
from firmware_service.release.manifest import Layer, Manifest, Patch, write_manifest
from hardware.host.files import replace

STAGED = "staged"
ROOT_THRESHOLD = 2
LIFE = {
    "root": timedelta(days=3 * 365),
    "targets": timedelta(days=365),
    "snapshot": timedelta(days=90),
    "timestamp": timedelta(days=90),
}
"""Until it has to be signed anew. A stick is good for as long as its timestamp."""

StagedRole = Literal["root", "targets"]
STAGED_ROLES: tuple[StagedRole, ...] = ("root", "targets")
_Signed = TypeVar("_Signed", Root, Targets, Snapshot, Timestamp)


class PublishError(Exception):
    """What was asked cannot be done to this repository; nothing that devices see has changed."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """How far a staged change is signed."""

    role: StagedRole
    version: int
    missing: int
    """How many more signatures it needs."""


class Repository:
    """One repository. Its methods read and write files; none keeps a key."""

    def __init__(self, folder: Path) -> None:
        """Use this folder."""
        self.folder = folder

    def init(self, roots: Sequence[SSlibKey], targets: SSlibKey, online: SSlibKey, now: datetime) -> None:
        """Stage the first root and an empty list of releases.

        Args:
            roots: three keys of different people; two of them sign.
            targets: of who makes releases.
            online: of the machine that renews, for snapshot and timestamp.
            now: UTC.

        Raises:
            PublishError: there is a repository, or these keys do not do.
        """
        if any((self.folder / name).exists() for name in (METADATA, STAGED)):
            raise PublishError(f"{self.folder} holds a repository already")
        if len({key.keyid for key in (*roots, targets, online)}) < len(roots) + 2 or len(roots) <= ROOT_THRESHOLD:
            raise PublishError(
                f"expected at least {ROOT_THRESHOLD + 1} root keys, one for targets and one online, all different; "
                f"found {len(roots)} root keys"
            )
        root = Root(version=1, expires=now + LIFE["root"], consistent_snapshot=True)
        for key in roots:
            root.add_key(key, Root.type)
        root.roles[Root.type].threshold = ROOT_THRESHOLD
        root.add_key(targets, Targets.type)
        for role in (Snapshot.type, Timestamp.type):
            root.add_key(online, role)
        self._stage("root", Metadata(root))
        self._stage("targets", Metadata(Targets(version=1, expires=now + LIFE["targets"])))

    def add(self, manifest: Manifest, blobs: Path, now: datetime) -> None:
        """Put a release's layers there and stage the list of releases with it.

        Args:
            manifest: of the release.
            blobs: the folder that holds its ``blob/``.
            now: UTC.

        Raises:
            PublishError: its version or counter is not new, or a layer is missing.
        """
        staged = self._next_targets(now)
        prefix = releases(manifest.channel)
        for path, other in staged.signed.targets.items():
            if path.startswith(prefix) and (other.custom or {}).get("counter", 0) >= manifest.counter:
                raise PublishError(
                    f"counter {manifest.counter}: {path} has {other.custom['counter']}; expected a higher one"
                )
        data = write_manifest(manifest)
        target = TargetFile.from_data(target_path(manifest.channel, manifest.version), data, ["sha256"])
        target.unrecognized_fields["custom"] = {"counter": manifest.counter}
        if target.path in staged.signed.targets:
            raise PublishError(f"{target.path} is published: a release is never changed, choose the next version")
        for layer in manifest.layers:
            blobs_of: tuple[Layer | Patch, ...] = (layer, *layer.patches)
            for blob in blobs_of:
                self._take(blobs / blob.path, blob.path, blob.size)
        self._write(target.get_prefixed_paths()[0], data)
        staged.signed.targets[target.path] = target
        self._stage("targets", staged)

    def rotate_root(self, add: Sequence[SSlibKey], remove: Sequence[str], now: datetime) -> None:
        """Stage the next root with other root keys; the old threshold and the new one both sign it.

        Args:
            add: new root keys.
            remove: identifiers of keys that root shall have no more.
            now: UTC.

        Raises:
            PublishError: too few keys would be left, or one is not there.
        """
        staged = self._next_root(now)
        root = staged.signed
        for key in add:
            root.add_key(key, Root.type)
        for keyid in remove:
            if keyid not in root.roles[Root.type].keyids:
                raise PublishError(f"key {keyid}: root has {', '.join(root.roles[Root.type].keyids)}")
            root.revoke_key(keyid, Root.type)
        if len(root.roles[Root.type].keyids) <= ROOT_THRESHOLD:
            raise PublishError(f"{len(root.roles[Root.type].keyids)} root keys: expected {ROOT_THRESHOLD + 1} or more")
        self._stage("root", staged)

    def rotate_key(self, role: str, key: SSlibKey, now: datetime) -> None:
        """Stage the next root with another key for ``targets`` or for ``online`` (snapshot and timestamp).

        A new key for targets signs the list of releases anew too: `renew_targets`.

        Raises:
            PublishError: the key has another role already.
        """
        staged = self._next_root(now)
        root = staged.signed
        if key.keyid in root.keys:
            raise PublishError(f"key {key.keyid} has a role already: make a new one")
        for each in (Snapshot.type, Timestamp.type) if role == "online" else (Targets.type,):
            for keyid in list(root.roles[each].keyids):
                root.revoke_key(keyid, each)
            root.add_key(key, each)
        self._stage("root", staged)

    def renew_targets(self, now: datetime) -> None:
        """Stage the same list of releases with a new end."""
        self._stage("targets", self._next_targets(now))

    def sign(self, signer: CryptoSigner) -> list[Signatures]:
        """Sign all that is staged and that this key may sign.

        Raises:
            PublishError: there is nothing for it.
        """
        signed = [role for role in self._staged_roles() if signer.public_key.keyid in self._keys(role)]
        if not signed:
            waiting = ", ".join(self._staged_roles()) or "nothing"
            raise PublishError(f"this key ({signer.public_key.keyid}) signs nothing here: staged is {waiting}")
        for role in signed:
            staged = self._staged(role)
            staged.sign(signer, append=True)
            self._stage(role, staged)
        return self.signatures()

    def signatures(self) -> list[Signatures]:
        """How far each staged change is signed."""
        return [
            Signatures(role, self._staged(role).signed.version, self._missing(role)) for role in self._staged_roles()
        ]

    def publish(self, online: CryptoSigner, now: datetime) -> None:
        """Make what is staged the newest, with a new snapshot and timestamp.

        Raises:
            PublishError: signatures are missing, or the online key is not this repository's.
        """
        for each in self.signatures():
            if each.missing:
                raise PublishError(f"{each.role} version {each.version}: {each.missing} signatures are missing")
        self._refuse_other_online_key(online)
        self._refuse_targets_of_old_key()
        for role in self._staged_roles():
            staged = self._staged(role)
            self._write(f"{METADATA}/{staged.signed.version}.{role}.json", self._staged_file(role).read_bytes())
        self.renew(online, now)
        for role in self._staged_roles():
            self._staged_file(role).unlink()

    def renew(self, online: CryptoSigner, now: datetime) -> None:
        """A new snapshot and timestamp over the same releases.

        Raises:
            PublishError: the online key is not this repository's.
        """
        self._refuse_other_online_key(online)
        targets = self._newest(Targets)
        data = self._file(Targets.type, targets.signed.version).read_bytes()
        version = self._newest_version(Snapshot.type) + 1
        meta = {"targets.json": MetaFile.from_data(targets.signed.version, data, ["sha256"])}
        snapshot = _signed(Snapshot(version=version, expires=now + LIFE["snapshot"], meta=meta), online)
        self._write(f"{METADATA}/{version}.snapshot.json", snapshot)
        timestamp = Timestamp(
            version=self._timestamp_version() + 1,
            expires=now + LIFE["timestamp"],
            snapshot_meta=MetaFile.from_data(version, snapshot, ["sha256"]),
            unrecognized_fields={ISSUED: now.isoformat(timespec="seconds")},
        )
        self._write(f"{METADATA}/timestamp.json", _signed(timestamp, online))

    def root(self) -> bytes:
        """The newest root, as devices get it on their card."""
        return self._file(Root.type, self._newest_version(Root.type)).read_bytes()

    def _next_root(self, now: datetime) -> Metadata[Root]:
        """What is staged already, else a copy of the published root with the next version; unsigned."""
        if self._staged_file("root").exists():
            staged = _read(self._staged_file("root"), Root)
        else:
            staged = self._newest(Root)
            staged.signed.version += 1
        staged.signatures.clear()
        staged.signed.expires = now + LIFE["root"]
        return staged

    def _next_targets(self, now: datetime) -> Metadata[Targets]:
        """What is staged already, else a copy of the published list with the next version; unsigned."""
        if self._staged_file("targets").exists():
            staged = _read(self._staged_file("targets"), Targets)
        else:
            staged = self._newest(Targets)
            staged.signed.version += 1
        staged.signatures.clear()
        staged.signed.expires = now + LIFE["targets"]
        return staged

    def _keys(self, role: StagedRole) -> set[str]:
        return {keyid for root in self._judges(role) for keyid in root.roles[role].keyids}

    def _judges(self, role: StagedRole) -> Iterator[Root]:
        """The roots by whose keys a staged change is signed; a new root by its own and by the one before."""
        if self._staged_file("root").exists():
            yield _read(self._staged_file("root"), Root).signed
            if role != "root":
                return
        if self._newest_version(Root.type):
            yield self._newest(Root).signed

    def _missing(self, role: StagedRole) -> int:
        staged = self._staged(role)
        results = [
            root.get_verification_result(role, staged.signed_bytes, staged.signatures) for root in self._judges(role)
        ]
        return max(result.missing for result in results)

    def _refuse_other_online_key(self, online: CryptoSigner) -> None:
        root = next(self._judges("targets"))
        if online.public_key.keyid not in root.roles[Timestamp.type].keyids:
            raise PublishError(f"key {online.public_key.keyid} is not this repository's online key")

    def _refuse_targets_of_old_key(self) -> None:
        """A new key for targets does not vouch for the list that the old one signed."""
        if self._staged_file("targets").exists():
            return
        targets, root = self._newest(Targets), next(self._judges("targets"))
        if not root.get_verification_result(Targets.type, targets.signed_bytes, targets.signatures):
            raise PublishError("the list of releases is signed by a former key: renew it and sign it with the new one")

    def _staged_roles(self) -> list[StagedRole]:
        return [role for role in STAGED_ROLES if self._staged_file(role).exists()]

    def _staged(self, role: StagedRole) -> Metadata[Root] | Metadata[Targets]:
        return _read(self._staged_file(role), Root) if role == "root" else _read(self._staged_file(role), Targets)

    def _staged_file(self, role: StagedRole) -> Path:
        return self.folder / STAGED / f"{role}.json"

    def _stage(self, role: StagedRole, metadata: Metadata[Root] | Metadata[Targets]) -> None:
        self._write(f"{STAGED}/{role}.json", metadata.to_bytes())

    def _newest(self, kind: type[_Signed]) -> Metadata[_Signed]:
        version = self._newest_version(kind.type)
        if not version:
            raise PublishError(f"{self.folder} has no {kind.type} yet: init, sign and publish it first")
        return _read(self._file(kind.type, version), kind)

    def _newest_version(self, role: str) -> int:
        found = (self.folder / METADATA).glob(f"*.{role}.json")
        return max((int(file.name.partition(".")[0]) for file in found), default=0)

    def _timestamp_version(self) -> int:
        file = self.folder / METADATA / "timestamp.json"
        return _read(file, Timestamp).signed.version if file.exists() else 0

    def _file(self, role: str, version: int) -> Path:
        return self.folder / METADATA / f"{version}.{role}.json"

    def _take(self, source: Path, path: str, size: int) -> None:
        if not source.is_file() or source.stat().st_size != size:
            raise PublishError(f"{source}: expected a layer of {size} bytes")
        if not (self.folder / path).exists():
            self._write(path, source.read_bytes())

    def _write(self, path: str, data: bytes) -> None:
        (self.folder / path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        replace(self.folder / path, data, mode=0o644)


def _signed(signed: _Signed, signer: CryptoSigner) -> bytes:
    metadata = Metadata(signed)
    metadata.sign(signer)
    return metadata.to_bytes()


def _read(file: Path, kind: type[_Signed]) -> Metadata[_Signed]:
    try:
        found: Metadata[_Signed] = Metadata.from_bytes(file.read_bytes())
    except (OSError, RepositoryError, DeserializationError) as error:
        raise PublishError(f"{file}: no {kind.type} metadata: {error}") from error
    if not isinstance(found.signed, kind):
        raise PublishError(f"{file}: expected {kind.type} metadata, found {found.signed.type}")
    return found
