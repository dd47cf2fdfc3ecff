"""Says why, in words: phrases from files, played by ALSA's ``aplay``.

A speaker is an extra. Without its device, without ``aplay``, everything else goes on, and the log says so once.
"""

from __future__ import annotations

import logging
import os
import queue
import struct
import subprocess
from collections.abc import Sequence
from typing import Protocol

from hardware.host.worker import Worker
from hardware.phrases import RATE, samples, spoken
from hardware.signals import Profile

log = logging.getLogger(__name__)

IDLE_S = 0.2
POLL_S = 0.05
"""How soon something newer is said instead."""
LONGEST_S = 6.0
"""A player that has not ended by then hangs, and is killed."""
_PLAYER = ("aplay", "--quiet", "--file-type=raw", "--format=S16_LE", f"--rate={RATE}", "--channels=1")


class Speaks(Protocol):
    """A speaker, real or simulated."""

    def say(self, keys: Sequence[str]) -> None:
        """Say these phrases one after the other, instead of what is being said; returns at once."""

    def set_profile(self, profile: Profile) -> None:
        """Day, night (quieter) or silent (nothing), from the next phrase on."""

    def close(self) -> None:
        """Silence; harmless twice."""


class Speaker:
    """Plays phrases in a thread of its own; the newest wins."""

    def __init__(
        self,
        device: str = "default",
        *,
        volume: float = 1.0,
        night_volume: float = 0.3,
        player: Sequence[str] = _PLAYER,
    ) -> None:
        """Start the thread; the device is opened for each phrase anew.

        Args:
            device: ALSA's name of it.
            volume: share of full loudness, 0 to 1.
            night_volume: the same in the night profile.
            player: command that plays raw samples from its standard input, 16 bits signed little-endian, mono.
        """
        self._command = (*player, f"--device={device}")
        self._volumes: dict[Profile, float] = {"day": volume, "night": night_volume, "silent": 0.0}
        self._profile: Profile = "day"
        self._orders: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()
        self._problem = ""
        self._worker = Worker("speaker", self._step, fresh_within=2 * LONGEST_S)
        self._worker.start()

    def say(self, keys: Sequence[str]) -> None:
        """Queue them for the speaker's thread. Keys that are in no table are left out, and the log names them."""
        unknown = [key for key in keys if not spoken(key)]
        if unknown:
            log.warning("phrases=%s are in no table", ",".join(unknown))
        self._orders.put([key for key in keys if spoken(key)])

    def set_profile(self, profile: Profile) -> None:
        """From the next phrase on."""
        self._profile = profile

    def close(self) -> None:
        """Silence."""
        self._worker.stop()

    def _step(self) -> None:
        keys = self._newest(IDLE_S)
        while keys:
            keys = self._play(keys)

    def _newest(self, within_s: float) -> Sequence[str]:
        """What was asked for last, empty if nothing within some seconds."""
        keys: Sequence[str] = ()
        try:
            keys = self._orders.get(timeout=within_s)
            while True:
                keys = self._orders.get_nowait()
        except queue.Empty:
            return keys

    def _play(self, keys: Sequence[str]) -> Sequence[str]:
        """Play until the end or until something newer is to be said, which is returned."""
        volume = self._volumes[self._profile]
        if volume == 0:
            return ()
        try:
            player = _start(self._command, sound(keys, volume))
        except OSError as error:
            self._note(f"{error.filename}: {error.strerror}")
            return ()
        with player:
            try:
                return self._wait(player)
            finally:
                player.kill()

    def _wait(self, player: subprocess.Popen[bytes]) -> Sequence[str]:
        for _ in range(int(LONGEST_S / POLL_S)):
            newer = self._newest(POLL_S)
            if newer or self._worker.stopping.is_set():
                return newer
            code = player.poll()
            if code is not None:
                self._note("" if code == 0 else f"{self._command[0]} ended with {code}")
                return ()
        self._note(f"{self._command[0]} still plays after {LONGEST_S:g} s")
        return ()

    def _note(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.warning(
                "speaker=%s: nothing is heard; is it plugged in? compare [panel] speaker with aplay -L", problem
            )
        self._problem = problem


def sound(keys: Sequence[str], volume: float) -> bytes:
    """Phrases one after the other as the player takes them.

    Args:
        keys: of phrases that exist.
        volume: share of full loudness, 0 to 1.

    Raises:
        OSError: the file of a phrase cannot be read.
    """
    levels = [struct.pack("<h", round((byte - 128) * 256 * volume)) for byte in range(256)]
    return b"".join(levels[byte] for key in keys for part in spoken(key) for byte in samples(part))


def _start(command: Sequence[str], order: bytes) -> subprocess.Popen[bytes]:
    """The player takes it from memory: a pipe would make the thread wait for it."""
    with os.fdopen(os.memfd_create("phrase"), "wb+") as file:
        file.write(order)
        file.seek(0)
        return subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - configured
