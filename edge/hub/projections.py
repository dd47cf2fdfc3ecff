"""An event as the rows that questions are asked of. Pure; the same event always gives the same row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge import wire
from edge.hub.reading import MAX_NUMBER, encode
from edge.rules.verdict import Outcome

PatientIndex = Callable[[Mapping[str, Any], str], str | None]
"""Gives the keyed hash of a sealed patient ``{kid, enc, ct}`` for a case; None if it cannot be opened here."""


_AT = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)

_UDI = ("issuer", "di", "lot", "serial", "manufactured", "expires", "trace_key")


class ProjectionError(ValueError):
    """An event whose key can be read but whose body is not of schema 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row for one projection."""

    table: str
    values: dict[str, Any]
    """All columns but the month; JSON as text."""


def project(event: wire.Event, patient_index: PatientIndex) -> Row | None:
    """The row of an event; None for a schema number this hub does not know (the bytes are kept).

    Raises:
        ProjectionError: a field is missing or not of its type.
    """
    if event.data.get("schema") != wire.SCHEMA:
        return None
    match event.kind:
        case wire.Kind.SCAN:
            return Row("scan", _scan(event, patient_index))
        case wire.Kind.CORRECTION:
            return Row("correction", _correction(event))
        case wire.Kind.SESSION | wire.Kind.DOCUMENT | wire.Kind.CLOCK | wire.Kind.STATION:
            return Row("change", _change(event, patient_index))
    raise ProjectionError(f"kind {event.kind!r} is not one of schema {wire.SCHEMA}")


def _scan(event: wire.Event, patient_index: PatientIndex) -> dict[str, Any]:
    data = event.data
    verdict, udi = table(data, "verdict"), table(data, "udi", nullable=True)
    reads = _tables(data, "reads")
    case, patient = text_or_none(data, "case"), table(data, "patient", nullable=True)
    return {
        **_common(event),
        "place": text_or_none(data, "place"),
        "operator": text_or_none(data, "operator"),
        "witness": text_or_none(data, "witness"),
        "task": text_or_none(data, "task"),
        "training": int(data.get("training") is True),
        "outcome": _outcome(verdict),
        "reasons": encode([{n: text(each, n) for n in ("code", "audience")} for each in _tables(verdict, "reasons")]),
        **{name: text_or_none(udi, name) for name in _UDI},
        "document": text_or_none(data, "document"),
        "line": _line(data),
        "owner": text_or_none(data, "owner"),
        "case_id": case,
        "counterparty": text_or_none(data, "counterparty"),
        "count": None if data.get("count") is None else _number(data, "count"),
        "took_ms": max((_real(read, "took_ms") for read in reads), default=None),
        "symbologies": encode([text_or_none(read, "symbology") for read in reads]),
        "patient_index": patient_index(patient, case) if patient and case else None,
        "house_code": text_or_none(data, "house_code"),
        "measurement": _whole(table(data, "measurement")) if data.get("measurement") is not None else None,
        "override_code": text_or_none(table(data, "override", nullable=True), "reason"),
        "reason": text_or_none(data, "reason"),
        "corrects": text_or_none(data, "corrects"),
    }


def _correction(event: wire.Event) -> dict[str, Any]:
    data = event.data
    return {
        **_common(event),
        "corrects": text(data, "corrects"),
        "operator": text_or_none(data, "operator"),
        "reason": text_or_none(data, "reason"),
    }


def _change(event: wire.Event, patient_index: PatientIndex) -> dict[str, Any]:
    detail = table(event.data, "change")
    document = event.kind == wire.Kind.DOCUMENT
    ident = text_or_none(event.data, "document") if document else text_or_none(detail, "id")
    patient = table(detail, "patient", nullable=True)
    return {
        **_common(event),
        "kind": event.kind,
        "subject": "document" if document else text_or_none(detail, "of"),
        "what": text_or_none(detail, "what"),
        "ident": ident,
        "why": text_or_none(detail, "why"),
        **{name: text_or_none(event.data, name) for name in ("place", "operator", "witness")},
        "patient_index": patient_index(patient, ident) if patient and ident else None,
        "detail": _whole(detail),
    }


def _common(event: wire.Event) -> dict[str, Any]:
    return {"event_id": event.event_id, "station": event.station, "at": _at(event.data)}


def _at(data: Mapping[str, Any]) -> str:
    at = text(data, "at")
    if not (_AT.fullmatch(at) and _is_date(at)):
        raise ProjectionError(f"at = {at!r}: expected UTC such as 2026-11-22T08:15:02.123456Z")
    return at


def _is_date(at: str) -> bool:
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def _whole(data: Mapping[str, Any]) -> str:
    """What nobody has looked at: it may hold numbers of any size, and be nested deeply."""
    try:
        return json.dumps(data)
    except RecursionError as error:
        raise ProjectionError("nested too deeply") from error


def _outcome(verdict: Mapping[str, Any]) -> str:
    name = text(verdict, "outcome")
    if name not in Outcome.__members__:
        raise ProjectionError(f"outcome = {name!r}: expected one of {', '.join(Outcome)}")
    return name


def text(data: Mapping[str, Any], name: str) -> str:
    """A text that a database takes.

    Raises:
        ProjectionError: missing, not text, or with a NUL or half a surrogate pair.
    """
    value = data.get(name)
    if not isinstance(value, str) or "\0" in value or not (value.isascii() or _encodable(value)):
        raise ProjectionError(f"{name} = {value!r}: expected a text")
    return value


def text_or_none(data: Mapping[str, Any], name: str) -> str | None:
    """As `text`, where null or nothing means None."""
    return None if data.get(name) is None else text(data, name)


def table(data: Mapping[str, Any], name: str, *, nullable: bool = False) -> Mapping[str, Any]:
    """An object; an empty one for null where `nullable`.

    Raises:
        ProjectionError: not an object.
    """
    value = data.get(name)
    if nullable and value is None:
        return {}
    if not isinstance(value, dict):
        raise ProjectionError(f"{name} = {value!r}: expected an object")
    return value


def _tables(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = data.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ProjectionError(f"{name} = {value!r}: expected a list of objects")
    return value


def _line(data: Mapping[str, Any]) -> str | None:
    """Of a document: a number, or a name."""
    return str(_number(data, "line")) if isinstance(data.get("line"), int) else text_or_none(data, "line")


def _number(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMBER:
        raise ProjectionError(f"{name} = {value!r}: expected a whole number from 0 to 2**53")
    return value


def _real(data: Mapping[str, Any], name: str) -> float:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_NUMBER:
        raise ProjectionError(f"{name} = {value!r}: expected a number from 0")
    return float(value)


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
