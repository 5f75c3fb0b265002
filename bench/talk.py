"""Talk: what a caller asks in the benches, and how long the far end takes to answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mulaw
import numpy as np
from phone import Phone, Utterance

from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.resample import Resampler
from thunderbox.voice.leg import SAMPLE_RATE

VOICE = "en-US-Michael1"
QUESTIONS = (
    "What are your opening hours?",
    "How much does a cleaning cost?",
    "Where are you?",
    "Who is the dentist?",
    "Where can I park?",
    "Are you open on Sunday?",
    "Can I pay by card?",
)
GREETING_SECONDS = 15.0
ANSWER_SECONDS = 15.0
QUIET_MS = 700
"""Silence after which an answer is over; gaps between clauses are shorter."""
THINK_S = 0.4
"""How long the caller thinks between an answer and the next question."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer; `latency_ms` is None when no answer came."""

    question: str
    asked_at: int
    """Last voiced packet of the question."""

    answered_at: int
    latency_ms: float | None


def voices(texts: Sequence[str] = QUESTIONS) -> dict[str, bytes]:
    """The sound of some sentences as mu-law."""

    async def speak() -> dict[str, bytes]:
        engine = Espeak()
        try:
            return {
                text: mu_law(b"".join([piece async for piece in engine.speak(text, VOICE)]))
                for text in texts
            }
        finally:
            engine.close()

    return asyncio.run(speak())


def mu_law(pcm: bytes) -> bytes:
    """Sound of a call, 16 kHz, as a telephone sends it."""
    resampler = Resampler(SAMPLE_RATE, 8000)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
    narrow = np.concatenate([resampler.push(samples), resampler.flush()])
    return mulaw.encode(np.rint(np.clip(narrow, -1.0, 1.0) * 32767.0).astype(np.int16))


def hear_greeting(phone: Phone) -> bool:
    """Wait until the far end has said its first sentence."""
    if (begun := phone.voice_after(0, GREETING_SECONDS)) is None:
        return False
    phone.quiet_after(begun.at, QUIET_MS, ANSWER_SECONDS)
    return True


def ask(phone: Phone, question: str, codes: bytes) -> Turn:
    """Ask, and hear the answer out."""
    time.sleep(THINK_S)
    said: Utterance = phone.say(codes)
    phone.finish(said)
    answer = phone.voice_after(said.last, ANSWER_SECONDS)
    if answer is None:
        return Turn(question, said.last, 0, None)
    phone.quiet_after(answer.at, QUIET_MS, ANSWER_SECONDS)
    return Turn(question, said.last, answer.at, (answer.at - said.last) / 1e6)


def converse(port: int, turns: int, sounds: dict[str, bytes], first: int = 0) -> Iterator[Turn]:
    """One call of so many turns, each as soon as it was answered."""
    phone = Phone(port)
    phone.dial()
    try:
        if not hear_greeting(phone):
            raise SystemExit("The box answered the call and said nothing.")
        asked = list(sounds)
        for number in range(turns):
            question = asked[(first + number) % len(asked)]
            if phone.ended:
                return
            yield ask(phone, question, sounds[question])
    finally:
        phone.hang_up()


def percentiles(values: Sequence[float]) -> dict[str, float | int | None]:
    """p50, p95, p99 and the largest, and of how many."""
    if not values:
        return {"count": 0, "p50": None, "p95": None, "p99": None, "max": None}
    found = np.percentile(values, [50, 95, 99, 100])
    named = zip(("p50", "p95", "p99", "max"), found, strict=True)
    return {"count": len(values), **{name: round(float(value), 1) for name, value in named}}
