"""Thinker: from what was said to what the agent says, with its tools.

One reply at a time: it streams the language model's clauses to the speaker, runs the tools that
the model asks for once the reply is released, gives it their results, and lets it go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import msgspec

from thunderbox.errors import EngineError
from thunderbox.voice.clauses import Clause, ClauseStream, ToolCall
from thunderbox.voice.engine import LanguageModel, Message, Sampling, Tool
from thunderbox.voice.history import Call, History
from thunderbox.voice.tasks import Spawn
from thunderbox.voice.tools import END_CALL, END_CALL_TOOL, HEARD_FIRST, TRANSFER_CALL, Tools

log = logging.getLogger(__name__)

CHECKING_S = 0.8
"""A tool that takes longer than this is worth a word to the caller."""
MAX_ROUNDS = 5
"""Times that a reply may go back to the model with results of tools."""
WARM_S = 60.0
"""A long prompt on a slow machine; the first reply waits for the rest of it."""
MAX_REPEATS = 1
"""Times that a tool call with unreadable arguments is sent back to the model."""


class Mouth(Protocol):
    """Where a reply's words go; the conversation implements it."""

    def passage_began(self) -> None:
        """A stretch of words begins."""

    def clause(self, text: str) -> None:
        """Words to speak, in the current passage."""

    def passage_ended(self, calls: Sequence[Call]) -> None:
        """The stretch is complete; these tool calls follow it."""

    def tool_started(self, call: Call) -> None:
        """A tool runs now."""

    def keep_waiting(self) -> None:
        """It takes a while: the caller is told, unless something is being said anyway."""

    def hand_over(self) -> None:
        """The caller is handed on without a word of the agent: one is said for it."""

    async def heard_out(self) -> None:
        """Wait until all words so far were heard."""

    def tool_finished(self, call: Call) -> None:
        """A tool has answered; `call.result` is set."""

    async def released(self) -> None:
        """Wait until the reply may have consequences."""


@dataclass(frozen=True, slots=True)
class Thought:
    """How a reply ended."""

    ends_call: bool
    empty: bool
    """Nothing was said and nothing done."""


