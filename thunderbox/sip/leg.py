"""Leg: a phone call as the rest of the house sees it. Everything here runs on the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from thunderbox.errors import LegError
from thunderbox.sip import address
from thunderbox.sip.causes import Past, TransferNotice, cause_of
from thunderbox.sip.ring import Ticks
from thunderbox.sip.sound import Playable, Sound
from thunderbox.voice.leg import (
    Answered,
    Digit,
    EndCause,
    Ended,
    Held,
    LegEvent,
    Resumed,
    Tick,
)

log = logging.getLogger(__name__)

EVENTS = 64
ANSWER_SECONDS = 10.0
HANG_UP_SECONDS = 3.0
KEY_SECONDS = 0.26
"""One key as PJSIP sends it: 200 ms of tone and the gap after it."""
TRANSFER_SECONDS = 20.0
NOTICES = 16


class Desk(Protocol):
    """Passes a leg's wishes to its line."""

    def pick_up(self, serial: int) -> None:
        """Answer."""

    def drop(self, serial: int, status: int, reason: str) -> None:
        """End the line; a status turns down a call that rings."""

    def press(self, serial: int, keys: str) -> Awaitable[bool]:
        """Press keys."""

    def refer(self, serial: int, target: str) -> Awaitable[bool]:
        """Ask the far end to call a number or a URI; False where it cannot be asked now."""


