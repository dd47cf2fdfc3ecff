"""Change single values of a TOML file that people keep: their comments, order and all other keys stay as they are."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

Value = int | float | str

_KEY = re.compile(r"^(?P<key>\s*(?P<name>[A-Za-z0-9_-]+)\s*=\s*)(?P<value>[^#\n]*?)(?P<rest>\s*(#.*)?)$")


def written(value: Value) -> str:
    """A value as TOML writes it: a text as a basic string, whatever is in it."""
    if not isinstance(value, str):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


class EditError(ValueError):
    """A file that cannot be changed this way; the text says what to write by hand."""


def with_values(text: str, table: str, values: Mapping[str, Value]) -> str:
    """The file's text with some values of one table set.

    A key that stands there gets its new value, one that does not is put at the table's beginning.

    Args:
        text: a TOML file.
        table: a table of the first level, written as ``[table]`` on a line of its own.
        values: the values.

    Raises:
        EditError: the file is no TOML, or writes this table in another way.
    """
    by_hand = "\n".join(
        ["write by hand:", f"[{table}]", *(f"{key} = {written(value)}" for key, value in values.items())]
    )
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if re.match(rf"^\s*\[\s*{table}\s*\]\s*(#.*)?$", line)]
    if len(heads) != 1:
        raise EditError(f"[{table}] stands there {len(heads)} times on a line of its own, expected once: {by_hand}")
    end = next((n for n in range(heads[0] + 1, len(lines)) if re.match(r"^\s*\[", lines[n])), len(lines))
    left = dict(values)
    for number in range(heads[0] + 1, end):
        found = _KEY.match(lines[number])
        if found is not None and found["name"] in left:
            lines[number] = f"{found['key']}{written(left.pop(found['name']))}{found['rest']}"
    lines[heads[0] + 1 : heads[0] + 1] = [f"{key} = {written(value)}" for key, value in left.items()]
    changed = "\n".join(lines) + "\n"
    _same_but_for(text, changed, table, values, by_hand)
    return changed


def _same_but_for(text: str, changed: str, table: str, values: Mapping[str, Value], by_hand: str) -> None:
    """Nothing else has another meaning now."""
    try:
        before, after = tomllib.loads(text), tomllib.loads(changed)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"the file cannot be changed ({error}): {by_hand}") from error
    before[table] = {**before[table], **values}
    if before != after:
        raise EditError(f"the file writes [{table}] in a way that cannot be changed: {by_hand}")
