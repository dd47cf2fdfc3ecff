"""`REASONS.md`: every reason of a verdict with its words and what it does at each stage. Written by ``make docs``."""

from __future__ import annotations

from edge.rules.decisions import DECISIONS, STAGES, Cell
from edge.rules.reasons import TEXTS
from edge.rules.regions import known_regions, load_region
from edge.rules.verdict import TaskName

_HEAD = """# Reasons of a verdict

Written by `make docs` from `decisions.toml`, `reasons.py` and `regions/`. A word in capitals is the light that whoever
stands at the station sees; `*`: not booked, but a person may book it by a recorded act; hub: recorded and sent, and
the light stays as it is; –: nothing is said. Reasons without a word come from the task: who, for whom, whose code.
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD, *_stages(), "", f"| code | 中文 | English | voice | {' | '.join(STAGES)} |"]
    lines += [f"|{'---|' * (4 + len(STAGES))}"]
    lines += [_row(code) for code in sorted(TEXTS, key=_place)]
    lines += [
        "",
        "## Cut-off dates",
        "",
        "| region | mode | made from | scope | stops at | for | order |",
        f"|{'---|' * 7}",
    ]
    for name in known_regions():
        lines += _cutoffs(name)
    return "\n".join(lines) + "\n"


def _stages() -> list[str]:
    tasks = {stage: [task.value for task in TaskName if DECISIONS.stage[task] == stage] for stage in STAGES}
    return [f"- **{stage}**: {', '.join(names)}" for stage, names in tasks.items()]


def _place(code: str) -> int:
    codes = list(DECISIONS.cells["look"])
    return codes.index(code) if code in codes else len(codes)


def _row(code: str) -> str:
    text = TEXTS[code]
    cells = " | ".join(_word(DECISIONS.cells[stage].get(code)) for stage in STAGES)
    words = f"{text.zh}:{text.zh_next} | {text.en}: {text.en_next} | {text.voice}"
    return f"| `{code}` | {words} | {cells} |"


def _word(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    return "hub" if cell.outcome is None else cell.outcome.value + r"\*" * cell.overridable


def _cutoffs(name: str) -> list[str]:
    region = load_region(name)
    own = [each for each in region.cutoff if each.source == region.source]
    rows = [
        f"{each.made_from} | {each.scope} | {', '.join(each.blocks_at) or '–'} | {', '.join(each.roles)} | "
        f"{each.source} {each.article}"
        for each in own
    ]
    rows = rows or [f"the national dates | – | – | – | {region.source}"]
    return [f"| {name} | {region.mode} | {row} |" for row in rows]
