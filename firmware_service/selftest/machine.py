"""The steps of a self-test with their answers: what comes next, and how it ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from firmware_service.selftest.reading import faults
from firmware_service.selftest.steps import Step

Outcome = Literal["passed", "failed", "trial", "skipped"]
"""``trial``: it works, and is not what a station in use has."""
TOO_SLOW_MS = 150.0
"""A card on which one flush of a hundred takes longer is refused: green would come late."""


@dataclass(frozen=True, slots=True)
class YesNo:
    """The technician said it, by key or by button."""

    yes: bool


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button."""

    button: str


@dataclass(frozen=True, slots=True)
class Read:
    """A scanner read something, or nothing."""

    scanner: str
    payload: bytes
    symbology: str | None
    problem: str | None = None
    """``no_read`` where it said that it read nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of the card: the slowest hundredth of its flushes begins here, in milliseconds."""

    p99_ms: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a check or a command found; not well where the command itself failed."""

    well: bool
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Nothing came in time, or the technician went on without an answer."""


Answer = YesNo | Pressed | Read | Measured | Found | GaveUp


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has ended, and what was said of it."""

    step: Step
    outcome: Outcome
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Where a self-test stands."""

    steps: tuple[Step, ...]
    done: tuple[Done, ...] = ()
    trial: tuple[tuple[str, str], ...] = ()
    """What of the wiring is for trial only, whatever the answers."""
    refused: bool = False
    """The card is too slow: nothing else counts."""

    @property
    def next(self) -> Step | None:
        """What is to be done now; None at the end."""
        return None if self.refused or len(self.done) == len(self.steps) else self.steps[len(self.done)]

    @property
    def outcome(self) -> Outcome:
        """Of the whole, once it has ended: the worst of all."""
        outcomes = {each.outcome for each in self.done}
        if self.refused or self.next is not None or outcomes & {"failed", "skipped"}:
            return "failed"
        return "trial" if self.trial or "trial" in outcomes else "passed"

    def answer(self, answer: Answer) -> SelfTest:
        """The self-test after an answer; the same one where the answer says nothing about the step that is due."""
        step = self.next
        if step is None:
            return self
        ended = _judge(step, answer)
        if ended is None:
            return self
        return replace(self, done=(*self.done, ended), refused=step.how == "card" and ended.outcome == "failed")


def _judge(step: Step, answer: Answer) -> Done | None:
    match answer, step.how:
        case GaveUp(), _:
            return Done(step, "skipped", "没有回答", "no answer")
        case YesNo(yes), "see" | "hear":
            return _seen(step, yes=yes)
        case YesNo(False), _:
            return Done(step, "failed", "技术员说不行", "the technician said no")
        case Pressed(button), "press" if button == step.what:
            return Done(step, "passed")
        case Read(), "scan" | "no_read" if answer.scanner == step.what:
            return _scanned(step, answer)
        case Measured(p99_ms), "card":
            return _card(step, p99_ms)
        case Found(False, zh, en), _:
            return Done(step, "failed", zh, en)
        case Found(_, zh, en), "clock" | "camera":
            return Done(step, "passed", zh, en)
        case _:
            return None


def _seen(step: Step, *, yes: bool) -> Done:
    if yes:
        return Done(step, "passed")
    if step.trial:
        return Done(
            step, "trial", "单个RGB灯或没有镂空形状:仅供试用", "a single RGB lamp, or no shapes: for trial only"
        )
    return Done(step, "failed", "查接线:udi-station wiring", "look at the wiring: udi-station wiring")


def _card(step: Step, p99_ms: float) -> Done:
    said = f"p99 {p99_ms:g} ms"
    if p99_ms <= TOO_SLOW_MS:
        return Done(step, "passed", said, said)
    zh = f"{said},最多 {TOO_SLOW_MS:g} ms:这张卡不能用,换工业级卡"
    return Done(
        step, "failed", zh, f"{said}, at most {TOO_SLOW_MS:g} ms: this card is refused, fit one made for industry"
    )


def _scanned(step: Step, read: Read) -> Done:
    if (read.problem == "no_read") != (step.how == "no_read"):
        return _unexpected(step, read)
    if step.expected is None:
        return Done(step, "passed")
    if read.problem is not None:
        return Done(step, "failed", "内容过长", "the message is too long")
    found = faults(step.expected, read.payload, read.symbology)
    if not found:
        return Done(step, "passed")
    return Done(step, "failed", ";".join(each.zh for each in found), "; ".join(each.en for each in found))


def _unexpected(step: Step, read: Read) -> Done:
    if step.how == "no_read":
        came = (read.symbology or "") + read.payload.decode("utf-8", "backslashreplace")
        zh = f"送来的是 {came!r}:若这就是“未读到”消息,把它原样写进 no_read"
        return Done(
            step, "failed", zh, f"{came!r} came: if that is its no-read message, write it into no_read as it is"
        )
    return Done(step, "failed", "没读到码", "the code was not read")
