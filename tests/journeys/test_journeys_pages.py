"""The pages of a hub that runs, in a real browser: at every width, on paper, and with names that bite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from edge.hub.store import Store
from tests.support.browser import CHROMIUM, DRIVER, MISSING, Browser
from tests.support.busy_site import CASE, EVIL, EVIL_CASE, LONG, fill
from tests.support.site import Site, wait_for

pytestmark = pytest.mark.journey

PAGES = {
    "stations": "/",
    "station": f"/station/{LONG}",
    "week": "/week",
    "open": "/open",
    "duplicates": "/duplicates",
    "case": f"/case/{CASE}",
    "case of everything": "/case/c7",
    "case with a name that bites": f"/case/{quote(EVIL_CASE)}",
    "document": "/document/DN-1",
    "kit": "/document/K-7",
    "machines": "/machines",
    "machine": f"/machine/{LONG}",
}
NOBODY = "/machine/NOBODY"
WIDTHS = {"phone": 390, "tablet": 820, "desk": 1440}
A4 = 718
"""CSS pixels of a page's width between margins of 12 mm, rounded up."""

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
BROKEN = """() => [...document.querySelectorAll('.di, .t')].filter(each => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const parts = [...range.getClientRects()];
    return Math.max(...parts.map(part => part.top)) >= Math.min(...parts.map(part => part.bottom));
}).map(each => each.textContent)"""
PALE = """() => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => parts(colour).slice(0, 3).map(each => each / 255)
        .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = element => {
        for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor;
            if ((parts(colour)[3] ?? 1) > 0) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; text = texts.nextNode();) {
        if (!text.data.trim()) continue;
        const [low, high] = [getComputedStyle(text.parentElement).color, behind(text.parentElement)]
            .map(light).sort((a, b) => a - b);
        const contrast = (high + 0.05) / (low + 0.05);
        if (contrast < 4.5) found.push(`${text.data.trim()}: ${contrast.toFixed(2)}`);
    }
    return found;
}"""
HIDDEN = """() => [...document.querySelectorAll('.wide')].filter(each => each.scrollWidth > each.clientWidth)
    .map(each => each.textContent)"""
UNSAID = """() => [...document.querySelectorAll('table:has(thead) td')]
    .filter(each => !/[a-z]/i.test(getComputedStyle(each, '::before').content.replace(/^(none|normal)$/, '')))
    .map(each => each.textContent)"""
MAKEUP = """() => ({
    lang: document.documentElement.lang,
    title: document.title,
    headings: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(each => Number(each.tagName[1])),
    bare: [...document.querySelectorAll('table')].filter(table =>
        ![...table.querySelectorAll('thead th')].length &&
        [...table.rows].some(row => row.cells[0].tagName !== 'TH' || row.cells[0].scope !== 'row')).length,
    nameless: [...document.querySelectorAll('th')].filter(each => !each.textContent.trim()).length,
    uneven: [...document.querySelectorAll('table:has(thead):not(:has([rowspan]))')].filter(table =>
        [...table.rows].some(row => row.cells.length !== table.tHead.rows[0].cells.length)).length,
    english: [...document.querySelectorAll('.en')].filter(each => each.lang !== 'en').length,
    here: [...document.querySelectorAll('nav [aria-current=page]')].map(each => each.getAttribute('href')),
    text: document.body.innerText,
    strange: document.querySelectorAll('script, img, iframe, object, embed, form, [onerror], [onload]').length,
})"""
PAPER = """() => ({
    navigation: getComputedStyle(document.querySelector('nav')).display,
    heads: [...document.querySelectorAll('thead')].map(each => getComputedStyle(each).display),
    cut: [...document.querySelectorAll('.wide')].map(each => getComputedStyle(each).overflowX),
    links: [...document.querySelectorAll('main a')].map(each => getComputedStyle(each).textDecorationLine),
    rows: [...document.querySelectorAll('tr')].map(each => getComputedStyle(each).breakInside),
})"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A hub's pages, and somebody who looks at them."""

    browser: Browser
    address: str

    def go(self, path: str) -> None:
        self.browser.go(self.address + path)

    def look(self, path: str) -> dict[str, Any]:
        self.go(path)
        found: dict[str, Any] = self.browser.run(MAKEUP)
        return found

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(self.address + path) as response:  # noqa: S310 - the hub of this test
                return response.status, response.read().decode()
        except HTTPError as error:
            return error.code, ""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("pages")
    site = Site(folder)
    store = Store.open_writer(site.store)
    fill(store, folder / "diagnostics")
    store.close()
    with pytest.MonkeyPatch.context() as world:
        world.setenv("TZ", "Asia/Shanghai")
        site.start_hub()
    try:
        browser = Browser(folder / "browser")
        try:
            yield Shown(browser, _address(folder / "hub.log"))
        finally:
            browser.close()
    finally:
        site.close()