class Thinker:
    """The agent's mind in one call."""

    def __init__(
        self,
        model: LanguageModel,
        tools: Tools,
        history: History,
        conversation: str,
        spawn: Spawn,
        *,
        first_token_s: float,
        sampling: Sampling,
        checking_s: float = CHECKING_S,
    ) -> None:
        self._model = model
        self._tools = tools
        self._history = history
        self._conversation = conversation
        self._spawn = spawn
        self._first_token_s = first_token_s
        self._sampling = sampling
        self._checking_s = checking_s
        self._running: set[asyncio.Task[None]] = set()
        self._schemas = everything(tools.schemas)

    async def warm(self) -> None:
        """Let the model read the prompt and the tools while nobody waits for it."""
        await read_ahead(self._model, self._history, self._schemas)

    async def think(self, mouth: Mouth, unsaid: str | None) -> Thought:
        """Make one reply. Raises EngineError when the model fails or breaks its deadline."""
        empty, silent, ends, repeats = True, True, False, 0
        results: dict[str, str] = {}
        if self._running:
            # A tool of an interrupted reply: without its result the model would use it again.
            await asyncio.wait(self._running)
        context: list[Message] = self._history.messages(unsaid)
        for _ in range(MAX_ROUNDS):
            text, calls = await self._passage(mouth, context)
            silent = silent and not text
            empty = empty and not text and not calls
            ends = ends or any(call.name == END_CALL for call in calls)
            work = [call for call in calls if call.name != END_CALL]
            broken = [call for call in work if call.arguments is None]
            if broken and repeats < MAX_REPEATS:
                repeats += 1
                context = [*context, *_complaint(text, broken)]
                continue
            run = [_numbered(call) for call in work if call.arguments is not None]
            mouth.passage_ended(run)
            if not run:
                break
            await mouth.released()
            for call in run:
                if (known := results.get(_key(call))) is not None:
                    # A model that asks twice for the same is told once more what came of it.
                    call.result = known
                    continue
                if call.name in HEARD_FIRST:
                    if silent and call.name == TRANSFER_CALL:
                        mouth.hand_over()
                    await mouth.heard_out()
                # An interruption ends the reply, but never a tool half-way: it may book something.
                task = self._spawn(self._run_tool(mouth, call))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                await asyncio.shield(task)
                results[_key(call)] = call.result or ""
            context = [*context, *_answered(text, run)]
            if ends:
                break
        return Thought(ends, empty)

    async def _passage(
        self, mouth: Mouth, context: Sequence[Message]
    ) -> tuple[str, list[ToolCall]]:
        """One answer of the model: its words (already on their way) and its tool calls."""
        stream = ClauseStream()
        said: list[str] = []
        calls: list[ToolCall] = []
        mouth.passage_began()
        async with aclosing(
            self._model.generate(self._conversation, context, self._schemas, self._sampling)
        ) as pieces:
            while (piece := await self._next(pieces)) is not None:
                for part in stream.feed(piece):
                    _sort(part, said, calls, mouth)
        for part in stream.finish():
            _sort(part, said, calls, mouth)
        return " ".join(said), calls

    async def _next(self, pieces: AsyncGenerator[str, None]) -> str | None:
        try:
            async with asyncio.timeout(self._first_token_s):
                return await anext(pieces, None)
        except TimeoutError:
            raise EngineError(
                f"The language model {self._model.name} gave no word in {self._first_token_s:g} s."
            ) from None

    async def _run_tool(self, mouth: Mouth, call: Call) -> None:
        mouth.tool_started(call)
        loop = asyncio.get_running_loop()
        # Nothing is said into keys, nor into a transfer that has begun.
        quiet = call.name in HEARD_FIRST
        waiting = None if quiet else loop.call_later(self._checking_s, mouth.keep_waiting)
        try:
            call.result = await self._tools.run(call.id, call.name, call.arguments)
        finally:
            if waiting is not None:
                waiting.cancel()
        mouth.tool_finished(call)


def everything(tools: Sequence[Tool]) -> list[Tool]:
    """What a model may use that has these tools."""
    return [*tools, END_CALL_TOOL]


async def read_ahead(model: LanguageModel, history: History, schemas: Sequence[Tool]) -> None:
    """Let the model read the beginning of a conversation while nobody waits for it."""
    try:
        async with asyncio.timeout(WARM_S):
            # What was said is no business of other calls, which what was read here may serve.
            await model.warm(history.messages()[:1], schemas)
    except (EngineError, TimeoutError) as error:
        log.warning("The prompt was not read ahead of time: %s", error or "too slow")


def _sort(part: Clause | ToolCall, said: list[str], calls: list[ToolCall], mouth: Mouth) -> None:
    if isinstance(part, Clause):
        said.append(part.text)
        mouth.clause(part.text)
    else:
        calls.append(part)


def _numbered(call: ToolCall) -> Call:
    return Call(f"call_{uuid4().hex[:12]}", call.name, call.arguments or {})


def _key(call: Call) -> str:
    """What makes two calls the same."""
    return call.name + msgspec.json.encode(call.arguments, order="sorted").decode()


def _complaint(text: str, broken: Sequence[ToolCall]) -> list[Message]:
    """Tells the model that its tool call cannot be read."""
    names = ", ".join(call.name or "unnamed" for call in broken)
    return [
        {"role": "assistant", "content": text},
        {
            "role": "tool",
            "content": f'{{"error":"The arguments of {names} are not a JSON object."}}',
        },
    ]


def _answered(text: str, run: Sequence[Call]) -> list[Message]:
    """The passage and the results of its tools, as the model reads them next."""
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in run
    ]
    results: list[Message] = [
        {"role": "tool", "tool_call_id": call.id, "name": call.name, "content": call.result or ""}
        for call in run
    ]
    return [{"role": "assistant", "content": text, "tool_calls": calls}, *results]
