from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.card.layout import LayoutError, Partition, boot_partition
from tests.support.boot_images import SIZE, START, boot_files, make_image


def find(data: bytes, size: int | None = None) -> Partition:
    return boot_partition(lambda offset, length: data[offset : offset + length], len(data) if size is None else size)


@pytest.mark.parametrize("table", ["MBR", "GPT"])
def test_the_boot_partition_is_found(tmp_path: Path, table: Literal["MBR", "GPT"]) -> None:
    data = make_image(tmp_path / "card.img", boot_files(), table).read_bytes()
    assert find(data) == Partition(table, 1, START, SIZE, fat=True)


@pytest.mark.parametrize("table", ["MBR", "GPT"])
def test_a_card_that_ends_too_early_is_too_small(tmp_path: Path, table: Literal["MBR", "GPT"]) -> None:
    data = make_image(tmp_path / "card.img", boot_files(), table).read_bytes()
    with pytest.raises(LayoutError, match=r"too small: partition 2 ends at byte"):
        find(data, size=START + SIZE + 512)


def test_one_partition_alone_is_no_card(tmp_path: Path) -> None:
    data = make_image(tmp_path / "card.img", boot_files()).read_bytes()
    with pytest.raises(LayoutError, match="expected the whole card, not one of its partitions"):
        find(data[START : START + SIZE])


def test_a_partition_that_is_fat_by_name_only_does_not_count(tmp_path: Path) -> None:
    data = bytearray(make_image(tmp_path / "card.img", boot_files()).read_bytes())
    data[START : START + 512] = bytes(512)
    with pytest.raises(LayoutError, match="none of its 2 partitions is FAT"):
        find(bytes(data))


def test_a_damaged_gpt_is_told(tmp_path: Path) -> None:
    data = bytearray(make_image(tmp_path / "card.img", boot_files(), "GPT").read_bytes())
    struct.pack_into("<II", data, 512 + 80, 1 << 30, 128)
    with pytest.raises(LayoutError, match="the GPT's header is damaged"):
        find(bytes(data))


@given(
    st.binary(max_size=2048),
    st.binary(min_size=64, max_size=64),
    st.sampled_from([b"", b"EFI PART"]),
    st.binary(max_size=512),
)
def test_whatever_the_bytes_it_is_a_partition_or_an_error(
    start: bytes, entries: bytes, signature: bytes, header: bytes
) -> None:
    data = start[:446].ljust(446, b"\0") + entries + b"\x55\xaa" + (signature + header).ljust(512, b"\0") + start
    for given_data in (start, data):
        try:
            found = find(given_data)
        except LayoutError:
            continue
        assert found.offset + found.size <= len(given_data)
