"""Opening hours as owners write them and callers ask for them."""

from __future__ import annotations

from lexicon import DAYS
from owners import Ask, FactLexicon, Owner, upper_first

DAY_ASKS = (
    "Are you open on {d}?",
    "Are you open {d}?",
    "What are your hours on {d}?",
    "When do you open on {d}?",
    "When do you close on {d}?",
    "Are you closed on {d}?",
    "Can I come on {d}?",
    "What about {d}?",
    "What are your opening hours on {d}?",
    "Do you work on {d}?",
    "How late are you open on {d}?",
    "And on {d}?",
)
HOURS_ASKS = (
    "What are your opening hours?",
    "What are your hours?",
    "When are you open?",
    "When do you open?",
    "When do you close?",
    "What are your business hours?",
    "How late are you open?",
    "Can you tell me your opening hours?",
    "Could you tell me when you are open?",
    "What time do you open?",
    "What time do you close?",
    "Until when are you open?",
    "Are you open today?",
    "Are you open now?",
    "Are you open tomorrow?",
    "I want to know your opening hours.",
    "Your opening hours, please.",
    "From when to when are you open?",
    "What hours are you open?",
)


def day_question(lexicon: FactLexicon, day: str) -> str:
    """A question about one day."""
    return lexicon.rng.choice(DAY_ASKS).replace("{d}", day)


def write_hours(lexicon: FactLexicon, owner: Owner, listed: bool) -> str:
    """Opening hours, as one to three sentences."""
    lex, r = lexicon, lexicon.rng
    span = lex.hours_span()
    first, last = r.choice(
        (("Monday", "Friday"),) * 4
        + (
            ("Tuesday", "Saturday"),
            ("Monday", "Saturday"),
            ("Tuesday", "Friday"),
            ("Monday", "Thursday"),
            ("Wednesday", "Sunday"),
            ("Monday", "Sunday"),
        )
    )
    week = lex.pick(
        f"{first} to {last}",
        f"{first} to {last}",
        f"{first} through {last}",
        f"{first[:3]}-{last[:3]}",
        f"from {first} to {last}",
        f"{first[:3]} to {last[:3]}",
    )
    inside = DAYS[DAYS.index(first) : DAYS.index(last) + 1]
    roll = r.random()
    if roll < 0.1:
        week, inside = lex.pick("every day", "seven days a week", "daily"), DAYS
    elif roll < 0.2 and (first, last) == ("Monday", "Friday"):
        week = lex.pick("on weekdays", "on working days", "weekdays")
    elif roll < 0.26:
        inside = tuple(sorted(r.sample(DAYS, 3), key=DAYS.index))
        week = f"{inside[0]}, {inside[1]} and {inside[2]}"
    outside = [day for day in DAYS if day not in inside]
    other = ""
    named: list[str] = []
    if outside and r.random() < 0.3:
        day = "Saturday" if "Saturday" in outside else outside[0]
        named.append(day)
        more = lex.hours_span()
        other = lex.pick(
            f" and {day} from {more}",
            f" and {day} {more}",
            f", {day} {more}",
            f", and on {day} from {more}",
        )
    if listed and r.random() < 0.7:
        value = lex.pick(f"{week} {span}", f"{span}, {week}", f"{week}, {span}") + other
        text = f"{lex.pick('Hours', 'Opening hours', 'Open')}: {value}{lex.pick('', '.')}"
        main = f"We are open {value}."
    else:
        forms = (
            f"We are open {week} from {span}{other}.",
            f"We are open {week} from {span}{other}.",
            f"We are open {week} {span}{other}.",
            f"We are open from {span}, {week}{other}.",
            f"Our opening hours are {week}, {span}{other}.",
            f"The {lex.pick('office', 'shop', 'store', 'place')} is open {week} {span}{other}.",
            f"Our hours are {span}, {week}{other}.",
            f"Business hours are {week} {span}{other}.",
            f"You can visit us {week}, {span}{other}.",
            f"{upper_first(week)} we are open from {span}{other}.",
        )
        main = text = r.choice(forms)
    main, text = main.replace("..", "."), text.replace("..", ".")
    days = dict.fromkeys(DAYS, main)
    texts = [text]
    rest = [day for day in outside if day not in named]
    if rest and r.random() < 0.3:
        day, more = rest.pop(0), lex.hours_span()
        line = lex.pick(
            f"On {day} we are open from {more}.",
            f"On {day}s we are open {more}.",
            f"{day} hours are {more}.",
            f"We are also open on {day} from {more}.",
        ).replace("..", ".")
        texts.append(line)
        days[day] = line
    if rest and r.random() < 0.55:
        if rest == ["Saturday", "Sunday"] and r.random() < 0.6:
            line = lex.pick(
                "We are closed on weekends.",
                "We are closed on the weekend.",
                "We are closed on Saturday and Sunday.",
                "On weekends we are closed.",
            )
            days["Saturday"] = days["Sunday"] = line
        else:
            day = r.choice(rest)
            line = lex.pick(
                f"We are closed on {day}.",
                f"We are closed on {day}s.",
                f"{day} is closed.",
                f"On {day} we are closed.",
                f"On {day} the shop is closed.",
            )
            days[day] = line
        texts.append(line)
    if len(texts) == 1 or r.random() < 0.75:
        whole = "\n".join(texts) if listed else " ".join(texts)
    else:
        order = [texts[-1], *texts[:-1]]
        whole = "\n".join(order) if listed else " ".join(order)
    owner.days = days
    owner.asks += [lambda: Ask(r.choice(HOURS_ASKS), main, "hours")] * 2
    special = [day for day in DAYS if days[day] != main] or named or list(DAYS)
    for day in (r.choice(special), lex.day()):
        owner.asks.append(lambda day=day: Ask(day_question(lexicon, day), days[day], "day"))  # type: ignore[misc]
    if days["Saturday"] == days["Sunday"]:
        weekend = days["Sunday"]
        owner.asks.append(
            lambda: Ask(lex.pick("Are you open on the weekend?", "What about the weekend?",
                "Are you open on weekends?", "And on the weekend?"), weekend, "day")
        )  # fmt: skip
    return whole
