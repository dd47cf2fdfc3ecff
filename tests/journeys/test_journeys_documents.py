"""A delivery note, from a file of the ERP to the station's card and to its end, with real processes."""

from __future__ import annotations

import base64
import json
import signal

import pytest
from click.testing import CliRunner

from edge.document_notices import read_notice
from edge.hub.cli import main
from tests.support.documents import BY, DI, KEY, TABLE, document, line
from tests.support.site import Site, wait_for

pytestmark = pytest.mark.journey

TEXT = f"送货单号,供应商,产品标识,产品名称,数量\nPO-1,某某医疗,{DI},一次性使用导管,10\n"


def test_a_document_reaches_the_card_survives_there_and_ends(site: Site) -> None:
    key = site.folder / "documents.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(KEY))
    folder = site.folder / "erp"
    with site.hub_file.open("a", encoding="utf-8") as file:
        file.write(f'\n[documents]\nauthority = "{BY}"\nkey = "{key}"\nfolder = "{folder}"\nkind = "receipt"\n')
    site.stop_hub()
    site.start_hub()
    site.prepare("OR-01", extra=TABLE)
    station = site.start_station("OR-01")
    wait_for((folder / "done").is_dir, "the hub's folder")
    (folder / "po.csv").write_bytes(TEXT.encode("gbk"))
    card = site.station_home("OR-01") / "documents"
    wait_for((card / "PO-1.json").exists, "the document on the card")
    assert read_notice((card / "PO-1.json").read_bytes(), "PO-1").said == document("PO-1", line())
    assert [file.name for file in (folder / "done").iterdir()] == ["po.csv"]
    station.stop(signal.SIGKILL)
    site.start_station("OR-01")
    done = CliRunner().invoke(main, ["documents", "close", "PO-1", "--config", str(site.hub_file)])
    assert done.exit_code == 0, done.output
    wait_for((card / "PO-1.over").exists, "the end of the document at the station")
    (folder / "bad.csv").write_text(TEXT.replace(DI, "069"), encoding="utf-8")
    wait_for((folder / "failed" / "bad.csv.txt").exists, "the reason beside the refused file")
    listed = CliRunner().invoke(main, ["documents", "list", "--json", "--config", str(site.hub_file)])
    assert [(each["document"], each["open"]) for each in json.loads(listed.stdout)] == [("PO-1", False)]
