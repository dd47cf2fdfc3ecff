"""uvicorn in a worker of its own: it beats, and it ends when asked."""

from __future__ import annotations

import asyncio
import socket
import ssl

import uvicorn
from starlette.applications import Starlette

from hardware.host.tls import Tls
from hardware.host.worker import Worker

BEAT_S = 0.5
GRACE_S = 1


class PageServer:
    """Serves an ASGI application on a socket that listens already."""

    def __init__(self, app: Starlette, sock: socket.socket, *, name: str = "pages", tls: Tls | None = None) -> None:
        """Prepare; `worker.start()` serves. With `tls` only clients whose certificate its authority signed get in."""
        self._socket = sock
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.key,
            ssl_ca_certs=None if tls is None else str(tls.ca),
            ssl_cert_reqs=ssl.CERT_NONE if tls is None else ssl.CERT_REQUIRED,
        )
        self._server = uvicorn.Server(config)
        self.worker = Worker(name, self._serve, on_stop=sock.close)

    @property
    def address(self) -> tuple[str, int]:
        """Address and port."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    def ask_to_stop(self) -> None:
        """Begin to end; `stop` waits for it."""
        self.worker.stopping.set()
        self._server.should_exit = True

    def stop(self) -> None:
        """End the thread."""
        self.ask_to_stop()
        self.worker.stop()

    def _serve(self) -> None:
        asyncio.run(self._main())
        if not self.worker.stopping.is_set():
            raise RuntimeError("the page server ended by itself")

    async def _main(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            self.worker.beat()
            await asyncio.sleep(BEAT_S)
