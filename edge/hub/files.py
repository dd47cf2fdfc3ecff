"""Files for stations: content-addressed, so whoever asks by the name of their content can be given nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

NAME = re.compile(r"[0-9a-f]{64}\.sqlite3")


def application(folder: Path) -> Starlette:
    """The ASGI application that serves ``/files/<sha256>.sqlite3``, whole or from a byte on (RFC 9110, 14.2).

    Args:
        folder: the catalogue folder that is published.
    """

    def file(request: Request) -> Response:
        name = request.path_params["name"]
        path = folder / name
        if NAME.fullmatch(name) is None or not path.is_file():
            return Response("no such file\n", status_code=404)
        return FileResponse(path, media_type="application/vnd.sqlite3")

    return Starlette(routes=[Route("/files/{name}", file)])
