import hashlib
import socket
from pathlib import Path

import pytest

from firmware_service.card.site import Network
from firmware_service.update.fetching import FolderSource, Source, WebSource
from hardware.host.fetch import AbsentError, FetchError, Route
from tests.support.file_server import serving
from tests.support.pki import Authority
from tests.support.power import power_disk
from tests.support.web_proxy import Refusal, web_proxy

DATA = bytes(range(256)) * 4000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "timestamp.json").write_bytes(b"{}")
    (folder / "blob").write_bytes(DATA)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "site")


def fetched(source: WebSource, out: Path) -> bytes:
    for _ in source.fetch("blob", out, hashlib.sha256(DATA).hexdigest(), len(DATA)):
        pass
    return out.read_bytes()


def test_a_tunnel_leads_through_the_proxy(folder: Path, site: Authority, tmp_path: Path) -> None:
    with serving(folder, site.identity("server")) as server, web_proxy() as proxy:
        source = WebSource(server.url, site.identity("OR-03.fw"), route=Route(proxy.url))
        assert source.read("timestamp.json", 100) == b"{}"
        assert fetched(source, tmp_path / "blob") == DATA
        with pytest.raises(AbsentError, match=f"by the proxy {proxy.url}"):
            source.read("nothing.json", 100)
    host = server.url.removeprefix("https://")
    assert set(proxy.asked) == {f"CONNECT {host} HTTP/1.0"} or set(proxy.asked) == {f"CONNECT {host} HTTP/1.1"}


def test_what_broke_off_goes_on_through_the_proxy(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blob.part").write_bytes(DATA[:5000])
    with serving(folder) as server, web_proxy() as proxy:
        assert fetched(WebSource(server.url, route=Route(proxy.url)), tmp_path / "blob") == DATA
        assert proxy.asked == [f"GET {server.url}/blob HTTP/1.1"]
        assert server.asked == [("blob", "bytes=5000-")]


@pytest.mark.parametrize("served", [False, True], ids=["from a stick", "from a server"])
def test_what_an_earlier_process_left_unflushed_is_flushed_before_it_gets_its_name(
    folder: Path, *, served: bool
) -> None:
    with power_disk() as disk, serving(folder) as server:
        source: Source = WebSource(server.url) if served else FolderSource(folder)
        out, sha256 = disk.folder / "blob", hashlib.sha256(DATA).hexdigest()
        pieces = source.fetch("blob", out, sha256, len(DATA))
        while next(pieces) < len(DATA):
            pass
        del pieces  # it died here
        assert list(source.fetch("blob", out, sha256, len(DATA))) == [len(DATA)]
        disk.cut(disk.reached())
        assert out.read_bytes() == DATA


def test_what_the_server_does_wrong_is_not_the_proxys(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "blob.part").write_bytes(DATA[:5000])
    with serving(folder) as server, web_proxy() as proxy:
        server.manners["blob"] = "whole"
        with pytest.raises(FetchError) as caught:
            fetched(WebSource(server.url, route=Route(proxy.url)), tmp_path / "blob")
        place = f"{server.url}/blob (by the proxy {proxy.url})"
        assert str(caught.value) == f"{place}: expected the rest from byte 5000 on, found status 200"


def test_the_environments_proxies_are_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(folder) as server:
        assert WebSource(server.url).read("timestamp.json", 100) == b"{}"


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        ("password", r"407 Proxy Authentication Required; let the proxy pass this host without a password"),
        ("forbidden", r"403 Forbidden; let the proxy pass this host"),
        ("unreachable", r"504 Gateway Timeout; the proxy does not reach this host"),
        ("rubbish", r"is the proxy there\?"),
    ],
)
def test_a_proxy_that_refuses_is_named(folder: Path, site: Authority, refuses: Refusal, said: str) -> None:
    with serving(folder, site.identity("server")) as server, web_proxy(refuses=refuses) as proxy:
        source = WebSource(server.url, site.identity("OR-03.fw"), route=Route(proxy.url))
        with pytest.raises(FetchError, match=rf"by the proxy {proxy.url}\): .*{said}"):
            source.read("timestamp.json", 100)
        assert server.asked == []


def test_a_proxy_that_is_gone_is_named(site: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = WebSource("https://udi.site", site.identity("OR-03.fw"), route=Route(f"http://127.0.0.1:{port}"))
    with pytest.raises(FetchError, match=r"Connection refused.*is the proxy there\? .*network\.direct"):
        source.read("timestamp.json", 100)


@pytest.mark.parametrize("public", [False, True])
def test_a_proxy_that_opens_tunnels_is_refused(site: Authority, tmp_path: Path, *, public: bool) -> None:
    own = Authority(tmp_path / "proxy").identity("server")
    with web_proxy(intercepts=own) as proxy:
        source = WebSource("https://localhost", site.identity("OR-03.fw"), route=Route(proxy.url, public))
        with pytest.raises(FetchError, match=r"certificate verify failed.*the proxy must not open this host's TLS"):
            source.read("timestamp.json", 100)


def test_a_server_known_to_the_system_may_carry_what_is_signed(
    folder: Path, site: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, foreign = Authority(tmp_path / "vendor"), Authority(tmp_path / "foreign")
    monkeypatch.setenv("SSL_CERT_FILE", str(vendor.file))
    device = site.identity("OR-03.fw")
    with serving(folder, vendor.identity("server"), anybody=True) as server:
        assert WebSource(server.url, device, route=Route(public=True)).read("timestamp.json", 100) == b"{}"
        with pytest.raises(FetchError, match="certificate verify failed"):
            WebSource(server.url, device).read("timestamp.json", 100)
    with (
        serving(folder, foreign.identity("server"), anybody=True) as server,
        pytest.raises(FetchError, match="certificate verify failed"),
    ):
        WebSource(server.url, device, route=Route(public=True)).read("timestamp.json", 100)
    with serving(folder, site.identity("server")) as server:
        assert WebSource(server.url, device, route=Route(public=True)).read("timestamp.json", 100) == b"{}"


PROXY = "http://proxy.site:3128"


@pytest.mark.parametrize(
    ("direct", "url", "proxy"),
    [
        ((), "https://updates.example", PROXY),
        (("updates.example",), "https://updates.example:8443/r/", None),
        (("Updates.Example",), "https://UPDATES.example/", None),
        (("updates.example",), "https://my.updates.example", PROXY),
        ((".example",), "https://updates.example", None),
        ((".example",), "https://example", PROXY),
        ((".example",), "https://updates.notexample", PROXY),
        (("10.0.0.7",), "https://10.0.0.7/", None),
        (("[fd00::7]",), "https://[fd00::7]:8443/", None),
    ],
)
def test_hosts_inside_the_site_are_reached_directly(direct: tuple[str, ...], url: str, proxy: str | None) -> None:
    assert Network(proxy=PROXY, direct=direct).proxy_to(url) == proxy
    assert Network(direct=direct).proxy_to(url) is None
