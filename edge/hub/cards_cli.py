"""``udi-hub cards``: makes the key that signs cards, prints cards as PDF, revokes and lists them.

The private key comes from a file of mode 0600, never from the command line. What a subcommand needs is imported when
it runs.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import click

from edge import wire
from edge.hub.command import FAILED, failures, make_key, settings_of, store_of
from edge.hub.config import CONFIG
from hardware.host.files import replace
from hardware.host.fonts import font_file

if TYPE_CHECKING:
    from edge.cards import Card
    from edge.hub.cards import Wanted
    from edge.hub.cards_sheets import Label, Layout

_PATH = click.Path(path_type=Path)
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)
_as = click.option("--as", "name", required=True, help="Name of the [[authority]] that signs.")
_key = click.option("--key", type=_PATH, required=True, help="Its private key, a file of mode 0600.")
_out = click.option("--out", type=_PATH, required=True, help="The PDF to write.")
_font = click.option("--font", type=_PATH, help="A font file with Chinese. Else one of Debian's packages.")
_symbol = click.option("--symbol", type=click.Choice(["qr", "datamatrix"]), default="qr", show_default=True)


@dataclass(frozen=True, slots=True)
class _Job:
    """The options that all cards share."""

    config: Path
    name: str
    key: Path
    out: Path
    font: Path | None
    symbol: Literal["qr", "datamatrix"]


def _printing(command: Callable[..., None]) -> Callable[..., None]:
    for option in (_symbol, _font, _out, _key, _as, _config):
        command = option(command)
    return command


@click.group()
def cards() -> None:
    """Cards and badges. Exit status 0, 1 not done or nothing found, 2 usage."""


@cards.command()
@click.argument("name")
@click.option("--out", type=_PATH, required=True, help="A new file for the private key, mode 0600.")
def key(name: str, out: Path) -> None:
    """Make a key pair for NAME, and print the [[authority]] table for hub and stations."""
    from edge.sign import CARD_NAME  # noqa: PLC0415 - see the module

    if not CARD_NAME.fullmatch(name):
        raise click.UsageError(f"NAME {name!r} is printed on every card: expected up to 30 of A-Z 0-9 . -")
    with failures():
        make_key(name, out, "cards")
    click.echo(f"{out}: for {name} alone; put the table into hub.toml and every station.toml", err=True)


@cards.group(name="print")
def print_() -> None:
    """Print cards as PDF, in zh-CN and English; every card has a number of its own."""


@print_.command()
@_printing
def sheet(**options: Any) -> None:
    """All tasks, acts, reasons, digits and 前/后/不明."""
    from edge.hub.cards_sheets import LISTED, SHEET, of_kinds  # noqa: PLC0415 - see the module

    _print(_Job(**options), ("操作卡", "task cards"), of_kinds(LISTED), SHEET)


@print_.command()
@_printing
def panel(**options: Any) -> None:
    """One page with the tasks, for the wall."""
    from edge.hub import cards_sheets  # noqa: PLC0415 - see the module

    _print(_Job(**options), ("任务面板", "task panel"), cards_sheets.panel(), cards_sheets.PANEL)


@print_.command()
@_printing
@click.argument("staff", type=_PATH)
def badges(staff: Path, **options: Any) -> None:
    """Badges for STAFF, a CSV with number,name,rights; rights are Q (may release), W (may witness an override)."""
    from edge.cards import CardKind  # noqa: PLC0415 - see the module
    from edge.hub.cards import Wanted  # noqa: PLC0415
    from edge.hub.cards_sheets import CARD, badge_label, read_staff  # noqa: PLC0415

    with failures():
        rows = read_staff(staff)
    names = iter([row.name for row in rows])

    def label(card: Card, text: str) -> Label:
        return badge_label(card, text, next(names))

    wanted = [Wanted(CardKind.OPERATOR, row.number, row.rights) for row in rows]
    _print(_Job(**options), ("胸牌", "badges"), wanted, CARD, label)


@print_.command()
@_printing
@click.option("--count", type=click.IntRange(1, 1000), required=True, help="How many.")
@click.option("--emergency", is_flag=True, help="Emergency cards instead of case cards.")
def cases(*, count: int, emergency: bool, **options: Any) -> None:
    """Case or emergency cards with running numbers; none is printed twice."""
    from edge.cards import CardKind, kind_words  # noqa: PLC0415 - see the module
    from edge.hub.cards import Wanted  # noqa: PLC0415
    from edge.hub.cards_sheets import CARD  # noqa: PLC0415

    kind = CardKind.EMERGENCY if emergency else CardKind.CASE
    _print(_Job(**options), kind_words(kind), [Wanted(kind)] * count, CARD)


@print_.command()
@_printing
@click.argument("kind", type=click.Choice(["place", "document", "quantity", "line"]))
@click.argument("values", nargs=-1, required=True)
def each(kind: str, values: Sequence[str], **options: Any) -> None:
    """One card of KIND for each of VALUES: places, document numbers, quantities, or lines of a loaner kit's list."""
    from edge.cards import CardKind, kind_words  # noqa: PLC0415 - see the module
    from edge.hub.cards import Wanted  # noqa: PLC0415
    from edge.hub.cards_sheets import CARD  # noqa: PLC0415

    which = CardKind(kind.upper())
    _print(_Job(**options), kind_words(which), [Wanted(which, value) for value in values], CARD)


