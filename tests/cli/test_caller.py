"""The simulated caller, over a line in memory that moves as fast as the test wants."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from thunderbox.cli.caller import Ear, SimulatedCaller
from thunderbox.cli.script import (
    ASK_BOOKING,
    BOOKED,
    HOURS,
    PRICE,
    TAKEN,
    Exchange,
    Report,
    Watcher,
    book,
    converse,
    percentiles,
)
from thunderbox.voice.engine import Recognition, Voice
from thunderbox.voice.leg import FRAME_BYTES, SAMPLE_RATE, SILENCE
from thunderbox.voice.loopback import Loopback, LoopbackLeg


def tone(ms: int) -> bytes:
    """Sound above the level of voice."""
    t = np.arange(ms * SAMPLE_RATE // 1000)
    return (8000 * np.sin(2 * np.pi * 400 * t / SAMPLE_RATE)).astype("<i2").tobytes()


class Tones:
    """A synthesizer that speaks 60 ms a word."""

    name = "tones"

    def voices(self) -> Sequence[Voice]:
        return []

    async def speak(self, text: str, voice: str) -> AsyncIterator[bytes]:
        yield tone(60 * len(text.split()))

    def close(self) -> None:
        pass


class Lengths:
    """A recognizer that writes down how long a sound was, or what it is told to."""

    name = "lengths"

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.texts = list(texts)

    async def transcribe(self, pcm: bytes, language: str = "en") -> Recognition:
        text = self.texts.pop(0) if self.texts else f"{len(pcm) * 1000 // 2 // SAMPLE_RATE} ms"
        return Recognition(text, 0.0)

    def close(self) -> None:
        pass


async def flow(line: Loopback) -> None:
    """Move the line without waiting for a clock, at the pace of its slowest reader."""
    while not (line.near.ended and line.far.ended):
        line.step()
        for _ in range(4):
            await asyncio.sleep(0)


class Agent:
    """The far end: answers every question `delay` ms after it, stops when it is interrupted."""

    def __init__(self, leg: LoopbackLeg, delay_ms: int, answer_ms: int) -> None:
        self.leg, self.delay_ms, self.answer = leg, delay_ms, tone(answer_ms)

    async def run(self) -> None:
        self.leg.play(self.answer)
        voiced = silent = 0
        while (tick := await self.leg.tick()) is not None:
            if any(tick.far):
                voiced, silent = voiced + 1, 0
                if voiced > 5:
                    self.leg.flush()
            elif voiced:
                silent += 20
                if silent >= self.delay_ms:
                    self.leg.play(self.answer)
                    voiced = silent = 0


async def run(agent_ms: int, script, texts: Sequence[str] = ()):  # type: ignore[no-untyped-def]
    line = Loopback("test")
    caller = SimulatedCaller(line.near, Tones(), Lengths(texts), "any")
    tasks = [
        asyncio.create_task(flow(line)),
        asyncio.create_task(Agent(line.far, 400, agent_ms).run()),
    ]
    try:
        return await script(caller)
    finally:
        await caller.hang_up()
        await asyncio.gather(*tasks)


async def test_measures_from_last_voice_to_first_voice() -> None:
    async def script(caller: SimulatedCaller) -> float:
        greeting = await caller.listen()
        assert greeting is not None
        assert greeting.end_ms - greeting.start_ms == pytest.approx(500, abs=2)
        said = await caller.say("one two three four five")
        assert said.end_ms - said.start_ms == pytest.approx(300, abs=2)
        heard = await caller.listen()
        assert heard is not None
        return heard.start_ms - said.end_ms

    assert await run(500, script) == pytest.approx(400, abs=61)


async def test_silence_is_heard_as_nothing() -> None:
    async def script(caller: SimulatedCaller) -> None:
        await caller.listen()
        assert await caller.listen(seconds=1.0) is None

    await run(100, script)


async def test_interrupting_measures_when_the_agent_stops() -> None:
    async def script(caller: SimulatedCaller) -> None:
        result = await caller.interrupt("one two three four five six seven eight", 900)
        assert result.stopped_ms == pytest.approx(120, abs=61)
        heard = await caller.listen()
        assert heard is not None
        assert heard.start_ms > result.said.end_ms

    await run(5000, script)


async def test_a_murmur_lets_the_agent_be_heard_out() -> None:
    async def script(caller: SimulatedCaller) -> None:
        said = await caller.murmur("one", 300)
        assert said.start_ms == pytest.approx(320, abs=61)
        heard = await caller.listen()
        assert heard is not None
        assert heard.start_ms < said.start_ms

    await run(2000, script)


async def test_an_agent_that_talks_on_was_not_interrupted() -> None:
    async def script(caller: SimulatedCaller) -> None:
        result = await caller.interrupt("one", 100, seconds=2.0)
        assert result.stopped_ms is None

    await run(5000, script)


async def test_the_end_of_the_call_ends_every_wait() -> None:
    async def script(caller: SimulatedCaller) -> None:
        await caller.hang_up()
        assert await caller.listen() is None
        assert await caller.wait_for_end(1.0)
        await caller.say("nobody hears this")

    await run(500, script)


@pytest.mark.parametrize(("price", "right"), [("It is eighty dollars.", True), ("Hello.", False)])
async def test_the_script_is_right_only_with_the_facts(price: str, right: bool) -> None:
    answers = ["Hello.", "We open at nine and close at 5 p.m.", "It is 80 dollars.", price]
    if not right:
        answers.append("Nothing.")

    async def script(caller: SimulatedCaller) -> Report:
        return await converse(caller, Watcher())

    report = await run(1500, script, [*answers, "You are booked.", "Goodbye!"])
    assert len(report.exchanges) == 5
    assert [e.interrupts for e in report.exchanges] == [False, False, True, False, False]
    assert report.exchanges[2].right is right
    assert len(report.latencies) == 5


SORRY = "I am sorry, I could not do that. Would you like another time?"
OFFERS = ("How about Wednesday at three p.m.?", "How about Friday at two p.m.?")


@pytest.mark.parametrize(
    ("answers", "asked", "right"),
    [
        (["You are booked."], ASK_BOOKING, True),
        ([SORRY, "It is confirmed."], OFFERS[0], True),
        ([SORRY, SORRY, "It is confirmed."], OFFERS[1], True),
        ([SORRY, SORRY, SORRY, "Nothing."], OFFERS[1], False),
        (["We are open.", "Nothing."], ASK_BOOKING, False),
    ],
)
async def test_a_slot_that_is_taken_makes_the_caller_offer_others_until_one_is_confirmed(
    answers: list[str], asked: str, right: bool
) -> None:
    async def script(caller: SimulatedCaller) -> Exchange:
        await caller.listen()
        return await book(caller, Watcher(), OFFERS)

    exchange = await run(1500, script, ["Hello.", *answers])
    assert (exchange.caller, exchange.right) == (asked, right)


async def test_recording_has_the_caller_left_and_the_agent_right(tmp_path: Path) -> None:
    async def script(caller: SimulatedCaller) -> None:
        await caller.listen()
        await caller.say("one two")
        caller.write_wav(tmp_path / "call.wav")

    await run(500, script)
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, SAMPLE_RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    left, right = (np.flatnonzero(np.abs(sound[:, side]) > 250) for side in (0, 1))
    assert right[-1] < left[0]


def test_ear_finds_voice_to_the_sample() -> None:
    ear = Ear()
    sound = bytearray(FRAME_BYTES * 5)
    sound[200:2600] = tone(100)[200:2600]
    for start in range(0, len(sound), FRAME_BYTES):
        ear.hear(bytes(sound[start : start + FRAME_BYTES]), SILENCE)
    far = ear.far_since(0)
    assert far is not None
    assert far[0] == pytest.approx(100, abs=3)
    assert far[1] == pytest.approx(1300, abs=3)
    assert ear.near_since(0) is None


def test_ear_takes_a_click_for_silence() -> None:
    ear = Ear()
    for frame in (tone(20), SILENCE, SILENCE, SILENCE, tone(20), SILENCE):
        ear.hear(frame, SILENCE)
    assert ear.far_since(0) is None


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (HOURS, "We are open from nine a.m. to five p.m.", True),
        (HOURS, "Monday to Friday, 9 to 17.", True),
        (HOURS, "We are open from ten to five.", False),
        (PRICE, "A cleaning costs 80 dollars.", True),
        (PRICE, "A cleaning costs eighteen dollars.", False),
        (BOOKED, "Your appointment is confirmed.", True),
        (BOOKED, "I do not know.", False),
        (BOOKED, "That slot is already booked.", False),
        (TAKEN, SORRY, True),
        (TAKEN, "Your appointment is confirmed.", False),
    ],
)
def test_facts_are_found_in_words_and_digits(pattern, text: str, found: bool) -> None:  # type: ignore[no-untyped-def]
    assert bool(pattern.search(text)) is found


def test_percentiles() -> None:
    assert percentiles([]) == {"count": 0, "p50": None, "p95": None}
    assert percentiles([100.0, 200.0, 300.0]) == {"count": 3, "p50": 200.0, "p95": 290.0}
