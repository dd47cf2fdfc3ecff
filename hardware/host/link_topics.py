"""Topics at a broker that takes a dot for the end of a level: NATS, which knows MQTT 3.1.1 only, and says so.

NATS calls a topic a subject. Before 2.10 it ends the connection of whoever names a topic with a dot or a space, which
a machine (``OR-03.fw``) and the number of a document or an order may have. So both sides write what a subject cannot
hold otherwise there, and read it back: every client of a site is a `hardware.host.link.Link`.
https://docs.nats.io/running-a-nats-service/configuration/mqtt
"""

from __future__ import annotations

import re

_SPELT = {"!": "!!", ".": "!d", " ": "!s", "*": "!a", ">": "!g"}
_TABLE = str.maketrans(_SPELT)
_READ = {spelt: each for each, spelt in _SPELT.items()}
_PAIR = re.compile("!.", re.DOTALL)


def spell(topic: str) -> str:
    """A topic, or a filter, as such a broker takes it: ``udi/OR-03!dfw/health``."""
    return topic.translate(_TABLE)


def unspell(topic: str) -> str:
    """What `spell` was given; a pair that it never writes stays as it is."""
    return _PAIR.sub(lambda pair: _READ.get(pair[0], pair[0]), topic)
