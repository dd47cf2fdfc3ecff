"""Takes out what nobody else may see: keys, passwords, tokens, Wi-Fi secrets, and whatever may be a person. Pure.

Configuration goes by a list of what may be shown: a key that nobody thought of is not shown. Text that anybody may have
written, such as a log, is searched for everything that looks like a secret, for every secret that this machine's own
configuration holds, and for everything of the form of this site's wristbands and badges.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

GONE = "[removed]"
LEAST_SECRET = 4
"""A shorter text stands everywhere by chance."""

SHOWN = frozenset(
    (
        *("id", "role", "place", "home_task", "region", "mobile", "schema", "version", "channel", "ring", "window"),
        *("host", "port", "bench", "kind", "device", "framing", "baud", "no_read", "source", "size", "lens_position"),
        *("exposure_us", "gain", "formats", "folder", "file", "tables", "ca", "certificate", "kid", "may", "name"),
        *("day", "night", "silent", "stop_sounds", "volume", "night_volume", "zone", "time_zone", "locale", "ntp"),
        *("address", "addresses", "gateway", "dns", "mirror", "url", "method", "interface", "length", "characters"),
    )
)
"""Keys of configurations whose text may be shown. Numbers and truth values always are, but for secret ones."""
_SECRET = (
    *("psk", "passwd", "password", "passphrase", "pass", "pwd", "secret", "token", "bearer", "key", "apikey"),
    *("api_key", "private", "private_key", "credential", "credentials", "authorization", "cookie", "pin", "sig"),
    *("signature", "口令", "密码", "密钥"),
)
_PERSON = (
    *("patient", "wristband", "inpatient", "mrn", "operator", "witness", "badge", "card", "payload", "bytes", "read"),
    *("reads", "text", "code", "content", "label", "person", "user", "username", "phone", "identity"),
    *("患者", "腕带", "住院号", "姓名", "胸牌", "电话"),
)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'[^'\n]*'"
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\n]+")
_NAMED_SECRET = re.compile(rf"(?i)([\w.-]*(?:{_any_of(_SECRET)})[\"']?\s*[=:\uff1a]\s*)({_QUOTED}|[^\n]+)")
"""Without quotes nobody knows where a password ends: up to the end of the line."""
_NAMED_PERSON = re.compile(
    rf"(?i)([\w.-]*(?:{_any_of(_PERSON)})[\"']?\s*[=:\uff1a]\s*)({_QUOTED}|\[[^\]\n]*\]|\{{[^}}\n]*\}}|[^\s,;]+)"
)
_OPTION = re.compile(rf"(?i)(--?[\w-]*(?:{_any_of(_SECRET)})) +\S+")
_USER = re.compile(r"(\w+://)[^/\s@]+@")
_ROOM = re.compile(r"UDI[A-Z]*\d+\.\S+")
_IDENTITY_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_LONG = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PATH = re.compile(r"/?(boot|dev|etc|home|opt|proc|run|sys|tmp|usr|var|site-packages|udi|firmware_service|edge)/")


def scrub_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with the texts that may be shown, and what kind of thing stood in place of the others."""
    return {key: _shown(key, value) for key, value in table.items()}


def _shown(key: str, value: object) -> object:
    if isinstance(value, Mapping):
        return scrub_table(value)
    if isinstance(value, list):
        return [_shown(key, each) for each in value]
    if _is_secret(key) or not isinstance(value, str | int | float | bool):
        return GONE
    if isinstance(value, str) and key not in SHOWN:
        return f"{GONE} {len(value)} characters"
    return value


def _is_secret(key: str) -> bool:
    return key.lower() in _SECRET or any(key.lower().endswith((f"_{word}", f"-{word}")) for word in _SECRET)


def secrets_of(table: Mapping[str, Any]) -> frozenset[str]:
    """The texts under every secret key, and everything that `scrub_table` does not show: none may stand anywhere."""
    return frozenset(text for text in _hidden("", table) if len(text) >= LEAST_SECRET)


def _hidden(key: str, value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _hidden(str(name), each)
    elif isinstance(value, list):
        for each in value:
            yield from _hidden(key, each)
    elif _is_secret(key) or (isinstance(value, str) and key not in SHOWN):
        yield str(value)


_CLASSES = {"digits": r"\d", "letters": "[A-Za-z]", "alphanumeric": "[0-9A-Za-z]"}


def people_of(patterns: object) -> tuple[re.Pattern[str], ...]:
    """What wristbands and badges of this site look like, from ``[patterns]`` of the station's file."""
    if not isinstance(patterns, Mapping):
        return ()
    found = (_pattern(patterns.get(name)) for name in ("wristband", "badge"))
    return tuple(pattern for pattern in found if pattern is not None)


def _pattern(table: object) -> re.Pattern[str] | None:
    if not isinstance(table, Mapping):
        return None
    prefix, length = table.get("prefix", ""), table.get("length", [1, 40])
    if not isinstance(prefix, str) or not (isinstance(length, list) and len(length) == 2):  # noqa: PLR2004 - least, most
        return None
    one = _CLASSES.get(str(table.get("characters")), r"\S")
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(prefix)}{one}{{{int(length[0])},{int(length[1])}}}")


def scrub_text(text: str, secrets: Collection[str] = (), people: Collection[re.Pattern[str]] = ()) -> str:
    """A text with nothing in it that looks like a secret or a person.

    Args:
        text: such as a log.
        secrets: texts of this machine's configuration that may stand nowhere.
        people: forms of this site's wristbands and badges.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, GONE)
    text = _PEM.sub(GONE, text)
    for pattern in (_BEARER, _OPTION):
        text = pattern.sub(rf"\1 {GONE}", text)
    for pattern in (_NAMED_SECRET, _NAMED_PERSON):
        text = pattern.sub(rf"\1{GONE}", text)
    text = _USER.sub(rf"\1{GONE}@", text)
    for pattern in (_ROOM, _IDENTITY_CARD, _PHONE, *people):
        text = pattern.sub(GONE, text)
    return _LONG.sub(_random, text)


def scrub_object(value: object, secrets: Collection[str] = (), people: Collection[re.Pattern[str]] = ()) -> object:
    """Something of JSON's kinds, each of its texts scrubbed and nothing under a secret's or a person's name."""
    if isinstance(value, Mapping):
        return {
            scrub_text(str(key), secrets, people): GONE if _is_hidden(str(key)) else scrub_object(each, secrets, people)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrub_object(each, secrets, people) for each in value]
    if isinstance(value, bool | float | None):
        return value
    text = scrub_text(str(value), secrets, people)
    return value if text == str(value) else text


def _is_hidden(key: str) -> bool:
    return _is_secret(key) or key.lower() in _PERSON


def _random(found: re.Match[str]) -> str:
    """Long and mixed is a key, a hash or a token, unless it is a path or an event's id."""
    word = found.group()
    if _PATH.match(word) or _UUID.fullmatch(word):
        return word
    mixed = any(c.isdigit() for c in word) or (word != word.lower() and word != word.upper())
    return GONE if mixed else word
