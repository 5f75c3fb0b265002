"""Languages: their codes and names, and which one a text is written in.

Detection works offline; its table is loaded at the first use, which takes seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from py3langid import langid

DETECTOR = "py3langid"
UNKNOWN = "und"
"""ISO 639's code for a language that cannot be told."""
SURE = 0.5
"""Probability from which a language counts as told."""
_READ_CHARACTERS = 20_000

NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sv": "Swedish",
    "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
_ALIASES = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}


@dataclass(frozen=True, slots=True)
class Detected:
    """The language of a text; `confidence` is a probability from 0 to 1."""

    code: str
    confidence: float


def language_of(locale: str) -> str:
    """The language of a locale: `en` of `en-US`."""
    code = re.split(r"[-_]", locale.strip(), maxsplit=1)[0].lower()
    return _ALIASES.get(code, code)


def name_of(code: str) -> str:
    """A language's English name; of one that is not in the list its code."""
    return "Undetermined" if code == UNKNOWN else NAMES.get(code, code)


def detect(text: str) -> Detected:
    """The language that a text is written in, `und` when it has too few words to tell.

    The first call takes seconds: it belongs on a thread.
    """
    words = re.sub(r"\{\{.*?\}\}|https?://\S+|[\d_]", " ", text[:_READ_CHARACTERS])
    if not re.search(r"[^\W\d_]{2}", words):
        return Detected(UNKNOWN, 0.0)
    code, confidence = _identifier().classify(words)
    if confidence < SURE:
        return Detected(UNKNOWN, round(float(confidence), 2))
    return Detected(_ALIASES.get(code, code), round(float(confidence), 2))


@cache
def _identifier() -> langid.LanguageIdentifier:
    table = Path(langid.__file__).parent / langid.MODEL_FILE
    identifier = langid.LanguageIdentifier.from_modelpath(table, norm_probs=True)
    # Of 140 languages a short text fits many; these are the ones that the box can name.
    identifier.set_languages(list(NAMES))
    return identifier
