"""What is wired to which pin of the 40-pin header, what must not be, and the same as a drawing (SVG). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from xml.sax.saxutils import escape

from edge.station.config import PanelTable, StationConfig
from hardware.host.toml import Problem

Board = Literal["zero2w", "4", "5", "cm4"]
BOARDS: tuple[Board, ...] = get_args(Board)
Kind = Literal["lamp", "light", "buzzer", "active_buzzer", "button", "switch", "sensor", "rtc"]

_IN_ORDER: tuple[str | int, ...] = (
    *("3V3", "5V", 2, "5V", 3, "GND", 4, 14, "GND", 15, 17, 18, 27, "GND", 22, 23, "3V3", 24, 10, "GND"),
    *(9, 25, 11, 8, "GND", 7, 0, 1, 5, "GND", 6, 12, 13, "GND", 19, 16, 26, 20, "GND", 21),
)
HEADER: Mapping[int, str | int] = dict(enumerate(_IN_ORDER, 1))
"""Physical pin to BCM number, or to what feeds it."""
PHYSICAL: Mapping[int, int] = {bcm: pin for pin, bcm in HEADER.items() if isinstance(bcm, int)}
"""BCM number to physical pin."""
_EEPROM = "GPIO0 and GPIO1 read the EEPROM of a HAT when the board starts"
_RTC = "GPIO2 and GPIO3 are the I2C of the clock module (RTC)"
_UART = "GPIO14 and GPIO15 are the serial port of a scanner"
_I2S = "GPIO18 to GPIO21 are the I2S of the speaker"
_UARTS = ("/dev/serial0", "/dev/serial1", "/dev/ttyAMA", "/dev/ttyS")
_I2S_CARDS = ("hifiberry", "max98357", "i2s")
"""In the ALSA names of sound cards on the header."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is wired to one pin."""

    key: str
    """Dotted, as in the station's file."""
    pin: int
    """BCM number."""
    kind: Kind
    words: str
    """zh-CN and English."""


_LAMPS = {
    "ready": "● 就绪 ready",
    "tick": "✔ 对 tick",
    "cross": "✖ 错 cross",
    "bar": "▬ 缺码 bar",
    "wrench": "扳手 wrench",
}
_BUTTONS = {"ok_button": "确认 OK", "no_code_button": "缺码 NO CODE", "undo_button": "撤销 UNDO"}


def parts(panel: PanelTable | None) -> tuple[Part, ...]:
    """Everything of a panel that has a pin, in the order of the file."""
    return () if panel is None else tuple(_parts(panel))


def _parts(panel: PanelTable) -> Iterator[Part]:
    yield from (Part(f"panel.{key}", getattr(panel, key), "lamp", words) for key, words in _LAMPS.items())
    if panel.buzzer is not None:
        kind: Kind = "buzzer" if panel.buzzer.kind == "passive" else "active_buzzer"
        yield Part("panel.buzzer.pin", panel.buzzer.pin, kind, "蜂鸣器 buzzer")
    for key, words in _BUTTONS.items():
        if (pin := getattr(panel, key)) is not None:
            yield Part(f"panel.{key}", pin, "button", words)
    if panel.light is not None:
        yield Part("panel.light", panel.light, "light", "照明灯 light")
    if panel.light_sensor is not None:
        yield Part("panel.light_sensor", panel.light_sensor, "sensor", "光敏 light sensor")
    if panel.silent_switch is not None:
        yield Part("panel.silent_switch", panel.silent_switch, "switch", "静音 silent")
    for task, pin in panel.task_lamps.items():
        yield Part(f"panel.task_lamps.{task}", pin, "lamp", f"任务灯 {task}")


def has_rtc_on_i2c(board: Board) -> bool:
    """Whether this board's clock is a module on the header; a Raspberry Pi 5 has its own, and needs a battery only."""
    return board != "5"


def reserved(config: StationConfig, board: Board) -> Mapping[int, str]:
    """BCM numbers that nothing of the panel may use, each with the reason."""
    found = dict.fromkeys((0, 1), _EEPROM)
    if has_rtc_on_i2c(board):
        found |= dict.fromkeys((2, 3), _RTC)
    if any(each.kind == "serial" and each.device.startswith(_UARTS) for each in config.scanner):
        found |= dict.fromkeys((14, 15), _UART)
    speaker = None if config.panel is None else config.panel.speaker
    if speaker is not None and any(card in speaker.device.lower() for card in _I2S_CARDS):
        found |= dict.fromkeys((18, 19, 20, 21), _I2S)
    return found


