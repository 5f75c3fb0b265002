"""Chromium: a real browser without a screen, whose microphone says one WAV file."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import hashlib
import http.server
import itertools
import json
import re
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets import ConnectionClosed
from websockets.asyncio.client import ClientConnection, connect

from tests.peers.process import Peer, until

PAGES = Path(__file__).with_name("browser")
CLIENT = PAGES / "node_modules" / "livekit-client" / "dist" / "livekit-client.umd.js"
ANSWER_SECONDS = 20.0
RATE = 16_000
"""Of what it hears."""
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)


class PageError(Exception):
    """What a page's script threw."""


class Chromium:
    """One browser: `async with Chromium(folder, microphone=path) as browser`, then `open(url)`.

    The microphone says the file from its start whenever a page opens it, and then nothing.
    `hosts` are names that lead to loopback; no other name leads anywhere. `trusts` is a PEM file
    with a certificate that it believes in.
    """

    def __init__(
        self,
        folder: Path,
        *,
        microphone: Path | None = None,
        hosts: tuple[str, ...] = (),
        trusts: Path | None = None,
    ) -> None:
        self._folder, self._microphone, self._hosts = folder, microphone, hosts
        self._trusts = trusts
        self._peer: Peer | None = None
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def __aenter__(self) -> Chromium:
        """Start, and wait until it can be told what to do."""
        names = ", ".join(f"MAP {name} 127.0.0.1" for name in self._hosts)
        rules = f"{names}, " if names else ""
        rules += "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
        arguments = ["chromium", *QUIET, f"--host-resolver-rules={rules}"]
        arguments.append(f"--user-data-dir={self._folder / 'profile'}")
        if self._trusts is not None:
            arguments.append(f"--ignore-certificate-errors-spki-list={_key_of(self._trusts)}")
        if self._microphone is not None:
            arguments.append(f"--use-file-for-fake-audio-capture={self._microphone}%noloop")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._peer = await Peer.spawn([*arguments, "about:blank"], self._folder)
        try:
            await self._peer.prints("DevTools listening on ws://")
            found = re.search(r"listening on (ws://\S+)", self._peer.output)
            assert found is not None
            self._socket = await connect(found[1], max_size=None, proxy=None)
            self._reader = asyncio.create_task(self._read(self._socket))
        except BaseException:
            await self.quit()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Quit, or be killed."""
        await self.quit()

    async def quit(self) -> None:
        """End the browser with its processes."""
        assert self._peer is not None
        if self._socket is not None:
            with contextlib.suppress(Exception):
                await self._socket.send(json.dumps({"id": 0, "method": "Browser.close"}))
        try:
            await self._peer.ends(5)
        except TimeoutError:
            await self._peer.kill()
        if self._socket is not None and self._reader is not None:
            await self._socket.close()
            await self._reader

    async def open(self, url: str) -> Page:
        """A page of its own, once it is loaded."""
        target = await self.ask("Target.createTarget", url="about:blank")
        flat = {"targetId": target["targetId"], "flatten": True}
        session = (await self.ask("Target.attachToTarget", **flat))["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Accessibility", "DOM"):
            await page.ask(f"{domain}.enable")
        ears = await asyncio.to_thread((PAGES / "ears.js").read_text)
        await page.ask("Page.addScriptToEvaluateOnNewDocument", source=ears)
        await page.go(url)
        return page

    async def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """One command of Chrome's DevTools protocol. Raises PageError."""
        assert self._socket is not None
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        future = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps(message))
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await future
        if "error" in answer:
            raise PageError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def _read(self, socket: ClientConnection) -> None:
        # A browser that quits says no goodbye.
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            future = self._answers.pop(message["id"], None)
            if future is not None and not future.done():
                future.set_result(message)
        elif (page := self._pages.get(message.get("sessionId", ""))) is not None:
            page.take(message["method"], message["params"])


