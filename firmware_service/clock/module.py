"""The clock module (RTC): set when the time was learned, so that the next start without a network knows it."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

RTC_SET_TIME = 0x4024700A
"""linux/rtc.h: ``_IOW('p', 0x0a, struct rtc_time)``."""
DEVICES = "dev/rtc*"


def rtc_time(at: datetime) -> bytes:
    """``struct rtc_time`` of a time: nine ints; months from 0, years from 1900; the last three are not looked at."""
    utc = at.astimezone(UTC)
    return struct.pack("9i", utc.second, utc.minute, utc.hour, utc.day, utc.month - 1, utc.year - 1900, 0, 0, 0)


def set_modules(root: Path, at: datetime) -> int:
    """Set every clock module of this machine; gives how many took it. One that cannot be set is told in the log.

    Args:
        root: prefix of /dev.
        at: the time, aware.
    """
    done = 0
    for device in sorted(root.glob(DEVICES)):
        try:
            fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.ioctl(fd, RTC_SET_TIME, rtc_time(at))
                done += 1
            finally:
                os.close(fd)
        except OSError as error:
            log.warning("rtc=%s not set: %s", device, error)
    return done
