"""A conversation whose remote engines die in mid-call: the local ones take over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.fakes.engines import WORD, FakeModel, FakeRecognizer, FakeSynthesizer, Loudness
from tests.fakes.journal import FakeJournal, FakeTools
from tests.peers.openai import OpenAIServer
from tests.peers.openai_server import WORDS
from thunderbox.voice import phrases
from thunderbox.voice.conversation import Conversation
from thunderbox.voice.engines.fallback import (
    FallbackChat,
    FallbackRecognizer,
    FallbackSpeech,
    Standing,
)
from thunderbox.voice.engines.openai_chat import OpenAIChat
from thunderbox.voice.engines.openai_speech import OpenAISpeech
from thunderbox.voice.engines.openai_transcription import OpenAITranscription
from thunderbox.voice.loopback import Loopback
from thunderbox.voice.pace import Pace
from thunderbox.voice.persona import CallEngines, Deadlines, Persona


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    started = OpenAIServer()
    yield started
    started.kill()


class Call:
    """A call whose engines are remote, each with a local one behind it."""

    def __init__(self, server: OpenAIServer, chat_model: str = "words") -> None:
        chat, hearing, speech = (
            server.settings("chat", chat_model),
            server.settings("transcription"),
            server.settings("speech"),
        )
        self.chat = Standing(chat)
        self.line = Loopback("test")
        self.journal = FakeJournal()
        self.engines = CallEngines(
            FallbackRecognizer(
                OpenAITranscription(hearing), FakeRecognizer("And tomorrow?"), Standing(hearing)
            ),
            FallbackSpeech(OpenAISpeech(speech), [FakeSynthesizer()], "fake", Standing(speech)),
            FallbackChat(OpenAIChat(chat), FakeModel(lambda _: "Yes."), self.chat),
            Loudness(),
        )
        self.conversation = Conversation(
            self.line.near,
            Persona("You are a test.", "nova"),
            self.engines,
            FakeTools(),
            self.journal,
            Pace(agent_first=False),
            Deadlines(),
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the line go on until something is true, faster than a telephone's."""
        for _ in range(3000):
            if condition():
                return
            self.line.step()
            await asyncio.sleep(0.002)
        raise TimeoutError(str(self.journal.rows))

    async def asks(self) -> None:
        """The caller speaks for 0.8 s, and is answered."""
        rows = len(self.journal.rows)
        self.line.far.play(WORD * 8)
        await self.until(lambda: len(self.journal.rows) == rows + 2)

    async def end(self, running: asyncio.Task[str]) -> None:
        """The caller hangs up."""
        await self.line.far.hang_up()
        assert await asyncio.wait_for(running, 5) == "caller_hangup"
        self.engines.recognizer.close()
        self.engines.synthesizer.close()
        self.engines.language_model.close()


async def test_the_local_engines_go_on_when_the_server_dies(server: OpenAIServer) -> None:
    call = Call(server)
    running = asyncio.create_task(call.conversation.run())
    await call.asks()
    server.kill()
    await call.asks()
    await call.end(running)
    assert call.journal.rows == [
        ("user", "What are your hours?"),
        ("assistant", "".join(WORDS)),
        ("user", "And tomorrow?"),
        ("assistant", "Yes."),
    ]
    assert "cannot be reached" in call.chat.note


async def test_a_reply_that_is_cut_off_is_excused_and_the_next_is_local(
    server: OpenAIServer,
) -> None:
    call = Call(server, "cut")
    running = asyncio.create_task(call.conversation.run())
    await call.asks()
    await call.asks()
    await call.end(running)
    assert call.journal.rows == [
        ("user", "What are your hours?"),
        ("assistant", phrases.sentence(phrases.TROUBLE)),
        ("user", "What are your hours?"),
        ("assistant", "Yes."),
    ]
