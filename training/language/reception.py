"""Calls to a small practice or shop with a short prompt: the kind that a new box answers first.

python reception.py --tokenizer tokenizer.json --out FOLDER --shards 4
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
from bookings import FAILED_BOOKING, article, book, booked_noun
from calls import Call, Dialogue
from corpus import LONGEST
from dialogues import goodbye, off_topic, practice, question, repeat, talk, unclear
from errands import order, other, transfer
from facts import Writer
from hours import HOURS_ASKS, day_question
from lexicon import DAYS
from lists import phrases, words
from owners import Ask, FactLexicon, Owner, missing, upper_first
from prices import absent_prices, price_ask
from sayings import BOOK_OPENINGS
from speech import Recogniser
from tokens import encode, load_tokenizer
from toolbox import (
    Tool,
    book_tool,
    end_tool,
    order_tool,
    other_tool,
    styled,
    toolbox,
    transfer_tool,
)
from topics import TOPICS

PER_SHARD = 4096
ROLES = (
    "You are the receptionist of {b}.",
    "You are the receptionist of {b}.",
    "You are a friendly receptionist for {b}.",
    "You answer calls for {b}.",
    "You are a helpful phone agent for {b}.",
)
STYLES = (
    "Answer callers briefly and kindly.",
    "Be brief.",
    "Keep your answers short.",
    "Be polite and help the caller.",
)
KINDS = phrases("""
Dental|Clinic|Hair Studio|Auto Repair|Pizza|Bakery|Spa|Optics|Vet Clinic|Fitness|Law
""")
FIRST = words("""
    Bright Sunny Green Blue Happy Silver Golden Quick Fresh Royal Gentle Clear North River
""")
SECOND = words("""
    Smile Hill Valley Star Garden Bridge Lake Wave Oak Stone Light Harbor Leaf Way
""")
JOBS = words("""
    dentist doctor manager owner director vet therapist stylist chef coach lawyer
