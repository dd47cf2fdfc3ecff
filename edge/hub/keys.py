"""The hub's key folder: the private keys that stations seal to, and the key of the patient index.

``<kid>.key`` opens what was sealed to ``kid``; ``retired/<kid>.key`` still opens it, and nobody is told to seal to it
any more; ``patient-index.secret`` makes the keyed hash. Each file is 32 bytes in base64, mode 0600. No key is ever
overwritten or deleted here: what is sealed must open for as long as the law asks.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from edge.seal import new_key, public_half
from hardware.host import secret
from hardware.host.files import sync_folder
from hardware.host.secret import KEY_BYTES, SecretError, read_secret

INDEX_KEY = "patient-index.secret"
RETIRED = "retired"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,30}")


class KeyFolderError(OSError):
    """A key that is missing, there already, unreadable, of the wrong form, or readable for others."""


@dataclass(frozen=True, slots=True)
class HubKey:
    """One key that stations seal to, or sealed to once."""

    kid: str
    private: bytes = field(repr=False)
    """Raw X25519, 32 bytes."""
    made: datetime
    """When, UTC; the file's time."""
    retired: bool = False

    @property
    def public(self) -> str:
        """The public half in base64, as a station's ``[seal] public_key``."""
        return base64.b64encode(public_half(self.private)).decode("ascii")


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """The folder; every method reads it anew."""

    path: Path

    def read(self) -> list[HubKey]:
        """All keys, the retired ones last, each part by name.

        Raises:
            KeyFolderError: see there.
        """
        with _errors(self.path):
            active = [_key(file, retired=False) for file in sorted(self.path.glob("*.key"))]
            return active + [_key(file, retired=True) for file in sorted(self.path.glob(f"{RETIRED}/*.key"))]

    def new(self, kid: str | None, now: datetime) -> HubKey:
        """Make a key; without a name it is the next ``hub-<year>-<n>``. The index key is made with the first one.

        Raises:
            KeyFolderError: there is a key of this name, or it cannot be written.
        """
        self.make()
        taken = {key.kid for key in self.read()}
        name = kid or next(f"hub-{now.year}-{n}" for n in count(1) if f"hub-{now.year}-{n}" not in taken)
        key = HubKey(name, new_key(), now)
        self.add(key)
        self.index_key(create=True)
        return key

    def make(self) -> None:
        """Make the folder if it is missing, for its owner only.

        Raises:
            KeyFolderError: it cannot be made.
        """
        with _errors(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, key: HubKey) -> None:
        """Write a key that is not there yet.

        Raises:
            KeyFolderError: there is a key of this name, the name cannot be one, or it cannot be written.
        """
        if NAME.fullmatch(key.kid) is None:
            raise KeyFolderError(f"{key.kid!r} cannot name a key: expected 1 to 31 letters, digits and hyphens")
        both = [self.path / f"{key.kid}.key", self.path / RETIRED / f"{key.kid}.key"]
        for file in both:
            if file.exists():
                raise KeyFolderError(f"{file} exists: expected a new name, a key is never overwritten")
        if key.retired:
            self._make_retired()
        create(both[key.retired], base64.b64encode(key.private), key.made)

    def retire(self, kid: str) -> None:
        """Keep the key for opening only; the file moves to ``retired``.

        Raises:
            KeyFolderError: no such key, or it is the only active one.
        """
        active = [key.kid for key in self.read() if not key.retired]
        if kid not in active:
            raise KeyFolderError(f"{kid!r} is no active key of {self.path}: expected one of {active}")
        if len(active) == 1:
            raise KeyFolderError(f"{kid!r} is the only active key: make a new one and give it to the stations first")
        with _errors(self.path):
            self._make_retired()
            (self.path / f"{kid}.key").rename(self.path / RETIRED / f"{kid}.key")
            sync_folder(self.path / RETIRED)
            sync_folder(self.path)

    def _make_retired(self) -> None:
        (self.path / RETIRED).mkdir(mode=0o700, exist_ok=True)
        _own(self.path / RETIRED, self.path)

    def index_key(self, *, create: bool = False) -> bytes:
        """The key of the patient index, made if it is missing and `create` says so.

        Raises:
            KeyFolderError: it is missing, or see there.
        """
        file = self.path / INDEX_KEY
        if create and not file.exists():
            with contextlib.suppress(FileExistsError):  # another process was faster: both use the one that is there
                self.put_index_key(secrets.token_bytes(KEY_BYTES))
        return read_key(file)

    def put_index_key(self, key: bytes) -> None:
        """Write the key of the patient index where there is none.

        Raises:
            FileExistsError: there is one.
            KeyFolderError: it cannot be written.
        """
        create(self.path / INDEX_KEY, base64.b64encode(key))


def read_key(file: Path) -> bytes:
    """The 32 bytes of a secret key file.

    Raises:
        KeyFolderError: see there.
    """
    with _errors(file):
        return read_secret(file)


def decode_key(text: bytes, name: str) -> bytes:
    """32 bytes from base64; `name` says in an error where they come from.

    Raises:
        KeyFolderError: not base64, or not 32 bytes.
    """
    with _errors(Path(name)):
        return secret.decode_key(text, name)


def create(file: Path, data: bytes, made: datetime | None = None) -> None:
    """Write a file that must not exist yet: whole and durable, or not at all; mode 0600, the folder's owner.

    Raises:
        FileExistsError: it exists.
        KeyFolderError: it cannot be written.
    """
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with _errors(file):
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            if made is not None:
                os.utime(part, (made.timestamp(), made.timestamp()))
            _own(part, file.parent)
            os.link(part, file)  # unlike a rename it never replaces
        finally:
            part.unlink(missing_ok=True)
        sync_folder(file.parent)


def _key(file: Path, *, retired: bool) -> HubKey:
    return HubKey(file.stem, read_key(file), datetime.fromtimestamp(file.stat().st_mtime, UTC), retired)


def _own(path: Path, folder: Path) -> None:
    """What root makes for the hub belongs to the hub's user, as the folder does."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (KeyFolderError, FileExistsError):
        raise
    except SecretError as error:
        raise KeyFolderError(str(error)) from error
    except OSError as error:
        raise KeyFolderError(f"{path} cannot be used for keys: {error}") from error
