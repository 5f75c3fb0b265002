"""Utterances that wait for a large Whisper model are recognised together, as if alone."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from tests.voice.engines.sounds import collect, noise, telephone
from thunderbox.voice.engines import faster_whisper
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.faster_whisper import FasterWhisper
from thunderbox.voice.models import STARTER, STARTER_WINDOW_SECONDS

SENTENCES = (
    "What are your opening hours?",
    "I would like to book a table for four people on Friday evening.",
    "Thank you, goodbye.",
    "How much does a cleaning cost?",
    "My number is five five five, one two three four.",
    "Yes.",
)


class Watched(FasterWhisper):
    """The starter model as a large one, which notes how many it hears at once."""

    def __init__(self, together: int = 4, window_seconds: float | None = STARTER_WINDOW_SECONDS):
        super().__init__(STARTER / "asr", together=together, window_seconds=window_seconds)
        self.heard: list[int] = []

    def _hear(self, utterances: Sequence[faster_whisper._Utterance]) -> None:
        self.heard.append(len(utterances))
        super()._hear(utterances)

    @asynccontextmanager
    async def occupied(self) -> AsyncIterator[None]:
        """The engine's threads are busy until the end of this."""
        gate = threading.Event()
        threads = range(len(self._worker._threads))
        others = [asyncio.create_task(self._worker.run(lambda: gate.wait(10))) for _ in threads]
        await asyncio.sleep(0)
        try:
            yield
        finally:
            gate.set()
            await asyncio.gather(*others)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    engine = Watched()
    # One thread, as a large model has, so that what is taken together is not chance.
    engine._worker.close()
    engine._worker = faster_whisper.Worker("test")
    engine._asks._worker = engine._worker
    yield engine
    engine.close()


async def sound(espeak: Espeak, text: str) -> bytes:
    return telephone(await collect(espeak.speak(text, "en-US-James1")))


async def test_words_are_the_same_together_and_alone(engine: Watched, espeak: Espeak) -> None:
    sounds = [await sound(espeak, text) for text in SENTENCES]
    alone = [(await engine.transcribe(one)).text for one in sounds]
    assert "hours" in alone[0]
    engine.heard.clear()
    async with engine.occupied():
        waiting = [asyncio.create_task(engine.transcribe(one)) for one in sounds]
        await asyncio.sleep(0)
    together = [found.text for found in await asyncio.gather(*waiting)]
    assert engine.heard == [4, 2]
    assert together == alone


async def test_one_who_leaves_the_batch_takes_nothing_from_the_others(
    engine: Watched, espeak: Espeak
) -> None:
    hours, thanks = await sound(espeak, SENTENCES[0]), await sound(espeak, SENTENCES[2])
    alone = [(await engine.transcribe(one)).text for one in (hours, thanks)]
    engine._cost.learn(1.0, 0.1, 1.0)
    engine.heard.clear()
    speaks_on = iter([True, False])
    async with engine.occupied():
        before = asyncio.create_task(engine.transcribe(hours))
        early = engine.glimpse(hours, "en", lambda: next(speaks_on), paused=True)
        left = asyncio.create_task(early)
        after = asyncio.create_task(engine.transcribe(thanks))
        gone = asyncio.create_task(engine.transcribe(thanks))
        await asyncio.sleep(0)
        gone.cancel()
    assert [(await one).text for one in (before, after)] == alone
    assert await left is None
    assert next(speaks_on, None) is None
    assert engine.heard == [3]


async def test_noise_in_a_batch_needs_no_model(engine: Watched, espeak: Espeak) -> None:
    hours = await sound(espeak, SENTENCES[0])
    async with engine.occupied():
        waiting = [asyncio.create_task(engine.transcribe(one)) for one in (hours, noise(2.0, -40))]
        await asyncio.sleep(0)
    found = [one.text for one in await asyncio.gather(*waiting)]
    assert "hours" in found[0]
    assert found[1] == ""
    assert engine.heard == [1]


async def test_a_loop_in_a_batch_ends_where_it_would_have_ended_alone(
    engine: Watched, espeak: Espeak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faster_whisper, "most_tokens", lambda seconds: 3 if seconds < 2.5 else 60)
    short, long = await sound(espeak, SENTENCES[0]), await sound(espeak, SENTENCES[1])
    alone = [(await engine.transcribe(one)).text for one in (short, long)]
    engine.heard.clear()
    async with engine.occupied():
        waiting = [asyncio.create_task(engine.transcribe(one)) for one in (short, long)]
        await asyncio.sleep(0)
    assert [one.text for one in await asyncio.gather(*waiting)] == alone
    assert engine.heard == [2, 1]
    assert len(re.findall(r"\w+", alone[0])) <= 3


@pytest.mark.parametrize(
    ("more_seconds", "windows"),
    [(0, [10, 10]), (10, [11, 11]), (20, [10, 21]), (40, [10, 30, 30])],
    ids=["both short", "one longer", "one much longer", "one longer than any window"],
)
async def test_the_window_of_a_batch_is_that_of_its_longest(
    more_seconds: int, windows: list[int], espeak: Espeak, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    original = faster_whisper.padded_features

    def noted(model: object, samples: np.ndarray, frames: int) -> np.ndarray:
        found.append(frames // 100)
        return original(model, samples, frames)

    monkeypatch.setattr(faster_whisper, "padded_features", noted)
    engine = Watched(window_seconds=None)
    short = (await sound(espeak, SENTENCES[0]))[: 2 * 32_000]
    async with engine.occupied():
        waiting = [
            asyncio.create_task(engine.transcribe(one))
            for one in (short + bytes(more_seconds * 32_000), short)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    engine.close()
    assert sorted(found) == windows


def test_only_prompts_of_one_length_are_heard_at_once() -> None:
    def one(prompt: int, *, alone: bool = False, window: float = 10.0) -> faster_whisper._Utterance:
        return faster_whisper._Utterance([0] * prompt, -20.0, window, [], alone=alone)

    a, b, c, d, e = one(4, alone=True), one(4), one(2), one(4), one(4, window=20.0)
    assert faster_whisper._alike([e, a, b, c, d]) == [b, d]
    assert faster_whisper._alike([e, c]) == [c]
    assert faster_whisper._alike([a, e]) == [e]
    assert faster_whisper._alike([a]) == [a]