""")


END_VERBS = ("end", "finish", "close", "stop", "terminate", "hang_up", "conclude", "quit", "drop")
END_NOUNS = ("call", "conversation", "phone_call", "phone", "talk", "line", "chat", "current_call")


SERVICES = (
    "cleaning|checkup|haircut|filling|consultation|massage|oil change|manicure|facial|eye exam|"
    "repair|wash|lesson|session|visit|room|table|ticket|tire change|inspection|vaccination|shave|"
    "trim|dye|fitting|tour|class|scan|test|refill|crown|brake check|grooming|delivery"
).split("|")


class ReceptionWriter(Writer):
    """Writes short prompts in plain sentences."""

    simple = False
    """Plain values in the order in which most owners write them."""

    def owner(self, easy: bool = False) -> Owner:
        """A prompt with hours, prices and a few other facts."""
        lex, r = self.lexicon, self.rng
        business = lex.business()
        self.simple = r.random() < 0.6
        if r.random() < 0.6:
            business = lex.draw(lambda: f"{r.choice(FIRST)} {r.choice(SECOND)} {r.choice(KINDS)}")
        owner = Owner("", f"Hello, thank you for calling {business}. How can I help you?", business)
        parts: list[str] = []
        if r.random() < 0.92:
            parts += self.hours(owner)
        else:
            owner.missing.append(lambda: missing(r.choice(HOURS_ASKS)))
        for name in ("address", "parking", "payment"):
            if r.random() < 0.72:
                parts.append(self.plain(owner, name))
            else:
                self.absent(owner, name)
        if r.random() < 0.9:
            parts.append(self.prices(owner))
        absent_prices(lex, owner)
        job, person = r.choice(JOBS), lex.person()
        asks = (
            "Who is the {j}?", "What is the name of the {j}?", "Who is your {j}?",
            "Can you tell me who the {j} is?", "What is the {j}'s name?",
        )  # fmt: skip
        if r.random() < 0.7:
            fact = f"The {job} is {person}."
            parts.append(fact)
            owner.asks.append(lambda: Ask(r.choice(asks).replace("{j}", job), fact, "fact"))
        for name in r.sample([n for n in TOPICS if n not in ("services", "staff")], 4):
            if name not in ("address", "parking", "payment"):
                self.absent(owner, name)
        if not self.simple and r.random() < 0.6:
            r.shuffle(parts)
        style = [r.choice(STYLES)] if r.random() < 0.6 else []
        owner.prompt = " ".join([r.choice(ROLES).replace("{b}", business), *style, *parts])
        if r.random() < 0.4:
            self.today(owner)
        return owner

    def span(self) -> str:
        """Opening and closing time."""
        if not self.simple:
            return self.lexicon.hours_span()
        r = self.rng
        minutes = ("", ":30", ":15", ":45") if r.random() < 0.3 else ("",)
        return self.lexicon.draw(
            lambda: (
                f"{r.randint(6, 11)}{r.choice(minutes)} am to "
                f"{r.randint(1, 11)}{r.choice(minutes)} pm"
            )
        )

    def priced(self) -> tuple[str, str]:
        """A service and its price."""
        lex, r = self.lexicon, self.rng
        if not self.simple:
            return lex.service(), lex.price()
        name = r.choice(SERVICES) if r.random() < 0.7 else f"{lex.word()} {r.choice(SERVICES)}"
        amount = lex.draw(lambda: str(r.choice((r.randint(2, 40) * 5, r.randint(5, 400)))))
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}", f"{amount} dollars"

    def hours(self, owner: Owner) -> list[str]:
        """Opening hours, and on which day nobody is there."""
        lex, r = self.lexicon, self.rng
        first, last = r.choice(
            (("Monday", "Friday"), ("Monday", "Friday"), ("Tuesday", "Saturday"),
             ("Monday", "Saturday"), ("Monday", "Thursday"))
        )  # fmt: skip
        inside = DAYS[DAYS.index(first) : DAYS.index(last) + 1]
        main = f"We are open {first} to {last} from {self.span()}"
        days = {}
        if "Saturday" not in inside and r.random() < 0.6:
            main += f" and Saturday from {self.span()}"
            inside = (*inside, "Saturday")
        main = (main + ".").replace("..", ".")
        for day in DAYS:
            days[day] = main
        parts = [main]
        outside = [day for day in DAYS if day not in inside]
        if outside and r.random() < 0.65:
            day = r.choice(outside)
            days[day] = f"We are closed on {day}."
            parts.append(days[day])
        owner.days = days
        owner.asks += [lambda: Ask(r.choice(HOURS_ASKS), main, "hours")] * 3
        for day in (r.choice(DAYS), outside[-1] if outside else "Saturday"):
            owner.asks.append(lambda day=day: Ask(day_question(lex, day), days[day], "day"))  # type: ignore[misc]
        return parts

    def plain(self, owner: Owner, name: str) -> str:
        """A fact of a fixed topic in its own sentence."""
        lex, r, topic = self.lexicon, self.rng, TOPICS[name]
        text = upper_first(lex.fill(r.choice(topic.prose)))
        if name == "address" and r.random() < 0.5:
            text = f"We are at {lex.street()}."
        if name == "parking" and r.random() < 0.5:
            text = f"Parking is {lex.place()}."
        if name == "payment" and r.random() < 0.5:
            text = f"We accept {lex.payment()}."
        owner.asks.append(lambda: Ask(lex.fill(r.choice(topic.asks)), text, "fact"))
        return text

    def prices(self, owner: Owner, counts: tuple[int, ...] = (1, 2, 2, 3)) -> str:
        """As many prices as one of the counts says, in one sentence."""
        lex, r = self.lexicon, self.rng
        pairs: list[tuple[str, str]] = []
        for _ in range(r.choice(counts)):
            name, price = self.priced()
            if all(name.split(" ")[-1] != other.split(" ")[-1] for other, _ in pairs):
                pairs.append((name, price))
        owner.prices = pairs
        for pair in pairs:
            owner.asks += [lambda pair=pair: price_ask(lex, *pair)] * 2  # type: ignore[misc]
        clauses = [f"{name} costs {price}" for name, price in pairs]
        text = clauses[0] if len(clauses) == 1 else ", ".join(clauses[:-1]) + " and " + clauses[-1]
        return upper_first(text) + "."


def plain_book_tool(lex: FactLexicon) -> Tool:
    """A tool that books a day and a time, under any name."""
    r = lex.rng
    if not lex.held_out and r.random() < 0.35:
        return Tool("book", "book_appointment", *[("day", "time")] * 2, "appointment", "book")
    while True:
        tool = book_tool(lex)
        if sorted(tool.roles) == ["day", "time"]:
            return tool


def plain_end_tool(lex: FactLexicon) -> Tool:
    """A tool that ends the call, under any name."""
    if not lex.held_out and lex.rng.random() < 0.6:
        return Tool("end", "end_call", (), ())

    def name() -> str:
        return styled(lex, f"{lex.rng.choice(END_VERBS)}_{lex.rng.choice(END_NOUNS)}")

    return Tool("end", lex.draw(name), (), ()) if lex.rng.random() < 0.8 else end_tool(lex)


def tools_for(lex: FactLexicon) -> list[Tool]:
    """A booking tool and the end of the call, mostly; sometimes others; sometimes any tools."""
    r = lex.rng
    if r.random() < 0.15:
        return toolbox(lex)
    tools = []
    for make, chance in (
        (plain_book_tool, 0.9),
        (transfer_tool, 0.22),
        (order_tool, 0.12),
        (other_tool, 0.08),
    ):
        if r.random() < chance:
            tools.append(make(lex))
    tools.append(plain_end_tool(lex))
    if r.random() < 0.25:
        r.shuffle(tools)
    return tools


def appointment(call: Call) -> None:
    """The caller names day and time at once; the book answers as the box's own one does."""
    r, lex, tool = call.rng, call.lex, call.tool("book")
    if tool is None or sorted(tool.roles) != ["day", "time"]:
        book(call)
        return
    values = {"day": lex.spoken_day(), "time": lex.spoken_time()}
    noun = tool.noun if r.random() < 0.5 else "appointment"
    opening = r.choice(BOOK_OPENINGS).replace("{verb}", tool.verb if r.random() < 0.3 else "book")
    opening = opening.replace("{noun}", article(noun))
    asks = opening.split(" ")[0] in ("Can", "Could", "Is", "Do")
    call.user(f"{opening} for {{day}} at {{time}}{'?' if asks else '.'}", **values)
    day, time = call.heard(values["day"]), call.heard(values["time"])
    said = {"day": day, "time": time}
    arguments = {param: said[role] for role, param in zip(tool.roles, tool.params, strict=True)}
    call.call_tools([(tool, arguments)], "", "tool")
    if r.random() < 0.2:
        call.add(
            "tool", json.dumps({"error": r.choice(("slot taken", "not available", "timeout"))})
        )
        call.say(FAILED_BOOKING, "result")
        return
    result = {"status": "confirmed", "id": r.randint(1, 99), **arguments}
    spacing = (",", ":") if r.random() < 0.7 else None
    call.add("tool", json.dumps(result, separators=spacing))
    call.say(
        f"Your {booked_noun(tool)} is confirmed for {day} at {time}".rstrip(".") + ".", "result"
    )


