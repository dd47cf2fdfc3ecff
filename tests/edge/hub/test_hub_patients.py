from __future__ import annotations

import base64
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge import wire
from edge.hub import patients
from edge.hub.case_record import case_record
from edge.hub.inbox import store as store_messages
from edge.hub.keys import KeyFolder
from edge.hub.patients import INDEX_KEY, KeyFolderError, Patients
from edge.hub.projector import project_all, rebuild
from edge.hub.reading import Incoming
from edge.hub.trace import Question, trace
from edge.seal import Sealed, Sealer, open_sealed, public_half

if TYPE_CHECKING:
    from edge.hub.store import Store
    from tests.edge.hub.conftest import FakeJournal

PRIVATE = X25519PrivateKey.generate()
SEALER = Sealer("hub-2026", PRIVATE.public_key().public_bytes_raw())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "hub-2026.key", base64.b64encode(PRIVATE.private_bytes_raw()))
    return tmp_path


def write(file: Path, text: bytes, mode: int = 0o600) -> None:
    file.write_bytes(text)
    file.chmod(mode)


def test_a_sealed_patient_has_the_index_of_the_number(folder: Path) -> None:
    patients = Patients.load(folder, "demo", create=True)
    for case in ("c1", "c2"):
        sealed = SEALER.seal(b"ZY123456", site="demo", case=case)
        assert patients.index_sealed(sealed.to_json(), case) == patients.index("ZY123456\n")


def test_the_scans_of_a_case_open_its_patient_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_and_note(sealed: Sealed, private_key: bytes, *, site: str, case: str) -> bytes:
        opened.append(case)
        return open_sealed(sealed, private_key, site=site, case=case)

    monkeypatch.setattr(patients, "open_sealed", open_and_note)
    monkeypatch.setattr(patients, "REMEMBERED", 2)
    here = Patients.load(folder, "demo", create=True)
    sealed = {case: SEALER.seal(b"ZY123456", site="demo", case=case).to_json() for case in ("c1", "c2", "c3")}
    for case in ("c1", "c1", "c2", "c1", "c3", "c3", "c1"):
        assert here.index_sealed(sealed[case], case) == here.index("ZY123456")
    assert opened == ["c1", "c2", "c3", "c1"], "the oldest of more than two is forgotten"
    assert here.index_sealed(sealed["c1"], "c2") is None, "known bytes at another case do not open"


def test_the_index_lasts_and_depends_on_its_key(folder: Path) -> None:
    first = Patients.load(folder, "demo", create=True).index("ZY123456")
    assert Patients.load(folder, "demo").index("ZY123456") == first
    (folder / INDEX_KEY).unlink()
    assert Patients.load(folder, "demo", create=True).index("ZY123456") != first


def test_what_does_not_open_is_not_indexed_and_not_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    patients = Patients.load(folder, "demo", create=True)
    sealed = SEALER.seal(b"ZY123456", site="demo", case="c1").to_json()
    for value, case in (
        (sealed, "another case"),
        ({**sealed, "kid": "unknown"}, "c1"),
        ({**sealed, "ct": "!"}, "c1"),
        ({**sealed, "enc": base64.b64encode(b"short").decode()}, "c1"),
        ({**sealed, "enc": None}, "c1"),
        ({}, "c1"),
    ):
        assert patients.index_sealed(value, case) is None
    assert "ZY123456" not in caplog.text


def test_keys_do_not_show_in_a_representation(folder: Path) -> None:
    assert "\\x" not in repr(Patients.load(folder, "demo", create=True))


BAD = {
    "readable for others": (base64.b64encode(bytes(32)), 0o644, "chmod 600"),
    "too short": (base64.b64encode(bytes(31)), 0o600, "31 bytes"),
    "not base64": (b"!", 0o600, "cannot be read as a key"),
}


