"""Phone: the smallest SIP phone that can measure, with RTP of its own and the kernel's clock.

It sends 20 ms of mu-law every 20 ms from a thread of its own and notes when each packet of the
far end arrived, by the time stamp that the kernel put on it; so nothing that this program does
late is taken for a delay of the far end. Times are nanoseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import random
import re
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import mulaw
import numpy as np

FRAME = 160
FRAME_NS = 20_000_000
LEVEL = 250
"""Samples above this amplitude are voice; mu-law noise on a silent line stays under 20."""
VOICED_PACKETS = 3
"""So many voiced packets in a row are voice and not a click."""
ANSWER_SECONDS = 15.0
_TIMESTAMPS = 35  # SO_TIMESTAMPNS, which Python does not name


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of the far end."""

    at: int
    sequence: int
    voiced: bool


@dataclass(slots=True)
class Utterance:
    """Something that the phone says; the times of its first and last voiced packet on the wire."""

    frames: deque[bytes]
    voiced: deque[bool]
    first: int = 0
    last: int = 0
    done: bool = False


class Phone:
    """One call to `sip:user@127.0.0.1:port`."""

    def __init__(self, port: int, user: str = "100") -> None:
        self._far = ("127.0.0.1", port)
        self._user = user
        self._sip = _bound()
        self._rtp = _bound(even=True)
        self._rtp.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._rtp.setblocking(False)
        self._tag, self._id = f"{random.getrandbits(32):08x}", f"{random.getrandbits(64):016x}"
        self._to = f"<sip:{user}@127.0.0.1:{port}>"
        self._target = f"sip:{user}@127.0.0.1:{port}"
        self._rtp_far = ("127.0.0.1", 0)
        self._speaking: deque[Utterance] = deque()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._media, daemon=True)
        self.packets: list[Packet] = []
        self.sent_late_ms: list[float] = []
        self.ended = False
        self.called_at = self.rang_at = self.answered_at = 0
        """When the INVITE left, and when 180 and 200 came; 0 where they did not."""

    def dial(self) -> None:
        """Call, and return when the far end has answered. Raises TimeoutError, RuntimeError."""
        offer = (
            f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=ptime:20\r\na=sendrecv\r\n"
        )
        self.called_at = time.monotonic_ns()
        self._send("INVITE", 1, offer)
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            self._sip.settimeout(max(0.01, deadline - time.monotonic()))
            text = self._sip.recv(65_535).decode()
            status = int(text.split(" ", 2)[1]) if text.startswith("SIP/2.0") else 0
            if status >= 300:
                raise RuntimeError(f"The box refused the call: {text.splitlines()[0]}")
            if status == 180 and not self.rang_at:
                self.rang_at = time.monotonic_ns()
            if status >= 200:
                self.answered_at = time.monotonic_ns()
                break
        self._to = _header(text, "To")
        if found := re.search(r"<(sip:[^>]+)>", _header(text, "Contact")):
            self._target = found[1]
        media = re.search(r"^m=audio (\d+)", text, re.MULTILINE)
        if media is None:
            raise RuntimeError("The box answered without saying where its sound goes.")
        self._rtp_far = ("127.0.0.1", int(media[1]))
        self._send("ACK", 1)
        self._sip.setblocking(False)
        self._thread.start()

    def hang_up(self) -> None:
        """End the call; whoever waits for something on it waits no more."""
        if not self.ended:
            self._send("BYE", 2)
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        with self._changed:
            self.ended = True
            self._changed.notify_all()
        self._sip.close()
        self._rtp.close()

    def say(self, codes: bytes) -> Utterance:
        """Begin to speak with the next packet; mu-law codes."""
        codes += bytes([mulaw.SILENCE]) * (-len(codes) % FRAME)
        frames = deque(codes[at : at + FRAME] for at in range(0, len(codes), FRAME))
        utterance = Utterance(frames, deque(map(_is_voiced, frames)))
        with self._changed:
            self._speaking.append(utterance)
        return utterance

    def finish(self, utterance: Utterance, seconds: float = 30.0) -> None:
        """Return when all of it was sent."""
        with self._changed:
            self._changed.wait_for(lambda: utterance.done or self.ended, seconds)

    def voice_after(self, at: int, seconds: float) -> Packet | None:
        """The packet in which the far end begins to speak after a moment; None: it does not."""
        return self._await(lambda: self._first_voice(at), seconds)

    def quiet_after(self, at: int, quiet_ms: int, seconds: float) -> Packet | None:
        """The last voiced packet after a moment, once so much silence has followed it."""

        def stopped() -> Packet | None:
            last = next((packet for packet in reversed(self.packets) if packet.voiced), None)
            newest = self.packets[-1].at if self.packets else 0
            return (
                last
                if last and last.at >= at and newest - last.at >= quiet_ms * 1_000_000
                else None
            )

        return self._await(stopped, seconds)

    def _await(self, found: Callable[[], Packet | None], seconds: float) -> Packet | None:
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self.ended and time.monotonic() < deadline:
                if (packet := found()) is not None:
                    return packet
                self._changed.wait(0.02)
        return None

    def _first_voice(self, at: int) -> Packet | None:
        run: list[Packet] = []
        for packet in reversed(self.packets):
            if packet.at <= at:
                break
            run.append(packet)
        run.reverse()
        for index in range(len(run) - VOICED_PACKETS + 1):
            if all(packet.voiced for packet in run[index : index + VOICED_PACKETS]):
                return run[index]
        return None

    # ------------------------------------------------------------ the thread

    def _media(self) -> None:
        """Send a packet every 20 ms, and between two of them take what comes."""
        due = time.monotonic_ns()
        sequence, stamp, source = 0, 0, random.getrandbits(32)
        while not self._stop.is_set() and not self.ended:
            while (left := due - time.monotonic_ns()) > 0:
                self._receive(left / 1e9)
            frame, voiced, utterance = self._next()
            header = struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, stamp, source)
            self._rtp.sendto(header + frame, self._rtp_far)
            now = time.monotonic_ns()
            self.sent_late_ms.append((now - due) / 1e6)
            if utterance is not None:
                with self._changed:
                    if voiced:
                        utterance.first = utterance.first or now
                        utterance.last = now
                    if not utterance.frames:
                        utterance.done = True
                        self._speaking.popleft()
                    self._changed.notify_all()
            sequence, stamp, due = sequence + 1, (stamp + FRAME) & 0xFFFFFFFF, due + FRAME_NS

    def _next(self) -> tuple[bytes, bool, Utterance | None]:
        if not self._speaking:
            return bytes([mulaw.SILENCE]) * FRAME, False, None
        utterance = self._speaking[0]
        return utterance.frames.popleft(), utterance.voiced.popleft(), utterance

    def _receive(self, seconds: float) -> None:
        ready, _, _ = select.select([self._rtp, self._sip], [], [], seconds)
        if self._sip in ready:
            self._answer(self._sip.recv(65_535).decode())
        if self._rtp in ready:
            data, ancillary, _, _ = self._rtp.recvmsg(2048, 64)
            at = time.monotonic_ns()
            for _, kind, stamp in ancillary:
                if kind == _TIMESTAMPS:
                    second, rest = struct.unpack("qq", stamp[:16])
                    at -= time.time_ns() - (second * 1_000_000_000 + rest)
            if len(data) > 12 and data[1] & 0x7F == 0:
                packet = Packet(at, struct.unpack("!H", data[2:4])[0], _is_voiced(data[12:]))
                with self._changed:
                    self.packets.append(packet)
                    self._changed.notify_all()

    def _answer(self, text: str) -> None:
        """Say yes to whatever the far end asks; BYE ends the call."""
        if text.startswith("SIP/2.0"):
            return
        copied = "".join(
            f"{line}\r\n"
            for line in text.split("\r\n\r\n")[0].split("\r\n")[1:]
            if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")
        )
        self._sip.sendto(f"SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n".encode(), self._far)
        if text.startswith("BYE"):
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _send(self, method: str, number: int, body: str = "") -> None:
        port = self._sip.getsockname()[1]
        target = self._target if method != "INVITE" else f"sip:{self._user}@127.0.0.1"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        request = (
            f"{method} {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{random.getrandbits(48):012x}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:bench@127.0.0.1:{port}>;tag={self._tag}\r\n"
            f"To: {self._to}\r\nCall-ID: {self._id}\r\nCSeq: {number} {method}\r\n"
            f"Contact: <sip:bench@127.0.0.1:{port}>\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        self._sip.sendto(request.encode(), self._far)


def _bound(even: bool = False) -> socket.socket:
    while True:
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        found.bind(("127.0.0.1", 0))
        if not even or found.getsockname()[1] % 2 == 0:
            return found
        found.close()


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.+?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _is_voiced(codes: bytes) -> bool:
    return bool(np.abs(mulaw.decode(codes).astype(np.int32)).max(initial=0) > LEVEL)
