"""How a self-test ended: kept on the device, read again, and as lines to print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_service.selftest.machine import Done, Outcome, SelfTest
from hardware.host import files

FILE = "selftest.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Where:
    """Which machine was tested, and when."""

    station: str
    model: str | None
    serial: str | None
    version: str
    at: str
    """UTC, ISO 8601."""
    clock: str
    """How far that time can be trusted."""


def to_json(test: SelfTest, where: Where) -> dict[str, Any]:
    """The object that is kept."""
    return {
        "schema": SCHEMA,
        "station": where.station,
        "model": where.model,
        "serial": where.serial,
        "version": where.version,
        "at": where.at,
        "clock": where.clock,
        "outcome": test.outcome,
        "trial": [{"zh": zh, "en": en} for zh, en in test.trial],
        "steps": [_step(each) for each in test.done],
    }


def _step(done: Done) -> dict[str, Any]:
    step = done.step
    return {"step": step.key, "what": step.what, "outcome": done.outcome} | {
        "zh": step.zh,
        "en": step.en,
        "said": {"zh": done.zh, "en": done.en},
    }


def keep(folder: Path, result: dict[str, Any]) -> Path:
    """Keep it durably; returns the file.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files.replace(folder / FILE, (json.dumps(result, ensure_ascii=False, indent=1) + "\n").encode(), mode=0o644)
    return folder / FILE


_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "passed": ("通过", "passed"),
    "failed": ("未通过", "FAILED"),
    "trial": ("仅供试用", "FOR TRIAL ONLY"),
    "skipped": ("未做", "not done"),
}


def to_lines(result: dict[str, Any]) -> list[str]:
    """What a person reads and files; signatures at the end."""
    head = [
        f"自检记录 / self-test: {result['station']}",
        f"{result['model']} · {result['serial']} · udi-station {result['version']}",
        f"{result['at']} (时钟 clock: {result['clock']})",
        f"结论 / outcome: {_words(result['outcome'])}",
    ]
    trial = [f"仅供试用 / for trial only: {each['zh']} / {each['en']}" for each in result["trial"]]
    steps = [line for step in result["steps"] for line in _lines(step)]
    return [*head, *trial, "", *steps, "", "技术员 / technician: ____________    日期 / date: ____________"]


def _lines(step: dict[str, Any]) -> list[str]:
    about = f" [{step['what']}]" if step["step"].startswith(("scan", "no_read")) else ""
    line = f"{_words(step['outcome'])}: {step['zh']} / {step['en']}{about}"
    said = step["said"]
    if not said["zh"]:
        return [line]
    return [line, f"    {said['zh']}" if said["zh"] == said["en"] else f"    {said['zh']} / {said['en']}"]


def _words(outcome: Outcome) -> str:
    return " ".join(_OUTCOMES[outcome])
