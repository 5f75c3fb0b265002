"""Whole calls: an owner's prompt, listed tools, and what caller, agent and tools say."""

from __future__ import annotations

import random
from collections.abc import Callable

import topics
from bookings import book
from calls import Call, Dialogue
from errands import order, other, transfer, two_tools
from facts import Writer
from hours import write_hours
from owners import REFUSAL, Ask, FactLexicon, Owner
from prices import write_prices
from sayings import (
    BOX_LINES,
    ELSE,
    GO_ON,
    GOODBYE,
    GOODBYES,
    HELP,
    HERE,
    NOISE,
    OFF_TOPIC,
    OKAYS,
    REPEATS,
    TALK,
    THANKS,
    UNCLEAR,
    WELCOME,
    WHO,
    YES,
)
from speech import Recogniser
from toolbox import Tool, book_tool, order_tool, toolbox, transfer_tool

DRILLS = (
    "The {word} plan is {word}.",
    "{proper} {proper} has {count} {word}.",
    "{proper} {word} {word} and {word}.",
    "We are at {street}.",
    "The {word} of {person} costs {price}.",
    "{person} is the {word} {word}.",
    "Call {phone} or {mail} for the {word}.",
    "Monday {hours_span} {word}, {day} {hours_span}.",
)


def dialogue(rng: random.Random, held_out: bool = False, easy: bool = False) -> Dialogue:
    """One random call; an easy one has a short prompt and mostly questions."""
    lex = FactLexicon(rng, held_out)
    owner = Writer(lex).owner(easy)
    tools = [] if easy and rng.random() < 0.5 else toolbox(lex)
    call = Call(rng, lex, owner, tools, Recogniser(rng))
    call.add("system", owner.prompt)
    roll = rng.random()
    if roll < 0.7:
        call.say(owner.greeting, "greeting")
    elif roll < 0.8:
        call.add("assistant", f"Hello, this is {owner.business or lex.business()}.")
    count = rng.choice((5, 6, 7, 8) if easy else (1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10))
    for _ in range(count):
        exchange = rng.choices(EXCHANGES, WEIGHTS)[0]
        family = FAMILIES.get(exchange)
        if family and call.tool(family) is None and rng.random() < 0.8:
            exchange = question
        exchange(call)
        if call.over:
            break
    if not call.over and rng.random() < 0.35:
        goodbye(call)
    return Dialogue(call.messages, call.kinds, call.tools)


def drill(rng: random.Random) -> Dialogue:
    """The bare skill under every answer: say the sentence in which a given word stands."""
    lex = FactLexicon(rng)
    sentences = []
    for _ in range(rng.randint(2, 5)):
        shape = rng.choice(DRILLS)
        sentences.append(lex.fill(shape))
    messages = [{"role": "system", "content": " ".join(sentences)}]
    kinds = [""]
    for _ in range(rng.randint(3, 7)):
        sentence = rng.choice(sentences)
        word = rng.choice([word for word in sentence.rstrip(".").split(" ") if len(word) > 2])
        found = next(s for s in sentences if word in s)
        messages.append({"role": "user", "content": word})
        messages.append({"role": "assistant", "content": found})
        kinds += ["", "drill"]
    return Dialogue(messages, kinds, [])


def practice(rng: random.Random) -> Dialogue:
    """Many errands, or many questions about prices and hours, under a prompt of one line."""
    lex = FactLexicon(rng)
    business = lex.business()
    role = lex.fill(rng.choice(topics.ROLES).replace("{b}", business))
    owner = Owner(role, "", business)
    tools: list[Tool] = []
    if rng.random() < 0.4:
        owner.prompt += f" {write_prices(lex, owner, False)}"
        if rng.random() < 0.6:
            owner.prompt += f" {write_hours(lex, owner, False)}"
    else:
        made = rng.choices((book_tool, order_tool, transfer_tool), (6, 3, 2), k=rng.randint(1, 3))
        tools = [make(lex) for make in dict.fromkeys(made)]
    call = Call(rng, lex, owner, tools, Recogniser(rng))
    call.add("system", owner.prompt)
    errands = [errand for errand, family in FAMILIES.items() if call.tool(family)]
    for _ in range(rng.randint(4, 6)):
        call.over = False
        rng.choice(errands or [question])(call)
    return Dialogue(call.messages, call.kinds, tools)


