import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.cli import main
from firmware_service.places import Places
from firmware_service.units import ENABLED, INSTALLED, OTHERS, UNITS, Role, Units, UnitsError, keep_guard

SHIPPED = Path(__file__).parents[2] / "systemd"
ROLES: list[Role] = ["station", "hub", "authority"]


class Tree:
    """A tree that stands for a machine, and what systemd was asked there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[list[str]] = []
        self.no = ""

    def run(self, command: Sequence[str]) -> None:
        self.asked.append(list(command))
        if self.no and self.no in command:
            raise UnitsError(f"{command[0]} says no")

    def units(self, role: Role = "station", source: Path = SHIPPED) -> Units:
        return Units(source, self.root, role, self.run)

    def files(self) -> list[str]:
        return sorted(str(each.relative_to(self.root)) for each in self.root.rglob("*") if each.is_file())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize("role", ROLES)
def test_all_of_a_role_is_installed_and_taken_away(tree: Tree, role: Role) -> None:
    written = tree.units(role).install()
    assert {each.name for each in written} == {Path(each).name for each in (*UNITS[role], *OTHERS[role])}
    assert all(
        (SHIPPED / name).read_bytes() == (tree.root / "etc/systemd/system" / name).read_bytes() for name in UNITS[role]
    )
    assert tree.asked[-1] == ["systemctl", f"--root={tree.root}", "enable", *ENABLED[role]]
    assert {each.stat().st_mode & 0o777 for each in written} == {0o644}
    assert sorted(tree.units(role).uninstall()) == sorted(written)
    assert tree.files() == [str(INSTALLED)]


def test_roles_do_not_disturb_each_other(tree: Tree) -> None:
    tree.units("station").install()
    before = tree.files()
    tree.units("hub").install()
    tree.units("hub").uninstall()
    assert tree.files() == before


def test_another_file_of_the_same_folder_stays(tree: Tree) -> None:
    tree.units().install()
    own = tree.root / "etc/systemd/system/site.service"
    own.write_text("[Service]\n", encoding="utf-8")
    tree.units().uninstall()
    assert own.exists()


def test_a_unit_that_a_new_slot_has_no_more_goes(tree: Tree) -> None:
    tree.units().install()
    told = json.loads((tree.root / INSTALLED).read_bytes())
    old = tree.root / "etc/systemd/system/udi-old.service"
    old.write_text("[Service]\n", encoding="utf-8")
    told["station"].append("etc/systemd/system/udi-old.service")
    (tree.root / INSTALLED).write_text(json.dumps(told), encoding="utf-8")
    tree.units().install()
    assert not old.exists()


def test_a_slot_without_a_unit_changes_nothing(tree: Tree, tmp_path: Path) -> None:
    slot = tmp_path / "slot"
    shutil.copytree(SHIPPED, slot)
    (slot / "udi-camera.service").unlink()
    with pytest.raises(UnitsError, match=r"udi-camera\.service is missing"):
        tree.units(source=slot).install()
    assert not (tree.root / "etc").exists()


def test_what_systemd_refuses_is_told_and_can_be_gone_on_with(tree: Tree) -> None:
    tree.no = "enable"
    with pytest.raises(UnitsError, match="systemctl says no"):
        tree.units().install()
    tree.no = ""
    tree.units().install()
    tree.units().uninstall()
    assert tree.files() == [str(INSTALLED)]


def test_a_note_that_cannot_be_read_is_told(tree: Tree) -> None:
    (tree.root / INSTALLED).parent.mkdir(parents=True)
    (tree.root / INSTALLED).write_bytes(b"\0")
    with pytest.raises(UnitsError, match="remove it and install again"):
        tree.units().install()


def test_units_of_another_slot_are_noticed(tree: Tree, tmp_path: Path) -> None:
    slot = tmp_path / "slot"
    shutil.copytree(SHIPPED, slot)
    assert tree.units(source=slot).stale
    tree.units(source=slot).install()
    assert not tree.units(source=slot).stale
    with (slot / "udi-camera.service").open("a", encoding="utf-8") as unit:
        unit.write("# newer\n")
    assert tree.units(source=slot).stale


def test_the_guard_follows_the_slot_that_was_kept(tmp_path: Path) -> None:
    places, guard = Places(tmp_path), tmp_path / "opt/udi/guard/guard.py"
    for version in ("1.0", "1.1"):
        source = places.slots / version / "site-packages/firmware_service/update/guard.py"
        source.parent.mkdir(parents=True)
        source.write_text(f"# {version}\n", encoding="ascii")
    for committed, content in ((None, None), ("1.0", "# 1.0\n"), ("0.9", "# 1.0\n"), ("1.1", "# 1.1\n")):
        keep_guard(places, committed)
        assert (guard.read_text(encoding="ascii") if guard.exists() else None) == content


def test_the_real_programs_in_a_tree(tmp_path: Path) -> None:
    for program in ("systemctl", "systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: on Debian apt-get install systemd")
    if os.getuid() != 0:
        pytest.skip("only root may give folders to another user")
    (tmp_path / "etc").mkdir()
    words = ["units", "install", "--from", str(SHIPPED), "--root", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    wants = tmp_path / "etc/systemd/system/multi-user.target.wants"
    assert {"udi-station.service", "udi-firmware.service", "udi-camera.service"} <= {
        each.name for each in wants.iterdir()
    }
    assert re.search(r"^udi:x:760:", (tmp_path / "etc/passwd").read_text(encoding="utf-8"), re.MULTILINE)
    assert (tmp_path / "var/lib/udi-station").stat().st_uid == 760
    words[1] = "uninstall"
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert not list((tmp_path / "etc/systemd/system").rglob("udi-*"))
    assert (tmp_path / "var/lib/udi-station").is_dir(), "data stays"


def test_every_shipped_file_belongs_to_a_role() -> None:
    shipped = {str(each.relative_to(SHIPPED)) for each in SHIPPED.rglob("*") if each.is_file()}
    assert shipped == {name for role in ROLES for name in (*UNITS[role], *OTHERS[role])}
