"""A real browser: Chromium without a window, asked as https://www.w3.org/TR/webdriver2/ says."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.support.site import wait_for

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "no browser is installed: apt-get install chromium chromium-driver"
SWITCHES = (
    "--headless",
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
)
_BLANK = {"session": {"restore_on_startup": 4, "startup_urls": ["about:blank"]}}
"""Chromium's own first page would ask for things of its own."""


_PORT = re.compile(rb"successfully on port (\d+)")


class BrowserError(Exception):
    """The browser did not do it; the text is its own."""


class Browser:
    """One window with an empty profile; `close` ends it."""

    def __init__(self, profile: Path) -> None:
        assert DRIVER is not None
        log = profile.with_name(f"{profile.name}.log")
        with log.open("wb") as out:
            words = [DRIVER, "--port=0"]
            self._driver = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for(lambda: _PORT.search(log.read_bytes()), "the browser's driver to listen")
        found = _PORT.search(log.read_bytes())
        assert found is not None
        port = found.group(1).decode()
        self._session = f"http://127.0.0.1:{port}/session"
        chrome = {"binary": CHROMIUM, "args": [f"--user-data-dir={profile}", *SWITCHES], "prefs": _BLANK}
        wanted = {"goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self._session += "/" + self._ask("POST", "", capabilities={"alwaysMatch": wanted})["sessionId"]

    def width(self, pixels: int) -> None:
        """The window as wide as a phone, a tablet or a desk has it."""
        phone = pixels < 600
        self._cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=phone)

    def go(self, address: str) -> None:
        """Open a page; comes back when it is loaded."""
        self._ask("POST", "/url", url=address)

    def run(self, function: str, *given: Any) -> Any:
        """What a JavaScript function says about the page that is open."""
        return self._ask("POST", "/execute/sync", script=f"return ({function})(...arguments)", args=list(given))

    def said(self) -> list[str]:
        """What stands in the console since it was last asked."""
        return [each["message"] for each in self._ask("POST", "/se/log", type="browser")]

    def asked(self) -> list[str]:
        """Every address that was requested since it was last asked."""
        told = [json.loads(each["message"])["message"] for each in self._ask("POST", "/se/log", type="performance")]
        return [each["params"]["request"]["url"] for each in told if each["method"] == "Network.requestWillBeSent"]

    def media(self, kind: str) -> None:
        """Show the page as on ``screen`` or as in ``print``."""
        self._cdp("Emulation.setEmulatedMedia", media=kind)

    def printed(self) -> bytes:
        """The page on A4, PDF."""
        return base64.b64decode(self._ask("POST", "/print", page={"width": 21.0, "height": 29.7}))

    def picture(self, file: Path) -> None:
        """The whole page as a PNG, for people to look at."""
        shot = self._cdp("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        """End browser and driver."""
        try:
            self._ask("DELETE", "")
        finally:
            os.killpg(self._driver.pid, signal.SIGKILL)
            self._driver.wait()

    def _cdp(self, command: str, **params: Any) -> Any:
        return self._ask("POST", "/goog/cdp/execute", cmd=command, params=params)

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        request = Request(self._session + path, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=20) as response:  # noqa: S310 - the driver of this test
                return json.load(response)["value"]
        except HTTPError as error:
            raise BrowserError(error.read().decode()) from None
