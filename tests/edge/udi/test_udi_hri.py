"""The human readable interpretation in each issuer's own style."""

from datetime import date

import pytest

from edge.udi.hri import hri
from edge.udi.model import Udi
from edge.udi.parse import parse

TODAY = date(2026, 11, 24)
ISBT = "=/A9999XYZ100T0476=,000025=A99971712345600=>019032"
MA = "MA.156.M0.100350.01004YA10017"

CASES = {
    "GS1 brackets the identifiers": ("]d2010690123456789217271231" + "10A1", "(01)06901234567892(17)271231(10)A1"),
    "GS1 as a link": ("https://id.gs1.org/01/06901234567892/10/A1", "(01)06901234567892(10)A1"),
    "HIBC stands between asterisks": ("+A123BJC5D6E71G", "*+A123BJC5D6E71G*"),
    "HIBC with asterisks in the data": ("*+A123BJC5D6E71G*", "*+A123BJC5D6E71G*"),
    "HIBC secondary": ("+$$52001510X3GD", "*+$$52001510X3GD*"),
    "HIBC combined": ("+A123BJC5D6E71/$$52001510X3C", "*+A123BJC5D6E71/$$52001510X3C*"),
    "HIBC of two lines as one": ("+A123BJC5D6E71G+$$52001510X3GD", "*+A123BJC5D6E71/$$52001510X3C*"),
    "HIBC through Caps Lock": ("+a123bjc5d6e71g", "*+A123BJC5D6E71G*"),
    "faulty HIBC as it was read": ("+A123BJC5D6E71H", "+A123BJC5D6E71H"),
    "ISBT 128": (ISBT, ISBT),
    "ISBT 128 without the header of a message": (f"=+04000{ISBT}", ISBT),
    "ISBT 128 without stray blanks": (ISBT.replace("=>", " =>"), ISBT),
    "blood bag": ("=)1TE123456A&)RZ12345678", "=)1TE123456A&)RZ12345678"),
    "IFA brackets the identifiers": ("[)>\x1e06\x1d9N111234568408\x1d1TL1\x1e\x04", "(9N)111234568408(1T)L1"),
    "GTIN in format 06": ("[)>\x1e06\x1d8P03574661451947\x1d1TL1\x1e\x04", "(01)03574661451947(10)L1"),
    "MA": (f"{MA}.LA1.E271231", f"{MA}.LA1.E271231"),
    "MA in a link": (f"https://x.cn/?c={MA}.LA1", f"{MA}.LA1"),
    "MA as XML, DI last": (f'<UDI IAC="MA"><LOT>A1</LOT><DI>{MA}</DI></UDI>', f"{MA}.LA1"),
    "AHM": ("MF8312345678901*BAL1*SN1", "MF8312345678901*BAL1*SN1"),
    "AHM with an asterisk too many": ("MF8312345678901*BAL1*", "MF8312345678901*BAL1"),
}


@pytest.mark.parametrize(("text", "printed"), CASES.values(), ids=CASES)
def test_style(text: str, printed: str) -> None:
    udi = parse(text, today=TODAY)
    assert isinstance(udi, Udi)
    assert hri(udi) == printed


def test_a_faulty_code_of_any_issuer_has_a_text() -> None:
    for text in ("+A99912345/é", "=/A9997ab3456T0123", f"{MA}.L批", "MF83*SN\x01", "]d2010690123456789317"):
        udi = parse(text, today=TODAY)
        assert isinstance(udi, Udi)
        assert not udi.valid
        assert hri(udi)
