"""LlamaCpp: one language model for all calls, on llama-cpp-python's low-level interface.

One thread owns the library. Each step evaluates one batch: the newest token of every running
reply and a slice of every prompt that is still being read. A conversation keeps its sequence
in the cache, so that only new words are evaluated; the agent's prompt is shared between calls.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from thunderbox.errors import EngineError
from thunderbox.voice.engine import GREEDY, Message, Sampling, Tool
from thunderbox.voice.engines import llama_sequences
from thunderbox.voice.engines.chat_template import THOUGHT, THOUGHT_END
from thunderbox.voice.engines.llama_generation import Generation
from thunderbox.voice.engines.llama_library import (
    Entry,
    LlamaLibrary,
    free_sampler,
)
from thunderbox.voice.engines.llama_prompts import Prompts
from thunderbox.voice.engines.worker import post

log = logging.getLogger(__name__)

_BATCH = 512
_STEP_SECONDS = 0.1
"""How long a prompt may hold up the replies that are being spoken."""

_STEP_SECONDS_ALONE = 0.3
_FIRST_STEP = 64
"""Tokens of a prompt that are evaluated at once before the speed of reading is known."""

_NICE = 10
_WAITING = 256
_FAILURES = 3
"""Failed steps in a row after which the engine says that it is not ready."""

_PRINTED_MARKERS = (b"<tool_call>", b"</tool_call>", b"<think>", b"</think>")


@dataclass(frozen=True, slots=True)
class _Forget:
    conversation: str


class LlamaCpp:
    """A GGUF model that carries `conversations` calls at once; more wait for their turn."""

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        conversations: int = 8,
        context_tokens: int = 2048,
        threads: int = 2,
        gpu_layers: int = 0,
    ) -> None:
        self.name = name or path.stem
        self._library = LlamaLibrary(
            path,
            sequences=conversations,
            context_tokens=context_tokens,
            threads=threads,
            batch=_BATCH,
            gpu_layers=gpu_layers,
        )
        self.context_tokens = self._library.context_tokens
        if self.context_tokens < context_tokens:
            log.info("%s reads %d tokens, no more", self.name, self.context_tokens)
        self._prompts = Prompts(self._library)
        self._sequences = llama_sequences.Sequences(conversations)
        self._inbox: queue.Queue[Generation | _Forget | None] = queue.Queue(_WAITING)
        self._waiting: list[Generation] = []
        self._running: list[Generation] = []
        self._seeds = count(1)
        self._speed = 0.0
        self._failures = 0
        self._closed = False
        self.prompt_tokens_evaluated = 0
        self.tokens_generated = 0
        self._thread = threading.Thread(target=self._run, name="language-model", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether the engine can be expected to answer."""
        return self._thread.is_alive() and self._failures < _FAILURES

    async def generate(
        self,
        conversation: str,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        sampling: Sampling = GREEDY,
    ) -> AsyncGenerator[str, None]:
        """Pieces of the next assistant message as they are made. Raises EngineError."""
        loop = asyncio.get_running_loop()
        generation = Generation(conversation, list(messages), list(tools), sampling, loop)
        self._submit(generation)
        try:
            while (piece := await generation.pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            generation.cancelled = True

    async def warm(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), conversation: str = ""
    ) -> int:
        """Read the beginning of a conversation ahead of time; returns the tokens evaluated.

        Without a conversation's name what was read serves any call that begins the same way:
        that is how an agent's prompt is prepared.
        """
        loop = asyncio.get_running_loop()
        generation = Generation(
            conversation, list(messages), list(tools), GREEDY, loop, reply=False
        )
        self._submit(generation)
        try:
            ended = await generation.pieces.get()
            if isinstance(ended, Exception):
                raise ended
            return generation.evaluated
        finally:
            generation.cancelled = True

    async def forget(self, conversation: str) -> None:
        """Free what the engine keeps for a call that is over; the agent's prompt stays."""
        if not self._closed:
            self._submit(_Forget(conversation))

    def close(self) -> None:
        """Stop the engine's thread and free the model; running replies fail."""
        if self._closed:
            return
        self._closed = True
        with suppress(queue.Full):
            self._inbox.put(None, timeout=5)
        self._thread.join(timeout=10)

    def _submit(self, command: Generation | _Forget) -> None:
        if self._closed:
            raise EngineError(f"The language model {self.name} is closed.")
        try:
            self._inbox.put_nowait(command)
        except queue.Full:
            raise EngineError(
                f"The language model {self.name} has too much to do: {_WAITING} replies wait."
            ) from None

    def _run(self) -> None:
        """The engine's thread."""
        # Words are made much faster than they are spoken, so hearing and speaking go first; the
        # library's own threads inherit this.
        with suppress(OSError):
            os.nice(_NICE)  # of this thread alone, and beside what the box was started with
        while self._collect():
            self._admit()
            if self._running:
                try:
                    self._step()
                except Exception as error:
                    self._fail_all(error)
                else:
                    self._failures = 0
        closed = EngineError(f"The language model {self.name} is closed.")
        while not self._inbox.empty():
            if isinstance(command := self._inbox.get_nowait(), Generation):
                self._waiting.append(command)
        for generation in [*self._waiting, *self._running]:
            self._finish(generation, closed)
        self._library.close()

    def _collect(self) -> bool:
        """Take in commands, waiting for one when there is nothing to do; False to end."""
        while True:
            idle = not (self._running or (self._waiting and self._sequences.any_idle()))
            try:
                command = self._inbox.get(block=idle)
            except queue.Empty:
                return True
            match command:
                case None:
                    return False
                case _Forget(conversation):
                    self._forget(conversation)
                case generation:
                    self._waiting.append(generation)

    def _forget(self, conversation: str) -> None:
        for generation in [*self._waiting, *self._running]:
            if generation.conversation == conversation:
                self._finish(generation, None)
        for sequence in self._sequences.forget(conversation):
            self._truncate(sequence, len(sequence.tokens))
        self._prompts.forget(conversation)

    def _admit(self) -> None:
        """Give a sequence to every reply that waits, as far as they go."""
        for generation in list(self._waiting):
            if generation.cancelled:
                self._finish(generation, None)
                continue
            try:
                if not self._start(generation):
                    return
            except Exception as error:
                self._finish(generation, self._explain(error))

    def _start(self, generation: Generation) -> bool:
        """Find out which tokens are to be evaluated; False while all sequences are busy."""
        if not self._sequences.any_idle():
            return False
        tokens = self._prompts.read(generation, self.context_tokens)
        plan = self._sequences.take(generation.conversation, tokens)
        if plan is None:
            return False
        generation.sequence = plan.sequence
        self._leave_off(generation)
        if plan.copy_from is not None:
            self._library.copy(plan.copy_from, plan.sequence.id, plan.keep)
        else:
            self._truncate(plan.sequence, plan.keep)
        plan.sequence.prompt_tokens = self._prompts.shared(generation, tokens)
        generation.todo = tokens[len(plan.sequence.tokens) :]
        if generation.thinking:  # the template has opened the thought
            generation.say(THOUGHT)
        if generation.reply:
            generation.sampler = self._library.make_sampler(
                generation.sampling, next(self._seeds), generation.tools
            )
        self._waiting.remove(generation)
        self._running.append(generation)
        return True

    def _leave_off(self, generation: Generation) -> None:
        """What was read ahead for this conversation is either read, or not worth it any more."""
        for other in [*self._waiting, *self._running]:
            if not other.reply and other.conversation and other is not generation:
                other.cancelled |= other.conversation == generation.conversation

    def _truncate(self, sequence: llama_sequences.Sequence, length: int) -> None:
        """Some architectures cannot forget a tail: then all of it goes."""
        if not self._library.truncate(sequence.id, length):
            sequence.tokens.clear()

    def _step(self) -> None:
        """Evaluate one batch and take each reply one token further."""
        for generation in [entry for entry in self._running if entry.cancelled]:
            self._finish(generation, None)
        slices = self._slices()
        if not slices:
            return
        entries: list[Entry] = []
        asked: list[tuple[Generation, int]] = []
        for generation, tokens in slices:
            sequence = generation.held
            done = len(tokens) == len(generation.todo)
            for offset, token in enumerate(tokens):
                wanted = done and generation.reply and offset == len(tokens) - 1
                entries.append(Entry(token, len(sequence.tokens) + offset, sequence.id, wanted))
            if done:
                asked.append((generation, len(entries) - 1))
        started = time.perf_counter()
        self._library.decode(entries)
        self._measure(len(entries), time.perf_counter() - started)
        for generation, tokens in slices:
            generation.held.tokens.extend(tokens)
            del generation.todo[: len(tokens)]
            if generation.reading:
                generation.evaluated += len(tokens)
                self.prompt_tokens_evaluated += len(tokens)
        for generation, index in asked:
            generation.reading = False
            if generation.reply:
                # What is only thought may look like a tool call, and is none.
                bound = not generation.thinking
                token = self._library.sample(generation.sampler, index, bound=bound)
                self._take(generation, token)
            else:
                self._finish(generation, None)

    def _slices(self) -> list[tuple[Generation, list[int]]]:
        """What this step evaluates: all newest tokens first, prompts as far as time allows."""
        speaking = [entry for entry in self._running if not entry.reading]
        reading = [entry for entry in self._running if entry.reading]
        slices = [(generation, generation.todo[:]) for generation in speaking]
        seconds = _STEP_SECONDS if speaking else _STEP_SECONDS_ALONE
        most = max(16, int(self._speed * seconds)) if self._speed else _FIRST_STEP
        room = min(most, _BATCH) - sum(len(tokens) for _, tokens in slices)
        for generation in reading:
            if room <= 0:
                break
            tokens = generation.todo[:room]
            room -= len(tokens)
            slices.append((generation, tokens))
        return slices

    def _measure(self, tokens: int, seconds: float) -> None:
        """Keep the speed of reading, tokens a second."""
        if tokens >= 16 and seconds > 0:
            speed = tokens / seconds
            self._speed = speed if not self._speed else 0.7 * self._speed + 0.3 * speed

    def _take(self, generation: Generation, token: int) -> None:
        """The reply's next token: hand its text over, and go on or end."""
        piece = self._library.piece(token)
        self.tokens_generated += 1
        marker = self._library.is_control(token) and piece not in _PRINTED_MARKERS
        over = marker or self._library.ends(token)
        if over and not generation.thinking:
            self._end(generation)
            return
        generation.todo = []
        if not over:
            text = generation.text.decode(piece)
            generation.say(text)
            generation.todo.append(token)
            over = generation.count(text, self.context_tokens)
        if over:
            # It has thought long enough, and goes on as if it had come to an end by itself.
            generation.stop_thinking()
            generation.todo += self._library.tokenize(f"\n{THOUGHT_END}\n\n", start=False)
        full = len(generation.held.tokens) + len(generation.todo) >= self.context_tokens
        if generation.made >= generation.sampling.max_tokens or full:
            self._end(generation)

    def _end(self, generation: Generation) -> None:
        generation.say(generation.text.decode(b"", True))
        self._finish(generation, None)
        if generation.nearly_full:
            # While these words are spoken there is time to read what is left of a long talk.
            self._waiting.append(generation.ahead())

    def _finish(self, generation: Generation, error: Exception | None) -> None:
        """Take a generation out and tell its reader."""
        for entries in (self._waiting, self._running):
            if generation in entries:
                entries.remove(generation)
        if generation.sampler is not None:
            free_sampler(generation.sampler)
            generation.sampler = None
        if (sequence := generation.sequence) is not None:
            self._sequences.release(sequence)
            if not generation.conversation:
                sequence.conversation = None
            generation.sequence = None
        post(generation.loop, generation.pieces.put_nowait, error)

    def _fail_all(self, error: Exception) -> None:
        """A step failed: nobody knows what the cache holds now, so all start anew."""
        self._failures += 1
        explained = self._explain(error)
        for generation in list(self._running):
            self._finish(generation, explained)
        self._sequences.clear()
        try:
            self._library.clear()
        except Exception:
            log.exception("the language model's cache cannot be emptied")
            self._failures = _FAILURES

    def _explain(self, error: Exception) -> Exception:
        if isinstance(error, EngineError):
            return error
        log.error("language model failed", exc_info=error)
        return EngineError(f"The language model {self.name} failed: {type(error).__name__}.")
