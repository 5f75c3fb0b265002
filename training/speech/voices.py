"""espeak-ng voices: which ones training hears, which ones only evaluation hears."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lexicon import words

DEFAULT = "en-us"
ACCENTS = ["en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-029", "en-us-nyc"]
VARIANTS = words("""
m1, m2, m3, m4, m5, m6, m8, f1, f2, f3, f5, max, linda, steph, steph2, Andy, Alex
Alicia, Annie, adam, antonio, aunty, benjamin, boris, caleb, Denis, Diogo, ed, edward
Gene, gustave, Henrique, Hugo, iven, iven2, Jacky, john, Lee, marcelo, Marco, Mario
miguel, pablo, paul, pedro, quincy, rob, robert, shelby, steph3, victor, zac, anika
klatt2, klatt3, Storm, Nguyen
""")

HELD_OUT_ACCENT = "en-gb-x-gbcwmd"
HELD_OUT_VARIANTS = words("m7, f4, Andrea, belinda, david, Michael, Mike, norbert, sandro, travis")

DEFAULT_SHARE = 0.22
US_SHARE = 0.60
PLAIN_SHARE = 0.12


@dataclass(frozen=True)
class Voice:
    """An espeak-ng voice with its rate (words per minute) and pitch (0 to 99)."""

    name: str
    rate: int
    pitch: int


def training_voice(pick: random.Random) -> Voice:
    """Draw a voice for training; the default voice, which agents use, comes often."""
    if pick.random() < DEFAULT_SHARE:
        return Voice(DEFAULT, pick.randint(140, 180), 50)
    accent = DEFAULT if pick.random() < US_SHARE else pick.choice(ACCENTS)
    variant = "" if pick.random() < PLAIN_SHARE else "+" + pick.choice(VARIANTS)
    return Voice(accent + variant, pick.randint(120, 195), pick.randint(25, 80))


def held_out_voice(pick: random.Random) -> Voice:
    """Draw a voice that training never heard: another variant, sometimes another accent too."""
    accent = DEFAULT if pick.random() < US_SHARE else pick.choice([*ACCENTS, HELD_OUT_ACCENT])
    variant = pick.choice(HELD_OUT_VARIANTS)
    return Voice(f"{accent}+{variant}", pick.randint(125, 190), pick.randint(30, 75))


def default_voice(pick: random.Random) -> Voice:
    """Draw the default voice at an everyday rate."""
    return Voice(DEFAULT, pick.randint(140, 180), 50)
