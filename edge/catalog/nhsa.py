"""The two-code map (两码映射): how a product stands to its 医保医用耗材编码. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from edge.catalog.product import NhsaCode

State = Literal["mapped", "ambiguous", "missing", "expired"]
LEAST = 20
"""Characters of a code; 27 with the serial number (流水号) that some tables add."""
_FORM = re.compile(r"C[0-9]{19}(?:[0-9]{7})?", re.ASCII)


def well_formed(code: str) -> bool:
    """Whether this looks like a code: C and 19 digits, or 26. No check digit is known, so this warns and no more."""
    return _FORM.fullmatch(code) is not None


def nhsa_state(codes: Sequence[NhsaCode], today: date | None) -> State:
    """How many 医保 codes a product has today; without a day, which a clock that was never set does not know, at all.

    Free text in UDID's field is no code. Of one code that UDID and the site's table name, the table's dates decide.

    Returns:
        ``mapped`` for one code in force, ``ambiguous`` for several, ``expired`` if all have ended, else ``missing``.
    """
    in_force = codes_in_force(codes, today)
    if in_force:
        return "mapped" if len(in_force) == 1 else "ambiguous"
    counted = _counted(codes)
    ended = today is not None and any(each.valid_to is not None and each.valid_to < today for each in counted)
    return "expired" if ended else "missing"


def codes_in_force(codes: Sequence[NhsaCode], today: date | None) -> set[str]:
    """The 医保 codes that hold today; see `nhsa_state`."""
    return _distinct(each.code for each in _counted(codes) if _in_force(each, today))


def _counted(codes: Sequence[NhsaCode]) -> list[NhsaCode]:
    counted = [each for each in codes if each.source == "table" or well_formed(each.code)]
    dated = {each.code for each in counted if each.source == "table"}
    return [each for each in counted if each.source == "table" or each.code not in dated]


def _distinct(codes: Iterable[str]) -> set[str]:
    """Without the short form of a code that is there in full."""
    found = set(codes)
    return found - {each[:LEAST] for each in found if len(each) > LEAST}


def _in_force(code: NhsaCode, today: date | None) -> bool:
    return today is None or (
        (code.valid_from is None or code.valid_from <= today) and (code.valid_to is None or today <= code.valid_to)
    )
