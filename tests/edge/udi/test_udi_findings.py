"""The table of findings: every code has words, every code is given somewhere, and the page shows them all."""

import ast
from pathlib import Path

import pytest

import edge.udi.findings
from edge.udi.findings import GRADES, finding
from edge.udi.wording import TEXTS, Lang, advice, message, page

FOLDER = Path(edge.udi.findings.__file__).parent
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
FEWEST = 60


def texts_of_code() -> set[str]:
    """Every string constant outside the tables of codes and of words."""
    found: set[str] = set()
    for file in FOLDER.glob("*.py"):
        if file.stem.startswith("wording"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        places = [n for n in tree.body if isinstance(n, ast.FunctionDef)] if file.stem == "findings" else [tree]
        nodes = [node for place in places for node in ast.walk(place)]
        found |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


def given_codes() -> set[str]:
    """First arguments of the calls that make findings."""
    found: set[str] = set()
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "finding":
                first = node.args[0]
                found |= {n.value for n in ast.walk(first) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


def test_there_are_many_and_each_has_one_grade() -> None:
    assert len(GRADES) >= FEWEST
    listed = (edge.udi.findings._ERRORS + edge.udi.findings._WARNINGS + edge.udi.findings._NOTES).split()
    assert len(listed) == len(set(listed))


def test_every_code_that_is_given_is_in_the_table() -> None:
    assert given_codes() <= set(GRADES)
    assert len(given_codes()) > 10


def test_every_code_of_the_table_can_be_given() -> None:
    assert set(GRADES) <= texts_of_code()


def test_codes_and_words_are_the_same_set() -> None:
    assert set(GRADES) == set(TEXTS)


@pytest.mark.parametrize("code", GRADES)
def test_words_in_both_languages_and_something_to_do(code: str) -> None:
    found = finding(code, 3, "VALUE")
    for lang in LANGUAGES:
        assert message(found, lang)
        assert advice(found, lang)
        assert "{" not in message(found, lang)
        assert ("{value}" in TEXTS[code].zh) == ("{value}" in TEXTS[code].en)
    assert TEXTS[code].zh != TEXTS[code].en
    assert TEXTS[code].clause


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        finding("no_such_code")


def test_the_page_is_the_table_of_the_code() -> None:
    written = (FOLDER / "FINDINGS.md").read_text(encoding="utf-8")
    assert written == page(), "edge/udi/FINDINGS.md differs from the code; write it anew with: make docs"
