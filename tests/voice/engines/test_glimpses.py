"""Words so far, by the real engine with the starter model."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.engines import FakeRecognizer
from tests.voice.engines.sounds import collect, telephone
from thunderbox.errors import EngineError
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.fallback import FallbackRecognizer, Standing
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.engines.remote import RemoteServer
from thunderbox.voice.engines.worker import Worker
from thunderbox.voice.models import STARTER, STARTER_WINDOW_SECONDS

SECOND = 32_000
SENTENCE = "I would like to book a table for four people on Friday evening."


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[FasterWhisper]:
    """The starter model on a machine that is quick enough for glimpses, whatever else it does."""
    monkeypatch.setattr("thunderbox.voice.glimpse.STEP_S", 10.0)
    engine = FasterWhisper(STARTER / "asr", window_seconds=STARTER_WINDOW_SECONDS)
    engine.warm()
    yield engine
    engine.close()


async def test_the_words_so_far_are_those_that_were_said(
    quick: FasterWhisper, espeak: Espeak
) -> None:
    sound = telephone(await collect(espeak.speak(SENTENCE, "en-US-James1")))
    whole = re.findall(r"[a-z]+", SENTENCE.lower())
    looks = []
    for seconds in (1, 2):
        found = await quick.glimpse(sound[: seconds * SECOND], "en", lambda: True)
        assert found is not None
        looks.append(re.findall(r"[a-z]+", found.text.lower()))
    for words in looks:
        # The last word may be cut in its middle.
        assert words[:-1] == whole[: len(words) - 1]
    assert 2 <= len(looks[0]) < len(looks[1]) < len(whole)


async def test_a_glimpse_is_given_up_when_the_caller_pauses(quick: FasterWhisper) -> None:
    answers = iter([True, False])
    sound = bytes(100) + b"\x00\x20\x00\xe0" * 8000
    quick._guards = type(quick._guards)(voiced_windows=0)
    assert await quick.glimpse(sound, "en", lambda: next(answers)) is None
    assert next(answers, None) is None


async def test_an_engine_that_works_is_not_asked(quick: FasterWhisper) -> None:
    gate = threading.Event()
    threads = len(quick._worker._threads)
    busy = [asyncio.create_task(quick._worker.run(lambda: gate.wait(10))) for _ in range(threads)]
    await asyncio.sleep(0)
    assert await quick.glimpse(bytes(SECOND), "en", lambda: True) is None
    gate.set()
    await asyncio.gather(*busy)


async def test_a_slow_engine_is_not_asked() -> None:
    engine = FasterWhisper(STARTER / "asr", window_seconds=STARTER_WINDOW_SECONDS)
    assert await engine.glimpse(bytes(SECOND), "en", lambda: True) is None
    engine._cost.learn(1.0, 0.1, 1.0)
    assert await engine.glimpse(bytes(SECOND), "en", lambda: True) is None
    engine.close()


async def test_a_slow_engine_begins_early_in_a_pause(espeak: Espeak) -> None:
    engine = FasterWhisper(STARTER / "asr", window_seconds=STARTER_WINDOW_SECONDS)
    sound = telephone(await collect(espeak.speak(SENTENCE, "en-US-James1")))
    assert await engine.glimpse(sound, "en", lambda: True, paused=True) is None
    engine._cost.learn(1.0, 0.1, 1.0)
    found = await engine.glimpse(sound, "en", lambda: True, paused=True)
    assert found is not None
    assert found.text == (await engine.transcribe(sound, "en")).text
    answers = iter([True, False])
    engine._cost.learn(1.0, 0.1, 1.0)
    assert await engine.glimpse(sound, "en", lambda: next(answers), paused=True) is None
    engine.close()


async def test_a_thread_that_has_nothing_to_do_is_idle() -> None:
    worker = Worker("test", threads=2)
    gate = threading.Event()
    assert worker.idle
    one = asyncio.create_task(worker.run(lambda: gate.wait(10)))
    await asyncio.sleep(0)
    assert worker.idle
    two = asyncio.create_task(worker.run(lambda: gate.wait(10)))
    await asyncio.sleep(0)
    assert not worker.idle
    gate.set()
    await asyncio.gather(one, two)
    worker.close()


async def test_only_the_local_engine_is_asked_for_words_so_far() -> None:
    local = FakeRecognizer()
    local.glimpses = ["Hello"]
    standing = Standing(
        RemoteServer("transcription", "http://127.0.0.1:9/v1", "x"), FakeClock().monotonic
    )
    both = FallbackRecognizer(FakeRecognizer(), local, standing)
    assert await both.glimpse(b"", "en", lambda: True) is None
    standing.failed(EngineError("The server is down."))
    found = await both.glimpse(b"", "en", lambda: True)
    assert found is not None
    assert found.text == "Hello"
