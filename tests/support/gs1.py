"""Content that GS1's rules allow, for every application identifier, and strategies that make it."""

from hypothesis import strategies as st

from edge.udi.ais import Ai, Part, every
from edge.udi.checks import CSET39, CSET82, check_pair, mod10
from edge.udi.content import RULES

GS = "\x1d"
DI = "06901234567892"
_ALPHABETS = {"n": "0123456789", "x": CSET82, "y": CSET39, "z": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop-_"}
_NAMES = {id(rule): name for name, rule in RULES.items()}
_SAMPLES = {
    "gtin": DI,
    "pair": "6901GS1" + check_pair("6901GS1"),
    "prefix": "6901",
    "day0": "261231",
    "day": "260228",
    "full_day": "19990228",
    "hh": "23",
    "hhmm": "2359",
    "hhmm_or_none": "9999",
    "mm": "59",
    "ss": "59",
    "pieces": "0202",
    "country": "156",
    "country_or_999": "999",
    "country2": "CN",
    "currency": "156",
    "zero": "0",
    "no_zero_first": "10",
    "yes_no": "1",
    "winding": "9",
    "sex": "2",
    "hyphen": "-",
    "importer": "_",
    "media": "10",
    "latitude": "1800000000",
    "longitude": "3600000000",
    "birth_place": "1/2",
    "base64": "QUJD",
    "iban": "GB82WEST12345698765432",
}


def rules(part: Part) -> list[str]:
    """The names of a component's rules."""
    return [_NAMES[id(rule)] for rule in part.rules]


def piece(part: Part) -> str:
    """Content of one component that its rules allow."""
    names = rules(part)
    if "mod10" in names:
        body = ("690123456789" + "0" * part.most)[: part.most - 1]
        return f"{body}{mod10(body)}"
    return next((_SAMPLES[name] for name in names if name in _SAMPLES), "1" * part.least)


def sample(code: str) -> str:
    """A value of an identifier that its rules allow, every optional component included."""
    return "".join(piece(part) for part in every()[code].parts)


def free(part: Part) -> st.SearchStrategy[str]:
    """Any content of a component that has no rules."""
    return st.text(_ALPHABETS[part.charset], min_size=part.least, max_size=part.most)


def values(ai: Ai) -> st.SearchStrategy[str]:
    """Values that the rules allow: any text where there are none."""
    return st.tuples(*(st.just(piece(part)) if part.rules else free(part) for part in ai.parts)).map("".join)


def gtins() -> st.SearchStrategy[str]:
    """GTINs of 14 digits with their check digit."""
    return st.integers(0, 10**13 - 1).map(lambda number: f"{number:013d}").map(lambda body: f"{body}{mod10(body)}")


def element_strings() -> st.SearchStrategy[list[tuple[str, str]]]:
    """Elements of any identifiers, each once, in any order."""
    codes = st.lists(st.sampled_from(sorted(every())), min_size=1, max_size=8, unique=True)
    return codes.flatmap(
        lambda some: st.tuples(*(st.tuples(st.just(code), values(every()[code])) for code in some))
    ).map(list)
