"""``STATION-REPORT.txt`` on the boot partition: what a technician reads on any PC when a station has no network yet.

Standard library only, because the first start writes it before anything is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hardware.host.board import Board
from hardware.host.files import replace, sync_folder

NAME = "STATION-REPORT.txt"
TOKEN = "udi/token"  # noqa: S105 - a file's name


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface."""

    name: str
    mac: str
    up: bool
    """A cable or a Wi-Fi is there; whether anybody answers is another question."""


def interfaces(root: Path = Path("/")) -> tuple[Interface, ...]:
    """What this machine has, without the loop."""
    found = []
    for folder in sorted((root / "sys/class/net").glob("*")):
        mac, state = _line(folder / "address"), _line(folder / "operstate")
        if folder.name != "lo" and mac is not None:
            found.append(Interface(folder.name, mac, state == "up"))
    return tuple(found)


def report(
    board: Board, nets: Sequence[Interface], *, station: str | None, enrolled: bool, lines: Sequence[str], now: datetime
) -> str:
    """The text, in zh-CN and English. Pure.

    Args:
        board: of the machine.
        nets: its interfaces.
        station: its name, None while it has none.
        enrolled: it has its certificate.
        lines: results of the first start and of the self-test, a line each.
        now: by this machine's clock, which may be wrong.
    """
    head = [
        "UDI 扫码站报告 / UDI station report",
        f"时间(本机时钟,可能不准)/ time by its own clock, may be wrong: {now.isoformat(timespec='seconds')}",
        f"站名 / station: {station or '未命名,请出示房间标签 / unnamed, show it its room label'}",
        f"机型 / model: {board.model or '?'}",
        f"序列号 / serial: {board.serial or '?'}",
        *(
            f"MAC {net.name}: {net.mac} ({'已连接 / connected' if net.up else '未连接 / not connected'})"
            for net in nets
        ),
        "",
        _wanted(nets, enrolled=enrolled),
        "",
        "自检 / self-test:",
        *(f"  {line}" for line in lines or ["尚未完成 / not done yet"]),
    ]
    return "\r\n".join(head) + "\r\n"


def _wanted(nets: Sequence[Interface], *, enrolled: bool) -> str:
    if enrolled:
        return "已上线 / enrolled."
    if any(net.up for net in nets):
        return (
            "等待上线:网络已连接,请确认本站能访问站点授权服务器。"
            " / Waiting to enrol: connected; make sure that it may reach the site's authority."
        )
    return (
        "需要网络:请接网线,或请信息科按上面的 MAC 放行端口;扫码照常进行,联网后补传。"
        " / Needs network: plug in a cable, or give IT the MAC above to open the port."
        " It scans meanwhile and sends later."
    )


def write_report(boot: Path, text: str) -> None:
    """Put it on the boot partition, durably. With a mark that old editors know it by.

    Raises:
        OSError: it could not be written; an older one stays.
    """
    replace(boot / NAME, text.encode("utf-8-sig"), mode=0o644)


def erase_token(boot: Path) -> bool:
    """Overwrite and remove the enrolment token once it has been used; says whether there was one.

    A card's own electronics may keep a copy: what makes it worthless is that it counts once.

    Raises:
        OSError: it is still there.
    """
    file = boot / TOKEN
    try:
        with file.open("r+b") as token:
            token.write(b"\0" * file.stat().st_size)
            token.flush()
    except FileNotFoundError:
        return False
    file.unlink()
    sync_folder(file.parent)
    return True


def _line(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
