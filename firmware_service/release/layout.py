"""Where what lies in a repository of releases; known to who publishes and to who believes."""

from __future__ import annotations

METADATA = "metadata"
"""The folder of the signed metadata."""
ISSUED = "x-issued"
"""Key of a timestamp's metadata: when it was signed, ISO 8601 in UTC. So a device without a clock learns the time."""


def releases(channel: str) -> str:
    """The folder of a channel's manifests."""
    return f"release/{channel}/"


def target_path(channel: str, version: str) -> str:
    """The name under which a manifest is signed; its file has the SHA-256 before the last part."""
    return f"{releases(channel)}{version}.json"