@print_.command()
@_printing
@click.argument("number")
def kit(number: str, **options: Any) -> None:
    """The list of the loaner kit NUMBER (外来器械清单) with a card beside each line, for pieces without a code."""
    from edge.cards import CardKind  # noqa: PLC0415 - see the module
    from edge.hub import cards_sheets  # noqa: PLC0415
    from edge.hub.kit_record import listed  # noqa: PLC0415

    job = _Job(**options)
    with failures(), store_of(settings_of(job.config), writes=False) as connection:
        rows = listed(connection, number)
        if not rows:
            raise click.UsageError(f"no list of {number} is kept here: import it first, see udi-hub documents import")
    names = {each.line: each.name for each in rows}

    def label(card: Card, text: str) -> Label:
        name = names.get(card.value) if card.kind is CardKind.LINE else None
        return cards_sheets.line_label(card, text, name)

    _print(job, ("外来器械清单", f"loaner kit {number}"), cards_sheets.kit(number, names), cards_sheets.SHEET, label)


@print_.command()
@_out
@_font
def practice(out: Path, font: Path | None) -> None:
    """Labels for practice: good, expired, each half, no code. They are UDIs of a test number and need no key."""
    from edge.hub import cards_sheets  # noqa: PLC0415 - see the module

    pdf = _pdf()
    with failures():
        labels = cards_sheets.practice(_now().astimezone().date())
        title = ("练习标签", "practice labels")
        out.write_bytes(pdf.pages(title, labels, cards_sheets.CARD, font_file(font), "datamatrix"))
    click.echo(f"{out}: {len(labels)} labels")


@cards.command()
@_config
@_as
@_key
@click.argument("numbers", nargs=-1)
@click.option("--badge", "staff", multiple=True, help="Staff number: every badge of it; may be given several times.")
def revoke(config: Path, name: str, key: Path, numbers: Sequence[str], staff: Sequence[str]) -> None:
    """Revoke cards by their own NUMBERS or badges by staff number; online stations know within seconds."""
    from edge.catalog.authorities import authorities  # noqa: PLC0415 - see the module
    from edge.hub import cards as printed  # noqa: PLC0415
    from edge.hub.keys import read_key  # noqa: PLC0415

    if not numbers and not staff:
        raise click.UsageError("expected NUMBERS or --badge")
    settings, now = settings_of(config), _now()
    with failures():
        signer = (name, read_key(key))
        with store_of(settings) as connection:
            made = printed.take_back(connection, numbers, staff, (wire.iso(now), int(now.timestamp())), signer)
            made.demand_signed(authorities(settings.authority))
    click.echo(f"version {made.version}: {len(made.numbers)} cards are revoked")


@cards.command(name="list")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(config: Path, *, as_json: bool) -> None:
    """Every card that was printed, and which of them are revoked."""
    from edge.hub import cards as printed  # noqa: PLC0415 - see the module

    with failures(), store_of(settings_of(config), writes=False) as connection:
        rows = [dataclasses.asdict(row) for row in printed.listed(connection)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        state = "revoked" if row["revoked"] else "good"
        click.echo(f"{row['number']}  {row['kind']:9} {row['value']:20} {row['rights']:2} {state:7} {row['printed']}")
    sys.exit(0 if rows else FAILED)


def _print(
    job: _Job,
    title: tuple[str, str],
    wanted: Sequence[Wanted],
    layout: Layout,
    label: Callable[[Card, str], Label] | None = None,
) -> None:
    """Number the cards, sign them, check that stations would take them, and write the PDF."""
    from edge.cards import read_card, sign_card  # noqa: PLC0415 - see the module
    from edge.catalog.authorities import authorities  # noqa: PLC0415
    from edge.hub import cards as printed  # noqa: PLC0415
    from edge.hub import cards_sheets  # noqa: PLC0415
    from edge.hub.keys import read_key  # noqa: PLC0415

    settings, pdf = settings_of(job.config), _pdf()
    known = authorities(settings.authority)
    with failures():
        font, private = font_file(job.font), read_key(job.key)
        with store_of(settings) as connection:
            made = printed.issue(connection, wanted, wire.iso(_now()))
            texts = [sign_card(card, private, job.name) for card in made]
            for text in texts:
                read_card(text, known)
        labels = [(label or cards_sheets.label)(card, text) for card, text in zip(made, texts, strict=True)]
        replace(job.out, pdf.pages(title, labels, layout, font, job.symbol))  # mode 0600: who has a badge's code is it
    click.echo(f"{job.out}: {len(made)} cards, {made[0].number} to {made[-1].number}")


def _pdf() -> ModuleType:
    """What draws; needs packages that a hub goes without."""
    try:
        from edge.hub import cards_pdf  # noqa: PLC0415 - see the module
    except ImportError as error:
        raise click.UsageError(f"{error}: printing needs pip install 'udi-station[cards,camera]'") from error
    return cards_pdf


def _now() -> datetime:
    return datetime.now(UTC)
