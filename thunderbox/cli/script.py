"""The demo's conversation: what the simulated caller says, and what a right answer holds."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from thunderbox.cli.caller import Heard, Interruption, Said, SimulatedCaller

HOURS = re.compile(r"\b(nine|9)\b.*\b(five|5|17)\b", re.IGNORECASE | re.DOTALL)
PRICE = re.compile(r"\b(eighty|80)\b", re.IGNORECASE)
BOOKED = re.compile(
    r"\b(confirm\w*|(?<!already )booked|book\w* you|scheduled|all set)\b", re.IGNORECASE
)
TAKEN = re.compile(
    r"\b(sorry|taken|already booked|not available|unavailable|another (time|day))\b", re.IGNORECASE
)
BYE = re.compile(r"\b(good ?bye|bye|great day|nice day|thank\w*)\b", re.IGNORECASE)

ASK_HOURS = "What are your opening hours?"
ASK_PRICE = "How much does a cleaning cost?"
ASK_BOOKING = "I would like to book an appointment for Tuesday at ten a.m."
OTHER_SLOTS = (
    "How about Wednesday at three p.m.?",
    "How about Thursday at eleven a.m.?",
    "How about Friday at two p.m.?",
    "How about Monday at four p.m.?",
    "How about Wednesday at nine a.m.?",
    "How about Thursday at one p.m.?",
    "How about Friday at ten a.m.?",
    "How about Monday at eleven a.m.?",
    "How about Tuesday at two p.m.?",
)
OFFERS = 4
"""Other slots that the caller offers when one is taken: earlier demos have taken some."""
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
    offers = random.sample(OTHER_SLOTS, OFFERS)
    report.exchanges.append(await book(caller, watcher, offers))
    report.exchanges.append(await _ask(caller, watcher, SAY_GOODBYE, BYE))
    report.agent_hung_up = await caller.wait_for_end(3.0)
    return report


async def book(caller: SimulatedCaller, watcher: Watcher, offers: Sequence[str]) -> Exchange:
    """Ask for a slot, and for others while they are taken; right once one is confirmed."""
    question = ASK_BOOKING
    for offer in offers:
        exchange = await _ask(caller, watcher, question, BOOKED, TAKEN)
        if not exchange.right or BOOKED.search(exchange.agent):
            return exchange
        watcher.note("That slot is not free: the caller offers another.")
        question = offer
    return await _ask(caller, watcher, question, BOOKED)


async def _ask(
    caller: SimulatedCaller,
    watcher: Watcher,
    question: str,
    fact: re.Pattern[str],
    excuse: re.Pattern[str] | None = None,
) -> Exchange:
    """Ask, and hear the answer out; an agent that looks something up may pause in between."""
    said = await caller.say(question)
    watcher.caller(question)
    return await _answer(caller, watcher, said, (fact, excuse))


async def _answer(
    caller: SimulatedCaller,
    watcher: Watcher,
    said: Said,
    facts: Sequence[re.Pattern[str] | None],
    interruption: Interruption | None = None,
) -> Exchange:
    """Hear the answer to what was said; it is right when it holds one of the facts."""

    def holds(text: str) -> bool:
        return any(fact.search(text) for fact in facts if fact)

    heard: Heard | None = await caller.listen(12.0)
    text = heard.text if heard else ""
    latency = heard.start_ms - said.end_ms if heard else None
    if heard and not holds(text) and (more := await caller.listen(4.0)):
        text = f"{text} {more.text}"
    stopped = interruption.stopped_ms if interruption else None
    right = holds(text) and (
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
    return await _answer(caller, watcher, interruption.said, (PRICE,), interruption)


def percentiles(latencies: list[float]) -> dict[str, float | int | None]:
    """p50 and p95 in ms, and of how many."""
    if not latencies:
        return {"count": 0, "p50": None, "p95": None}
    p50, p95 = np.percentile(latencies, [50, 95])
    return {"count": len(latencies), "p50": round(float(p50), 1), "p95": round(float(p95), 1)}