class Page:
    """A page that a test looks at and clicks in."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self.console: list[str] = []
        """What its scripts said and threw."""
        self.requests: list[str] = []
        """Addresses that it has asked for."""
        self._browser, self._session = browser, session
        self._loads = 0

    async def go(self, url: str) -> None:
        """Load another address, and wait until it is there."""
        before = self._loads
        answer = await self.ask("Page.navigate", url=url)
        if answer.get("errorText"):
            raise PageError(f"{url}: {answer['errorText']}")
        await until(lambda: self._loads > before, what=f"{url} is loaded")

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited, as if a visitor had just clicked."""
        answer = await self.ask(
            "Runtime.evaluate",
            expression=script, awaitPromise=True, returnByValue=True, userGesture=True,
        )  # fmt: skip
        if found := answer.get("exceptionDetails"):
            thrown = found.get("exception", {})
            raise PageError(f"{script}: {thrown.get('description') or found['text']}")
        return answer["result"].get("value")

    async def true(self, script: str, seconds: float = 20.0) -> Any:
        """Wait until an expression is true; its value. Raises TimeoutError with the console."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (value := await self.run(script)):
            if loop.time() > deadline:
                console = "\n".join(self.console[-20:])
                raise TimeoutError(f"not within {seconds:g} s: {script}\n{console}")
            await asyncio.sleep(0.03)
        return value

    async def node(self, role: str, name: str = "", seconds: float = 10.0) -> dict[str, Any]:
        """What assistive technology sees under a role and a name, once it is there."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            nodes = await self.tree()
            for node in nodes:
                named = node.get("name", {}).get("value", "")
                if node.get("role", {}).get("value") == role and name in named:
                    return node
            if loop.time() > deadline:
                raise TimeoutError(
                    f"no {role} named {name!r} within {seconds:g} s: {spoken(nodes)}"
                )
            await asyncio.sleep(0.05)

    async def tree(self) -> list[dict[str, Any]]:
        """All that assistive technology sees."""
        nodes: list[dict[str, Any]] = (await self.ask("Accessibility.getFullAXTree"))["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    async def reads(self, text: str, seconds: float = 20.0) -> None:
        """Wait until a text stands in the page. Raises TimeoutError with all that stands there."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while text not in (there := spoken(await self.tree())):
            if loop.time() > deadline:
                raise TimeoutError(f"no {text!r} within {seconds:g} s: {there}")
            await asyncio.sleep(0.03)

    async def click(self, role: str, name: str = "") -> None:
        """Click in the middle of something, with the mouse."""
        backend = {"backendNodeId": (await self.node(role, name))["backendDOMNodeId"]}
        await self.ask("DOM.scrollIntoViewIfNeeded", **backend)
        quad = (await self.ask("DOM.getContentQuads", **backend))["quads"][0]
        where = {"x": sum(quad[0::2]) / 4, "y": sum(quad[1::2]) / 4}
        for kind in ("mousePressed", "mouseReleased"):
            mouse = {"type": kind, "button": "left", "clickCount": 1, **where}
            await self.ask("Input.dispatchMouseEvent", **mouse)

    async def type(self, text: str) -> None:
        """Type into what has the focus, and press Enter."""
        await self.ask("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
            await self.ask("Input.dispatchKeyEvent", type=kind, **enter)

    async def screenshot(self, path: Path) -> Path:
        """Write what the page looks like as PNG."""
        image = (await self.ask("Page.captureScreenshot", format="png"))["data"]
        await asyncio.to_thread(path.write_bytes, base64.b64decode(image))
        return path

    async def sound(self) -> np.ndarray:
        """All that was heard of the agent, as samples of 16 kHz."""
        rate = int(await self.run("ears.rate"))
        whole = np.frombuffer(base64.b64decode(await self.run("ears.sound()")), "<i2")
        every = rate // RATE
        low = whole[: len(whole) // every * every].reshape(-1, every).mean(axis=1)
        return low.astype("<i2")

    async def voice_after(self, moment: float = 0.0, seconds: float = 20.0) -> float:
        """When the agent is heard to speak after a moment of the page's clock, in ms."""
        return float(await self.true(f"ears.voiceAfter({moment})", seconds))

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol to this page."""
        return await self._browser.ask(method, self._session, **parameters)

    def take(self, method: str, event: dict[str, Any]) -> None:
        """Something happened in the page."""
        if method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(event["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(event["url"])
        elif method == "Runtime.consoleAPICalled":
            said = (str(one.get("value", one.get("description", ""))) for one in event["args"])
            self.console.append(f"{event['type']}: {' '.join(said)}")
        elif method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.console.append(f"thrown: {details.get('exception', {}).get('description', '')}")


def spoken(nodes: list[dict[str, Any]]) -> str:
    """Roles and names in a tree, to be read."""
    pairs = ((node.get("role", {}), node.get("name", {})) for node in nodes)
    return ", ".join(f"{role.get('value')} {name.get('value', '')!r}" for role, name in pairs)


class Pages:
    """A web server of the pages of the tests: `with Pages() as pages: pages.url`."""

    def __init__(self) -> None:
        if not CLIENT.exists():
            raise FileNotFoundError(f"livekit-client is missing: run npm ci in {PAGES}")
        handler = functools.partial(_Quiet, directory=str(PAGES))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        """Of the directory; the visitor is `visitor.html`."""
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Pages:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _key_of(certificate: Path) -> str:
    """The public key of a certificate as Chromium is told of it: its SHA-256 in base64."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
