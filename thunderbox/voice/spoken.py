"""Spoken: writes out what people say differently from how they write it.

"$19.99" is "19 dollars and 99 cents", "9:30 am" is "nine thirty AM", an order number is said
digit by digit. English only; text for other voices passes through, without the decoration that
language models like to write. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from thunderbox.voice.measures import measured

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_DAYS = {
    **{day.lower(): day for day in _WEEK},
    "mon": "Monday",
    "tue": "Tuesday",
    "tues": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "thur": "Thursday",
    "thurs": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DASH = r"\s*[-\u2013\u2014]\s*"
_TITLED = r"(?=\s+(?:[A-Z]|and\b|&))"
"""Before a name, or before another title."""
_MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
}
_CODES = {"USD": "$", "EUR": "€", "GBP": "£"}
_LARGE = {"k": "thousand", "m": "million", "bn": "billion"}
_WORDS = {
    r"(?<=[a-z]\s)Dr\b(?:\.(?=\s*[a-z,])|\.?$)": "Drive",
    rf"\bDr\.{_TITLED}": "Doctor",
    rf"\bMr\.{_TITLED}": "Mister",
    rf"\bMrs\.{_TITLED}": "Missus",
    rf"\bMs\.{_TITLED}": "Miz",
    rf"\bProf\.{_TITLED}": "Professor",
    r"\bJr\.(?=\s*[a-z,])": "Junior",
    r"\bSr\.(?=\s*[a-z,])": "Senior",
    r"\bMt\.(?=\s+[A-Z])": "Mount",
    r"(?<![a-z]\s)\bSt\.(?=\s+[A-Z])": "Saint",
    r"\bApt\.?\s*(?=\d|[A-Z]\b)": "apartment ",
    r"\bSte\.?\s*(?=\d|[A-Z]\b)": "suite ",
    r"\bBldg\.?\s*(?=\d|[A-Z]\b)": "building ",
    r"\b[Pp]\.\s*(?=\d)": "page ",
    r"\b[Dd]ept\b\.?": "department",
    r"\b[Mm]ax\.(?=\s)": "maximum",
    r"\b[Mm]in\.(?=\s)": "minimum",
    r"\bincl\.": "including",
    r"\bInc\b\.?(?=\s*[a-z,])": "Incorporated",
    r"\bLtd\b\.?(?=\s*[a-z,])": "Limited",
    r"\bCorp\b\.?(?=\s*[a-z,])": "Corporation",
    r"(?<=[a-z]\s)Ln\b(?:\.(?=\s*[a-z,]))?": "Lane",
    r"(?<=[a-z]\s)Ct\b(?:\.(?=\s*[a-z,]))?": "Court",
    r"(?<=[a-z]\s)Pl\b(?:\.(?=\s*[a-z,]))?": "Place",
    r"(?<=[a-z]\s)Pkwy\b(?:\.(?=\s*[a-z,]))?": "Parkway",
    r"(?<=[a-z]\s)Hwy\b(?:\.(?=\s*[a-z,]))?": "Highway",
    r"(?<=[a-z]\s)St\b(?:\.(?=\s*[a-z,]))?": "Street",
    r"(?<=[a-z]\s)Ave\b(?:\.(?=\s*[a-z,]))?": "Avenue",
    r"(?<=[a-z]\s)Rd\b(?:\.(?=\s*[a-z,]))?": "Road",
    r"(?<=[a-z]\s)Blvd\b(?:\.(?=\s*[a-z,]))?": "Boulevard",
    r"\bNo\.\s*(?=\d)": "number ",
    r"\bapprox\.": "approximately",
    r"\bappt\b\.?": "appointment",
    r"\be\.g\.,?": "for example",
    r"\bi\.e\.,?": "that is",
    r"\betc\.": "et cetera",
    r"\bvs\.?(?=\s)": "versus",
    r"\b24/7\b": "twenty-four seven",
    r"\s*&\s*": " and ",
}
_TOP_DOMAINS = "com|org|net|edu|gov|io|co|uk|us|de|fr|es|eu|info|app|dev|ai"
_HALF = rf"(?:\s*([ap])(?:\.\s?m\.(?-i:(?=\s+[^A-Z\s]|[,;)]|{_DASH}\d))|\.?\s?m\b))"
"""Half of the day; its last point stays when it ends the sentence too."""
_TIME = rf"(\d{{1,2}})(?::([0-5]\d))?{_HALF}?"
_AMOUNT = r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?"
_DAY = "|".join(sorted(_DAYS, key=len, reverse=True))


def spoken(text: str, locale: str = "en-US") -> str:
    """What a voice should say for a text."""
    text = undecorated(text)
    if not locale.lower().startswith("en"):
        return text
    dates = _month_first if locale.lower() in ("en", "en-us") else _day_first
    text = _SLASHED.sub(dates, text)
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    text = measured(text)
    for pattern, word in _PLAIN:
        text = pattern.sub(word, text)
    return re.sub(r"[ \t]+", " ", text).strip()


def undecorated(text: str) -> str:
    """The words of a Markdown text, without its marks, links' addresses and pictograms."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__|`+)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?<!\w)[*_](?=\S)([^*_\n]+)(?<=\S)[*_](?!\w)", r"\1", text)
    text = re.sub(r"(?m)^\s*(?:#{1,6}|[-*\u2022]|>)\s+", "", text)
    return re.sub("[\u2190-\u21ff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]", "", text)


