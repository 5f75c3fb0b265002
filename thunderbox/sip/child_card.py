"""ChildCard: PJSIP in a process of its own, started again when it fails."""

from __future__ import annotations

import asyncio
import itertools
import logging
from dataclasses import dataclass

from thunderbox.errors import LegError, StartError
from thunderbox.settings import SipSettings, TrunkSettings
from thunderbox.sip import wire
from thunderbox.sip.card import CLOSE_SECONDS, START_SECONDS, CardState, Outgoing, Reports
from thunderbox.sip.card_process import CardProcess
from thunderbox.sip.leg import SipLeg
from thunderbox.sip.ring import Playout, Ticks
from thunderbox.sip.slot import SlotPlayout, SlotTicks
from thunderbox.sip.thread import ANSWER_SECONDS

log = logging.getLogger(__name__)

PING_SECONDS = 2.0
SILENT_SECONDS = 10.0
"""A card that does not answer for so long hangs, and is ended."""
FIRST_WAIT, LONGEST_WAIT = 0.1, 10.0
"""Seconds before a card that failed is started again: doubled each time."""
SOUND_SECONDS = 60.0
"""A card that ran for so long has recovered: the next wait is the first one again."""


@dataclass(slots=True)
class _Line:
    """A leg and where its sound is, once the card has said so."""

    leg: SipLeg
    playout: SlotPlayout | None = None
    ticks: SlotTicks | None = None


class ChildCard:
    """Four lines. Implements `card.Card`."""

    def __init__(
        self,
        settings: SipSettings,
        reports: Reports,
        media_lost_seconds: float,
        number_host: str,
    ) -> None:
        self._settings = settings
        self._reports = reports
        self._media_lost_seconds = media_lost_seconds
        self._number_host = number_host
        self._outbound_serials = itertools.count(2, 2)
        self._next_inbound = 1
        self._process: CardProcess | None = None
        self._lines: dict[int, _Line] = {}
        self._codecs: tuple[str, ...] = ()
        self._failures = 0
        self._detail = ""
        self._supervisor: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the process and bring PJSIP up. Raises StartError, in a sentence."""
        await self._start()
        self._supervisor = asyncio.create_task(self._supervise(), name="line-card-supervisor")

    async def close(self) -> None:
        """Take PJSIP down and end the process."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor}, timeout=CLOSE_SECONDS)
        process, self._process = self._process, None
        if process is None:
            return
        try:
            await process.request(wire.Close(process.number()), CLOSE_SECONDS)
        except LegError as error:
            log.error("The phone was not closed in time: %s", error)  # noqa: TRY400 - a sentence
            process.kill("it was not closed in time")
        await process.stop()
        self._codecs = ()

    def state(self) -> CardState:
        """How the card stands."""
        process = self._process.pid if self._process else 0
        return CardState(self._codecs, len(self._lines), process, self._failures, self._detail)

    def outbound_leg(self) -> SipLeg:
        """A leg for a call that is to be placed."""
        return self._new_leg(next(self._outbound_serials), outbound=True)

    async def place(self, leg: SipLeg, outgoing: Outgoing) -> None:
        """Send a leg's INVITE. Raises LegError."""
        process = self._running()
        self._lines[leg.serial] = _Line(leg)
        try:
            command = wire.Place(process.number(), leg.serial, outgoing)
            await process.request(command, ANSWER_SECONDS)
        except BaseException:
            self._lines.pop(leg.serial, None)
            process.send(wire.Drop(leg.serial, 0, ""))  # where only the answer was late
            raise

    async def register(self, number: int, trunk: TrunkSettings, resolved: str) -> None:
        """Send REGISTER. Raises LegError."""
        process = self._running()
        command = wire.Register(process.number(), number, trunk, resolved)
        await process.request(command, ANSWER_SECONDS)

    async def unregister(self, number: int) -> None:
        """Forget a trunk. Raises LegError."""
        process = self._running()
        await process.request(wire.Unregister(process.number(), number), ANSWER_SECONDS)

    def pick_up(self, serial: int) -> None:
        """Answer a line."""
        if self._process is not None:
            self._process.send(wire.PickUp(serial))

    def drop(self, serial: int, status: int, reason: str) -> None:
        """End a line."""
        if self._process is not None:
            self._process.send(wire.Drop(serial, status, reason))

    async def press(self, serial: int, keys: str) -> bool:
        """Press keys on a line."""
        process = self._running()
        command = wire.Press(process.number(), serial, keys)
        return (await process.request(command, ANSWER_SECONDS)).possible

    async def refer(self, serial: int, target: str) -> bool:
        """Ask a line's far end to call somebody else."""
        process = self._running()
        command = wire.Refer(process.number(), serial, target, self._number_host)
        return (await process.request(command, ANSWER_SECONDS)).possible

    # The process.

    def _running(self) -> CardProcess:
        """The process. Raises LegError while there is none."""
        if self._process is None or not self._codecs:
            raise LegError("The phone is being started again; try again in a moment.")
        return self._process

    async def _start(self) -> None:
        """Get a process with PJSIP up. Raises StartError; what was started is ended again."""
        self._process = process = await CardProcess.spawn(self._happened, self._move_sound)
        try:
            command = wire.Open(
                process.number(),
                self._settings,
                self._media_lost_seconds,
                self._next_inbound,
                logging.getLogger().getEffectiveLevel(),
            )
            await process.request(command, START_SECONDS)
        except BaseException as error:
            self._process, self._codecs = None, ()
            process.kill("the phone could not start")
            await process.stop()
            if isinstance(error, LegError):
                raise StartError(str(error)) from None
            raise

    async def _supervise(self) -> None:
        """Start the card again whenever it has failed; until cancelled."""
        loop = asyncio.get_running_loop()
        wait = FIRST_WAIT
        while self._process is not None:
            started = loop.time()
            why = await _end_of(self._process)
            if loop.time() - started >= SOUND_SECONDS:
                wait = FIRST_WAIT
            self._failed(why)
            while True:
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
                try:
                    await self._start()
                    break
                except StartError as error:
                    self._detail = f"The phone's own process does not start again: {error}"
                    log.error("%s Next try in %g s.", self._detail, wait)  # noqa: TRY400 - as it is
            self._detail = ""
            log.info("The phone's own process runs again.")
            self._reports.restored()

    def _failed(self, why: str) -> None:
        """End every call of a card that is gone."""
        self._failures += 1
        self._process, self._codecs = None, ()
        self._detail = f"The phone's own process failed and is being started again: {why}."
        lines, self._lines = list(self._lines.values()), {}
        log.error("%s Calls that are lost: %d.", self._detail, len(lines))
        for line in lines:
            _detach(line)
            line.leg.on_card_failed()
        self._reports.failed()

    # What the card reports.

    def _happened(self, event: wire.Event) -> None:
        match event:
            case wire.Opened(codecs):
                self._codecs = codecs
            case wire.Logged(name, level, text):
                logging.getLogger(name).log(level, "%s", text)
            case wire.Registered(trunk, status, text, expires):
                self._reports.registration(trunk, status, text, expires)
            case wire.Invited(serial, slot, invitation):
                self._next_inbound = serial + 2
                line = self._lines[serial] = _Line(self._new_leg(serial, outbound=False))
                self._attach(line, slot)
                self._reports.invited(line.leg, invitation)
            case wire.Placed(serial, slot):
                if (placed := self._lines.get(serial)) is not None:
                    self._attach(placed, slot)
            case wire.Over():
                self._over(event)
            case wire.Done() | wire.Failed():
                pass  # answers, which the process passes on itself
            case _:
                if (line_or_none := self._lines.get(event.serial)) is not None:
                    _tell(line_or_none.leg, event)

    def _over(self, event: wire.Over) -> None:
        line = self._lines.pop(event.serial, None)
        if line is not None:
            _detach(line)
            line.leg.on_over(event.past, event.reason)
        if self._process is not None:
            self._process.send(wire.Release(event.slot))

    def _move_sound(self) -> None:
        """Hand the ticks that have come to their legs."""
        for line in self._lines.values():
            _hand_over(line)

    def _attach(self, line: _Line, number: int) -> None:
        """Let a leg use a slot."""
        process = self._process
        if process is None:
            return
        slot = process.memory.slots[number]
        line.playout, line.ticks = SlotPlayout(slot), SlotTicks(slot)
        line.leg.sound.playout = line.playout

    def _new_leg(self, serial: int, *, outbound: bool) -> SipLeg:
        return SipLeg(
            serial,
            outbound=outbound,
            desk=self,
            playout=Playout(),
            ticks=Ticks(lambda wake: wake()),
            on_end=self._reports.ended,
        )


