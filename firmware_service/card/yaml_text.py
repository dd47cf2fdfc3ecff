"""YAML that says exactly what it is given: a line for each top key, its value in JSON's form, which YAML includes.

Only what YAML reads otherwise than JSON is escaped: its additional line breaks and what it does not print.
https://yaml.org/spec/1.2.2/#chapter-1-introduction-to-yaml (section 1.3)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_ESCAPED = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufff0-\uffff]")


def as_yaml(table: Mapping[str, object]) -> str:
    """The text of a document."""
    return "".join(f"{key}: {_value(value)}\n" for key, value in table.items())


def _value(value: object) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
