import ast
from pathlib import Path

import pytest

import edge.udi.findings
from edge.udi.findings import TEXTS, FindingText, advice, finding, message

FOLDER = Path(edge.udi.findings.__file__).parent


def used_codes() -> set[str]:
    codes = set()
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "finding":
                first = node.args[0]
                codes |= {n.value for n in ast.walk(first) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return codes


def test_every_code_that_is_given_has_words() -> None:
    assert used_codes() <= set(TEXTS)
    assert len(used_codes()) > 10


@pytest.mark.parametrize(("code", "text"), TEXTS.items(), ids=TEXTS.keys())
def test_words_in_both_languages_and_something_to_do(code: str, text: FindingText) -> None:
    found = finding(code, 3, "VALUE")
    for lang in ("zh", "en"):
        assert message(found, lang)
        assert advice(found, lang)
        assert "{" not in message(found, lang)
    assert text.clause
