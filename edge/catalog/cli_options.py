"""What several commands of ``udi-station catalog`` take: who signs, who must have signed, how a failure is said."""

from __future__ import annotations

import base64
import binascii
import sqlite3
import stat
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from edge.catalog.write import CatalogueError
from edge.sign import KEY_BYTES, Authority, is_public_key

if TYPE_CHECKING:
    from edge.catalog.folder import Signer

_P = ParamSpec("_P")
_T = TypeVar("_T")
PATH = click.Path(path_type=Path)


def plainly(command: Callable[_P, _T]) -> Callable[_P, _T]:
    """What cannot be done is said in one line, with exit status 1."""

    def run(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError, sqlite3.Error) as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


_signing = (
    click.option("--by", help="Name of the authority that signs the folder."),
    click.option("--key", type=PATH, help="Its Ed25519 private key: a file of mode 0600, base64."),
)
trusting = click.option(
    "--authority", "authorities", multiple=True, metavar="NAME=KEY", help="Who must have signed: name, public key."
)


def signed(command: Callable[_P, _T]) -> Callable[_P, _T]:
    """Give a command ``--by`` and ``--key``."""
    for option in reversed(_signing):
        command = option(command)
    return command


def signer_of(by: str | None, key: Path | None) -> Signer | None:
    """Who signs, by ``--by`` and ``--key``; None if nobody does.

    Raises:
        CatalogueError, OSError: the key cannot be used.
    """
    from edge.catalog.folder import Signer  # noqa: PLC0415

    if (by is None) != (key is None):
        raise click.UsageError("--by and --key belong together")
    return None if by is None or key is None else Signer(by, read_key(key))


def authorities_of(words: Sequence[str]) -> tuple[Authority, ...] | None:
    """Who must have signed, by ``--authority``; None if nobody must."""
    return tuple(authority(word) for word in words) if words else None


def read_key(file: Path) -> bytes:
    """An Ed25519 private key: a file that only its owner can read, 32 bytes in base64.

    Raises:
        CatalogueError: others can read it, or it is no key.
        OSError: it cannot be read.
    """
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise CatalogueError(f"{file}: mode {mode:04o} lets others read this key; expected 0600: chmod 600 it")
    key = _bytes(file.read_text(encoding="ascii"))
    if len(key) != KEY_BYTES:
        raise CatalogueError(f"{file}: expected {KEY_BYTES} bytes in base64, an Ed25519 private key; found {len(key)}")
    return key


def authority(said: str) -> Authority:
    """``NAME=KEY`` as somebody whose signature of a catalogue counts.

    Raises:
        CatalogueError: it is no such text.
    """
    name, _, key = said.partition("=")
    if not name or not is_public_key(key):
        raise CatalogueError(f"{said!r}: expected NAME=KEY with an Ed25519 public key in base64")
    return Authority(name, _bytes(key), frozenset({"catalogue"}))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        return b""