def ask(call: Call) -> Ask:
    """A question that the prompt answers, or now and then one that it does not."""
    if not call.owner.asks or call.rng.random() < 0.2:
        return call.rng.choice(call.owner.missing)()
    return call.rng.choice(call.owner.asks)()


def question(call: Call) -> None:
    """The caller asks, the agent answers; sometimes cut short, repeated or asked two at once."""
    r, asked = call.rng, ask(call)
    roll = r.random()
    if roll < 0.05 and asked.answer != REFUSAL:
        other = ask(call)
        if other.answer not in (REFUSAL, asked.answer):
            joint = r.choice((" And ", " and ", " Also, "))
            second = other.question[0].lower() + other.question[1:]
            first = asked.question.rstrip(".?") if joint == " and " else asked.question
            second = other.question if other.question.startswith("I ") else second
            call.user(first + joint + second)
            call.say(f"{asked.answer} {other.answer}", "two facts")
            return
    call.user(asked.question)
    words = asked.answer.split(" ")
    if roll < 0.16 and len(words) > 3:
        cut = " ".join(words[: r.randint(1, len(words) - 1)]) + "..."
        call.add("assistant", cut)
        if r.random() < 0.4:
            call.user(r.choice(GO_ON + REPEATS), dress=False)
            call.say(asked.answer, "repeat")
        return
    if roll < 0.2:
        call.add("assistant", r.choice(BOX_LINES[1:3]))
        call.user(asked.question)
    call.say(asked.answer, asked.kind)
    if r.random() < 0.06:
        repeat(call)


def repeat(call: Call) -> None:
    """The caller wants to hear the last answer again."""
    if call.messages[-1]["role"] == "assistant" and call.messages[-1]["content"] == call.answer:
        call.user(call.rng.choice(REPEATS), dress=False)
        call.say(call.answer, "repeat")


def talk(call: Call) -> None:
    """Small talk with a fixed reply."""
    r = call.rng
    roll = r.random()
    if roll < 0.3:
        call.user(r.choice(THANKS), dress=False)
        call.add("assistant", WELCOME, "talk")
        if r.random() < 0.4:
            call.user(r.choice(YES), dress=False)
            call.add("assistant", HELP, "talk")
    elif roll < 0.4:
        call.user(r.choice(OKAYS), dress=False)
        call.add("assistant", ELSE, "talk")
        if r.random() < 0.3:
            call.user(r.choice(YES), dress=False)
            call.add("assistant", HELP, "talk")
    elif roll < 0.46:
        call.add("assistant", r.choice((BOX_LINES[0], BOX_LINES[3])))
        call.user(r.choice(HERE), dress=False)
        call.add("assistant", HELP, "talk")
    elif roll < 0.58:
        call.user(r.choice(WHO), x=call.owner.business or call.lex.business())
        name = call.owner.business
        call.say(f"This is {name}." if name else "I am an automated assistant.", "talk")
    else:
        asks, reply = r.choice(TALK)
        call.user(r.choice(asks), dress=r.random() < 0.3)
        call.add("assistant", reply, "talk")


def off_topic(call: Call) -> None:
    """A question about the rest of the world."""
    call.user(call.rng.choice(OFF_TOPIC), x=call.lex.proper())
    call.say(REFUSAL, "refusal")


def unclear(call: Call) -> None:
    """Words that make no sense."""
    call.user(call.rng.choice(NOISE), dress=False, x=call.lex.word(), y=call.lex.word())
    call.add("assistant", UNCLEAR, "talk")


def goodbye(call: Call) -> None:
    """The caller ends the call."""
    call.user(call.rng.choice(GOODBYES), dress=False)
    end = call.tool("end")
    if end:
        call.call_tools([(end, {})], GOODBYE, "goodbye")
    else:
        call.add("assistant", GOODBYE, "goodbye")
    call.over = True


EXCHANGES: tuple[Callable[[Call], None], ...] = (
    question, book, order, transfer, other, two_tools, talk, off_topic, unclear, repeat, goodbye,
)  # fmt: skip
FAMILIES = {book: "book", order: "order", transfer: "transfer", other: "other"}
WEIGHTS = (48, 19, 8, 5, 4, 0.6, 6, 2, 2, 2, 1.5)
