"""The line card: a process that holds PJSIP, so that a crash in its C code costs four calls.

Run as a program by `card_process`, with the numbers of the inherited descriptors: control socket,
memory, wake, locks. Commands arrive on the main thread and are carried out by PJSIP's; events leave
from wherever they happen. When the box is gone, so is the card.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
import os
import resource
import signal
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from thunderbox.calls.ports import Invitation
from thunderbox.errors import LegError, ThunderBoxError
from thunderbox.sip import wire
from thunderbox.sip.causes import Past, TransferNotice
from thunderbox.sip.library import Library
from thunderbox.sip.slot import SharedMemory, Slot, SlotPlayout, SlotTicks
from thunderbox.sip.sound import Sound
from thunderbox.sip.thread import PjThread

log = logging.getLogger(__name__)

SEND_SECONDS = 2
"""A box that reads no event for so long is taken for dead."""
LONGEST_LINE = 8_000
"""Characters of a line for the log; what a caller sent may stand in it, and a packet has an end."""
AUTOGROUP = Path("/proc/self/autogroup")
NICE = -10
"""Sound is due every 20 ms and takes little; engines that compute must not be in its way."""
_PR_SET_PDEATHSIG = 1

Send = Callable[[wire.Event], None]


class CardLeg:
    """What a line tells, on its way to the box. Implements `line.LineLeg`."""

    def __init__(self, serial: int, slot_number: int, slot: Slot, send: Send) -> None:
        self.serial = serial
        self.slot_number = slot_number
        self._ticks = SlotTicks(slot)
        self.sound = Sound(SlotPlayout(slot), self._ticks)
        self._send_now = send
        self._early: list[wire.Event] | None = []
        """What happened before the box knew the line."""

    def announce(self, event: wire.Event) -> None:
        """Tell the box of the line, then what has happened to it meanwhile."""
        early, self._early = self._early or [], None
        for one in (event, *early):
            self._send_now(one)

    def on_progress(self) -> None:
        """The far end has replied."""
        self._send(wire.Progress(self.serial))

    def on_up(self) -> None:
        """The call is answered and media flows."""
        self._send(wire.Up(self.serial))

    def on_held(self) -> None:
        """The far end put us on hold."""
        self._send(wire.OnHold(self.serial, held=True))

    def on_resumed(self) -> None:
        """The far end came back."""
        self._send(wire.OnHold(self.serial, held=False))

    def on_digit(self, digit: str) -> None:
        """The far end pressed a key."""
        self._send(wire.Pressed(self.serial, digit))

    def on_transfer(self, notice: TransferNotice) -> None:
        """The far end says how a transfer goes."""
        self._send(wire.Transfer(self.serial, notice))

    def on_media_lost(self) -> None:
        """The far end has stopped sending without a word."""
        self._send(wire.MediaLost(self.serial))

    def on_over(self, past: Past, reason: str) -> None:
        """The line is gone."""
        self._ticks.closed = True
        self._send(wire.Over(self.serial, self.slot_number, past, reason))

    def _send(self, event: wire.Event) -> None:
        if self._early is None:
            self._send_now(event)
        else:
            self._early.append(event)


class LineCard:
    """PJSIP, and the wire to the box."""

    def __init__(self, control: socket.socket, memory: SharedMemory) -> None:
        self._control = control
        self._memory = memory
        self._free = deque(range(len(memory.slots)))
        self._sending = threading.Lock()
        self._library: Library[CardLeg]
        self._thread: PjThread

    def run(self) -> None:
        """Carry out what the box says, until it is gone."""
        while packet := self._control.recv(wire.LARGEST):
            self._obey(wire.decode_command(packet))
        os._exit(0)  # with PJSIP as it stands: nobody is left to whom a goodbye would matter

    def send(self, event: wire.Event) -> None:
        """Tell the box something; from any thread."""
        try:
            with self._sending:
                self._control.send(wire.encode(event))
        except OSError:
            os._exit(1)  # the box is gone, or hangs and will end us anyway

    def _obey(self, command: wire.Command) -> None:
        match command:
            case wire.Open():
                self._open(command)
            case wire.Close(number):
                self._thread.post(partial(self._close, number))
            case wire.Ping(number):
                self._answer(number, lambda: None)
            case wire.Place():
                self._answer(command.number, partial(self._place, command))
            case wire.Register(number, trunk, settings, resolved):
                self._answer(number, lambda: self._library.register(trunk, settings, resolved))
            case wire.Unregister(number, trunk):
                self._answer(number, lambda: self._library.unregister(trunk))
            case wire.Press(number, serial, keys):
                self._answer(number, lambda: self._library.press(serial, keys))
            case wire.Refer(number, serial, target, host):
                self._answer(number, lambda: self._library.refer(serial, target, host))
            case wire.PickUp(serial):
                self._thread.post(partial(self._library.pick_up, serial))
            case wire.Drop(serial, status, reason):
                self._thread.post(partial(self._library.drop, serial, status, reason))
            case wire.Release(slot):
                self._free.append(slot)

    def _answer(self, number: int, work: Callable[[], bool | None]) -> None:
        """Run work on PJSIP's thread and say what came of it."""

        def run() -> None:
            try:
                possible = work()
            except ThunderBoxError as error:
                self.send(wire.Failed(number, str(error)))
            except Exception as error:
                log.exception("A command of the phone failed.")
                self.send(wire.Failed(number, f"The phone met an error: {error}."))
            else:
                self.send(wire.Done(number, possible=possible is not False))

        if not self._thread.post(run):
            self.send(wire.Failed(number, "The phone does not keep up with its commands."))

    def _open(self, command: wire.Open) -> None:
        logging.basicConfig(level=command.log_level, handlers=[ToTheBox(self.send)], force=True)
        self._library = Library(
            command.settings,
            serials=itertools.count(command.first_serial, 2),
            tell=lambda target, *arguments: target(*arguments),
            new_leg=self._new_leg,
            on_invite=self._invited,
            on_registration=lambda *outcome: self.send(wire.Registered(*outcome)),
            media_lost_seconds=command.media_lost_seconds,
        )
        self._thread = PjThread(self._library.poll)
        self._thread.start()
        self._answer(command.number, self._bring_up)

    def _bring_up(self) -> None:
        self._library.open()
        self._thread.begin_polling()
        self.send(wire.Opened(self._library.codecs))

    def _close(self, number: int) -> None:
        self._thread.end_polling()
        self._library.close()
        self.send(wire.Done(number))
        os._exit(0)

    def _place(self, command: wire.Place) -> None:
        leg = self._new_leg(command.serial)
        try:
            self._library.place(leg, command.serial, command.outgoing)
        except LegError:
            self._free.append(leg.slot_number)
            raise
        leg.announce(wire.Placed(leg.serial, leg.slot_number))

    def _invited(self, leg: CardLeg, invitation: Invitation) -> None:
        leg.announce(wire.Invited(leg.serial, leg.slot_number, invitation))

    def _new_leg(self, serial: int) -> CardLeg:
        try:
            number = self._free.popleft()
        except IndexError:
            raise LegError("The box has not yet let go of the last calls.") from None
        slot = self._memory.slots[number]
        slot.reset()
        return CardLeg(serial, number, slot, self.send)


class ToTheBox(logging.Handler):
    """Sends the log to the box, which writes it."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))  # the box adds the rest
        self._tell = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        text = self.format(record)[:LONGEST_LINE]
        self._tell(wire.Logged(record.name, record.levelno, text))


def go_first() -> None:
    """Be served before others where that is allowed: root may, and whom systemd lets."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    # Where Linux shares the processor among sessions, that of the card counts and not its threads.
    with suppress(OSError):
        AUTOGROUP.write_text(str(NICE))


def main(descriptors: list[int]) -> None:
    """Be a line card until the box is gone."""
    # The box ends its card itself; Ctrl-C and systemd reach every process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    go_first()
    control = socket.socket(fileno=descriptors[0])
    patience = struct.pack("@ll", SEND_SECONDS, 0)
    control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
    LineCard(control, SharedMemory.attach(descriptors[1:])).run()


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
