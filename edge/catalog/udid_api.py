"""A page of UDID's share API (V2, ``/api/v2/sharing/get``) -> `DeviceRecord`, by the same table as the XML parts.

Only the answers are read, from files: asking for them needs a site's key, and is somebody else's job. Put the pages of
one answer into a folder as ``*.json`` and open it with `edge.catalog.udid_zip.open_release`, giving kind and date.

An answer is ``{"returnCode": 1, "totalPageCount": …, "totalRecordCount": …, "currentPageNumber": …, "dataSet": …}``.
Two forms of ``dataSet`` are taken, as public code has both and no official sample was seen:
``{"deviceInfo": [], "packingInfo": [], "storageInfo": []}`` with ``deviceRecordKey`` as the link, and a list of devices
with lists of their own (``packingList`` or ``devicePackage``, ``storageList`` or ``deviceStorage``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edge.catalog.release import DeviceRecord, ReleaseError, Tally
from edge.catalog.udid_fields import Device, Fault, device_record
from edge.catalog.udid_xml import Report, Stream, problems

LARGEST = 16 << 20
"""Bytes of one page. Pages seen hold some hundred records."""
_OK = "1"
_PACKINGS = ("packingList", "devicePackage")
_STORAGES = ("storageList", "deviceStorage")
_FLAGS = {True: "是", False: "否"}
_CONTROLS = dict.fromkeys(set(range(0x20)) - {0x09, 0x0A, 0x0D})
"""What XML parts cannot hold either; lone surrogates, which JSON can, go when a text is encoded."""


def read_page(stream: Stream, part: str, report: Report, tally: Tally | None = None) -> Iterator[DeviceRecord]:
    """Read a page; arguments and errors as `edge.catalog.udid_xml.read_part`."""
    tally = tally if tally is not None else Tally()
    for number, device in enumerate(_devices(_page(stream, part), part), start=1):
        faults: list[Fault] = []
        record = device_record(device, faults)
        tally.count(faults=len(faults), skipped=record is None)
        for problem in problems(part, number, faults, skipped=record is None):
            report(problem)
        if record is not None:
            yield record


def _page(stream: Stream, part: str) -> Any:
    data = bytearray()
    while len(data) <= LARGEST and (block := stream.read(1 << 20)):
        data += block
    if len(data) > LARGEST:
        raise ReleaseError(f"{part}: expected a page of at most {LARGEST} bytes")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"{part}: expected JSON in UTF-8: {error}: fetch the page again") from None


def _devices(page: Any, part: str) -> Iterator[Device]:
    if not isinstance(page, dict):
        raise ReleaseError(f"{part}: expected an object with returnCode and dataSet, found {type(page).__name__}")
    if str(page.get("returnCode")) != _OK:
        said = f"{page.get('returnCode')!r} ({str(page.get('returnMsg', ''))[:80]})"
        raise ReleaseError(f"{part}: expected the answer of a request that went well (returnCode 1), found {said}")
    found = page.get("dataSet")
    try:
        if isinstance(found, Mapping):
            yield from _linked(found)
        else:
            yield from map(_nested, _objects(found))
    except TypeError as error:
        raise ReleaseError(f"{part}: dataSet: {error}") from None


def _linked(found: Mapping[str, Any]) -> Iterator[Device]:
    """Packages and storage conditions stand beside the devices, with the key of theirs."""
    packings, storages = _by_key(found.get("packingInfo")), _by_key(found.get("storageInfo"))
    for each in _objects(found.get("deviceInfo")):
        fields = _texts(each)
        key = fields.get("deviceRecordKey", "")
        yield Device(fields, packings.get(key, []), storages.get(key, []))


def _by_key(found: Any) -> Mapping[str, list[dict[str, str]]]:
    linked = defaultdict(list)
    for each in map(_texts, _objects(found)):
        linked[each.get("deviceRecordKey", "")].append(each)
    return linked


def _nested(found: Mapping[str, Any]) -> Device:
    lists = [next((found[name] for name in names if found.get(name)), None) for names in (_PACKINGS, _STORAGES)]
    packings, storages = ([_texts(each) for each in _objects(one)] for one in lists)
    return Device(_texts(found), packings, storages)


def _objects(found: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; none where there is none.

    Raises:
        TypeError: something else stands there.
    """
    if found is None:
        return ()
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return found
    raise TypeError(f"expected a list of objects, found {str(found)[:40]!r}")


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    """As the XML has them: everything is a text."""
    return {name: _text(value) for name, value in found.items() if not isinstance(value, list | dict)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _FLAGS[value]
    return "" if value is None else str(value).translate(_CONTROLS).encode(errors="ignore").decode()
