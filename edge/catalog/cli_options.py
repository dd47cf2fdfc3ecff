"""What several commands of ``udi-station catalog`` take: who signs, who must have signed, how a failure is said."""

from __future__ import annotations

import base64
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from edge.catalog.write import CatalogueError
from edge.sign import Authority, is_public_key
from hardware.host.secret import read_secret

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
        OSError: the key cannot be used.
    """
    from edge.catalog.folder import Signer  # noqa: PLC0415

    if (by is None) != (key is None):
        raise click.UsageError("--by and --key belong together")
    return None if by is None or key is None else Signer(by, read_secret(key))


def authorities_of(words: Sequence[str]) -> tuple[Authority, ...] | None:
    """Who must have signed, by ``--authority``; None if nobody must."""
    return tuple(authority(word) for word in words) if words else None


def authority(said: str) -> Authority:
    """``NAME=KEY`` as somebody whose signature of a catalogue counts.

    Raises:
        CatalogueError: it is no such text.
    """
    name, _, key = said.partition("=")
    if not name or not is_public_key(key):
        raise CatalogueError(f"{said!r}: expected NAME=KEY with an Ed25519 public key in base64")
    return Authority(name, base64.b64decode(key), frozenset({"catalogue"}))
