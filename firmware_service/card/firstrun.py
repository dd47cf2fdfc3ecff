"""The first start of bookworm and of trixie's first edition: a script that systemd runs once. Pure.

It runs before anything else does, is started again if the power fails in it, and ends in a reboot. Connections are
NetworkManager's key files. https://networkmanager.dev/docs/api/latest/nm-settings-keyfile.html
"""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping

from firmware_service.card.first_files import NETWORK_CA, UNIT, UNIT_FILE, UNIT_TEXT, Plan, pairwise_key
from firmware_service.card.recognise import with_tokens
from firmware_service.card.site import Account, Dot1x, Wifi

SCRIPT = "firstrun.sh"
_WORDS = (
    f"systemd.run=/boot/{SCRIPT}",
    "systemd.run_success_action=reboot",
    "systemd.unit=kernel-command-line.target",
)
_CONNECTIONS = "/etc/NetworkManager/system-connections"
Section = Mapping[str, str]


def files(plan: Plan, cmdline: bytes) -> dict[str, bytes]:
    """All files by name, ``cmdline.txt`` last: until it is there, the card starts as it came.

    Raises:
        UnknownCardError: `cmdline` is no command line of Raspberry Pi OS.
    """
    words = [f"cfg80211.ieee80211_regdom={plan.site.site.country}", *_WORDS]
    return {SCRIPT: script(plan).encode(), "cmdline.txt": with_tokens(cmdline, _is_ours, words)}


def _is_ours(word: str) -> bool:
    return word.startswith(("systemd.run", "systemd.unit=", "cfg80211.ieee80211_regdom="))


def script(plan: Plan) -> str:
    """The script, for any POSIX shell. A command that fails does not hold up those after it."""
    site = plan.site.site
    written = {UNIT_FILE: ("644", UNIT_TEXT)}
    written |= {f"{_CONNECTIONS}/{name}": ("600", text) for name, text in connections(plan).items()}
    host = shlex.quote(plan.host_name)
    lines = [
        "#!/bin/sh",
        "boot=/boot/firmware",
        f'[ -f "$boot/{SCRIPT}" ] || boot=/boot',
        f"host={host}",
        "printf '%s\\n' \"$host\" >/etc/hostname",
        'sed -i "s/^127\\.0\\.1\\.1.*/127.0.1.1\\t$host/" /etc/hosts',
        f"zone={shlex.quote(site.time_zone)}",
        'ln -sf "/usr/share/zoneinfo/$zone" /etc/localtime',
        "printf '%s\\n' \"$zone\" >/etc/timezone",
        'for each in /var/lib/systemd/rfkill/*:wlan; do [ -e "$each" ] && echo 0 >"$each"; done',
        *_account(plan.site.account),
        *(line for path, (mode, text) in written.items() for line in _write(path, mode, text)),
        f"systemctl enable {UNIT}",
        'sed -i "s| systemd\\.run.*||" "$boot/cmdline.txt"',
        f'rm -f "$boot/{SCRIPT}"',
        "sync",
        "exit 0",
    ]
    return "\n".join(lines) + "\n"


def _account(account: Account) -> list[str]:
    """Raspberry Pi OS has one account without a password; renaming it is what its own helper does."""
    name, password = shlex.quote(account.name), shlex.quote(account.password_hash or "*")
    lines = [f"[ -x /usr/lib/userconf-pi/userconf ] && /usr/lib/userconf-pi/userconf {name} {password}"]
    lines.append("rm -f /etc/sudoers.d/010_pi-nopasswd")
    if account.ssh_keys:
        keys = "".join(f"{key}\n" for key in account.ssh_keys)
        lines += [f"home=$(getent passwd {name} | cut -d: -f6)", f'install -d -m 700 -o {name} -g {name} "$home/.ssh"']
        lines += [f"printf '%s' {shlex.quote(keys)} >\"$home/.ssh/authorized_keys\""]
        lines += [f'chown {name}:{name} "$home/.ssh/authorized_keys"', 'chmod 600 "$home/.ssh/authorized_keys"']
        lines += ["printf 'PasswordAuthentication no\\n' >/etc/ssh/sshd_config.d/50-udi.conf", "systemctl enable ssh"]
    return lines


def _write(path: str, mode: str, text: str) -> list[str]:
    return [
        f"umask 077; mkdir -p {shlex.quote(path.rpartition('/')[0])}",
        f"printf '%s' {shlex.quote(text)} >{shlex.quote(path)}",
        f"chmod {mode} {shlex.quote(path)}",
    ]


def connections(plan: Plan) -> dict[str, str]:
    """NetworkManager's key files by name."""
    network = plan.site.network
    wired: dict[str, Section] = {}
    if network.dot1x is not None and network.dot1x.interface == "eth0":
        wired["802-1x"] = _auth(network.dot1x)
    found = {"udi-eth0.nmconnection": _connection(plan, "eth0", "ethernet", wired)}
    if network.wifi is not None:
        sections = _wifi(network.wifi, network.dot1x)
        found["udi-wlan0.nmconnection"] = _connection(plan, "wlan0", "wifi", sections)
    return found


def _connection(plan: Plan, interface: str, kind: str, more: Mapping[str, Section]) -> str:
    head = {
        "id": f"udi-{interface}",
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"udi-station:{plan.instance}:{interface}")),
        "type": kind,
        "interface-name": interface,
    }
    sections: dict[str, Section] = {
        "connection": head,
        **more,
        "ipv4": _ipv4(plan, interface),
        "ipv6": {"method": "auto"},
    }
    return "\n".join(
        "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in section.items()), ""])
        for name, section in sections.items()
    )


def _ipv4(plan: Plan, interface: str) -> Section:
    static = plan.site.network.static
    if static is None or plan.address is None or static.interface != interface:
        return {"method": "auto"}
    return {
        "method": "manual",
        "address1": f"{plan.address},{static.gateway}",
        "dns": "".join(f"{each};" for each in static.dns),
    }


def _wifi(wifi: Wifi, dot1x: Dot1x | None) -> dict[str, Section]:
    # The name as a list of its bytes: a text would be read as one if it looked like one.
    ssid = "".join(f"{byte};" for byte in wifi.ssid.encode())
    sections: dict[str, Section] = {
        "wifi": {"mode": "infrastructure", "ssid": ssid, "hidden": str(wifi.hidden).lower()}
    }
    if wifi.password is not None:
        sections["wifi-security"] = {"key-mgmt": "wpa-psk", "psk": pairwise_key(wifi.ssid, wifi.password)}
    elif dot1x is not None:
        sections |= {"wifi-security": {"key-mgmt": "wpa-eap"}, "802-1x": _auth(dot1x)}
    return sections


def _auth(dot1x: Dot1x) -> Section:
    return {
        "eap": f"{dot1x.method};",
        "identity": _escaped(dot1x.identity),
        "password": _escaped(dot1x.password or ""),
        "ca-cert": f"/boot/firmware/{NETWORK_CA}",
        "phase2-auth": "mschapv2",
    }


def _escaped(text: str) -> str:
    """A value of GLib's key file: strokes doubled, spaces at its ends kept."""
    inner = text.replace("\\", "\\\\")
    stripped = inner.strip(" ")
    left = len(inner) - len(inner.lstrip(" "))
    right = len(inner) - left - len(stripped)
    return "\\s" * left + stripped + "\\s" * right
