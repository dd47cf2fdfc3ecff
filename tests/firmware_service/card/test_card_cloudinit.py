from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.card.cloudinit import NO_NETWORK_CONFIG, files, network_config, user_data
from firmware_service.card.first_files import UNIT, UNIT_FILE, UNIT_TEXT, Plan, pairwise_key
from firmware_service.card.yaml_text import as_yaml
from tests.support.boot_images import CMDLINE
from tests.support.site_plans import LINES, plans


@given(plans())
def test_what_is_written_is_what_yaml_reads(plan: Plan) -> None:
    written = files(plan, CMDLINE)
    assert list(written)[-1] == "cmdline.txt"
    assert written["user-data"].startswith(b"#cloud-config\n")
    assert yaml.safe_load(written["user-data"]) == user_data(plan)
    assert yaml.safe_load(written["network-config"]) == {"network": network_config(plan)}
    assert yaml.safe_load(written["meta-data"]) == {"dsmode": "local", "instance-id": plan.instance}


@given(st.dictionaries(st.just("key"), st.recursive(st.none() | st.booleans() | LINES | st.text(), st.lists)))
def test_any_text_comes_through_yaml(table: dict[str, object]) -> None:
    assert yaml.safe_load(as_yaml(table) or "{}") == table


@given(plans())
def test_what_a_technician_wrote_arrives(plan: Plan) -> None:
    network, account = plan.site.network, plan.site.account
    told = yaml.safe_load(files(plan, CMDLINE)["network-config"])["network"]
    user = yaml.safe_load(files(plan, CMDLINE)["user-data"])["user"]
    assert user["sudo"] is None
    assert user["lock_passwd"] is (account.password_hash is None)
    assert user["ssh_authorized_keys"] == list(account.ssh_keys)
    wired = told["ethernets"]["eth0"]
    assert wired["optional"] is True
    assert ("auth" in wired) is (network.dot1x is not None and network.dot1x.interface == "eth0")
    assert ("wifis" in told) is (network.wifi is not None)
    if network.wifi is not None:
        (ssid, access), *_ = told["wifis"]["wlan0"]["access-points"].items()
        assert ssid == network.wifi.ssid
        if network.wifi.password is not None:
            assert access["password"] == pairwise_key(ssid, network.wifi.password)
        elif network.dot1x is not None:
            assert (access["auth"]["identity"], access["auth"]["password"]) == (
                network.dot1x.identity,
                network.dot1x.password,
            )
    if plan.address is not None:
        assert (wired["dhcp4"], wired["addresses"]) == (False, ["10.20.3.17/24"])


def test_a_wifis_key_is_that_of_the_standards_own_example() -> None:
    assert pairwise_key("IEEE", "password") == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"


def test_what_stays_of_the_network_says_that_there_is_nothing_to_do() -> None:
    assert yaml.safe_load(NO_NETWORK_CONFIG) == {"network": {"config": "disabled"}}


@given(plans())
def test_the_first_start_is_a_unit_that_survives_a_power_cut(plan: Plan) -> None:
    told = user_data(plan)
    assert told["write_files"] == [
        {"path": UNIT_FILE, "content": UNIT_TEXT, "permissions": "0644", "owner": "root:root"}
    ]
    assert ["systemctl", "enable", "--now", "--no-block", UNIT] in told["runcmd"]
    assert "Restart=on-failure" in UNIT_TEXT


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: on Debian apt-get install systemd"
)
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    file = tmp_path / UNIT
    file.write_text(UNIT_TEXT, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
