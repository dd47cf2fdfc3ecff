"""Strict TOML into frozen dataclasses: every fault is named by its dotted key, and all are told at once.

A field's metadata may hold ``check`` (a function of the value) and ``expected`` (words for the message). A dataclass
may have ``problems()`` for what only several fields together can tell; its keys are relative to the dataclass.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a configuration."""

    key: str
    """Dotted, for example ``scanner[0].framing``; empty for the whole file."""
    value: object
    expected: str
    message: str


class ConfigError(Exception):
    """A configuration that cannot be used."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep all problems; the text is their messages, a line each."""
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = problems


def load(path: Path, into: type[T]) -> T:
    """Read a file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or does not fit `into`.
    """
    return parse(read_table(path), into)


def read_table(path: Path) -> dict[str, Any]:
    """The raw table of a file.

    Raises:
        ConfigError: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        expected = "a readable TOML file in UTF-8"
        reason = error.strerror if isinstance(error, OSError) else error  # who asked knows the path, and says it
        message = f"{reason}; expected {expected}"
        raise ConfigError((Problem("", str(path), expected, message),)) from error


def parse(data: Mapping[str, Any], into: type[T]) -> T:
    """Fit a table into a dataclass.

    Raises:
        ConfigError: with every problem found.
    """
    problems: list[Problem] = []
    value = _table(data, into, "", problems)
    if problems:
        raise ConfigError(tuple(problems))
    return typing.cast("T", value)


_BAD = object()
_hints = functools.cache(typing.get_type_hints)
"""Of each class once: evaluated for every row they are most of what a long table costs."""


def _problem(problems: list[Problem], key: str, value: object, expected: str) -> object:
    problems.append(Problem(key, value, expected, f"{key} = {value!r}: expected {expected}"))
    return _BAD


def _table(data: object, into: Any, prefix: str, problems: list[Problem]) -> object:
    if not isinstance(data, Mapping):
        return _problem(problems, prefix, data, "a table")
    fields = {field.name: field for field in dataclasses.fields(into)}
    _unknown(data, fields, prefix, problems)
    hints = _hints(into)
    values: dict[str, object] = {}
    for name, field in fields.items():
        key = _join(prefix, name)
        if name in data:
            values[name] = _field(data[name], hints[name], field, key, problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            expected = field.metadata.get("expected", _describe(hints[name]))
            problems.append(Problem(key, None, expected, f"{key} is missing: expected {expected}"))
            values[name] = _BAD
    if any(value is _BAD for value in values.values()):
        return _BAD
    return _whole(into(**values), prefix, problems)


def _whole(value: Any, prefix: str, problems: list[Problem]) -> object:
    for problem in value.problems() if hasattr(value, "problems") else ():
        key = _join(prefix, problem.key)
        problems.append(dataclasses.replace(problem, key=key, message=problem.message.replace(problem.key, key, 1)))
    return value


def _unknown(data: Mapping[str, Any], fields: Mapping[str, Any], prefix: str, problems: list[Problem]) -> None:
    for name in data:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(fields)}"
            key = _join(prefix, name)
            message = f"{key} is not a known key: {hint}"
            problems.append(Problem(key, data[name], f"one of {', '.join(fields)}", message))


def _field(value: object, hint: Any, field: dataclasses.Field[Any], key: str, problems: list[Problem]) -> object:
    before = len(problems)
    found = _value(value, hint, key, problems)
    check = field.metadata.get("check")
    if len(problems) == before and check is not None and found is not None and not check(found):
        return _problem(problems, key, value, field.metadata["expected"])
    return found


def _value(value: object, hint: Any, key: str, problems: list[Problem]) -> object:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(arg for arg in args if arg is not types.NoneType)
        return _value(value, inner, key, problems)
    if origin is typing.Literal:
        return value if value in args else _problem(problems, key, value, _describe(hint))
    if origin is tuple:
        return _tuple(value, hint, key, problems)
    if origin is Mapping:
        return _mapping(value, args[1], key, problems)
    if dataclasses.is_dataclass(hint):
        return _table(value, hint, key, problems)
    return _plain(value, hint, key, problems)


def _tuple(value: object, hint: Any, key: str, problems: list[Problem]) -> object:
    args = typing.get_args(hint)
    if not isinstance(value, list) or (args[-1] is not Ellipsis and len(value) != len(args)):
        return _problem(problems, key, value, _describe(hint))
    inner = [args[0]] * len(value) if args[-1] is Ellipsis else args
    found = [
        _value(item, each, f"{key}[{n}]", problems) for n, (item, each) in enumerate(zip(value, inner, strict=True))
    ]
    return _BAD if any(item is _BAD for item in found) else tuple(found)


def _mapping(value: object, hint: Any, key: str, problems: list[Problem]) -> object:
    """A table whose keys are data: a text each, and values of one type."""
    if not isinstance(value, Mapping):
        return _problem(problems, key, value, "a table")
    found = {name: _value(item, hint, _join(key, name), problems) for name, item in value.items()}
    return _BAD if any(item is _BAD for item in found.values()) else found


def _plain(value: object, hint: Any, key: str, problems: list[Problem]) -> object:
    if hint is Path and isinstance(value, str) and value:
        return Path(value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and isinstance(value, bool) == (hint is bool):
        return value
    return _problem(problems, key, value, _describe(hint))


_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


def _describe(hint: Any) -> str:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _describe(next(arg for arg in args if arg is not types.NoneType))
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, args))}"
    if origin is tuple:
        return f"a list of {len(args)}" if args[-1] is not Ellipsis else "a list"
    return "a table" if dataclasses.is_dataclass(hint) else _NAMES.get(hint, str(hint))


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix and name else prefix or name
