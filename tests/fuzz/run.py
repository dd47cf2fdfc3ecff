"""The fuzzer's process: instruments `edge.udi` and hands inputs to `tests.fuzz.target.check` for ever."""

from __future__ import annotations

import importlib
import sys

import atheris

AGAIN = f"{sys.executable} -m tests.fuzz.run"
"""How libFuzzer starts itself anew while it merges, through a shell."""


def main(words: list[str]) -> None:
    """Run libFuzzer with its own command line; it ends the process."""
    atheris.enabled_hooks.add("str")  # not "RegEx": its stand-in for a compiled pattern lacks half of the methods
    with atheris.instrument_imports(include=["edge.udi"]):
        target = importlib.import_module("tests.fuzz.target")
    atheris.Setup([AGAIN, *words], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
