"""The camera process and the station, as whole processes: pictures, restarts of either, and the light."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.demo.labels import Label, Symbol, render, save
from edge.hub.pictures import Picture
from edge.hub.store import Store
from edge.hub.tables import picture
from edge.station.journal.store import JournalReader
from edge.wire import Event
from hardware.host.local import ask
from tests.support.site import ROOT, Running, Site, command, wait_for

pytestmark = pytest.mark.journey

PERIOD_S = 600.0
"""A picture of the folder lies under the camera for as long as any test runs."""
CAMERA = '\n[camera]\nsource = "folder"\nfolder = "{photos}"\nperiod_s = {period_s}\n'
WRISTBAND = Label(("Patient",), (Symbol("ZY7390451826", "code128", gs1=False),))


def hip(serial: str) -> Label:
    return Label(("Hip stem",), (Symbol(f"(01)06901234567892(17)291231(10)A1(21){serial}", "datamatrix"),))


class Table:
    """What lies under the camera of OR-01, a camera process that can be killed, and the station."""

    def __init__(
        self, site: Site, folder: Path, task: str = "RECEIVE", period_s: float = PERIOD_S, extra: str = ""
    ) -> None:
        self.site, self.photos, self.home = site, folder / "photos", site.station_home("OR-01")
        self.photos.mkdir()
        camera = CAMERA.format(photos=self.photos, period_s=period_s)
        self.terminal = site.prepare("OR-01", task=task, extra=camera + extra)
        self.camera: subprocess.Popen[bytes] | None = None

    def lay(self, label: Label) -> None:
        """Put this there; a camera process sees it from its start."""
        for former in self.photos.iterdir():
            former.unlink()
        save(self.photos, "lies", render(label, seed=1))

    def start_camera(self) -> None:
        words = [*command("edge.cli"), "camera", "run", "--config", str(self.home / "station.toml")]
        with (self.site.folder / "camera.log").open("ab") as log:
            self.camera = subprocess.Popen(
                [*words, "--socket", str(self.home / "camera.sock")], stdout=log, stderr=log, cwd=ROOT
            )

    def kill_camera(self) -> None:
        if self.camera is not None:
            self.camera.kill()
            self.camera.wait()

    def status(self) -> dict[str, Any]:
        found = ask(self.home / "station.sock", {"ask": "status"}, within_s=5.0)
        assert found is not None
        return dict(found["camera"])

    def scans(self) -> list[dict[str, Any]]:
        """Scan events as journaled."""
        reader = JournalReader.open(self.home / "journal.sqlite3")
        events = [Event.decode(row.line) for row in reader.newest(0, 999)]
        reader.close()
        return [dict(event.data) for event in events if event.kind == "scan"]


@pytest.fixture
def table(site: Site, tmp_path: Path) -> Iterator[Table]:
    made = Table(site, tmp_path)
    yield made
    made.kill_camera()


def press_no_code(station: Running) -> None:
    assert station.process.stdin is not None
    station.process.stdin.write(b"!no_code\n")
    station.process.stdin.flush()


def stored(site: Site) -> dict[str, Picture]:
    store = Store.open_reader(site.store)
    try:
        with store.read() as connection:
            rows = [Picture(*row) for row in connection.execute(picture.select())]
    finally:
        store.close()
    return {row.sha256: row for row in rows}


def opened(site: Site, name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    out = site.folder / f"{name}.jpg"
    words = [*command("edge.hub.cli"), "picture", name, "--out", str(out), "--config", str(site.hub_file)]
    subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    return np.asarray(Image.open(io.BytesIO(out.read_bytes())))


def lies_there(table: Table, station: Running, count: int = 1) -> None:
    station.wait_shown(count)
    wait_for(lambda: table.status()["fps"] is not None, "the camera's first word")


def test_the_picture_of_a_gesture_reaches_the_hub_and_opens_there(site: Site, table: Table) -> None:
    table.lay(hip("S1"))
    station = site.start_station("OR-01")
    table.start_camera()
    lies_there(table, station)
    for _ in range(2):
        press_no_code(station)
    station.wait_shown(3)
    assert station.shown() == ["ACCEPTED", "MISSING", "MISSING"]
    wait_for(lambda: len(table.scans()) == 3, "the events")
    names = [event["reads"][0]["picture"] for event in table.scans() if event["verdict"]["outcome"] == "MISSING"]
    assert len(set(names)) == 2
    assert None not in names, station.logs[-10:]
    site.wait_delivered(station.recorded())
    wait_for(lambda: set(stored(site)) == set(names), "the pictures at the hub")
    shown = opened(site, names[0])
    frame = np.asarray(Image.open(table.photos / "lies.png").convert("L"))
    assert shown.ndim == 2
    assert all(few <= many for few, many in zip(shown.shape, frame.shape, strict=True))
    assert int(shown.max()) - int(shown.min()) > 100, "a label with a symbol, no grey wall"
    assert [entry["light"] for entry in station.lights] == [True]
    table.kill_camera()
    wait_for(lambda: station.lights[-1]["light"] is False, "the light to be idle")
    assert station.stop() == 0


def test_without_a_key_or_with_a_wristband_in_view_or_expected_no_picture_is_taken(site: Site, table: Table) -> None:
    table.lay(WRISTBAND)
    file = table.home / "station.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"RECEIVE"', '"USE"'), encoding="utf-8")
    station = site.start_station("OR-01")
    table.start_camera()
    lies_there(table, station)
    press_no_code(station)
    station.wait_shown(2)
    assert station.shown() == ["CONTEXT", "MISSING"]
    assert station.stop() == 0
    bare = re.sub(r"\n\[(seal|patterns)\]\n.*?(?=\n\[|\Z)", "\n", text, flags=re.DOTALL)
    file.write_text(bare, encoding="utf-8")
    station = site.start_station("OR-01")
    wait_for(lambda: table.status()["fps"] is not None, "the camera's word to the new station")
    press_no_code(station)
    wait_for(lambda: len([each for each in table.scans() if each["verdict"]["outcome"] == "MISSING"]) == 2, "events")
    assert [each["reads"] for each in table.scans() if each["verdict"]["outcome"] == "MISSING"] == [[], []]
    assert not (table.home / "pictures").exists()
    assert station.stop() == 0


def test_whoever_restarts_while_a_package_lies_there_it_is_presented_once(site: Site, table: Table) -> None:
    table.lay(hip("S1"))
    station = site.start_station("OR-01")
    table.start_camera()
    lies_there(table, station)
    table.kill_camera()
    table.start_camera()
    wait_for(lambda: [each["light"] for each in station.lights] == [True, False, True], "a look of the new process")
    assert station.stop(9) == -9
    station = site.start_station("OR-01")
    wait_for(lambda: table.status()["fps"] is not None, "the camera's word to the new station")
    press_no_code(station)
    wait_for(lambda: len(table.scans()) == 2, "the events")
    assert station.shown() == ["MISSING"]
    table.kill_camera()
    table.lay(hip("S2"))
    table.start_camera()
    station.wait_shown(2)
    assert station.shown() == ["MISSING", "ACCEPTED"]
    serials = [event["udi"]["serial"] for event in table.scans() if event["udi"]]
    assert serials == ["S1", "S2"]
    assert station.stop() == 0
