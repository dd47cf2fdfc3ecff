"""Where a private key rests: sealed by systemd (to the machine's TPM where it has one), or a file for root only.

Without a TPM systemd's seal lies on the same card as its own key: it keeps the key out of backups and of other
machines that get this folder alone, not from whoever holds the whole card. The bond to the board is kept elsewhere.
"""

from __future__ import annotations

import logging
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hardware.host import files

log = logging.getLogger(__name__)

TOOL = "systemd-creds"
TIMEOUT_S = 30.0

Kind = Literal["tpm", "machine", "file"]
"""How a key is kept: sealed to the TPM, sealed to this installation, or mode 0600."""


class SealError(OSError):
    """A sealed key cannot be opened here; the text says what systemd has against it."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key (PEM) and where it rests.

    Attributes:
        folder: holds ``key.cred`` or ``key.pem``.
        opened: where a sealed key lies in the clear until the next start of the machine; in memory.
        tool: systemd's own; one that does not exist or does not work here means a plain file.
    """

    folder: Path
    opened: Path
    tool: str = TOOL

    @property
    def kind(self) -> Kind | None:
        """How the key is kept; None: there is none."""
        if self._sealed.exists():
            return "tpm" if (self.folder / "tpm").exists() else "machine"
        return "file" if self._plain.exists() else None

    @property
    def name(self) -> str:
        """What the credential is called: ``udi-station-key``, for ``LoadCredentialEncrypted=``."""
        return f"udi-{self.folder.name}-key"

    def write(self, pem: bytes) -> Kind:
        """Keep a key; it is on the card when this returns.

        Raises:
            OSError: it could not be written.
        """
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        sealed = self._seal(pem)
        if sealed is None:
            files.replace(self._plain, pem)
            return "file"
        if self._has_tpm():
            files.replace(self.folder / "tpm", b"")
        files.replace(self._sealed, sealed)
        return self.kind or "machine"

    def path(self) -> Path:
        """A file with the key in the clear, for TLS.

        Raises:
            SealError: it cannot be opened on this machine.
            FileNotFoundError: there is no key.
        """
        if not self._sealed.exists():
            self._plain.stat()
            return self._plain
        if not self._clear.exists():
            self.opened.mkdir(parents=True, mode=0o700, exist_ok=True)
            done = self._run("decrypt", f"--name={self.name}", str(self._sealed), "-")
            if done is None or done.returncode != 0:
                reason = "it is missing" if done is None else done.stderr.decode(errors="replace").strip()
                raise SealError(f"{self._sealed}: {self.tool} cannot open it ({reason}): decommission and enrol anew")
            files.replace(self._clear, done.stdout)
        return self._clear

    def wipe(self) -> None:
        """Destroy the key: overwritten, then gone. A card may keep old blocks; revoke the certificate too."""
        for file in (self._clear, self._plain, self._sealed):
            overwrite(file)
        (self.folder / "tpm").unlink(missing_ok=True)

    @property
    def _plain(self) -> Path:
        return self.folder / "key.pem"

    @property
    def _sealed(self) -> Path:
        return self.folder / "key.cred"

    @property
    def _clear(self) -> Path:
        return self.opened / f"{self.folder.name}.pem"

    def _seal(self, pem: bytes) -> bytes | None:
        """Sealed, and seen to open again; None where that is not to be had."""
        done = self._run("encrypt", "--with-key=auto", f"--name={self.name}", "-", "-", data=pem)
        if done is None or done.returncode != 0:
            return None
        again = self._run("decrypt", f"--name={self.name}", "-", "-", data=done.stdout)
        return done.stdout if again is not None and again.stdout == pem else None

    def _has_tpm(self) -> bool:
        done = self._run("has-tpm2", "--quiet")
        return done is not None and done.returncode == 0

    def _run(self, *words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes] | None:
        try:
            return subprocess.run(  # noqa: S603 - systemd's own
                [self.tool, *words], input=data, capture_output=True, check=False, timeout=TIMEOUT_S
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.debug("tool=%s problem=%s", self.tool, error)
            return None


def overwrite(file: Path) -> None:
    """Overwrite a file with zeros and delete it, durably; one that is not there is well."""
    try:
        with file.open("r+b") as secret:
            secret.write(bytes(file.stat().st_size))
            secret.flush()
            os.fsync(secret.fileno())
    except FileNotFoundError:
        return
    file.unlink()
    files.sync_folder(file.parent)