async def _end_of(process: CardProcess) -> str:
    """Wait until the process is gone, or end it because it hangs; how it ended."""
    while not process.ended.done():
        await asyncio.wait({process.ended}, timeout=PING_SECONDS)
        if process.ended.done():
            break
        try:
            await process.request(wire.Ping(process.number()), SILENT_SECONDS)
        except LegError:
            if not process.lost:
                process.kill(f"it did not answer within {SILENT_SECONDS:g} s")
            await process.stop()
    return process.ended.result()


def _hand_over(line: _Line) -> None:
    if line.ticks is not None:
        for tick in line.ticks.drain():
            line.leg.ticks.put(tick)


def _detach(line: _Line) -> None:
    """Let a leg go on without its slot, with as much sound unplayed as there was."""
    _hand_over(line)
    if line.playout is None or line.ticks is None:
        return
    line.leg.ticks.lost += line.ticks.lost
    rest = Playout()
    rest.put(bytes(line.playout.queued))
    line.leg.sound.playout = rest
    line.playout = line.ticks = None


def _tell(leg: SipLeg, event: wire.LineEvent) -> None:
    match event:
        case wire.Progress():
            leg.on_progress()
        case wire.Up():
            leg.on_up()
        case wire.OnHold(_, held):
            leg.on_held() if held else leg.on_resumed()
        case wire.Pressed(_, key):
            leg.on_digit(key)
        case wire.Transfer(_, notice):
            leg.on_transfer(notice)
        case wire.MediaLost():
            leg.on_media_lost()
