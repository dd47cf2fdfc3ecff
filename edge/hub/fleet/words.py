"""Codes of machines as people say them, in zh-CN and English."""

from __future__ import annotations

from edge.hub.words import Words

HEALTH: Words = {
    "ok": ("正常", "well"),
    "unknown": ("未知", "unknown"),
    "warn": ("注意", "look after it"),
    "fail": ("故障", "fault"),
}
CHECKS: Words = {
    "broker": ("消息服务器", "broker and hub"),
    "camera": ("相机", "camera"),
    "catalogue": ("产品库", "age of the catalogue"),
    "certificate": ("证书", "certificates"),
    "clock": ("时钟", "clock"),
    "fsync": ("写卡速度", "time to make a write safe"),
    "journal": ("待传记录", "events that wait for the hub"),
    "last_scan": ("上次扫码", "hours since the last scan"),
    "power": ("供电", "power supply"),
    "reboot": ("重启请求", "request for a reboot"),
    "rtc": ("时钟电池", "clock battery"),
    "scanner": ("扫码枪", "scanners"),
    "space": ("存储卡空间", "free space on the card"),
    "station": ("扫码站", "station"),
    "storage_wear": ("存储卡寿命", "wear of the storage"),
    "temperature": ("处理器温度", "temperature of the processor"),
}
"""A machine sends the words only where something is wrong; these stand where all is well."""
CONFIGURATIONS: Words = {
    "kept": ("已采用", "kept"),
    "trying": ("试用中", "on trial"),
    "refused": ("已拒绝", "refused"),
}
CLOCKS: Words = {
    "none": ("无", "none"),
    "floor": ("仅下限", "a floor only"),
    "rtc": ("时钟电池", "clock module"),
    "https": ("HTTPS", "HTTPS"),
    "ntp": ("NTP", "NTP"),
}
KINDS: Words = {
    "restart": ("重启程序", "restart"),
    "reboot": ("重启机器", "reboot"),
    "selftest": ("自检", "self-test"),
    "log_level": ("日志级别", "log level"),
    "diagnostics": ("诊断包", "diagnostics"),
    "update": ("更新", "update"),
}
STATUSES: Words = {
    "init": ("等待", "waits"),
    "executing": ("进行中", "under way"),
    "successful": ("完成", "done"),
    "failed": ("失败", "failed"),
    "expired": ("过期", "expired"),
}
