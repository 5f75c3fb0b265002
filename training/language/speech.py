"""Turns a written sentence into what a speech recogniser makes of it."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

from lists import phrases

BEFORE = phrases("""
Um,|Uh,|Hi,|Hello,|Hello.|Hi.|Okay,|Okay.|So,|Yes,|Well,|Yeah,|Good morning.|
Good afternoon.|Good evening,|Hey,|Thanks.|Thank you.|Great.|Right.|I see.|Excuse me,|
Sorry,|All right.|Ah, okay.|Hi there.|Hello, um,|Yes, hi.|Oh, and|And|Also,|
I was wondering,|One more question.|I have a question.|Just a quick question.|Please tell me,
""")
AFTER = phrases("please.|please?|thanks.|thank you.|by the way.|then?|again?|if I may ask.")
FILLERS = phrases("um|uh|like|you know|the|er|so|just")
MISHEARD = {
    "are": "our", "our": "are", "what": "one", "is": "as", "you": "your", "your": "you",
    "the": "a", "a": "the", "do": "to", "to": "two", "for": "four", "how": "who", "much": "match",
    "where": "were", "would": "will", "like": "light", "can": "and", "open": "opened",
    "on": "in", "at": "that", "tell": "tall", "hours": "ours", "cost": "coast", "price": "prize",
    "have": "of", "me": "my", "there": "their", "could": "good", "I": "hi", "book": "look",
}  # fmt: skip
SLOT = re.compile(r"(\{\w+\})")


class Recogniser:
    """One caller's ears: plain or punctuated text for the whole call, a little noise per turn."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.plain = rng.random() < 0.15

    def value(self, text: str) -> str:
        """How a spoken value is written by this recogniser."""
        return text.lower().replace(".", "").replace(",", "") if self.plain else text

    def hear(
        self, template: str, values: Mapping[str, str] | None = None, dress: bool = True
    ) -> str:
        """Fill `{slot}`s, which noise spares, and write the rest as it was heard."""
        r = self.rng
        text = template
        if dress and r.random() < 0.2:
            start = r.choice(BEFORE)
            if start.endswith(".") or text.split(" ", 1)[0] in ("I", "I'm", "I'd"):
                text = f"{start} {text}"
            else:
                text = f"{start} {text[:1].lower()}{text[1:]}"
        if dress and r.random() < 0.1:
            text = text.rstrip(".?") + (" " if r.random() < 0.5 else ", ") + r.choice(AFTER)
        if r.random() < 0.07:
            text = self.noise(text)
        if self.plain:
            text = "".join(
                part if SLOT.fullmatch(part) else re.sub(r"[.,?!;:]", "", part.lower())
                for part in SLOT.split(text)
            )
        for name, value in (values or {}).items():
            text = text.replace("{" + name + "}", self.value(value))
        return re.sub(r"\s+", " ", text.replace("..", ".")).strip()

    def noise(self, text: str) -> str:
        """Drop, double, mishear or insert one short word."""
        r = self.rng
        words = text.split(" ")
        easy = [i for i, w in enumerate(words) if w.strip(".,?!") in MISHEARD]
        if not easy:
            return text
        i = r.choice(easy)
        roll = r.random()
        if roll < 0.3:
            words.insert(i, words[i])
        elif roll < 0.6:
            words.insert(i, r.choice(FILLERS))
        elif roll < 0.8:
            core = words[i].strip(".,?!")
            words[i] = words[i].replace(core, MISHEARD[core])
        elif len(words) > 3:
            words.pop(i)
        text = " ".join(words)
        return text[:1].upper() + text[1:]
