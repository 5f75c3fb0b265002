"""Baresip: a real softphone without a screen. It says one WAV file and hears into another."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path
from types import TracebackType

from tests.peers import waves
from tests.peers.process import Peer

MODULES = "/usr/lib/baresip/modules"
RATES = {"PCMU": 8000, "PCMA": 8000, "G722": 16000}
NAMES = {"G722": "G722/16000"}
KEY_SECONDS = 0.45


class Baresip:
    """One softphone: `async with Baresip(folder, port=...) as phone: await phone.dial(uri)`.

    What it says is `say` (mono, 16 bit, in the codec's rate: 8 kHz, G722 16 kHz); when that ends
    the phone hangs up, so pad it with silence. `heard` is complete once the phone has quit.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        codec: str = "PCMU",
        say: Path | None = None,
        user: str = "caller",
        registrar: str = "",
        password: str = "",
        answers: bool = False,
        dtmf: str = "auto",
    ) -> None:
        self.folder = folder
        self.uri = f"sip:{user}@127.0.0.1:{port}"
        self.rate = RATES[codec]
        self._port = port
        self._say = say
        self._account = (
            f"<sip:{user}@{registrar or '127.0.0.1'}>;audio_codecs={NAMES.get(codec, codec)}"
        )
        self._account += f";regint={60 if registrar else 0};dtmfmode={dtmf}"
        self._account += f";auth_user={user};auth_pass={password}" if password else ""
        self._account += ";answermode=auto" if answers else ""
        self._peer: Peer | None = None

    @property
    def heard(self) -> Path:
        """The file with what the phone heard in its last call."""
        files = sorted(self.folder.glob("dump-*-dec.wav"))
        assert files, f"baresip heard nothing; it printed:\n{self.peer.output}"
        return files[-1]

    @property
    def peer(self) -> Peer:
        """The running program."""
        assert self._peer is not None, "baresip was not started"
        return self._peer

    async def __aenter__(self) -> Baresip:
        """Start and wait until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Short names in its own folder, because baresip cuts long paths off.
        if self._say is None:
            waves.write(self.folder / "say.wav", waves.silence(60, self.rate), self.rate)
        else:
            shutil.copyfile(self._say, self.folder / "say.wav")
        modules = ("stdio", "g711", "g722", "aufile", "aubridge", "sndfile", "account", "menu")
        lines = [
            "poll_method epoll",
            f"sip_listen 127.0.0.1:{self._port}",
            "audio_player aubridge,nobody",
            "snd_path .",
            "audio_source aufile,say.wav",
            "audio_alert aufile,alert.wav",
            f"module_path {MODULES}",
            *(f"module {name}.so" for name in modules),
        ]
        (self.folder / "config").write_text("\n".join(lines) + "\n")
        (self.folder / "accounts").write_text(self._account + "\n")
        (self.folder / "contacts").write_text("")
        self._peer = await Peer.spawn(["baresip", "-4", "-f", str(self.folder)], self.folder)
        await self.peer.prints("baresip is ready")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Quit, or be killed."""
        await self.quit()

    async def dial(self, uri: str) -> None:
        """Call somebody; does not wait for the answer."""
        await self.peer.type(f"/dial {uri}\n")

    async def answered(self, seconds: float = 20) -> None:
        """Wait until a call stands."""
        await self.peer.prints("Call established", seconds)

    async def closed(self, seconds: float = 20) -> None:
        """Wait until the call is over."""
        await self.peer.prints("session closed", seconds)

    async def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.peer.type(key)
            await asyncio.sleep(KEY_SECONDS)  # a key is held down for as long as that

    async def hold(self) -> None:
        """Put the call on hold."""
        await self.peer.type("x")

    async def resume(self) -> None:
        """Take the call off hold."""
        await self.peer.type("X")

    async def hang_up(self) -> None:
        """End the call."""
        await self.peer.type("/hangup\n")

    def freeze(self) -> None:
        """Stop the program where it stands, as a lost network would look from outside."""
        self.peer.signal(signal.SIGSTOP)

    async def quit(self) -> None:
        """End the program, with its call; `heard` is written then."""
        await self.peer.type("/quit\n")
        try:
            await self.peer.ends(5)
        except TimeoutError:
            await self.peer.kill()
