"""An owner's prompt with every question that it answers and questions that it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import topics
from lexicon import Lexicon

REFUSAL = "I am sorry, I do not have that information."


@dataclass(frozen=True)
class Ask:
    """A question and its only right answer."""

    question: str
    answer: str
    kind: str


@dataclass
class Owner:
    """What an owner wrote, ready to be asked about."""

    prompt: str
    greeting: str
    business: str | None
    asks: list[Callable[[], Ask]] = field(default_factory=list)
    missing: list[Callable[[], Ask]] = field(default_factory=list)
    days: dict[str, str] = field(default_factory=dict)
    prices: list[tuple[str, str]] = field(default_factory=list)
    today: tuple[str, str] | None = None


class FactLexicon(Lexicon):
    """Adds the values that only owners' sentences use."""

    def payment(self) -> str:
        """Ways to pay."""
        return self.fill(self.rng.choice(topics.PAYMENTS))

    def payword(self) -> str:
        """A way to pay as a caller names it."""
        return self.rng.choice(topics.PAY_WORDS)

    def thing(self) -> str:
        """Something to bring along."""
        return self.fill(self.rng.choice(topics.THINGS))

    def job(self) -> str:
        """A profession, partly invented."""
        return self.fill(self.rng.choice(topics.JOBS))

    def list(self) -> str:
        """Two to four services in a row."""
        names = [bare(self.service()) for _ in range(self.rng.randint(2, 4))]
        names = [name + self.pick("", "", "s") for name in names]
        return ", ".join(names[:-1]) + " and " + names[-1]


def bare(service: str) -> str:
    """A service without its article."""
    return service.split(" ", 1)[1] if service.split(" ")[0] in ("a", "an") else service


def upper_first(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def missing(question: str) -> Ask:
    """A question that a prompt does not answer."""
    return Ask(question, REFUSAL, "refusal")