@pytest.mark.parametrize(("text", "mode", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_key_file_is_refused(folder: Path, text: bytes, mode: int, message: str) -> None:
    write(folder / "other.key", text, mode)
    with pytest.raises(KeyFolderError, match=message):
        Patients.load(folder, "demo", create=True)


def test_questions_do_not_make_an_index_key(folder: Path) -> None:
    with pytest.raises(KeyFolderError, match=INDEX_KEY):
        Patients.load(folder, "demo")
    assert [file.name for file in folder.iterdir()] == ["hub-2026.key"]


NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


class Hub:
    """A store and a key folder; each call is a hub that was started anew with the keys of that moment."""

    def __init__(self, store: Store, folder: Path, journal: FakeJournal) -> None:
        self.keys = KeyFolder(folder)
        self._store = store
        self._journal = journal

    def patients(self) -> Patients:
        return Patients.load(self.keys.path, "demo", create=True)

    def takes(self, patient: str, case: str, sealer: Sealer, scans: int = 1) -> None:
        """A station seals a patient for a case and sends some scans."""
        sealed = sealer.seal(patient.encode(), site="demo", case=case).to_json()
        self.sends(*(self._journal.scan(case=case, patient=sealed) for _ in range(scans)))

    def sends(self, *lines: bytes) -> None:
        messages = [Incoming(self._journal.topic, line, {}) for line in lines]
        store_messages(self._store, messages, "2026-11-25T08:00:00.000000Z")
        project_all(self._store, self.patients().index_sealed)

    def rebuilds(self) -> None:
        rebuild(self._store, self.patients().index_sealed)

    def cases_of(self, patient: str) -> list[str | None]:
        """Cases of every scan that a trace by patient finds."""
        with self._store.read() as connection:
            return [found.case for found in trace(connection, Question(patient_index=self.patients().index(patient)))]

    def indexed(self, case: str) -> bool:
        """Whether the record of a case says that a trace by patient finds it."""
        with self._store.read() as connection:
            record = case_record(connection, case)
        assert record is not None
        return record.patient_indexed

    def sealer(self, kid: str) -> Sealer:
        (key,) = (key for key in self.keys.read() if key.kid == kid)
        return Sealer(kid, public_half(key.private))


@pytest.fixture
def hub(store: Store, folder: Path, journal: FakeJournal) -> Hub:
    return Hub(store, folder, journal)


def test_a_trace_finds_the_events_of_before_and_after_a_rotation(hub: Hub) -> None:
    hub.takes("1234", "c1", SEALER)
    hub.keys.new("hub-2027", NOW)
    hub.takes("1234", "c2", hub.sealer("hub-2027"))
    hub.takes("1234", "c3", SEALER)  # a station that was switched off for long
    hub.takes("9999", "c4", hub.sealer("hub-2027"))
    assert hub.cases_of("1234") == ["c1", "c2", "c3"]


def test_a_trace_finds_what_was_used_before_anybody_knew_for_whom(hub: Hub, journal: FakeJournal) -> None:
    hub.takes("9999", "c2", SEALER)
    for case in ("c1", "c1", "c3"):
        journal.scan(case=case)
    sealed = SEALER.seal(b"1234", site="demo", case="c1").to_json()
    wrong = SEALER.seal(b"1234", site="demo", case="c3").to_json()
    journal.add(wire.Kind.SESSION, wire.session_change("case", "completed", "c1", "emergency E-1", sealed))
    mistaken = journal.add(wire.Kind.SESSION, wire.session_change("case", "completed", "c3", "emergency E-2", wrong))
    hub.sends(*journal.lines[1:])
    assert hub.cases_of("1234") == ["c1", "c1", "c3"]
    assert [hub.indexed(case) for case in ("c1", "c2", "c3")] == [True, True, True]
    corrects = wire.Event.decode(mistaken).event_id
    hub.sends(journal.add(wire.Kind.CORRECTION, {"reason": "undo", "corrects": corrects}))
    assert not hub.indexed("c3"), "its completion was taken back"
    hub.takes("1234", "c4", SEALER)
    assert hub.cases_of("1234") == ["c1", "c1", "c4"]
    hub.rebuilds()
    assert hub.cases_of("1234") == ["c1", "c1", "c4"]


def test_a_retired_key_opens_what_comes_late_and_what_is_rebuilt(hub: Hub) -> None:
    hub.keys.new("hub-2027", NOW)
    hub.takes("1234", "c1", SEALER)
    hub.keys.retire("hub-2026")
    hub.takes("1234", "c2", SEALER)
    hub.rebuilds()
    assert hub.cases_of("1234") == ["c1", "c2"]


def test_an_unknown_key_is_said_once_and_its_events_are_found_when_it_is_there(
    hub: Hub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = KeyFolder(tmp_path / "elsewhere")
    key = elsewhere.new("hub-2027", NOW)
    hub.takes("1234", "c1", SEALER)
    hub.takes("1234", "c2", Sealer("hub-2027", public_half(key.private)), scans=5)
    said = [record.getMessage() for record in caplog.records if "hub-2027" in record.getMessage()]
    assert len(said) == 1
    assert "known are hub-2026" in said[0]
    assert hub.cases_of("1234") == ["c1"]
    hub.keys.add(key)
    assert hub.cases_of("1234") == ["c1"]
    hub.rebuilds()
    assert hub.cases_of("1234") == ["c1", *["c2"] * 5]


def test_the_number_of_unknown_keys_in_the_log_is_bounded(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    patients = Patients.load(folder, "demo", create=True)
    sealed = SEALER.seal(b"1234", site="demo", case="c1").to_json()
    for number in range(300):
        assert patients.index_sealed({**sealed, "kid": f"made-up-{number}"}, "c1") is None
    assert len([record for record in caplog.records if "made-up" in record.getMessage()]) == 100


def test_a_lost_index_key_is_made_anew_and_a_rebuild_finds_everything_again(
    hub: Hub, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub.takes("1234", "c1", SEALER)
    (folder / INDEX_KEY).unlink()
    caplog.clear()
    assert hub.cases_of("1234") == []
    assert f"made a new {INDEX_KEY}" in caplog.text
    hub.rebuilds()
    assert hub.cases_of("1234") == ["c1"]


def test_two_hubs_that_start_at_once_use_one_index_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = KeyFolder(folder)
    exists = Path.exists

    def late(path: Path) -> bool:
        there = exists(path)
        if path.name == INDEX_KEY and not there:
            monkeypatch.undo()
            other.index_key(create=True)
        return there

    monkeypatch.setattr(Path, "exists", late)
    first = KeyFolder(folder).index_key(create=True)
    assert first == other.index_key()


def test_a_hub_whose_folder_is_gone_does_not_begin_with_an_empty_one(folder: Path) -> None:
    shutil.rmtree(folder)
    with pytest.raises(KeyFolderError, match="No such file"):
        Patients.load(folder, "demo", create=True)
    assert not folder.exists()
