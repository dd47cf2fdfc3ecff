"""The proxy does to a connection what it says, and no more."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.proxy import Proxy
from tests.support.site import wait_for


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """In front of a server that says everything back."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        made = Proxy(server.getsockname()[1])
        yield made
        made.close()
        server.shutdown(socket.SHUT_RDWR)


def _echo(server: socket.socket) -> None:
    while True:
        try:
            sock, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_say_back, args=(sock,), daemon=True).start()


def _say_back(sock: socket.socket) -> None:
    with sock, contextlib.suppress(OSError):
        while data := sock.recv(4096):
            sock.sendall(data)


def _ended(sock: socket.socket) -> bool:
    try:
        return sock.recv(100) == b""
    except ConnectionResetError:
        return True


@contextlib.contextmanager
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as sock:
        sock.sendall(b"first")
        assert sock.recv(100) == b"first"
        yield sock


def test_it_cuts_after_so_many_bytes(proxy: Proxy) -> None:
    with client(proxy) as sock:
        proxy.cut_after("down", 3)
        sock.sendall(b"hello")
        heard = b""
        with contextlib.suppress(ConnectionResetError):
            while data := sock.recv(100):
                heard += data
    assert heard in (b"hel", b"")  # a reset may take away what was not read yet
    assert (proxy.passed["down"], proxy.cuts) == (len(b"first") + 3, 1)
    with client(proxy):
        pass


def test_half_open_swallows_and_does_not_close(proxy: Proxy) -> None:
    with client(proxy) as sock:
        proxy.go_deaf("up", "down")
        sock.sendall(b"hello")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(100)
        assert proxy.passed["up"] == len(b"first")
        proxy.heal()
        assert _ended(sock)


def test_one_way_is_cut_alone(proxy: Proxy) -> None:
    with client(proxy) as sock:
        proxy.go_deaf("down")
        sock.sendall(b"hello")
        wait_for(lambda: proxy.passed["up"] == len(b"firsthello"), "the way up")
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(100)


def test_it_delays_each_way(proxy: Proxy) -> None:
    with client(proxy) as sock:
        proxy.delay(0.2)
        began = time.monotonic()
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
        assert time.monotonic() - began >= 0.4


def test_it_refuses_and_takes_again(proxy: Proxy) -> None:
    proxy.refuse()
    with pytest.raises((ConnectionError, AssertionError)), client(proxy):
        pass
    proxy.heal()
    with client(proxy):
        pass
