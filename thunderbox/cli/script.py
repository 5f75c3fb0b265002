"""The demo's conversation: what the simulated caller says, and what a right answer holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from thunderbox.cli.caller import Heard, Interruption, Said, SimulatedCaller

HOURS = re.compile(r"\b(nine|9)\b.*\b(five|5|17)\b", re.IGNORECASE | re.DOTALL)
PRICE = re.compile(r"\b(eighty|80)\b", re.IGNORECASE)
BOOKED = re.compile(r"\b(confirm\w*|booked|book\w* you|scheduled|all set)\b", re.IGNORECASE)
BYE = re.compile(r"\b(good ?bye|bye|great day|nice day|thank\w*)\b", re.IGNORECASE)

ASK_HOURS = "What are your opening hours?"
ASK_PRICE = "How much does a cleaning cost?"
ASK_BOOKING = "I would like to book an appointment for Tuesday at ten a.m."
SAY_GOODBYE = "Thank you, goodbye."
INTERRUPT_AFTER_MS = 900
STOPS_WITHIN_MS = 1500
"""An agent that talks on for longer was not interrupted."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer; `voice_to_voice_ms` is None when no answer came."""

    caller: str
    agent: str
    voice_to_voice_ms: float | None
    right: bool
    stopped_after_ms: float | None = None
    """How long the agent talked on when this question interrupted it."""
    interrupts: bool = False


@dataclass(slots=True)
class Report:
    """A whole conversation."""

    greeting: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    agent_hung_up: bool = False

    @property
    def right(self) -> bool:
        """Whether the agent greeted and every answer held its fact."""
        return bool(self.greeting) and bool(self.exchanges) and all(e.right for e in self.exchanges)

    @property
    def latencies(self) -> list[float]:
        """Voice to voice of every answer, in ms."""
        return [e.voice_to_voice_ms for e in self.exchanges if e.voice_to_voice_ms is not None]


class Watcher:
    """Told what happens, as it happens; this one keeps silent."""

    def caller(self, text: str) -> None:
        """The caller has spoken."""

    def agent(self, text: str, latency_ms: float | None, right: bool) -> None:
        """The agent has spoken."""

    def note(self, text: str) -> None:
        """Something else worth a line."""


async def converse(caller: SimulatedCaller, watcher: Watcher) -> Report:
    """Play the whole script over a call that was answered; ends with the goodbye."""
    report = Report()
    if (greeting := await caller.listen(10.0)) is None:
        watcher.note("The agent did not greet.")
        return report
    report.greeting = greeting.text
    watcher.agent(greeting.text, None, True)
    for question, fact in ((ASK_HOURS, HOURS), (ASK_PRICE, PRICE)):
        report.exchanges.append(await _ask(caller, watcher, question, fact))
    report.exchanges.append(await _interrupt(caller, watcher))
    report.exchanges.append(await _ask(caller, watcher, ASK_BOOKING, BOOKED))
    report.exchanges.append(await _ask(caller, watcher, SAY_GOODBYE, BYE))
    report.agent_hung_up = await caller.wait_for_end(3.0)
    return report


async def _ask(
    caller: SimulatedCaller, watcher: Watcher, question: str, fact: re.Pattern[str]
) -> Exchange:
    """Ask, and hear the answer out; an agent that looks something up may pause in between."""
    said = await caller.say(question)
    watcher.caller(question)
    return await _answer(caller, watcher, said, fact)


async def _answer(
    caller: SimulatedCaller,
    watcher: Watcher,
    said: Said,
    fact: re.Pattern[str],
    interruption: Interruption | None = None,
) -> Exchange:
    heard: Heard | None = await caller.listen(12.0)
    text = heard.text if heard else ""
    latency = heard.start_ms - said.end_ms if heard else None
    if heard and not fact.search(text) and (more := await caller.listen(4.0)):
        text = f"{text} {more.text}"
    stopped = interruption.stopped_ms if interruption else None
    right = bool(fact.search(text)) and (
        interruption is None or (stopped is not None and stopped <= STOPS_WITHIN_MS)
    )
    watcher.agent(text or "(nothing)", latency, right)
    return Exchange(said.text, text, latency, right, stopped, interruption is not None)


async def _interrupt(caller: SimulatedCaller, watcher: Watcher) -> Exchange:
    """Ask for the hours, and in the middle of the answer for the price."""
    await caller.say(ASK_HOURS)
    watcher.caller(ASK_HOURS)
    interruption = await caller.interrupt(ASK_PRICE, INTERRUPT_AFTER_MS)
    if interruption.stopped_ms is None:
        watcher.note("The agent did not stop when it was interrupted.")
    else:
        watcher.note(f"Interrupted: the agent stopped after {interruption.stopped_ms:.0f} ms.")
    watcher.caller(interruption.said.text)
    return await _answer(caller, watcher, interruption.said, PRICE, interruption)


def percentiles(latencies: list[float]) -> dict[str, float | int | None]:
    """p50 and p95 in ms, and of how many."""
    if not latencies:
        return {"count": 0, "p50": None, "p95": None}
    p50, p95 = np.percentile(latencies, [50, 95])
    return {"count": len(latencies), "p50": round(float(p50), 1), "p95": round(float(p95), 1)}
