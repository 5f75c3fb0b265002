"""Acknowledgement: the short phrase that bridges the wait for an answer, in several languages."""

from __future__ import annotations

import re

FIXED = {
    "de": "Einen Moment bitte, ich sehe kurz nach.",
    "en": "Sure, let me take a quick look.",
    "es": "Claro, déjeme ver un momento.",
    "fr": "Bien sûr, un instant, je regarde.",
    "it": "Certo, un attimo che controllo.",
    "nl": "Natuurlijk, een moment, ik kijk even.",
    "pl": "Oczywiście, chwileczkę, już sprawdzam.",
    "pt": "Claro, só um momento, vou verificar.",
}
"""What is said where no model has written anything better."""

LONGEST_CHARACTERS = 80
LONGEST_WORDS = 12

# A model that does not understand the task answers the prompt instead ("We are open from nine."),
# which must not be said before every answer: a phrase has to speak of waiting or looking.
_WAITING = {
    "de": r"moment|augenblick|sekunde|schau|sehe|prüfe|sofort|gleich",
    "en": r"moment|second|minute|look|check|see|find out|hold on|bear with|one sec",
    "es": r"momento|segundo|instante|ver\b|mir[oae]|revis|verific|consult|comprueb|busco",
    "fr": r"moment|instant|seconde|regarde|vérifi|voir|cherche",
    "it": r"momento|attimo|secondo|istante|controll|verific|vedere|guard|cerco",
    "nl": r"moment|even|seconde|kijk|ogenblik|zoek",
    "pl": r"chwil|moment|sekund|sprawdz|zobacz",
    "pt": r"momento|segundo|instante|verific|ver\b|olhar|consult|procur",
}


def fixed(language: str) -> str:
    """The fixed phrase of a language; English where there is none."""
    return FIXED.get(language, FIXED["en"])


def tidy(written: str) -> str:
    """A model's answer without quotation marks and space around it."""
    return re.sub(r"\s+", " ", written).strip(" \"'“”„«»`*")


def is_fit(phrase: str, language: str) -> bool:
    """Whether a phrase can be said before any answer: short, no question, no facts."""
    if not 2 <= len(phrase) <= LONGEST_CHARACTERS or len(phrase.split()) > LONGEST_WORDS:
        return False
    if re.search(r"[\d?<>{}\[\]|#$€£@\\=]", phrase):
        return False
    if language not in _WAITING:
        return bool(re.search(r"[^\W\d_]{2}", phrase))
    return bool(re.search(_WAITING[language], phrase, re.IGNORECASE))