def clashes(config: StationConfig, board: Board) -> tuple[Problem, ...]:
    """Pins that are needed for something else. That no pin serves two parts is the configuration's own rule."""
    taken = reserved(config, board)
    return tuple(_clash(part, taken[part.pin], taken) for part in parts(config.panel) if part.pin in taken)


def _clash(part: Part, why: str, taken: Iterable[int]) -> Problem:
    expected = f"another pin, for example {_free(taken)}: {why}"
    return Problem(part.key, part.pin, expected, f"{part.key} = {part.pin}: expected {expected}")


def _free(taken: Iterable[int]) -> int:
    return next(pin for pin in (4, 5, 6, 12, 16, 17, 22, 23, 24, 25, 26, 27) if pin not in taken)


_ROUTE = {
    "lamp": "R → LED → GND",
    "light": "MOSFET → 5V LED",
    "buzzer": "100 Ω → 压电片 piezo → GND",
    "active_buzzer": "1 kΩ → NPN → 5V 蜂鸣器 buzzer",
    "button": "按钮 button → GND",
    "switch": "开关 switch → GND",
    "sensor": "← D0, 3V3 模块 module",
    "rtc": "RTC",
}
"""What lies between the pin and the other end."""
_NOTES = (
    "R = (3.3 V - Uf) / 5 mA:红、琥珀 Uf 2.0 V 用 270 Ω;白、蓝绿 Uf 3.0 V 用 68 Ω;以 LED 手册为准",
    "R = (3.3 V - Uf) / 5 mA: red, amber (Uf 2.0 V) 270 Ω; white, blue-green (Uf 3.0 V) 68 Ω; see the LED's data sheet",
    "引脚只承受 3.3 V;按钮用内部上拉,不接电阻;脚踏开关与按钮并联",
    "A pin bears 3.3 V only. Buttons need no resistor: the board pulls them up. A foot switch: beside any button.",
    "断电接线;先接 GND / wire with the power off, GND first",
)
_RTC_WIRES = ((1, "3V3"), (3, "SDA"), (5, "SCL"), (9, "GND"))
_TOP, _ROW, _MIDDLE, _WIDTH = 96, 28, 500, 1000
_FILL = {"3V3": "#e0a030", "5V": "#d03030", "GND": "#404040"}
_ROWS = len(HEADER) // 2


def draw(config: StationConfig, board: Board) -> str:
    """The header seen from above, and what hangs on it."""
    wired = {PHYSICAL[part.pin]: (part.words, _ROUTE[part.kind]) for part in parts(config.panel)}
    if has_rtc_on_i2c(board):
        wired |= {pin: ("时钟模块 RTC", name) for pin, name in _RTC_WIRES}
    pins = "".join(_pin(pin, wired.get(pin)) for pin in HEADER)
    notes = "".join(_text(24, _TOP + (_ROWS + 1 + n) * _ROW, note) for n, note in enumerate(_NOTES))
    height = _TOP + (_ROWS + 2 + len(_NOTES)) * _ROW
    name = escape(config.station.id)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif" '
        f'font-size="14"><rect width="100%" height="100%" fill="#ffffff"/>'
        f"{_text(24, 32, f'{name}: 接线图 wiring, Raspberry Pi {board}', size=20)}"
        f"{_text(24, 60, '40 针排针,1 脚在左上角(方形焊盘) / 40-pin header, pin 1 top left (square pad)')}"
        f"{pins}{notes}</svg>\n"
    )


def _pin(pin: int, part: tuple[str, str] | None) -> str:
    left = pin % 2 == 1
    x, y = _MIDDLE - 16 if left else _MIDDLE + 16, _TOP + (pin - 1) // 2 * _ROW
    side, anchor = (-1, "end") if left else (1, "start")
    what = HEADER[pin]
    label = what if isinstance(what, str) else f"GPIO{what}"
    fill = _FILL.get(label, "#2060c0" if part is not None else "#c0c8d0")
    words = "" if part is None else _wire(x, y, side) + _text(x + side * 120, y + 5, " · ".join(part), anchor=anchor)
    return (
        f'<g id="pin{pin}"><circle cx="{x}" cy="{y}" r="11" fill="{fill}"/>'
        f"{_text(x, y + 4, str(pin), anchor='middle', fill='#ffffff', size=11)}"
        f"{_text(x + side * 18, y + 5, label, anchor=anchor, size=12)}{words}</g>"
    )


def _wire(x: int, y: int, side: int) -> str:
    return f'<line x1="{x + side * 72}" y1="{y}" x2="{x + side * 114}" y2="{y}" stroke="#2060c0" stroke-width="2"/>'


def _text(x: int, y: int, text: str, *, anchor: str = "start", fill: str = "#000000", size: int = 14) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}" font-size="{size}">{escape(text)}</text>'
