"""Recommendation: which of the models that were measured suit each product on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from thunderbox.products import PRODUCTS
from thunderbox.voice.benchmark import Kind, Speed, Subject

PATIENCE_MS = {
    "spark": 800.0,
    "bolt": 1200.0,
    "storm-base": 2000.0,
    "storm-base-with-ack": 3000.0,
    "storm-extra": 3000.0,
    "storm-extra-with-ack": 4000.0,
}
"""How long a caller of each product may wait for an answer; an acknowledgement bridges more."""
HEARING_MS = 300.0
"""A speech model that takes longer for an utterance makes every product slow."""
SPEAKING_MS = 400.0
WRITE_TOKENS_PER_SECOND = 6.0
"""Speech needs about four tokens a second; a second call at the same time needs its own."""
NOTICE_MS = 160.0
"""From the caller's last sound until the pause is noticed and the models begin."""

Measured = Mapping[Subject, Speed]
Takes = Callable[[Speed], float]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A set of models for a product."""

    product: str
    speech: str
    language: str
    voice: str
    answer_ms: float
    """From the caller's last sound to the agent's first, with no other call."""

    in_time: bool
    """Whether that is quick enough for this product."""


def recommend(measured: Measured, pause_ms: int) -> list[Recommendation]:
    """For each product the largest models that are quick enough; else the quickest."""
    speech = _pick(measured, "speech", lambda speed: speed.utterance_ms or 0.0, HEARING_MS)
    voice = _pick(measured, "voice", lambda speed: speed.first_audio_ms or 0.0, SPEAKING_MS)
    minds = _largest_first(measured, "language")
    if speech is None or voice is None or not minds:
        return []

    def answer_ms(mind: Subject) -> float:
        hearing = measured[speech].utterance_ms or 0.0
        speaking = measured[voice].first_audio_ms or 0.0
        work = NOTICE_MS + hearing + measured[mind].first_clause_ms + speaking
        return max(float(pause_ms), work)

    def suits(mind: Subject, product: str) -> bool:
        fluent = (measured[mind].write_tokens_per_second or 0.0) >= WRITE_TOKENS_PER_SECOND
        return fluent and answer_ms(mind) <= PATIENCE_MS[product]

    found = []
    for product in PRODUCTS:
        mind = next((mind for mind in minds if suits(mind, product)), min(minds, key=answer_ms))
        found.append(
            Recommendation(
                product, speech.name, mind.name, voice.name, round(answer_ms(mind), 1),
                suits(mind, product),
            )
        )  # fmt: skip
    return found


def _pick(measured: Measured, kind: Kind, takes: Takes, limit: float) -> Subject | None:
    """The largest model of a kind that takes no longer than the limit; else the quickest."""
    of_kind = _largest_first(measured, kind)
    quick = [subject for subject in of_kind if takes(measured[subject]) <= limit]
    if quick:
        return quick[0]
    return min(of_kind, key=lambda subject: takes(measured[subject]), default=None)


def _largest_first(measured: Measured, kind: Kind) -> list[Subject]:
    return sorted(
        (subject for subject in measured if subject.kind == kind), key=lambda one: -one.size
    )
