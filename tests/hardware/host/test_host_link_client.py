import pytest

from hardware.host.link_client import reason_text


@pytest.mark.parametrize(
    ("code", "text"),
    [(0x10, "No matching subscribers"), (0x97, "Quota exceeded"), (0x95, "Packet too large"), (0x42, "reason 0x42")],
)
def test_reasons_are_said_in_the_words_of_the_standard(code: int, text: str) -> None:
    assert reason_text(code) == text