def number(value: int) -> str:
    """A whole number from 0 to 99 in words."""
    if value < 20:
        return _ONES[value]
    return _TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "")


def digits(text: str) -> str:
    """Digits and letters one by one; anything between them is a short pause."""
    groups = re.findall(r"[0-9A-Za-z]+", text)
    return ", ".join(" ".join(map(_character, group)) for group in groups)


def _character(character: str) -> str:
    if character.isdigit():
        return _ONES[int(character)]
    # A voice reads a lone A as the article.
    return "ay" if character in "aA" else character.upper()


def clock(hour: int, minute: int, half: str = "") -> str:
    """A time of day; `half` is a or p, or empty."""
    if hour > 24:
        return f"{hour}:{minute:02}"
    said = number(hour)
    if minute:
        said += f" oh {number(minute)}" if minute < 10 else f" {number(minute)}"
    elif not half:
        said += " o'clock" if hour <= 12 else " hundred"
    return f"{said} {half.upper()}M" if half else said


def money(symbol: str, whole: str, cents: str | None) -> str:
    """An amount in dollars, euros or pounds."""
    one, many, small, smalls = _MONEY[symbol]
    amount = int(whole.replace(",", ""))
    rest = int((cents or "0").ljust(2, "0"))
    parts = []
    if amount or not rest:
        parts.append(f"{amount} {one if amount == 1 else many}")
    if rest:
        parts.append(f"{rest} {small if rest == 1 else smalls}")
    return " and ".join(parts)


def _address(match: re.Match[str]) -> str:
    """An e-mail or web address."""
    text = re.sub(r"^https?://", "", match[0])
    text = re.sub(r"[?#]\S+", "", text).rstrip("/")
    tail = ""
    if text.endswith((".", ",", "?", "!")):
        text, tail = text[:-1], text[-1]
    for mark, word in (("@", "at"), (".", "dot"), ("/", "slash"), ("_", "underscore")):
        text = text.replace(mark, f" {word} ")
    return re.sub(r"\s+", " ", text.replace("-", " dash ")).strip() + tail


def _money_range(match: re.Match[str]) -> str:
    return f"{match[2].replace(',', '')} to {money(match[1], match[4], match[5])}"


def _large_money(match: re.Match[str]) -> str:
    return f"{match[2]} {_LARGE.get(match[3].lower(), match[3])} {_MONEY[match[1]][1]}"


def _money_behind(match: re.Match[str]) -> str:
    return money(_CODES.get(match[3], match[3]), match[1], match[2])


def _comma_money(match: re.Match[str]) -> str:
    """€1.234,50: points between thousands, a comma before the cents."""
    return money(match[1], match[2].replace(".", ""), match[3])


