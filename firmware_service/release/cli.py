"""``udi-firmware release``: builds releases and keeps the signed repository that devices follow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from firmware_service.release.build import MANIFEST, Architecture, Order
from firmware_service.release.build import build as build_release
from firmware_service.release.keys import KeyFileError, new_key, read_public, read_signer
from firmware_service.release.manifest import Manifest, ManifestError, read_manifest
from firmware_service.release.repository import PublishError, Repository
from firmware_service.release.tars import ArchiveError
from firmware_service.release.wheels import BuildError
from hardware.host.files import replace
from hardware.host.toml import ConfigError

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_EXPECTED = (ArchiveError, BuildError, ConfigError, KeyFileError, ManifestError, PublishError, OSError)
_repository = click.argument("repository", type=_FOLDER)
_online = click.option("--online-key", type=_FILE, required=True, help="Signs snapshot and timestamp.")


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What can go wrong is said in a line, with exit status 1."""
    try:
        yield
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from error


def _now() -> datetime:
    return datetime.now(UTC)


def _ask(file: Path) -> str:
    return str(click.prompt(f"Passphrase of {file.name}", hide_input=True, err=True))


@click.group()
def release() -> None:
    """Build releases, and keep the signed repository that devices follow. For its makers, not for a device."""


@release.command()
@click.option("--version", required=True, help="As in pyproject.toml.")
@click.option("--channel", default="stable", show_default=True)
@click.option("--counter", type=click.IntRange(min=1), required=True, help="Higher than every earlier release's.")
@click.option("--architecture", type=click.Choice(get_args(Architecture)), default="aarch64", show_default=True)
@click.option("--python", type=click.Choice(("cp311", "cp313")), default="cp313", show_default=True)
@click.option("--tree", type=_FOLDER, default=Path(), help="Source of this project; the working folder if not given.")
@click.option("--wheels", type=_FOLDER, help="A folder with the locked wheels; else the package index.")
@click.option("--after", type=_FILE, help="manifest.json of the release before, for patches and the journal's sake.")
@click.option("--out", type=_FOLDER, required=True)
def build(tree: Path, wheels: Path | None, after: Path | None, out: Path, **order: Any) -> None:
    """Build a release: its layers and its manifest. pip runs here, never on a device."""
    with _said():
        out.mkdir(parents=True, exist_ok=True)
        made = build_release(Order(**order), tree.resolve(), wheels, out, after)
    click.echo("\n".join(_lines(made)))


def _lines(made: Manifest) -> Iterator[str]:
    runs = made.runs
    yield f"release {made.version} of {made.channel}, counter {made.counter}, for {runs.architecture} {runs.python}"
    for layer in made.layers:
        patches = "".join(f", or a patch of {patch.size / 1e6:.2f} MB" for patch in layer.patches)
        yield f"{layer.name}  {layer.size / 1e6:.2f} MB{patches}; unpacked {layer.tar_size / 1e6:.1f} MB"


@release.group()
def keys() -> None:
    """The keys: three of root and one of targets on media that are locked away, one online."""


@keys.command("new")
@click.argument("name")
@click.option("--out", type=_FOLDER, required=True, help="The folder of its medium.")
@click.option("--no-passphrase", is_flag=True, help="For the online key, which a timer uses.")
def new(name: str, out: Path, *, no_passphrase: bool) -> None:
    """Make a key: NAME.key and NAME.pub."""
    phrase = None if no_passphrase else click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    with _said():
        key = new_key(out, name, phrase.encode() if phrase else None)
    click.echo(f"{out / name}.key, keep it; {out / name}.pub, give it on; identifier {key.keyid}")


@release.command()
@_repository
@click.option("--root", type=_FILE, multiple=True, required=True, help="A root key's .pub; at least three times.")
@click.option("--targets", type=_FILE, required=True, help="The .pub of the key that signs releases.")
@click.option("--online", type=_FILE, required=True, help="The .pub of the key that renews.")
def init(repository: Path, root: tuple[Path, ...], targets: Path, online: Path) -> None:
    """Begin a repository; two root keys and the targets key sign it next."""
    with _said():
        keys_of_root = [read_public(file) for file in root]
        Repository(repository).init(keys_of_root, read_public(targets), read_public(online), _now())
        _tell(repository)


@release.command()
@_repository
@click.argument("built", type=_FOLDER)
def add(repository: Path, built: Path) -> None:
    """Put a built release there; the targets key signs it next."""
    with _said():
        Repository(repository).add(read_manifest((built / MANIFEST).read_bytes()), built, _now())
        _tell(repository)


@release.command()
@_repository
@click.option("--key", type=_FILE, required=True, help="NAME.key; a passphrase is asked for.")
def sign(repository: Path, key: Path) -> None:
    """Sign what waits for this key. A copy of the repository on the medium that goes round will do."""
    with _said():
        Repository(repository).sign(read_signer(key, _ask))
        _tell(repository)


@release.command()
@_repository
@_online
def publish(repository: Path, online_key: Path) -> None:
    """Make what is signed the newest that devices see."""
    with _said():
        Repository(repository).publish(read_signer(online_key, _ask), _now())
    click.echo(f"{repository} is published: copy metadata/, release/ and blob/ to servers and sticks")


@release.command()
@_repository
@_online
def renew(repository: Path, online_key: Path) -> None:
    """A new snapshot and timestamp over the same releases; monthly, by a timer."""
    with _said():
        Repository(repository).renew(read_signer(online_key, _ask), _now())


@release.command("renew-list")
@_repository
def renew_list(repository: Path) -> None:
    """Give the list of releases another year; the targets key signs it next."""
    with _said():
        Repository(repository).renew_targets(_now())
        _tell(repository)


@release.group()
def root() -> None:
    """The root of trust."""


@root.command()
@_repository
@click.option("--add", type=_FILE, multiple=True, help="A new root key's .pub.")
@click.option("--remove", multiple=True, metavar="IDENTIFIER", help="A root key that is root no more.")
@click.option("--targets", type=_FILE, help="Another key's .pub for releases.")
@click.option("--online", type=_FILE, help="Another key's .pub for renewing.")
def rotate(repository: Path, add: tuple[Path, ...], remove: tuple[str, ...], **others: Path | None) -> None:
    """Stage the next root, also to give the same one another three years; old and new root keys sign it next."""
    with _said():
        opened = Repository(repository)
        opened.rotate_root([read_public(file) for file in add], remove, _now())
        for role, file in others.items():
            if file is not None:
                opened.rotate_key(role, read_public(file), _now())
        _tell(repository)


@root.command()
@_repository
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def export(repository: Path, out: Path) -> None:
    """Write the newest root, as cards carry it to devices."""
    with _said():
        replace(out, Repository(repository).root(), mode=0o644)


def _tell(repository: Path) -> None:
    for each in Repository(repository).signatures():
        waits = f"{each.missing} signatures are missing" if each.missing else "signed, ready to publish"
        click.echo(f"{each.role} version {each.version}: {waits}")
