"""A stage: a whole conversation on a loopback line, moved 20 ms at a time, engines as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from tests.fakes.audience import FakeAudience
from tests.fakes.engines import WORD, FakeModel, FakeRecognizer, FakeSynthesizer, Loudness
from tests.fakes.journal import FakeJournal, FakeTools
from thunderbox.voice.conversation import Conversation
from thunderbox.voice.engine import LanguageModel, Message, TurnEnd
from thunderbox.voice.leg import FRAME_MS, Typed
from thunderbox.voice.loopback import Loopback
from thunderbox.voice.pace import Pace
from thunderbox.voice.persona import CallEngines, Deadlines, Persona

Answer = Callable[[Sequence[Message]], str | Exception]


def say(text: str) -> Answer:
    """A model that always says the same."""
    return lambda _: text


def use(name: str, arguments: str = "{}") -> str:
    """A tool call as a model writes it."""
    return f'<tool_call>{{"name": "{name}", "arguments": {arguments}}}</tool_call>'


class Stage:
    """A conversation and the caller's end of its line."""

    def __init__(
        self,
        answer: Answer,
        *heard: str | Exception,
        tools: FakeTools | None = None,
        agent_first: bool = False,
        first_token_s: float = 5.0,
        checking_s: float = 60.0,
        destinations: Mapping[str, str] | None = None,
        presses_keys: bool = False,
        acknowledgement: str = "",
        prompt: str = "You are a test.",
        model: LanguageModel | None = None,
        voice: FakeSynthesizer | None = None,
        turn_end: TurnEnd | None = None,
        keep_sound: Callable[[str], None] | None = None,
    ) -> None:
        self.line = Loopback("test")
        self.model = FakeModel(answer)
        self.voice = voice or FakeSynthesizer()
        self.recognizer = FakeRecognizer(*heard)
        self.tools = tools or FakeTools()
        self.journal = FakeJournal()
        self.audience = FakeAudience()
        self.conversation = Conversation(
            self.line.near,
            Persona(
                prompt,
                "fake",
                destinations=destinations or {},
                presses_keys=presses_keys,
                acknowledgement=acknowledgement,
            ),
            CallEngines(
                self.recognizer,
                self.voice,
                model or self.model,
                Loudness(),
                turn_end,
                (lambda text, _voice, _pcm: keep_sound(text)) if keep_sound else None,
            ),
            self.tools,
            self.journal,
            Pace(agent_first=agent_first, acknowledge_ms=400 if acknowledgement else None),
            Deadlines(first_token=first_token_s, checking=checking_s),
            self.audience,
        )
        self.ended: str | None = None

    async def pass_ms(self, ms: int) -> None:
        """Let time go by on the line."""
        for _ in range(ms // FRAME_MS):
            self.line.step()
            for _ in range(12):
                await asyncio.sleep(0)

    async def speak(self, words: int) -> None:
        """The caller says so many words of 100 ms each."""
        self.line.far.play(WORD * words)
        await self.pass_ms(100 * words)

    def write(self, text: str) -> None:
        """The caller writes a message."""
        self.line.near.events.put_nowait(Typed(text))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stage]:
        """Run the conversation; at the end the caller hangs up."""
        task = asyncio.create_task(self.conversation.run())
        await self.pass_ms(20)
        try:
            yield self
        finally:
            await self.line.far.hang_up()
            self.ended = await asyncio.wait_for(task, 5)
