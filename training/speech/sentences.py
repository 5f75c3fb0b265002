"""Sentences: what to say (for the synthesiser) and how to write it (for the recogniser).

A template of `phrases.py` becomes a `Sentence` whose ``spoken`` text goes to espeak-ng and whose
``written`` text is the transcript: sentence case, punctuation, numbers as words.
Everything follows from the seed, so evaluation can rebuild the training set and stay out of it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import lexicon as lx
import phrases

TRAIN_SEED = 20261120
TRAIN_SENTENCES = 60_000
MAX_CHARACTERS = 105
MAX_REPEATS = 25
RECEPTION_SHARE = 0.02

HOURS = [*lx.ONES[1:], "ten", "eleven", "twelve"]
MINUTES = ["ten", "fifteen", "twenty", "thirty", "forty-five", "fifty", "oh five"]
LEAD_INS = ["Um,", "Hi,", "Hello,", "Well,", "So,", "Okay,", "Yes,", "No,", "Oh,", "And", "But"]
HEARD_TWICE = {
    "mm-hmm": ["mm-hmm", "[[m'hVm]]", "[[m'h@m]]"],
    "uh-huh": ["uh-huh", "[[Vh'V]]"],
}
PAIR = re.compile("⟨([^~⟩]*)~([^⟩]*)⟩")
CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
OPENS_WITH_NAME = re.compile(r"\{(name|first|last|odd|spelled|business|salad|staff_name)")
NOT_WORD = re.compile(r"[^a-z0-9 ]+")
PROPER = {
    *lx.words("I, I'm, I'd, I'll, I've, Wi-Fi, Visa, Mastercard, American"),
    *lx.FIRST_NAMES,
    *lx.LAST_NAMES,
    *lx.WEEKDAYS,
    *lx.MONTHS,
    *(word for place in lx.PLACES for word in place.split()),
}


@dataclass(frozen=True)
class Sentence:
    """One utterance: what to speak, what to write.

    ``held_out`` when its template is; ``invented`` when it holds a name made of syllables, whose
    spelling nobody can know from its sound.
    """

    spoken: str
    written: str
    topic: str
    held_out: bool
    invented: bool = False


def normalise(text: str) -> str:
    """Return words only, lower case, for counting word errors; hyphens part words."""
    text = text.lower().replace("a.m.", "am").replace("p.m.", "pm").replace("-", " ")
    return " ".join(NOT_WORD.sub("", text.replace("'", "")).split())


def article(noun: str) -> str:
    """Return ``noun`` with its indefinite article."""
    return f"{'an' if noun[0] in 'aeiou' or noun.startswith('x-') else 'a'} {noun}"


def number_words(number: int, joiner: str = "") -> str:
    """Return 0 to 9,999 as words; ``joiner`` ("and") goes between hundreds and the rest."""
    if number < 10:
        return lx.ONES[number]
    if number < 20:
        return lx.TEENS[number - 10]
    if number < 100:
        tens, ones = divmod(number, 10)
        return lx.TENS[tens - 2] + (f"-{lx.ONES[ones]}" if ones else "")
    unit, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    high, low = divmod(number, unit)
    words = f"{number_words(high)} {name}"
    if low:
        words += (f" {joiner} " if joiner and low < 100 else " ") + number_words(low, joiner)
    return words


class Generator:
    """Draws sentences from the templates with one seeded random source."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.invented = False
        self.templates: dict[tuple[str, bool], list[str]] = {}
        for topic, (block, _) in phrases.TOPICS.items():
            for line in filter(None, map(str.strip, block.splitlines())):
                held_out = line.startswith("*")
                self.templates.setdefault((topic, held_out), []).append(line.lstrip("* "))
        self.topics = list(phrases.TOPICS)
        self.weights = [weight for _, weight in phrases.TOPICS.values()]
        self.reception = [line for line in phrases.RECEPTION.strip().splitlines() if line]
        self.slots: dict[str, Callable[[], str]] = self._slots()

    def sentence(self, held_out: bool = False) -> Sentence:
        """Draw one sentence, from held-out templates only or from training templates only."""
        while True:
            drawn = self._draw(held_out)
            if len(drawn.written) <= MAX_CHARACTERS:
                return drawn

    def _draw(self, held_out: bool) -> Sentence:
        pick = self.random
        if not held_out and pick.random() < RECEPTION_SHARE:
            line = pick.choice(self.reception)
            return Sentence(line, line, "reception", False)
        self.invented = False
        topic = pick.choices(self.topics, self.weights)[0]
        template = pick.choice(self.templates[topic, held_out])
        raw = self._expand(template)
        if not held_out and not OPENS_WITH_NAME.match(template):
            chance = pick.random()
            if topic.startswith("caller") and chance < 0.10:
                raw = f"{pick.choice(LEAD_INS)} {self._uncapitalise(raw)}"
            elif topic.startswith("caller") and chance < 0.13:
                raw = f"[Hi|Hello], this is {self._expand('{name}')}. {raw}"
                raw = self._expand(raw)
            elif chance < 0.20:
                raw = f"{raw} {self._expand(pick.choice(self.templates[topic, False]))}"
        spoken, written = self._render(raw, 1), self._render(raw, 2)
        return Sentence(spoken, written, topic, held_out, self.invented)

    @staticmethod
    def _uncapitalise(text: str) -> str:
        first = text.split(" ", 1)[0].strip(",.?!")
        if first in PROPER or first.split("'")[0] in PROPER or text.startswith("⟨"):
            return text
        return text[:1].lower() + text[1:]

    @staticmethod
    def _render(raw: str, side: int) -> str:
        """Take one side of every spoken~written pair and tidy the punctuation."""
        text = " ".join(PAIR.sub(lambda m: m.group(side), raw).split())
        text = (
            text.replace(" '", "'")
            .replace(" ,", ",")
            .replace(" ?", "?")
            .replace(" .", ".")
            .replace("..", ".")
        )
        return text[:1].upper() + text[1:] if not text.startswith("[[") else text

    def _expand(self, template: str) -> str:
        """Resolve choices and slots, innermost first."""
        while match := CHOICE.search(template):
            choice = self.random.choice(match.group(1).split("|"))
            template = template[: match.start()] + choice + template[match.end() :]
        template = SLOT.sub(self._fill, template)
        for word, ways in HEARD_TWICE.items():
            if template.lower().startswith(word):
                spoken = self.random.choice(ways)
                template = f"⟨{spoken}~{word.capitalize()}⟩{template[len(word) :]}"
        return template

    def _fill(self, match: re.Match[str]) -> str:
        name = match.group(1)
        value = self.slots[name.lower()]()
        if name[0].isupper() and not value.startswith("⟨"):
            value = value[:1].upper() + value[1:]
        return value

    def _one_of(self, words: list[str]) -> Callable[[], str]:
        return lambda: self.random.choice(words)

    def _digits(self, low: int, high: int) -> str:
        names = ["oh", *lx.ONES[1:]] if self.random.random() < 0.1 else lx.ONES
        return " ".join(self.random.choices(names, k=self.random.randint(low, high)))

    def _time(self) -> str:
        pick = self.random
        hour = pick.choice(HOURS)
        kind = pick.random()
        if kind < 0.05:
            return pick.choice(["noon", "midnight", "half past " + hour, "a quarter past " + hour])
        half = pick.choice(["a.m.", "p.m."])
        if kind < 0.12:
            return f"⟨{hour} zero zero {half}~{hour} {half}⟩"
        if kind < 0.22:
            return f"{hour} o'clock"
        if kind < 0.52:
            return f"{hour} {half}"
        if kind < 0.66:
            return f"{hour} {pick.choice(MINUTES)} {half}"
        if kind < 0.76:
            return f"{hour} {pick.choice(['thirty', 'fifteen', 'forty-five', *MINUTES])}"
        if kind < 0.86:
            return f"{hour} in the {pick.choice(['morning', 'afternoon', 'evening'])}"
        return hour

    def _date(self) -> str:
        pick = self.random
        month, day = pick.choice(lx.MONTHS), pick.choice(lx.ORDINALS)
        return pick.choice([f"{month} {day}", f"the {day} of {month}", f"{month} {day}"])

    def _day(self) -> str:
        pick = self.random
        kind = pick.random()
        if kind < 0.55:
            return pick.choice(lx.WEEKDAYS)
        if kind < 0.68:
            return pick.choice(["next ", "this "]) + pick.choice(lx.WEEKDAYS)
        if kind < 0.82:
            return pick.choice(["today", "tomorrow"])
        return self._date() if kind < 0.95 else f"{pick.choice(lx.WEEKDAYS)}, {self._date()}"

    def _on_day(self) -> str:
        day = self._day()
        return day if day.startswith(("next", "this", "today", "tomorrow")) else f"on {day}"

    def _money(self) -> str:
        pick = self.random
        joiner = pick.choice(["", "and"])
        amount = pick.choice(
            [pick.randint(1, 99), pick.randrange(5, 100, 5), pick.randint(100, 400)]
        )
        words = number_words(amount, joiner) + (" dollar" if amount == 1 else " dollars")
        if pick.random() < 0.15:
            words += f" and {number_words(pick.randint(5, 99))} cents"
        return words

    def _street(self) -> str:
        name = self._odd_name() if self.random.random() < 0.12 else self._street_name()
        return f"{name} {self.random.choice(lx.STREET_KINDS)}"

    def _street_name(self) -> str:
        return self.random.choice(lx.STREET_NAMES + lx.LAST_NAMES)

    def _house_number(self) -> str:
        pick = self.random
        kind = pick.random()
        if kind < 0.6:
            return number_words(pick.randint(1, 99))
        return number_words(pick.randint(100, 2000), pick.choice(["", "and"]))

    def _odd_name(self) -> str:
        pick, self.invented = self.random, True
        syllables = "".join(
            pick.choice(lx.ONSETS) + pick.choice(lx.NUCLEI) for _ in range(pick.randint(1, 2))
        )
        return (syllables + pick.choice([*lx.ENDINGS, ""])).capitalize()

    def _business(self) -> str:
        pick = self.random
        kind = pick.choice(lx.BUSINESS_KINDS)
        way = pick.random()
        if way < 0.5:
            name = f"{pick.choice(lx.BUSINESS_FIRST)} {pick.choice(lx.BUSINESS_SECOND)}"
        elif way < 0.7:
            name = pick.choice(lx.BUSINESS_FIRST + lx.STREET_NAMES)
        elif way < 0.85:
            name = pick.choice(lx.FIRST_NAMES + lx.LAST_NAMES)
        else:
            name = self._odd_name()
        return f"{name} {kind}"

    def _spelled(self) -> str:
        before = self.invented
        word = self.random.choice([*lx.LAST_NAMES, self._odd_name()]).upper()[:7]
        self.invented = before
        letters = ["⟨[[eI]]~A⟩" if letter == "A" else letter for letter in word if letter.isalpha()]
        return " ".join(letters)

    def _salad(self) -> str:
        pools = [lx.NOUNS, lx.ADJECTIVES, lx.VERBS_BASE, lx.SMALL_WORDS, lx.ADVERBS, lx.VERBS_PAST]
        pools += [lx.SMALL_WORDS, lx.NOUNS, lx.FIRST_NAMES, lx.ITEMS, lx.ONES, lx.LAST_NAMES]
        pick = self.random
        return " ".join(pick.choice(pick.choice(pools)) for _ in range(pick.randint(2, 8)))

    def _slots(self) -> dict[str, Callable[[], str]]:
        pick, one_of = self.random, self._one_of
        service, item, noun = one_of(lx.SERVICES), one_of(lx.ITEMS), one_of(lx.NOUNS)
        first, last = one_of(lx.FIRST_NAMES), one_of(lx.LAST_NAMES)
        weekday, day = one_of(lx.WEEKDAYS), self._day
        return {
            "first": first,
            "last": last,
            "name": lambda: f"{first()} {last()}",
            "odd_name": self._odd_name,
            "first_or_last": lambda: pick.choice([first(), last()]),
            "staff_name": lambda: f"{first()} {last()}",
            "place": one_of(lx.PLACES),
            "street": self._street,
            "number": self._house_number,
            "business": self._business,
            "business_kind": one_of(lx.BUSINESS_KINDS),
            "service": service,
            "a_service": lambda: article(service()),
            "item": item,
            "a_item": lambda: article(item()),
            "dept": one_of(lx.DEPARTMENTS),
            "dept_noun": one_of(["sales", "support", "billing", "shipping", "the office"]),
            "staff": one_of(lx.STAFF),
            "parking": one_of(lx.PARKING),
            "payment": one_of(lx.PAYMENTS),
            "weekday": weekday,
            "month": one_of(lx.MONTHS),
            "holiday": one_of(lx.HOLIDAYS),
            "date": self._date,
            "day": day,
            "on_day": self._on_day,
            "on_day_q": lambda: pick.choice(["", "", f" {self._on_day()}", f" on {weekday()}s"]),
            "when": lambda: self._when("for"),
            "to_when": lambda: pick.choice([self._when("for"), self._when("to"), ""]),
            "time": self._time,
            "money": self._money,
            "n": lambda: number_words(pick.choice([pick.randint(1, 12), pick.randint(1, 99)])),
            "digits": lambda: self._digits(3, 7),
            "short_digits": lambda: self._digits(3, 4),
            "zip": lambda: self._digits(5, 5),
            "phone": lambda: self._digits(7, 10),
            "spelled": self._spelled,
            "salad": self._salad,
            "noun": noun,
            "a_noun": lambda: article(noun()),
            "adj": one_of(lx.ADJECTIVES),
            "past": one_of(lx.VERBS_PAST),
            "base": one_of(lx.VERBS_BASE),
            "prep": one_of(lx.PREPOSITIONS),
            "adverb": one_of(lx.ADVERBS),
        }

    def _when(self, preposition: str) -> str:
        """Return '', or a day, a time, or both, led by a preposition and a space."""
        kind = self.random.random()
        if kind < 0.2:
            return ""
        if kind < 0.45:
            return f" {preposition} {self._day()}"
        if kind < 0.55:
            return f" at {self._time()}"
        if kind < 0.85:
            return f" {preposition} {self._day()} at {self._time()}"
        return f" {self._on_day()} at {self._time()}"


def training_sentences(count: int = TRAIN_SENTENCES, seed: int = TRAIN_SEED) -> list[Sentence]:
    """Return the training sentences; none may occur more than `MAX_REPEATS` times."""
    generator, seen, kept = Generator(seed), Counter[str](), []
    while len(kept) < count:
        sentence = generator.sentence()
        seen[sentence.written] += 1
        if seen[sentence.written] <= MAX_REPEATS:
            kept.append(sentence)
    return kept


def unseen_sentences(seed: int, held_out: bool, known: set[str]) -> Iterator[Sentence]:
    """Yield sentences whose normalised words are not in ``known``, each only once."""
    generator, known = Generator(seed), set(known)
    while True:
        sentence = generator.sentence(held_out)
        words = normalise(sentence.written)
        if words and words not in known and sentence.topic != "reception":
            known.add(words)
            yield sentence


if __name__ == "__main__":
    for shown in training_sentences(60, seed=1):
        print(shown.topic, "|", shown.written, "|" if shown.spoken != shown.written else "")
