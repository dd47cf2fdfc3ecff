"""Leads a technician through the steps: asks, lights, listens to keyboard, buttons and scanners."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from subprocess import Popen
from typing import Any

from firmware_service.selftest.bench import BenchError, Lines, StationBench, said, wait
from firmware_service.selftest.machine import Answer, Done, Found, GaveUp, Pressed, Read, SelfTest, YesNo
from firmware_service.selftest.steps import Step

WITHIN_S = 120.0
"""Longer than anyone looks for a test code."""
OPENS_S = 5.0
_WORDS = {"hear": ("buzzer",), "press": ("buttons",), "scan": ("scan",), "no_read": ("scan",)}
_KEYS: dict[str, Answer] = {"y": YesNo(yes=True), "n": YesNo(yes=False), "s": GaveUp()}
_BUTTONS: dict[str, Answer] = {"ok": YesNo(yes=True), "no_code": YesNo(yes=False)}
_SIGNS = {"passed": "✔", "failed": "✖", "trial": "!", "skipped": "-"}


@dataclass(slots=True)
class Lead:
    """One self-test at work.

    Attributes:
        bench: the parts.
        keys: what the technician types: y, n, or s to leave a step out.
        say: prints a line.
        card: measures it.
        clock: looks at clock and battery.
        camera: looks at the target.
        within_s: seconds after which a step without an answer is left out.
    """

    bench: StationBench
    keys: Lines
    say: Callable[[str], None]
    card: Callable[[], Answer]
    clock: Callable[[], Answer]
    camera: Callable[[], Answer]
    buttons: bool = True
    """The station has some: OK says yes, NO CODE says no, and nobody needs a keyboard."""
    within_s: float = WITHIN_S
    _words: tuple[str, ...] = ()
    _parts: ExitStack = field(default_factory=ExitStack)
    _lines: Lines | None = None
    _process: Popen[bytes] | None = None

    def run(self, test: SelfTest) -> SelfTest:
        """Go through all steps, as far as they go; returns the self-test as it ended."""
        with self._parts:
            while (step := test.next) is not None:
                test = self._do(test, step, f"[{len(test.done) + 1}/{len(test.steps)}]")
                self._tell(test.done[-1] if test.done else None)
        return test

    def _tell(self, done: Done | None) -> None:
        if done is not None:
            words = f" {done.zh} / {done.en}" if done.zh else ""
            self.say(f"    {_SIGNS[done.outcome]}{words}")

    def _do(self, test: SelfTest, step: Step, number: str) -> SelfTest:
        asked = f"{number} {step.zh}  {step.en}{self._how(step)}"
        if step.how in ("card", "clock"):
            self.say(asked)
            return test.answer(self.card() if step.how == "card" else self.clock())
        try:
            self._use(step)
            self.say(asked)
            return self._listen(test, step)
        except BenchError as error:
            return test.answer(Found(well=False, zh=str(error), en=str(error)))

    def _use(self, step: Step) -> None:
        """Let the part that this step is about work; one that works already goes on."""
        words = ("lamp", step.what) if step.how == "see" and step.what else _WORDS.get(step.how, ())
        if words == self._words and (self._lines is None or not self._lines.closed):
            return
        self._parts.close()
        self._words, self._lines, self._process = words, None, None
        if words:
            self._lines, self._process = self._parts.enter_context(self.bench.running(*words))
            if words == _WORDS["scan"] and not self._opens(step.what):
                self.say("    扫码枪不在:插好线 / the scanner is not there: plug it in")

    def _opens(self, scanner: str) -> bool:
        """Wait until it can be scanned with: what comes before that is lost."""
        deadline = time.monotonic() + OPENS_S
        while time.monotonic() < deadline:
            line = None if self._lines is None else self._lines.take()
            if line is None:
                self._wait(deadline)
            elif json.loads(line) == {"scanner": scanner, "connected": True}:
                return True
        return False

    def _listen(self, test: SelfTest, step: Step) -> SelfTest:
        """Until an answer says something about this step."""
        deadline = time.monotonic() + self.within_s
        while test.next is step:
            answer = self._take(step)
            if answer is not None:
                test = test.answer(answer)
            elif time.monotonic() >= deadline or self._is_deaf(step):
                test = test.answer(GaveUp())
            else:
                self._wait(deadline)
        return test

    def _is_deaf(self, step: Step) -> bool:
        """Nothing can answer any more."""
        asked = step.how in ("see", "hear", "camera")
        return self.keys.closed and (self._lines is None or (asked and not self.buttons))

    def _how(self, step: Step) -> str:
        if step.how not in ("see", "hear"):
            return ""
        return "  [y/n; 确认 OK = y, 缺码 NO CODE = n]" if self.buttons and step.what else "  [y/n]"

    def _wait(self, deadline: float) -> None:
        sources = [self.keys] if self._lines is None else [self.keys, self._lines]
        wait(sources, deadline - time.monotonic())
        if self._lines is not None and self._lines.closed and self._process is not None:
            raise BenchError(said(self._process))

    def _take(self, step: Step) -> Answer | None:
        key = self.keys.take()
        if key is not None:
            return self._key(step, key.lower())
        line = None if self._lines is None else self._lines.take()
        return None if line is None else _answer(step, json.loads(line))

    def _key(self, step: Step, key: str) -> Answer | None:
        if step.how == "camera" and key == "y":
            return self.camera()
        if key not in _KEYS:
            self.say("    y = 是 yes, n = 否 no, s = 跳过 leave out")
        return _KEYS.get(key)


def _answer(step: Step, line: dict[str, Any]) -> Answer | None:
    """What a part said; None for what is no answer, such as which lamps are lit."""
    match line:
        case {"button": str(button)}:
            return Pressed(button) if step.how == "press" else _BUTTONS.get(button)
        case {"scanner": str(scanner), "bytes": str(data), "symbology": symbology, "problem": problem}:
            return Read(scanner, base64.b64decode(data), symbology, problem)
        case _:
            return None
