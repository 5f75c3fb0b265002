"""Transcript: writes a conversation's turns to the database, each when it ends.

The conversation must not wait for the disk, so what it reports is queued here in order and one
task writes it. `close` returns when everything is on disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from thunderbox.calls.ports import Clock
from thunderbox.calls.recording import Recording
from thunderbox.events import outbox
from thunderbox.store import calls, tool_calls, turns
from thunderbox.store.database import Database, Transaction
from thunderbox.voice.history import Call as ToolUse
from thunderbox.voice.leg import Tick

log = logging.getLogger(__name__)

QUEUE = 1_000
"""Facts waiting for the disk; a call makes a few per second at most."""
CLOSE_S = 5.0
"""How long the end of a call waits for the disk."""
PREVIEW = 6_000
"""Characters of a tool's answer that the transcript keeps."""

Write = Callable[[Transaction], Awaitable[object]]


class Transcript:
    """The record of one call; a voice.journal.Journal."""

    def __init__(
        self, db: Database, call_id: int, offset_ms: int, recording: Recording | None, clock: Clock
    ) -> None:
        """`offset_ms` is from the start of the call to the start of the conversation."""
        self._db = db
        self._call_id = call_id
        self._offset_ms = offset_ms
        self._recording = recording
        self._clock = clock
        self._queue: asyncio.Queue[Write | None] = asyncio.Queue(QUEUE)
        self._writer = asyncio.create_task(self._write(), name=f"transcript of call {call_id}")
        self._started: dict[str, int] = {}
        self.status_of: Callable[[str], int | None] = lambda _: None
        """The HTTP status with which a tool call was answered."""

    def sound(self, tick: Tick) -> None:
        """20 ms of both sides."""
        if self._recording is not None:
            self._recording.add(tick.far, tick.near)

    def caller_said(self, text: str, start: int, end: int) -> None:
        """A turn of the caller."""
        self._append(
            turns.NewTurn(
                role="user",
                content=text,
                start_ms=self._offset_ms + start,
                end_ms=self._offset_ms + end,
            )
        )

    def caller_saying(self, text: str, at: int) -> None:
        """Words so far: the record keeps whole turns only."""

    def agent_said(
        self,
        text: str,
        start: int,
        end: int,
        *,
        interrupted: bool,
        unheard: str,
        latency_ms: int | None,
    ) -> None:
        """Words of the agent, as far as they were heard."""
        self._append(
            turns.NewTurn(
                role="assistant",
                content=text,
                start_ms=self._offset_ms + start,
                end_ms=self._offset_ms + end,
                interrupted=interrupted,
                interrupted_at_ms=self._offset_ms + end if interrupted else None,
                unheard=unheard,
                latency_ms=latency_ms,
            )
        )

    def tool_called(self, call: ToolUse, at: int) -> None:
        """The agent uses a tool."""
        started_at = self._started[call.id] = self._clock.now_ms()
        self._append(
            turns.NewTurn(
                role="tool_call",
                content=_json({"name": call.name, "arguments": call.arguments}),
                start_ms=self._offset_ms + at,
                end_ms=self._offset_ms + at,
                tool_call_id=call.id,
                tool_name=call.name,
            )
        )

        async def write(tx: Transaction) -> None:
            await tool_calls.insert(
                tx,
                self._call_id,
                id=call.id,
                name=call.name,
                arguments=call.arguments,
                started_at=started_at,
            )

        self._put(write)

    def tool_answered(self, call: ToolUse, at: int) -> None:
        """The tool has answered."""
        result = call.result or ""
        error = _error_of(result)
        finished_at = self._clock.now_ms()
        status_code = self.status_of(call.id)
        latency_ms = finished_at - self._started.pop(call.id, finished_at)
        self._append(
            turns.NewTurn(
                role="tool_response",
                content=_as_json(result[:PREVIEW]),
                start_ms=self._offset_ms + at,
                end_ms=self._offset_ms + at,
                tool_call_id=call.id,
                tool_name=call.name,
            )
        )

        async def write(tx: Transaction) -> None:
            await tool_calls.finish(
                tx,
                call.id,
                response=None if error else result[:PREVIEW],
                error=error,
                status_code=status_code,
                latency_ms=latency_ms,
                finished_at=finished_at,
            )
            await outbox.tool_used(
                tx,
                self._call_id,
                call.name,
                call.arguments,
                response=None if error else result[:PREVIEW],
                error=error,
                status_code=status_code,
                latency_ms=latency_ms,
            )

        self._put(write)

    def handed_on(self, target: str, *, reached: bool) -> None:
        """The caller was handed on, or was to be."""

        async def write(tx: Transaction) -> None:
            await calls.set_transfer(tx, self._call_id, target, reached=reached)
            await outbox.transferred(tx, self._call_id)

        self._put(write)

    async def close(self) -> None:
        """Wait until all is written."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._queue.put(None)
                await self._writer
        except TimeoutError:
            log.exception("The disk is too slow: turns of call %s may be missing", self._call_id)
            self._writer.cancel()

    def _append(self, turn: turns.NewTurn) -> None:
        async def write(tx: Transaction) -> None:
            seq = await turns.append(tx, self._call_id, turn)
            await outbox.turn_ended(tx, self._call_id, seq, turn)

        self._put(write)

    def _put(self, write: Write) -> None:
        try:
            self._queue.put_nowait(write)
        except asyncio.QueueFull:
            log.error("The disk is too slow: a turn of call %s is lost", self._call_id)  # noqa: TRY400 - the traceback says nothing

    async def _write(self) -> None:
        """Write what is queued, one transaction each, until None comes."""
        while (write := await self._queue.get()) is not None:
            try:
                async with self._db.transaction() as tx:
                    await write(tx)
            except Exception:
                log.exception("A turn of call %s could not be written", self._call_id)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _as_json(text: str) -> str:
    """A tool's answer as JSON: itself when it is JSON, else as a JSON string."""
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return _json(text)
    return text


def _error_of(result: str) -> str | None:
    """The error that a tool's answer reports, if it does."""
    try:
        answer = msgspec.json.decode(result)
    except msgspec.DecodeError:
        return None
    return str(answer["error"]) if isinstance(answer, dict) and answer.get("error") else None
