"""Measures: units, fractions and signs as people say them, in English. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable

_UNITS = {
    "km/h": ("kilometer an hour", "kilometers an hour"),
    "mph": ("mile an hour", "miles an hour"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "ml": ("milliliter", "milliliters"),
    "mL": ("milliliter", "milliliters"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "kW": ("kilowatt", "kilowatts"),
    "GB": ("gigabyte", "gigabytes"),
    "MB": ("megabyte", "megabytes"),
    "lbs": ("pound", "pounds"),
    "lb": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "sq ft": ("square foot", "square feet"),
    "sq. ft.": ("square foot", "square feet"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "m²": ("square meter", "square meters"),
    "secs": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "mins": ("minute", "minutes"),
    "min": ("minute", "minutes"),
    "hrs": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "yrs": ("year", "years"),
    "yr": ("year", "years"),
}
_JOINED = {
    "m": ("meter", "meters"),
    "g": ("gram", "grams"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "h": ("hour", "hours"),
    "mi": ("mile", "miles"),
    "in": ("inch", "inches"),
}
"""Units that are words of their own with a space in front ("5 in the morning")."""
_PER = {"mo": "month", "yr": "year", "wk": "week", "hr": "hour", "min": "minute"}
_FRACTIONS = {
    "1/2": "half",
    "1/3": "third",
    "2/3": "two thirds",
    "1/4": "quarter",
    "3/4": "three quarters",
    "1/8": "eighth",
    "½": "half",
    "⅓": "third",
    "⅔": "two thirds",
    "¼": "quarter",
    "¾": "three quarters",
}
_DECADES = {
    "1": "tens",
    "2": "twenties",
    "3": "thirties",
    "4": "forties",
    "5": "fifties",
    "6": "sixties",
    "7": "seventies",
    "8": "eighties",
    "9": "nineties",
}
_CENTURIES = {"17": "seventeen", "18": "eighteen", "19": "nineteen", "20": "twenty"}
_END = r"(?![\w²/])(?:\.(?=\s+[a-z]))?"
"""A point belongs to the unit only where the sentence goes on."""
_NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"


def measured(text: str) -> str:
    """A text with its measures written out."""
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text


def _unit(match: re.Match[str]) -> str:
    one, many = _UNITS.get(match[3]) or _JOINED[match[3]]
    if match[2] == "-":
        return f"{match[1]}-{one}"
    return f"{match[1]} {one if match[1] == '1' else many}"


def _fraction(match: re.Match[str]) -> str:
    said = _FRACTIONS[match[2]]
    plural = said.endswith("s")
    if match[1]:
        return f"{match[1]} and {said if plural else f'a {said}'}"
    return said if plural else f"one {said}"


def _per(match: re.Match[str]) -> str:
    return f"{match[1]} per {_PER.get(match[2], match[2])}"


def _decade(match: re.Match[str]) -> str:
    return f"{_CENTURIES[match[1]]} {_DECADES[match[2]]}"


def _alternatives(words: dict[str, object]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_Rule = Callable[[re.Match[str]], str]
_RULES: tuple[tuple[re.Pattern[str], str | _Rule], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        (
            rf"(?<![\d/.,-])(?:(\d+)\s+)?\b({_alternatives(dict(_FRACTIONS))})(?![\d/])",
            _fraction,
        ),
        (r"(?<![\d/])(\d*)([½⅓⅔¼¾])", _fraction),
        (r"\band/or\b", "or"),
        (r"\b(1[789]|20)([1-9])0s\b", _decade),
        (r"\b([A-Za-z]+s)/(day|night|week|month|year|hour|minute|person|mo|yr|wk|hr|min)\b", _per),
        (r"(?<![\w.,])(\d+)\s?(?:ft|')\s?(\d{1,2})\s?(?:in\b|\")", r"\1 foot \2"),
        (rf"(?<![\w.,]){_NUMBER}([\s-]?)({_alternatives(dict(_UNITS))}){_END}", _unit),
        (rf"(?<![\w.,]){_NUMBER}()({_alternatives(dict(_JOINED))}){_END}", _unit),
        (r"(?<!\S)[-\u2212](?=[$€£]?\d)", "minus "),
        (r"±\s*(?=\d)", "plus or minus "),
        (r"(?<!\w)[~≈]\s*(?=[$€£]?\d)", "about "),
        (r"(?<!\S)<\s*(?=[$€£]?\d)", "less than "),
        (r"(?<!\S)>\s*(?=[$€£]?\d)", "more than "),
        (r"(?<=\d)\+(?=\s|[.,;:!?)]|$)", " plus"),
        (r"(?<=\d)\s*°\s*F\b", " degrees Fahrenheit"),
        (r"(?<=\d)\s*°\s*C\b", " degrees Celsius"),
        (r"(?<=\d)\s*%", " percent"),
    )
)