def _address(log: Path) -> str:
    wait_for(lambda: "page=" in log.read_text(encoding="utf-8"), "the hub's pages")
    (address,) = re.findall(r"page=(http://\S+)", log.read_text(encoding="utf-8"))
    return str(address)


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_every_page_can_be_read_at_every_width(shown: Shown, width: int) -> None:
    shown.browser.width(width)
    shown.browser.said(), shown.browser.asked()
    wrong = {}
    for name, path in PAGES.items():
        shown.go(path)
        wider, broken, pale = (shown.browser.run(each) for each in (WIDER, BROKEN, PALE))
        elsewhere = [each for each in shown.browser.asked() if not each.startswith(f"{shown.address}/")]
        found = (wider, broken, pale, shown.browser.said(), elsewhere)
        if found != (0, [], [], [], []):
            wrong[name] = found
    assert wrong == {}


@pytest.mark.parametrize("name", ["stations", "station", "machines", "machine"])
def test_what_is_loaded_again_by_itself_needs_no_scrolling_on_a_phone(shown: Shown, name: str) -> None:
    """A table's own scrolling would begin at its left again; there each row is a list, and says what is what."""
    shown.browser.width(WIDTHS["phone"])
    shown.go(PAGES[name])
    assert shown.browser.run(HIDDEN) == []
    assert shown.browser.run(UNSAID) == []
    shown.browser.width(WIDTHS["desk"])
    shown.go(PAGES[name])
    assert shown.browser.run(UNSAID) != [], "the head of the table says it"


@pytest.mark.parametrize("path", [*PAGES.values(), NOBODY], ids=[*PAGES, "nobody"])
def test_headings_tables_and_languages(shown: Shown, path: str) -> None:
    found = shown.look(path)
    levels = found["headings"]
    assert (found["lang"], found["english"]) == ("zh-CN", 0)
    assert (levels.count(1), levels[0]) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert (found["bare"], found["nameless"], found["uneven"]) == (0, 0, 0)
    assert found["here"] == ([path] if path.count("/") == 1 else [])
    assert re.search("[一-鿿]", found["text"])


def test_every_link_leads_to_a_page_and_every_page_is_led_to(shown: Shown) -> None:
    seen, waiting, wrong = {"/"}, ["/"], []
    while waiting:
        path = waiting.pop()
        status, text = shown.get(path)
        if status != 200:
            wrong.append((path, status))
        links = {unescape(each) for each in re.findall(r'href="([^"]*)"', text)}
        waiting.extend(links - seen)
        seen |= links
    assert wrong == []
    assert {unescape(path) for path in PAGES.values()} <= seen
    assert {f"/machine/{name}" for name in ("NEW-1", "OR-03")} <= seen


def test_times_are_those_of_the_site(shown: Shown) -> None:
    """The browser's own zone is another one."""
    text = shown.look("/case/c7")["text"]
    assert "2026-11-23 16:00:00" in text
    assert "UTC+08:00" in text


BITES = ("station", "week", "open", "duplicates", "case with a name that bites", "machines", "machine")


@pytest.mark.parametrize("name", BITES)
def test_a_name_that_bites_is_a_text(shown: Shown, name: str) -> None:
    found = shown.look(PAGES[name])
    assert EVIL in " ".join(found["text"].split())
    assert (found["strange"], found["title"] == "run") == (0, False)


@pytest.mark.parametrize("name", ["case", "case of everything", "document", "kit", "week"])
def test_a_page_fits_on_paper(shown: Shown, name: str) -> None:
    shown.browser.width(A4)
    shown.browser.media("print")
    try:
        shown.go(PAGES[name])
        wider, found = shown.browser.run(WIDER), shown.browser.run(PAPER)
    finally:
        shown.browser.media("screen")
    assert wider <= 0
    assert found["navigation"] == "none"
    assert set(found["heads"]) == {"table-header-group"}
    assert set(found["cut"]) == {"visible"}
    assert set(found["links"]) <= {"none"}
    assert set(found["rows"]) == {"avoid"}
    assert shown.browser.printed().startswith(b"%PDF")
