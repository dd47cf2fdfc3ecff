import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.host.local import MAX_UNSENT, LineClient, LineServer, ask
from tests.support.site import wait_for


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.sock"


@pytest.fixture
def server(path: Path) -> Iterator[LineServer]:
    path.touch()  # a stale file of a former life
    made = LineServer(path)
    yield made
    made.close()
    assert not path.exists()


def test_a_message_goes_to_every_client(path: Path, server: LineServer) -> None:
    clients = [LineClient(path), LineClient(path)]
    for client in clients:
        client.step(0.01)
    server.step(0.1)
    server.step(0.1)
    server.broadcast({"text": "手术室\n2"})
    for client in clients:
        assert client.step(1.0) == [{"text": "手术室\n2"}]
        client.close()


BAD = {"no JSON": b"hello\n", "no object": b"[1]\n", "no end": b"x" * (1024 * 1024 + 10), "bytes": b"\xff\xfe\n"}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_client_that_talks_nonsense_is_dropped_and_others_stay(path: Path, server: LineServer, data: bytes) -> None:
    good = LineClient(path)
    good.step(0.01)
    with socket.socket(socket.AF_UNIX) as bad:
        bad.connect(str(path))
        sender = threading.Thread(target=lambda: _send(bad, data))
        sender.start()
        wait_for(lambda: server.step(0.02) == [] and not sender.is_alive(), "everything to be sent")
        for _ in range(40):
            server.step(0.0)
        assert len(server._clients) == 1
    good.send({"still": "here"})
    assert server.step(1.0)[0][1] == {"still": "here"}
    good.close()


def _send(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError:
        return


def test_a_client_that_does_not_read_is_dropped(path: Path, server: LineServer) -> None:
    client = LineClient(path)
    client.step(0.01)
    server.step(0.1)
    block = {"block": "x" * 60_000}
    for _ in range(2 * MAX_UNSENT // 60_000 + 20):
        server.broadcast(block)
    assert server._clients == {}
    client.close()


def test_a_client_connects_again(path: Path) -> None:
    client = LineClient(path)
    assert client.step(0.01) == []
    assert not client.connected
    first = LineServer(path)
    client.step(0.01)
    assert client.connected
    first.close()
    wait_for(lambda: client.step(0.01) == [] and not client.connected, "the loss to be noticed")
    second = LineServer(path)
    client.step(0.01)
    assert client.connected
    client.close()
    second.close()


def test_a_connection_that_was_never_closed_is_outdated_when_another_server_listens(path: Path) -> None:
    client = LineClient(path)
    assert not client.outdated
    first = LineServer(path)
    client.step(0.01)
    assert not client.outdated
    second = LineServer(path)
    assert client.connected
    assert client.outdated
    client.close()
    client.step(0.01)
    assert not client.outdated
    first.close()
    assert path.exists(), "it is the second one's"
    second.close()
    assert not path.exists()
    client.close()


def test_nobody_answers(path: Path) -> None:
    assert ask(path, {"ask": "status"}, within_s=0.1) is None