def errand(call: Call) -> None:
    """One of the other tools that are listed, if any."""
    listed = [make for make, name in ERRANDS if call.tool(name)]
    call.rng.choice(listed or [question])(call)


ERRANDS = ((transfer, "transfer"), (order, "order"), (other, "other"))
EXCHANGES = (question, appointment, book, errand, talk, off_topic, unclear, repeat, goodbye)
WEIGHTS = (52, 16, 9, 8, 5, 2, 1.5, 2, 3)


def binding(rng: random.Random) -> Dialogue:
    """A lesson: many questions about two to four prices that differ only in their numbers."""
    lex = FactLexicon(rng)
    writer = ReceptionWriter(lex)
    writer.simple = rng.random() < 0.7
    business = lex.business()
    owner = Owner(rng.choice(ROLES).replace("{b}", business), "", business)
    parts = [*writer.hours(owner), writer.prices(owner, (2, 3, 3, 4))]
    if rng.random() < 0.5:
        rng.shuffle(parts)
    absent_prices(lex, owner)
    owner.prompt = " ".join([owner.prompt, *parts])
    call = Call(rng, lex, owner, tools_for(lex), Recogniser(rng))
    call.add("system", owner.prompt)
    for _ in range(rng.randint(4, 8)):
        question(call)
    return Dialogue(call.messages, call.kinds, call.tools)


def desk(rng: random.Random) -> Dialogue:
    """A lesson: one errand after another with tools that want a name, a number or a word."""
    lex = FactLexicon(rng)
    owner = ReceptionWriter(lex).owner()
    booking = book_tool(lex)
    while "name" not in booking.roles and rng.random() < 0.7:
        booking = book_tool(lex)
    tools = [booking, *(make(lex) for make in (transfer_tool, order_tool) if rng.random() < 0.4)]
    tools += [other_tool(lex) for _ in range(rng.choice((0, 1, 1, 2)))]
    names = {tool.name: tool for tool in [*tools, plain_end_tool(lex)]}
    tools = list(names.values())
    if rng.random() < 0.5:
        rng.shuffle(tools)
    call = Call(rng, lex, owner, tools, Recogniser(rng))
    call.add("system", owner.prompt)
    for _ in range(rng.randint(4, 6)):
        call.over = False
        rng.choices((book, errand, question, repeat), (5, 3, 1, 1))[0](call)
    goodbye(call)
    return Dialogue(call.messages, call.kinds, call.tools)


def reception(rng: random.Random, held_out: bool = False) -> Dialogue:
    """One random call."""
    lex = FactLexicon(rng, held_out)
    owner = ReceptionWriter(lex).owner()
    call = Call(rng, lex, owner, tools_for(lex), Recogniser(rng))
    call.add("system", owner.prompt)
    if rng.random() < 0.9:
        call.say(owner.greeting, "greeting")
    for _ in range(rng.randint(2, 8)):
        rng.choices(EXCHANGES, WEIGHTS)[0](call)
        if call.over:
            break
    if not call.over and rng.random() < 0.4:
        goodbye(call)
    return Dialogue(call.messages, call.kinds, call.tools)


def main() -> None:
    """Write shards for the last part of the training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tokenizer = load_tokenizer(options.tokenizer)
    options.out.mkdir(parents=True, exist_ok=True)
    for index in range(options.shards):
        rng = random.Random(f"reception {options.seed} {index}")
        ids: list[int] = []
        weights: list[int] = []
        ends: list[int] = []
        while len(ends) < PER_SHARD:
            lesson = rng.choices((reception, desk, binding, practice), (5, 3, 1, 1))[0]
            one, weight = encode(tokenizer, lesson(rng))
            if len(one) <= LONGEST:
                ids += one
                weights += weight
                ends.append(len(ids))
        path = options.out / f"shard-{index:03}.npz"
        np.savez(
            path,
            ids=np.array(ids, np.uint16),
            weights=np.array(weights, np.uint8),
            ends=np.array(ends, np.int64),
        )
        print(f"{path.name} written", flush=True)


if __name__ == "__main__":
    main()
