from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
NAMES = [
    "udi-station.service",
    "udi-camera.service",
    "udi-hub.service",
    "udi-firmware.service",
    "udi-authority.service",
    "udi-room-label.service",
]
ONCE = ["udi-boot-guard.service", "udi-trial.service", "udi-identity.service"]
"""They look, and end."""
WORST_SCORE = {
    "udi-station.service": 2.0,
    "udi-camera.service": 2.0,
    "udi-hub.service": 2.0,
    "udi-firmware.service": 3.0,
    "udi-authority.service": 3.0,
    "udi-room-label.service": 2.0,
    "udi-boot-guard.service": 2.0,
    "udi-trial.service": 2.0,
    "udi-identity.service": 2.0,
}

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is missing: on Debian apt-get install systemd",
)


def settings(name: str) -> dict[str, list[str]]:
    """Every setting of a unit, in order; the section does not matter, no name occurs in two."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def with_stand_in(name: str, folder: Path, *, change: str = "") -> Path:
    """A copy of the unit whose program exists."""
    program = folder / "bin"
    program.mkdir()
    for command in ("udi-station", "udi-hub", "udi-firmware"):
        (program / command).symlink_to("/bin/true")
    text = (UNITS / name).read_text(encoding="utf-8").replace("/opt/udi/current/bin", str(program))
    unit = folder / name
    unit.write_text(text.replace("[Install]", f"{change}\n[Install]"), encoding="utf-8")
    return unit


def verify(unit: Path) -> str:
    """What systemd has against this unit, nothing else of the machine."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False, timeout=60
    )
    told = [line for line in done.stderr.splitlines() if unit.name in line]
    return "\n".join(told) if told or done.returncode == 0 else done.stderr


@needs_analyze
@pytest.mark.parametrize("name", [*NAMES, *ONCE])
def test_systemd_accepts_the_unit(name: str, tmp_path: Path) -> None:
    assert verify(with_stand_in(name, tmp_path)) == ""


@needs_analyze
@pytest.mark.parametrize("change", ["WatchdogSecs=40", "TimeoutStopSec=soon", "ExecStartPre=/no/such/program"])
def test_verify_notices_a_wrong_unit(change: str, tmp_path: Path) -> None:
    assert "udi-station.service" in verify(with_stand_in("udi-station.service", tmp_path, change=change))


@needs_analyze
@pytest.mark.parametrize("name", [*NAMES, *ONCE])
def test_exposure_stays_low(name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / name)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    score = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert score is not None, done.stdout
    assert float(score.group(1)) <= WORST_SCORE[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_unit_is_watched_and_restarted_for_ever(name: str) -> None:
    unit = settings(name)
    assert unit["Type"] == ["notify"]
    assert unit["NotifyAccess"] == ["main"]
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["TimeoutStopSec"] == ["5"]
    assert int(unit["WatchdogSec"][0]) > 0


def test_the_station_is_not_killed_before_it_calls_its_journal_stale() -> None:
    journal_fresh_within_s = 30
    assert int(settings("udi-station.service")["WatchdogSec"][0]) > journal_fresh_within_s


def test_station_and_camera_share_a_folder_that_outlives_both() -> None:
    for name in ("udi-station.service", "udi-camera.service"):
        unit = settings(name)
        assert unit["RuntimeDirectory"] == ["udi-station"]
        assert unit["RuntimeDirectoryPreserve"] == ["yes"]
        assert unit["User"] == ["udi"]


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("udi-station.service", {"char-ttyACM", "char-ttyUSB", "char-gpiochip", "char-input"}),
        ("udi-camera.service", {"char-video4linux", "char-media", "char-dma_heap"}),
    ],
)
def test_devices_needed_are_allowed_and_no_others_by_default(name: str, devices: set[str]) -> None:
    unit = settings(name)
    assert unit["DevicePolicy"] == ["closed"]
    assert devices <= {value.removesuffix(" rw") for value in unit["DeviceAllow"]}
    assert "PrivateDevices" not in unit
    assert "ProcSubset" not in unit, "hides /proc/device-tree, by which a Raspberry Pi is recognised"


def test_a_new_list_of_revoked_certificates_restarts_the_broker() -> None:
    watched = settings("udi-authority-published.path")["PathChanged"]
    assert watched == ["/var/lib/udi-authority/published/revoked.pem"]
    started = settings("udi-authority-published.service")["ExecStart"]
    assert started == ["/usr/bin/systemctl try-restart mosquitto.service"]


@needs_analyze
def test_systemd_accepts_what_follows_a_new_list(tmp_path: Path) -> None:
    for name in ("udi-authority-published.path", "udi-authority-published.service"):
        shutil.copy(UNITS / name, tmp_path)
    assert verify(tmp_path / "udi-authority-published.path") == ""


def test_the_camera_has_no_network() -> None:
    unit = settings("udi-camera.service")
    assert unit["PrivateNetwork"] == ["yes"]
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX"]


@pytest.mark.parametrize("tool", ["sysusers", "tmpfiles"])
def test_users_and_folders_come_out_as_written(tool: str, tmp_path: Path) -> None:
    for program in ("systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: on Debian apt-get install systemd")
    (tmp_path / "etc").mkdir()
    sysusers = [str(path) for path in sorted((UNITS / "sysusers.d").glob("*.conf"))]
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", *sysusers], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    if tool == "tmpfiles":
        _folders(tmp_path)
        return
    users = (tmp_path / "etc/passwd").read_text(encoding="utf-8")
    assert re.search(r"^udi:x:760:760:.*:/usr/sbin/nologin$", users, re.MULTILINE)
    groups = (tmp_path / "etc/group").read_text(encoding="utf-8").splitlines()
    member_of = {line.split(":")[0] for line in groups if "udi" in line.split(":")[3].split(",")}
    assert member_of == {"audio", "dialout", "gpio", "video", "input"}


def _folders(root: Path) -> None:
    tmpfiles = [str(path) for path in sorted((UNITS / "tmpfiles.d").glob("*.conf"))]
    arguments = ["systemd-tmpfiles", f"--root={root}", "--create", *tmpfiles]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0 and "not permitted" in done.stderr:
        pytest.skip("only root may give folders to another user")
    assert done.returncode == 0, done.stderr
    config = (root / "etc/udi-station").stat()
    assert (config.st_uid, config.st_gid, config.st_mode & 0o777) == (0, 760, 0o750)
    state = (root / "var/lib/udi-station").stat()
    assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (760, 760, 0o700)


def test_every_group_a_unit_asks_for_is_made() -> None:
    made = {
        line.split()[1]
        for path in (UNITS / "sysusers.d").glob("*.conf")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("g ")
    }
    for name in (*NAMES, *ONCE):
        unit = settings(name)
        asked = set(" ".join(unit.get("SupplementaryGroups", []) + unit["User"]).split()) - {"root"}
        assert asked <= made


def test_the_log_survives_a_crash_and_has_a_limit() -> None:
    text = (UNITS / "journald.conf.d/50-udi-station.conf").read_text(encoding="utf-8")
    assert "Storage=persistent" in text.splitlines()
    assert "SystemMaxUse=64M" in text.splitlines()


def test_device_rules_are_whole_lines() -> None:
    pair = re.compile(r'[A-Z_]+(\{[A-Z_]+\})?(==|!=|\+=|=)"[^"]*"')
    for line in (UNITS / "udev.rules.d/99-udi-station.rules").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert all(pair.fullmatch(part) for part in line.split(", ")), line
            assert 'ACTION!="remove"' in line
