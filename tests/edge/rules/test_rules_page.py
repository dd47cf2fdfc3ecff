from pathlib import Path

from edge.rules import page as module
from edge.rules.page import page
from edge.rules.reasons import TEXTS


def test_the_page_is_as_the_code_says() -> None:
    written = Path(module.__file__).with_name("REASONS.md").read_text(encoding="utf-8")
    assert written == page(), "edge/rules/REASONS.md differs from the code; write it anew with: make docs"


def test_every_reason_has_a_row() -> None:
    assert all(f"| `{code}` |" in page() for code in TEXTS)
    assert (
        "| jincheng-2024 | block | 2024-07-01 | class-3 | RECEIVE | hospital | 晋市市监〔2024〕107号 六(二)1 |"
        in page()
    )