def _money_before(match: re.Match[str]) -> str:
    return money(_CODES[match[1]], match[2], match[3])


def _money(match: re.Match[str]) -> str:
    per = f" per {match[4]}" if match[4] else ""
    return money(match[1], match[2], match[3]) + per


def _phone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    return plus + digits(match[0])


def _unbroken_phone(match: re.Match[str]) -> str:
    """+15550100: in groups of three, as nobody can follow more."""
    said = match[1]
    country = 1 if said.startswith("1") else 2
    first, rest = said[:country], said[country:]
    last = len(rest) % 3 + 3 if len(rest) % 3 else 3
    groups = [rest[i : i + 3] for i in range(0, len(rest) - last, 3)]
    return "plus " + digits(" ".join([first, *groups, rest[len(rest) - last :]]))


def _time_range(match: re.Match[str]) -> str:
    if int(match[1]) > 24 or int(match[4]) > 24:
        return match[0]
    plain = not (match[2] or match[3] or match[5] or match[6])
    if plain:
        return f"{number(int(match[1]))} to {number(int(match[4]))}"
    return f"{_said(match[1], match[2], match[3])} to {_said(match[4], match[5], match[6])}"


def _time(match: re.Match[str]) -> str:
    if int(match[1]) > 24:
        return match[0]
    return _said(match[1], match[2], match[3])


def _said(hour: str, minute: str | None, half: str | None) -> str:
    return clock(int(hour), int(minute or 0), (half or "").lower())


def _day_range(match: re.Match[str]) -> str:
    return f"{_DAYS[match[1].lower()]} to {_DAYS[match[2].lower()]}"


def _day(match: re.Match[str]) -> str:
    return _DAYS[match[1].lower()]


def _iso_date(match: re.Match[str]) -> str:
    month, day = int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{_MONTHS[month - 1]} {day}, {match[1]}"


def _slashed(month: str, day: str, year: str) -> str:
    said = f"{_MONTHS[int(month) - 1]} {int(day)}"
    return f"{said}, {year if len(year) == 4 else f'20{year}'}" if year else said


def _month_first(match: re.Match[str]) -> str:
    """11/21/2026 in the United States; a month above twelve is a day."""
    first, second, year = match[1], match[2], match[3] or ""
    if not (1 <= int(first) <= 31 and 1 <= int(second) <= 31) or min(int(first), int(second)) > 12:
        return match[0]
    return _slashed(second, first, year) if int(first) > 12 else _slashed(first, second, year)


def _day_first(match: re.Match[str]) -> str:
    """21/11/2026 elsewhere."""
    first, second, year = match[1], match[2], match[3] or ""
    if not (1 <= int(first) <= 31 and 1 <= int(second) <= 31) or min(int(first), int(second)) > 12:
        return match[0]
    return _slashed(first, second, year) if int(second) > 12 else _slashed(second, first, year)


def _month(match: re.Match[str]) -> str:
    return next(month for month in _MONTHS if month.startswith(match[1])) + " "


def _code(match: re.Match[str]) -> str:
    return f"{match[1]}{digits(match[2])}"


def _place(match: re.Match[str]) -> str:
    """room A4, seat 12B: the letter by its name, the number as a number."""
    parts = re.findall(r"\d+|[A-Z]", match[2])
    return match[1] + " ".join(part if part.isdigit() else _character(part) for part in parts)


def _long_number(match: re.Match[str]) -> str:
    """Seven digits and more are nobody's quantity; ten are a telephone number."""
    said = match[1]
    if len(said) == 10:
        return digits(f"{said[:3]} {said[3:6]} {said[6:]}")
    return digits(said)


