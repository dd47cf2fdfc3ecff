"""A machine as a tree of files: what the kernel, systemd and the station leave there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from firmware_service.checks.look import Look
from firmware_service.places import Places
from hardware.host.clock import ClockReading

NOW = datetime(2026, 11, 22, 8, 15, 2, tzinfo=UTC)
BOOT = "00000000-0000-4000-8000-000000000000"

STATION = {
    "schema": 1,
    "state": "ready",
    "unacknowledged": 3,
    "capacity": 100_000,
    "fault": None,
    "missing_readers": [],
    "last_scan": "2026-11-22T08:00:00.000000Z",
    "catalogue": {"release": "2026-11-01", "age_days": 21},
    "camera": {"delivers": True},
    "link": {"connected": True, "hub_present": True},
}
"""What a station says that is well."""
CONFIGURED = {
    "camera": {"source": "folder"},
    "scanner": [{"kind": "serial", "device": "/dev/serial/by-id/usb-A"}],
    "catalogue": {"folder": "/var/lib/udi-station/catalogue"},
}


def put(root: Path, files: dict[str, str]) -> Path:
    """Write files under a root; returns it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


WELL = {
    "proc/sys/kernel/random/boot_id": f"{BOOT}\n",
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
    "proc/device-tree/serial-number": "10000000abcdef01\0",
    "proc/meminfo": "MemTotal:        4046000 kB\n",
    "sys/class/thermal/thermal_zone0/temp": "51200\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0\n",
    "sys/class/rtc/rtc0/since_epoch": f"{int(NOW.timestamp())}\n",
    "sys/class/rtc/rtc0/battery_voltage": "3290000\n",
    "sys/class/rtc/rtc0/charging_voltage": "3000000\n",
    "sys/block/mmcblk0/device/life_time": "0x02 0x01\n",
    "sys/block/mmcblk0/device/pre_eol_info": "0x01\n",
    "var/lib/udi-firmware/flush.json": (
        '{"p50_ms": 2.1, "p99_ms": 9.5, "most_ms": 30.0, "times": 200, "at": "2026-11-22T00:00:00+00:00"}'
    ),
    "var/lib/udi-station/.keep": "",
}
"""Files of a machine that is well."""


def look_of(root: Path, *, quality: str = "ntp", station: object = STATION, configured: object = CONFIGURED) -> Look:
    """A look at this tree, by a clock that stands at `NOW`."""
    reading = ClockReading(NOW, quality, BOOT, 81_000_000_000)  # type: ignore[arg-type]
    return Look(Places(root), reading, station, configured)  # type: ignore[arg-type]
