"""Headless Chromium through its debugging pipe: no package, no port, no network."""

from __future__ import annotations

import base64
import json
import os
import selectors
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)


class BrowserError(Exception):
    """The browser did not do what it was asked to."""


class Browser:
    """A page in a browser of its own, with an empty profile; collects what the page reports."""

    def __init__(self, program: str, profile: Path, limit: float = 60.0) -> None:
        self.events: list[dict[str, Any]] = []
        self._limit = limit
        self._last = 0
        self._session: str | None = None
        self._rest = b""
        inward, self._write = os.pipe()
        self._read, outward = os.pipe()
        # The browser reads its orders on descriptor 3 and answers on 4.
        shell = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        command = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "bash", str(inward), str(outward), *command],
            pass_fds=(inward, outward),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(profile)},
        )
        os.close(inward)
        os.close(outward)
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Answer of the browser to one order."""
        self._last += 1
        order: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            order["sessionId"] = self._session
        os.write(self._write, json.dumps(order).encode() + b"\0")
        end = time.monotonic() + self._limit
        while True:
            message = self._receive(end)
            if message.get("id") == self._last:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def open(self, path: Path, width: int, height: int) -> None:
        """Open a file from the disk in a window of this size and wait for it."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + self._limit
        while not self._named("Page.loadEventFired"):
            self.events.append(self._receive(end))

    def evaluate(self, expression: str) -> Any:
        """Value of an expression on the page; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """The whole page as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def requests(self) -> list[str]:
        """Addresses that the page asked for, data in the page itself left out."""
        sent = [e["params"]["request"]["url"] for e in self._named("Network.requestWillBeSent")]
        return [url for url in sent if not url.startswith("data:")]

    def complaints(self) -> list[Any]:
        """Errors and warnings on the console, exceptions, refusals of the page's policy."""
        said = [e for e in self._named("Runtime.consoleAPICalled") if e["params"]["type"] != "log"]
        return [*said, *self._named("Runtime.exceptionThrown"), *self._named("Log.entryAdded")]

    def _named(self, method: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("method") == method]

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            with selectors.DefaultSelector() as ready:
                ready.register(self._read, selectors.EVENT_READ)
                if not ready.select(max(0.0, end - time.monotonic())):
                    raise BrowserError(f"no answer within {self._limit:g} s")
            chunk = os.read(self._read, 1 << 16)
            if not chunk:
                raise BrowserError(f"ended with {self._process.wait()}")
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)
