"""The first start of current Raspberry Pi OS: three files of cloud-init and a word on the kernel's command line. Pure.

https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html, https://netplan.readthedocs.io
"""

from __future__ import annotations

from typing import Any

from firmware_service.card.first_files import NETWORK_CA, UNIT, UNIT_FILE, UNIT_TEXT, Plan, pairwise_key
from firmware_service.card.recognise import with_tokens
from firmware_service.card.site import Dot1x, Network, Wifi
from firmware_service.card.yaml_text import as_yaml

NO_NETWORK_CONFIG = b"network: {config: disabled}\n"
"""What stays of ``network-config`` once it has been used: no password."""


def files(plan: Plan, cmdline: bytes) -> dict[str, bytes]:
    """All files by name, ``cmdline.txt`` last: until it is there, the card starts as it came.

    Raises:
        UnknownCardError: `cmdline` is no command line of Raspberry Pi OS.
    """
    words = [f"cfg80211.ieee80211_regdom={plan.site.site.country}", f"ds=nocloud;i={plan.instance}"]
    return {
        "user-data": f"#cloud-config\n{as_yaml(user_data(plan))}".encode(),
        "meta-data": as_yaml({"dsmode": "local", "instance-id": plan.instance}).encode(),
        "network-config": as_yaml({"network": network_config(plan)}).encode(),
        "cmdline.txt": with_tokens(cmdline, _is_ours, words),
    }


def _is_ours(word: str) -> bool:
    return word.startswith(("ds=nocloud", "cfg80211.ieee80211_regdom="))


def user_data(plan: Plan) -> dict[str, Any]:
    """What is to be done once; installing is left to the unit, which survives a power cut in the middle."""
    site, account = plan.site.site, plan.site.account
    # "user" changes the account that is there, with its groups for GPIO and cameras; "users" would make another one.
    user: dict[str, Any] = {"name": account.name, "lock_passwd": account.password_hash is None, "sudo": None}
    if account.password_hash is not None:
        user["passwd"] = account.password_hash
    if account.ssh_keys:
        user["ssh_authorized_keys"] = list(account.ssh_keys)
    ssh = [["systemctl", "enable", "--now", "ssh"]] if account.ssh_keys else []
    return {
        "hostname": plan.host_name,
        "manage_etc_hosts": True,
        "timezone": site.time_zone,
        "locale": site.locale,
        "ssh_pwauth": False,
        "user": user,
        # Nobody knows the time yet, and a list of packages must not come "from the future".
        "apt": {"conf": 'Acquire { Check-Date "false"; };\n'},
        "write_files": [{"path": UNIT_FILE, "content": UNIT_TEXT, "permissions": "0644", "owner": "root:root"}],
        "runcmd": [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "--no-block", UNIT], *ssh],
    }


def network_config(plan: Plan) -> dict[str, Any]:
    """netplan, version 2. Nothing waits for a network: every interface is optional."""
    network = plan.site.network
    wired = _addresses(plan, "eth0")
    if network.dot1x is not None and network.dot1x.interface == "eth0":
        wired["auth"] = {"key-management": "802.1x", **_auth(network.dot1x)}
    found: dict[str, Any] = {"version": 2, "ethernets": {"eth0": wired}}
    if network.wifi is not None:
        wireless = _addresses(plan, "wlan0")
        wireless["regulatory-domain"] = plan.site.site.country
        wireless["access-points"] = {network.wifi.ssid: _access_point(network.wifi, network)}
        found["wifis"] = {"wlan0": wireless}
    return found


def _addresses(plan: Plan, interface: str) -> dict[str, Any]:
    static = plan.site.network.static
    if static is None or plan.address is None or static.interface != interface:
        return {"dhcp4": True, "optional": True}
    return {
        "dhcp4": False,
        "optional": True,
        "addresses": [plan.address],
        "routes": [{"to": "default", "via": static.gateway}],
        "nameservers": {"addresses": list(static.dns)},
    }


def _access_point(wifi: Wifi, network: Network) -> dict[str, Any]:
    found: dict[str, Any] = {"hidden": True} if wifi.hidden else {}
    if wifi.password is not None:
        found["password"] = pairwise_key(wifi.ssid, wifi.password)
    elif network.dot1x is not None:
        found["auth"] = {"key-management": "eap", **_auth(network.dot1x)}
    return found


def _auth(dot1x: Dot1x) -> dict[str, Any]:
    return {
        "method": dot1x.method,
        "identity": dot1x.identity,
        "password": dot1x.password,
        "ca-certificate": f"/boot/firmware/{NETWORK_CA}",
        "phase2-auth": "mschapv2",
    }
