"""``udi/first-start.pyz``: the program of the first start as one file that the system's own Python runs.

https://docs.python.org/3/library/zipapp.html
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path

MODULES = (
    "firmware_service",
    "firmware_service.card",
    "firmware_service.card.errors",
    "firmware_service.card.first_slot",
    "firmware_service.card.first_start",
    "firmware_service.card.first_system",
    "firmware_service.card.marker",
    "firmware_service.card.report",
    "firmware_service.places",
    "hardware",
    "hardware.host",
    "hardware.host.board",
    "hardware.host.files",
)
"""All it imports beside the standard library."""
_MAIN = "from firmware_service.card.first_start import main\n\nmain()\n"
_TIME = (1980, 1, 1, 0, 0, 0)


def first_start_archive() -> bytes:
    """The archive; the same bytes whenever it is made of the same modules."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [*(_module(each) for each in MODULES), ("__main__.py", _MAIN.encode())]:
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return out.getvalue()


def _module(name: str) -> tuple[str, bytes]:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    file = Path(spec.origin)
    folder = name.replace(".", "/")
    return (f"{folder}/__init__.py" if file.name == "__init__.py" else f"{folder}.py"), file.read_bytes()