_SLASHED = re.compile(
    r"(?<![\d/])(?:(?<=\bon )|(?<=\bby )|(?<=\bof )|(?=\d{1,2}/\d{1,2}/))"
    r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/])"
)
"""A date: with a year, or behind a word that a fraction does not follow."""
_Rule = Callable[[re.Match[str]], str]
_RULES: tuple[tuple[re.Pattern[str], _Rule | str], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
        (r"\b(?:https?://|www\.)[^\s<>\"]+", _address),
        (rf"(?i:\b(?:[a-z0-9-]+\.)+(?:{_TOP_DOMAINS})\b(?:/[\w/-]*)?)", _address),
        (r"([$€£])(\d{1,3}(?:\.\d{3})*|\d+),(\d{2})(?!\d)", _comma_money),
        (r"(?<![\w.,])(\d+)\s?¢", lambda match: money("$", "0", match[1].zfill(2))),
        (rf"([$€£]){_AMOUNT}{_DASH}[$€£]?{_AMOUNT}(?!\d)", _money_range),
        (r"([$€£])(\d+(?:\.\d+)?)\s*((?:m|b|tr)illion|thousand|[kKM]|bn)\b", _large_money),
        (rf"(?<![\w.,$€£]){_AMOUNT}\s?(€|£|USD|EUR|GBP)(?!\w)", _money_behind),
        (rf"\b(USD|EUR|GBP)\s?{_AMOUNT}(?!\d)", _money_before),
        (rf"([$€£]){_AMOUNT}(?:\s*/\s*([a-z]+))?", _money),
        (r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso_date),
        (r"\+(\d{7,15})\b", _unbroken_phone),
        (r"\+\d{1,3}(?:[ .-]?\(?\d{2,4}\)?){2,4}\b", _phone),
        (r"\b([Ee]xt)\.?\s?(\d{1,6})\b", lambda m: f"extension {digits(m[2])}"),
        (r"(?<![\d-])(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}\b", _phone),
        (r"(?<![\d-])\b0\d{2,4} \d{3,4} \d{3,4}\b", _phone),
        (r"(?<![\d-])\b\d{3}-\d{4}\b(?!-)", _phone),
        (
            r"((?i:\b(?:order|reference|confirmation|invoice|booking|ticket|account|tracking|case|"
            r"code|pin|zip|room|extension|flight|id)(?:\s+(?:number|no\.?|code|id))?"
            r"(?:\s+is)?)[:,]?\s*)#?([A-Z]{0,3}-?\d[\dA-Z-]{2,})\b",
            _code,
        ),
        (r"((?i:\bnumber)(?:\s+is)?[:,]?\s*)#?([A-Z]{0,3}-?\d[\dA-Z-]{2,})\b", _code),
        (r"((?i:\b(?:call|dial|press)\s+))(\d{3})\b(?!-)", _code),
        (r"#\s?(\d{1,2})\b(?!-?[\dA-Z])", r"number \1"),
        (r"()#\s?(\d[\dA-Z-]*)\b", _code),
        (r"()\b([A-Z]{2,4}-?\d{3,}[\dA-Z]*)\b", _code),
        (
            r"((?i:\b(?:room|gate|seat|suite|apartment|apt\.?|unit|row|bay|platform|section|zone)"
            r")\s+)([A-Z]-?\d{1,3}|\d{1,3}[A-Z])\b",
            _place,
        ),
        (r"(?<![\d.,$€£])\b(\d{7,})\b(?![.,]\d)", _long_number),
        (rf"(?i:\b({_DAY})\.?{_DASH}({_DAY})\b\.?)", _day_range),
        (r"\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\b\.?(?![a-z'])", _day),
        (r"\b(Sat|Sun)\b\.?(?=[:,]?\s*(?:\d|closed|and\b|&))", _day),
        (r"(?<=day and )(Sat|Sun)\b", _day),
        (r"(?<=closed )(Sat|Sun)\b", _day),
        (
            r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:t)?\.?\s+(?=\d)",
            _month,
        ),
        (rf"(?<![\d.,:/$-])\b(?i:{_TIME}{_DASH}{_TIME})(?![\d:%/-])", _time_range),
        (rf"(?<![\d.,:/-])\b(?i:(\d{{1,2}})(?::([0-5]\d))?{_HALF})", _time),
        (r"(?<![\d.,:/-])\b(\d{1,2}):([0-5]\d)()(?![\d:])", _time),
    )
)
_PLAIN = tuple((re.compile(pattern), word) for pattern, word in _WORDS.items())
