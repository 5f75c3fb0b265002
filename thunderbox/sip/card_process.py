"""CardProcess: a line card as the box has it: a child process that is told, heard and ended."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import msgspec

from thunderbox.errors import LegError, StartError
from thunderbox.sip import wire
from thunderbox.sip.slot import SharedMemory

log = logging.getLogger(__name__)

AT_ONCE = 64
"""Events that are read before the loop gets to other things."""
LAST_WORDS = 4096
END_SECONDS = 2.0


class CardProcess:
    """One child process; made by `spawn`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        control: socket.socket,
        memory: SharedMemory,
        on_event: Callable[[wire.Event], None],
        on_sound: Callable[[], None],
    ) -> None:
        self.memory = memory
        self.pid = process.pid
        self._process = process
        self._control = control
        self._on_event = on_event
        self._on_sound = on_sound
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[wire.Done | wire.Failed]] = {}
        self._buffer = bytearray(wire.LARGEST)
        self.lost = False
        """Whether it says nothing more, and is told nothing."""
        self._why = ""
        loop = asyncio.get_running_loop()
        loop.add_reader(control, self._hear)
        loop.add_reader(memory.wake, self._move_sound)
        self.ended: asyncio.Task[str] = asyncio.create_task(self._watch(), name="line-card")
        """Done when the process is gone; its result says how it ended."""

    @classmethod
    async def spawn(
        cls, on_event: Callable[[wire.Event], None], on_sound: Callable[[], None]
    ) -> CardProcess:
        """Start a line card; `on_sound` is called when ticks have come. Raises StartError."""
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            raise _not_started(error) from None
        try:
            memory = SharedMemory.create()
        except OSError as error:
            ours.close()
            theirs.close()
            raise _not_started(error) from None
        ours.setblocking(False)
        inherited = [theirs.fileno(), *memory.descriptors]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "thunderbox.sip.line_card",
                *map(str, inherited),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=inherited,
                start_new_session=True,  # out of reach of Ctrl-C
            )
        except OSError as error:
            ours.close()
            memory.close()
            raise _not_started(error) from None
        finally:
            theirs.close()
        return cls(process, ours, memory, on_event, on_sound)

    def number(self) -> int:
        """A number for a request."""
        return next(self._numbers)

    def send(self, command: wire.Command) -> None:
        """Tell the card something; a card that does not listen is ended."""
        packet = wire.encode(command)
        if len(packet) > wire.LARGEST:
            raise LegError("The phone's settings are too long to be told to its own process.")
        if self.lost:
            return
        try:
            self._control.send(packet)
        except BlockingIOError:
            self.kill("it did not read its commands")
        except OSError:
            self._lose()

    async def request(self, command: wire.Request, seconds: float) -> wire.Done:
        """Tell the card something and wait for the answer. Raises LegError."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[wire.Done | wire.Failed] = loop.create_future()
        self._pending[command.number] = answer
        try:
            self.send(command)
            if self.lost:
                raise LegError("The phone's own process has ended.")
            await asyncio.wait({answer}, timeout=seconds)
        finally:
            self._pending.pop(command.number, None)
        if not answer.done():
            raise LegError(f"The phone did not answer a command within {seconds:g} s.")
        result = answer.result()
        if isinstance(result, wire.Failed):
            raise LegError(result.text)
        return result

    def kill(self, why: str) -> None:
        """End the process at once."""
        self._why = self._why or why
        with suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self, seconds: float = END_SECONDS) -> None:
        """Wait for the process to end by itself, then end it."""
        await asyncio.wait({self.ended}, timeout=seconds)
        self.kill("it did not end in time")
        await asyncio.wait({self.ended}, timeout=END_SECONDS)

    def _hear(self) -> None:
        for _ in range(AT_ONCE):
            try:
                size = self._control.recv_into(self._buffer)
            except BlockingIOError:
                return
            except OSError:
                size = 0
            if not size:
                self._lose()
                return
            try:
                self._take(wire.decode_event(self._buffer[:size]))
            except msgspec.DecodeError:
                self.kill("what it said was no message")
                return

    def _take(self, event: wire.Event) -> None:
        if not isinstance(event, wire.Done | wire.Failed):
            try:
                self._on_event(event)
            except Exception:
                log.exception("An event of the phone failed.")
        elif (answer := self._pending.get(event.number)) is not None and not answer.done():
            answer.set_result(event)

    def _move_sound(self) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self.memory.wake)
        self._on_sound()

    def _lose(self) -> None:
        """The card says nothing more."""
        if self.lost:
            return
        self.lost = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control)
        loop.remove_reader(self.memory.wake)
        for number, answer in self._pending.items():
            if not answer.done():
                answer.set_result(wire.Failed(number, "The phone's own process has ended."))

    async def _watch(self) -> str:
        """Wait for the end of the process; say how it ended, in the middle of a sentence."""
        assert self._process.stderr is not None
        last = b""
        try:
            while chunk := await self._process.stderr.read(LAST_WORDS):
                last = (last + chunk)[-LAST_WORDS:]
            status = await self._process.wait()
        finally:
            with suppress(ProcessLookupError):
                self._process.kill()  # where the box is being stopped
            self._lose()
            self._control.close()
            self.memory.close()
        return self._why or how_it_ended(status, last.decode(errors="replace"))


def _not_started(error: OSError) -> StartError:
    return StartError(f"The phone's own process cannot be started: {error}.")


def how_it_ended(status: int, last_words: str) -> str:
    """A process's end, in the middle of a sentence: its signal or exit status and what it said."""
    how = f"it ended with status {status}"
    if status < 0:
        known = -status in signal.valid_signals()
        how = f"it died of {signal.Signals(-status).name if known else f'signal {-status}'}"
    lines = [line.strip() for line in last_words.splitlines() if line.strip()]
    told = next((line for line in lines if "Assertion" in line), lines[-1] if lines else "")
    return f"{how} ({told})" if told else how
