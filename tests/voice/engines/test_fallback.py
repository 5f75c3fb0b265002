"""Who answers when the remote engine fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.engines import FakeModel, FakeRecognizer, FakeSynthesizer
from tests.voice.engines.sounds import collect
from thunderbox.errors import EngineError, RefusedError
from thunderbox.voice.engine import Voice
from thunderbox.voice.engines.fallback import (
    PAUSE_S,
    FallbackChat,
    FallbackRecognizer,
    FallbackSpeech,
    Standing,
    find_voice,
)
from thunderbox.voice.engines.remote import RemoteServer

SERVER = RemoteServer("chat", "http://10.0.0.5:8000/v1", "big", "sk-1234")
DOWN = EngineError("The remote chat is down.")


class Breaking(FakeModel):
    """Gives a heartbeat and `given`, then fails."""

    given = ""

    async def generate(self, *asked: Any) -> AsyncGenerator[str, None]:
        """The piece, then the failure."""
        self.asked.append(asked[1])
        yield ""
        if self.given:
            yield self.given
        raise DOWN


class Nova(FakeSynthesizer):
    """A remote voice, which gives one piece before it fails when `late_failure` is set."""

    late_failure = False

    def voices(self) -> Sequence[Voice]:
        """One voice."""
        return [Voice("nova", "nova", "en-US", "remote")]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """A piece of its own."""
        if self.broken:
            raise DOWN
        yield b"nova"
        if self.late_failure:
            raise DOWN


class Stage:
    """A remote and a local model, and a clock that is moved by hand."""

    def __init__(self, remote: FakeModel) -> None:
        self.clock = FakeClock()
        self.standing = Standing(SERVER, self.clock.monotonic)
        self.remote = remote
        self.local = FakeModel(lambda _: "local")
        self.model = FallbackChat(remote, self.local, self.standing)

    async def reply(self) -> str:
        """One reply."""
        return "".join([piece async for piece in self.model.generate("a", [])])


async def test_the_remote_engine_answers_while_it_can() -> None:
    stage = Stage(FakeModel(lambda _: "remote"))
    assert await stage.reply() == "remote"
    assert stage.local.asked == []
    assert stage.standing.note == ""


async def test_the_local_engine_does_the_whole_reply_when_nothing_was_given() -> None:
    stage = Stage(Breaking(str))
    assert await stage.reply() == "local"
    assert stage.standing.note == "The remote chat is down. The local engine answers."
    assert stage.model.ready


async def test_a_reply_that_broke_off_ends_with_the_error() -> None:
    remote = Breaking(str)
    remote.given = "We are"
    stage = Stage(remote)
    with pytest.raises(EngineError, match="is down"):
        await stage.reply()
    assert stage.local.asked == []
    assert await stage.reply() == "local"


async def test_a_remote_engine_that_failed_is_left_alone_for_a_while() -> None:
    stage = Stage(FakeModel(lambda _: DOWN))
    for _ in range(3):
        assert await stage.reply() == "local"
    assert len(stage.remote.asked) == 1
    stage.clock.ms += int(PAUSE_S * 1000) - 1
    assert await stage.reply() == "local"
    assert len(stage.remote.asked) == 1
    stage.clock.ms += 1
    stage.remote.answer = lambda _: "remote"
    assert await stage.reply() == "remote"
    assert stage.standing.note == ""


async def test_one_refused_request_does_not_keep_others_away() -> None:
    stage = Stage(FakeModel(lambda _: RefusedError("It refuses this request.")))
    assert await stage.reply() == "local"
    assert stage.standing.asked
    assert stage.standing.note == "It refuses this request. The local engine answers."


async def test_both_read_the_prompt_ahead() -> None:
    stage = Stage(FakeModel(lambda _: "remote"))
    await stage.model.warm([{"role": "system", "content": "Hi."}])
    assert len(stage.remote.warmed) == len(stage.local.warmed) == 1


async def test_a_remote_engine_that_cannot_read_ahead_is_left_alone() -> None:
    class Cold(FakeModel):
        async def warm(self, messages: Any, tools: Any = ()) -> int:
            raise DOWN

    stage = Stage(Cold(str))
    await stage.model.warm([])
    assert len(stage.local.warmed) == 1
    assert not stage.standing.asked


async def test_what_was_said_is_recognised_by_either() -> None:
    clock = FakeClock()
    standing = Standing(SERVER, clock.monotonic)
    recognizer = FallbackRecognizer(
        FakeRecognizer("remote", DOWN, "remote"), FakeRecognizer("local", "local"), standing
    )
    texts = [(await recognizer.transcribe(b"")).text for _ in range(3)]
    assert texts == ["remote", "local", "local"]
    clock.ms += 30_000
    assert (await recognizer.transcribe(b"")).text == "remote"


async def test_a_local_voice_speaks_for_the_remote_one() -> None:
    remote, clock = Nova(), FakeClock()
    voice = FallbackSpeech(remote, [FakeSynthesizer()], "nova", Standing(SERVER, clock.monotonic))
    assert [known.id for known in voice.voices()] == ["nova"]
    assert await collect(voice.speak("One two", "nova")) == b"nova"
    remote.broken = True
    local = await collect(voice.speak("One two", "nova"))
    assert len(local) == 2 * 3200
    remote.broken = False
    assert await collect(voice.speak("One two", "nova")) == local
    clock.ms += 30_000
    assert await collect(voice.speak("One two", "nova")) == b"nova"


async def test_a_clause_that_broke_off_ends_with_the_error() -> None:
    remote = Nova()
    remote.late_failure = True
    voice = FallbackSpeech(remote, [FakeSynthesizer()], "fake", Standing(SERVER))
    with pytest.raises(EngineError, match="is down"):
        await collect(voice.speak("One two", "nova"))


@pytest.mark.parametrize(("wanted", "found"), [("FAKE", "fake"), ("nova", "nova"), ("x", "fake")])
def test_the_local_voice_is_the_wanted_one_or_the_first(wanted: str, found: str) -> None:
    assert find_voice([FakeSynthesizer(), Nova()], wanted)[1] == found