class SipLeg:
    """One phone call. Implements `voice.leg.Leg`."""

    def __init__(
        self,
        serial: int,
        *,
        outbound: bool,
        desk: Desk,
        playout: Playable,
        ticks: Ticks,
        on_end: Callable[[SipLeg], None] = lambda leg: None,
    ) -> None:
        self.name = f"{'out' if outbound else 'in'}-{serial}"
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue(EVENTS)
        self.serial = serial
        self.outbound = outbound
        self.trunk: int | None = None
        """The trunk that an outbound call goes through."""
        self.ticks = ticks
        self.sound = Sound(playout, ticks)
        self._desk = desk
        self._on_end = on_end
        self._progress = asyncio.Event()
        self._up = asyncio.Event()
        self._over = asyncio.Event()
        self._notices: asyncio.Queue[TransferNotice] = asyncio.Queue(NOTICES)
        self._transferring = False
        self._cause: EndCause | None = None
        self._detail = ""

    # What voice and calls ask for.

    async def answer(self) -> None:
        """Pick up; returns when media flows, or at once when the leg is over.

        Raises LegError when no media flows after 10 s.
        """
        if self.outbound or self._over.is_set():
            return
        self._desk.pick_up(self.serial)
        if not await self._wait_for(self._up, ANSWER_SECONDS) and not self._over.is_set():
            raise LegError(f"The call was answered, but no media came within {ANSWER_SECONDS:g} s.")

    async def refuse(self, status: int, reason: str) -> None:
        """Turn down an inbound leg that rings; one that was answered is hung up."""
        address.final_status(status)
        if self._up.is_set() or self.outbound:
            await self.hang_up()
        else:
            await self._end(EndCause.REFUSED, status, reason)

    async def tick(self) -> Tick | None:
        """Wait for the next 20 ms of an answered call; None once the leg has ended."""
        return await self.ticks.get()

    def play(self, pcm: bytes) -> None:
        """Queue sound; nothing is played before the answer or on hold. Raises LegError."""
        if not self._over.is_set():
            self.sound.playout.put(pcm)

    @property
    def queued(self) -> int:
        """Bytes queued and not yet sent."""
        return self.sound.playout.queued

    def flush(self) -> int:
        """Throw away what is queued; returns how many bytes that was."""
        return self.sound.playout.flush()

    async def send_digits(self, digits: str) -> None:
        """Press keys and wait until they are sent. Raises LegError where that is impossible."""
        keys = address.digits(digits)
        if self._over.is_set():
            return
        if not await self._desk.press(self.serial, keys):
            raise LegError("The far end takes no keys on this line now.")
        await self._wait_for(self._over, len(keys) * KEY_SECONDS)

    async def transfer(self, target: str) -> None:
        """Hand the far end on (REFER) and end the leg. Raises LegError when that fails."""
        if not address.is_uri(target):
            address.number(target)
        else:
            address.target(target)
        if self._over.is_set():
            return
        if not self._up.is_set():
            raise LegError("Only an answered call can be transferred.")
        if self._transferring:
            raise LegError("The call is being transferred already.")
        self._transferring = True
        try:
            await self._refer(target)
        finally:
            self._transferring = False
        await self._end(EndCause.TRANSFERRED, 0, "")

    async def hang_up(self) -> None:
        """End the leg, whatever its state."""
        cause = EndCause.AGENT_END if self._up.is_set() else EndCause.CANCELLED
        ringing = not self.outbound and not self._up.is_set()
        await self._end(cause, 480 if ringing else 0, "Nobody answers" if ringing else "")

    @property
    def over(self) -> bool:
        """Whether the leg has ended."""
        return self._over.is_set()

    @property
    def up(self) -> bool:
        """Whether the call was answered."""
        return self._up.is_set()

    # What the phone asks for.

    async def watch_ringing(self, ring_seconds: float, reply_seconds: float) -> None:
        """Give an outbound leg up when nobody replies, or nobody answers."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ring_seconds
        if not await self._wait_for(self._progress, min(reply_seconds, ring_seconds)):
            await self._end(EndCause.UNREACHABLE, 0, "nobody replied to the call")
        elif not await self._wait_for(self._up, max(0.0, deadline - loop.time())):
            await self._end(EndCause.NO_ANSWER, 0, "nobody answered in time")

    async def lose_registration(self, status: int, text: str) -> None:
        """End an outbound leg that rings because its trunk is gone."""
        if not self._up.is_set():
            await self._end(EndCause.REGISTRATION_LOST, 0, text, status)

    def fail(self, cause: EndCause, status: int, detail: str) -> None:
        """End a leg that never got a line."""
        self._finish(cause, status, detail)

    # What the line reports.

    def on_progress(self) -> None:
        """The far end has replied."""
        self._progress.set()

    def on_up(self) -> None:
        """The call is answered and media flows."""
        if self._over.is_set():
            return
        self._progress.set()
        self._up.set()
        if self.outbound:
            self._put(Answered())

    def on_held(self) -> None:
        """The far end put us on hold."""
        self._put(Held())

    def on_resumed(self) -> None:
        """The far end came back."""
        self._put(Resumed())

    def on_digit(self, digit: str) -> None:
        """The far end pressed a key."""
        self._put(Digit(digit))

    def on_transfer(self, notice: TransferNotice) -> None:
        """The far end says how a transfer goes."""
        if not self._transferring or self._notices.full():
            return
        if notice.reached and self._cause is None:
            self._cause = EndCause.TRANSFERRED  # before the far end's BYE, which may come at once
        self._notices.put_nowait(notice)

    def on_media_lost(self) -> None:
        """The far end has stopped sending without a word."""
        if self._cause is None:
            log.info("%s: nothing has come from the far end for a while; hanging up.", self.name)
            self._cause = EndCause.MEDIA_LOST
            self._detail = "the far end stopped sending sound"
            self._desk.drop(self.serial, 0, "")

    def on_card_failed(self) -> None:
        """The process that held the line is gone."""
        self._finish(self._cause or EndCause.LINE_FAILED, 0, "the phone's own process failed")

    def on_over(self, past: Past, reason: str) -> None:
        """The line is gone."""
        self._finish(self._cause or cause_of(past), past.status, self._detail or reason)

    async def _refer(self, target: str) -> None:
        """Return once the far end has reached the target. Raises LegError."""
        while not self._notices.empty():
            self._notices.get_nowait()
        try:
            async with asyncio.timeout(TRANSFER_SECONDS):
                if not await self._desk.refer(self.serial, target):
                    raise LegError("The far end cannot be asked for a transfer now.")
                while not (notice := await self._next_notice()).final:
                    log.debug("%s: the transfer goes on: %s.", self.name, notice)
        except TimeoutError:
            raise LegError(
                f"The far end did not say within {TRANSFER_SECONDS:g} s how the transfer went."
            ) from None
        if not notice.reached:
            raise LegError(f"The transfer failed: the far end reports {notice}.")

    async def _next_notice(self) -> TransferNotice:
        """What the far end says next of a transfer. Raises LegError when the leg ends first."""
        notice = asyncio.ensure_future(self._notices.get())
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({notice, over}, return_when=asyncio.FIRST_COMPLETED)
            if notice.done():
                return notice.result()
        finally:
            notice.cancel()
            over.cancel()
        raise LegError("The call ended before the far end said whether the transfer worked.")

    async def _end(
        self, cause: EndCause, status: int, detail: str, sip_status: int | None = None
    ) -> None:
        """Ask the line to end and wait; after 3 s the leg ends without it."""
        if self._over.is_set():
            return
        if self._cause is None:
            self._cause, self._detail = cause, detail
        self._desk.drop(self.serial, status, detail)
        if not await self._wait_for(self._over, HANG_UP_SECONDS):
            self._finish(self._cause, sip_status or status, self._detail)

    async def _wait_for(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event or the end of the leg; whether either came in time."""
        waits = {asyncio.ensure_future(e.wait()) for e in {event, self._over}}
        try:
            done, _ = await asyncio.wait(
                waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
        return bool(done)

    def _finish(self, cause: EndCause, status: int, detail: str) -> None:
        if self._over.is_set():
            return
        self._over.set()
        self.sound.connected = False
        self.ticks.close()
        if self.ticks.lost:
            log.warning("%s: %d ticks were not read in time.", self.name, self.ticks.lost)
        self._put(Ended(cause, status, detail))
        self._on_end(self)

    def _put(self, event: LegEvent) -> None:
        """Append an event; the end always gets in, anything else is dropped when nobody reads."""
        if self._over.is_set() and not isinstance(event, Ended):
            return
        if self.events.full():
            if not isinstance(event, Ended):
                log.warning("%s: an event was dropped because nobody reads them.", self.name)
                return
            self.events.get_nowait()
        self.events.put_nowait(event)
