"""One XML part of a UDID release -> `DeviceRecord`, one after the other, in memory that does not grow with the part.

``<udid><header>…</header><devices><device>…</device>…</devices></udid>``; a device has its fields as elements, and
lists of packages and storage conditions (`edge.catalog.udid_fields`). Elements that are not known are passed over.

UTF-8, or GB 18030 and its subsets where the XML declaration says so. A document type is refused at once, and with it
every entity that could grow; so is anything that goes on for too long without a record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol
from xml.parsers import expat

from edge.catalog.release import DeviceRecord, Problem, ReleaseError, Tally
from edge.catalog.udid_fields import PACKING, STORAGE, Device, Fault, device_record
from edge.catalog.udid_mend import Mender, RefusedError

BLOCK = 1 << 16
LONGEST_RECORD = 4 << 20
"""Bytes that may pass without the end of a record. Real ones have 1,500; some thousand packages still fit."""
MOST_NAMES = 4_096
"""Of elements, in one part; the data set has some 70."""

_HEAD = 1 << 10
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8"} | dict.fromkeys(
    ("gbk", "gb2312", "gb18030", "cp936"), "gb18030"
)
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<", b"\x00\x00")
_BOM = b"\xef\xbb\xbf"
_NEAR = 8
_COUNT = "numberRkeyecordXML"

Report = Callable[[Problem], None]


class Stream(Protocol):
    """What a part is read from: a file, a member of a ZIP."""

    def read(self, size: int, /) -> bytes:
        """At most that many bytes; none at the end."""
        ...


def read_part(stream: Stream, part: str, report: Report, tally: Tally | None = None) -> Iterator[DeviceRecord]:
    """Read a part.

    Args:
        stream: its bytes.
        part: its name, for messages.
        report: is told every problem of a record; the record is left out or has that field unknown.
        tally: counts along.

    Raises:
        ReleaseError: the part cannot be read on; the records given so far are good. A part is complete only when the
            iterator ends without it.
        OSError: the stream cannot be read.
    """
    return _Reader(part, report, tally if tally is not None else Tally()).read(stream)


class _Reader:
    def __init__(self, part: str, report: Report, tally: Tally) -> None:
        self._part, self._report, self._tally = part, report, tally
        self._number = 0
        self._announced = ""
        self._texts: list[str] = []
        self._devices: list[Device] = []
        self._fed = self._record_at = 0
        self._mender = Mender()
        self._parser = self._new_parser()

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = BLOCK
        parser.StartElementHandler = self._root
        parser.CharacterDataHandler = self._texts.append
        elements = self._elements()
        next(elements)
        # A generator is resumed in two thirds of the time of a call, 55 times a record.
        parser.EndElementHandler = elements.send
        return parser

    def read(self, stream: Stream) -> Iterator[DeviceRecord]:
        head = _head(stream)
        block = head.removeprefix(_BOM)
        self._mender = Mender(self._encoding(head), began=len(head) - len(block))
        while block:
            yield from self._step(block)
            block = stream.read(BLOCK)
        yield from self._step(None)
        self._compare()

    def _encoding(self, head: bytes) -> str:
        if head.startswith(_WIDE):
            raise self._error(0, "expected UTF-8, found UTF-16 or UTF-32: have it converted")
        declared = _DECLARED.match(head.removeprefix(_BOM))
        name = "utf-8" if declared is None else declared[1].decode("latin-1").lower()
        if name not in _ENCODINGS:
            raise self._error(0, f"expected the encoding UTF-8 or GB 18030, found {name!r} declared")
        if _ENCODINGS[name] != "utf-8" and _is_utf8(head):
            raise self._error(0, f"declares {name!r}, but is UTF-8: have the declaration corrected")
        return _ENCODINGS[name]

    def _step(self, block: bytes | None) -> Iterator[DeviceRecord]:
        """Take the next bytes, or the end; give the records that they complete, also those before an error."""
        failure = self._parse(block)
        self._fed += len(block or b"")
        if self._devices:
            self._record_at = self._fed
        for device in self._devices:
            self._number += 1
            faults: list[Fault] = []
            record = device_record(device, faults)
            self._tally.count(faults=len(faults), skipped=record is None)
            for problem in problems(self._part, self._number, faults, skipped=record is None) if faults else ():
                self._report(problem)
            if record is not None:
                yield record
        self._devices.clear()
        if failure is not None:
            raise self._explained(failure, ended=block is None) from None
        if self._fed - self._record_at > LONGEST_RECORD:
            raise self._error(self._record_at, f"expected a record within {LONGEST_RECORD} bytes, found none")
        if len(self._parser.intern) > MOST_NAMES:  # they are kept for the whole part
            raise self._error(self._fed, f"expected at most {MOST_NAMES} different elements, found more")

    def _parse(self, block: bytes | None) -> expat.ExpatError | ValueError | None:
        try:
            mended = self._mender.end() if block is None else self._mender.feed(block)
            self._parser.Parse(mended, block is None)
        except (expat.ExpatError, ValueError) as error:
            return error
        return None

    def _explained(self, failure: expat.ExpatError | ValueError, *, ended: bool) -> ReleaseError:
        if isinstance(failure, RefusedError):
            return self._error(failure.offset, str(failure))
        at = self._mender.origin(self._parser.CurrentByteIndex)
        wrong = self._mender.undecodable()
        if wrong is not None and (isinstance(failure, UnicodeDecodeError) or abs(wrong - at) < _NEAR):
            what = f"expected {self._mender.encoding}, found other bytes: damaged, or of another encoding than declared"
            return self._error(wrong, what)
        what = expat.ErrorString(failure.code) if isinstance(failure, expat.ExpatError) else str(failure)
        if ended:
            return self._error(at, f"the part ends too early ({what}): fetch the release again")
        return self._error(at, f"no XML: {what}")

    def _error(self, offset: int, what: str) -> ReleaseError:
        return ReleaseError(f"{self._part}: record {self._number + 1}, byte {offset}: {what}")

    def _root(self, name: str, _attributes: dict[str, str]) -> None:
        if name != "udid":
            what = f"expected <udid>, found <{name[:40]}>: this is no part of a UDID release"
            raise RefusedError(what, self._mender.origin(self._parser.CurrentByteIndex))
        self._parser.StartElementHandler = None

    def _elements(self) -> Generator[None, str, None]:
        """Is sent the name of every element that ends; what it held is in `_texts` then."""
        texts, devices = self._texts, self._devices
        pop = texts.pop
        device = Device()
        fields = device.fields
        while True:
            name = yield
            if texts:
                fields[name] = pop()
                if texts:  # cut in pieces: at the end of a block, or longer than the parser's buffer
                    fields[name] = "".join(texts) + fields[name]
                    texts.clear()
            if name == "device":
                devices.append(device)
                device = Device()
                fields = device.fields
            elif name == "packing":
                device.packings.append(_taken(fields, PACKING))
            elif name == "storage":
                device.storages.append(_taken(fields, STORAGE))
            elif name == "header":
                self._announced = fields.pop(_COUNT, "").strip()
                fields.clear()

    def _compare(self) -> None:
        if self._announced and self._announced != str(self._number):
            self._tally.problems += 1
            expected = f"{self._number}, as many as the part holds"
            self._report(Problem(self._part, 0, _COUNT, self._announced[:80], expected))


def problems(part: str, number: int, faults: Sequence[Fault], *, skipped: bool) -> Iterator[Problem]:
    """The faults of a record as problems; if it is left out, the last one is why."""
    for at, fault in enumerate(faults, start=1):
        decided = skipped and at == len(faults)
        yield Problem(part, number, fault.field, fault.value[:80], fault.expected, skipped=decided)


def _head(stream: Stream) -> bytes:
    """As much as tells the encoding, however little the stream gives at once."""
    head = b""
    while len(head) < _HEAD and (block := stream.read(_HEAD - len(head))):
        head += block
    return head


def _is_utf8(head: bytes) -> bool:
    """Whether this is UTF-8 beyond chance: three Chinese characters and nothing else."""
    whole = head[: head.rfind(b">") + 1]
    try:
        return len(whole) - len(whole.decode()) >= len("三个字".encode()) - len("三个字")
    except UnicodeDecodeError:
        return False


def _taken(fields: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: fields.pop(name) for name in names if name in fields}
