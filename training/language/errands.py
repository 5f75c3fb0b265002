"""Looking up an order, passing the call on, and whatever other tools a prompt lists."""

from __future__ import annotations

import json

from bookings import booking_values, confirmed, error, extras, questions_for
from calls import Call, spoken_digits
from sayings import (
    CANNOT,
    DESTINATIONS,
    FAILED,
    ORDER_ASKS,
    ORDER_BARE,
    ORDER_STATES,
    OTHER_ASKS,
    TRANSFER_ASKS,
    TRANSFER_BARE,
)


def order_result(call: Call) -> tuple[str, str]:
    """A looked-up order and what the agent says about it."""
    r, lex = call.rng, call.lex
    if r.random() < 0.15:
        return error(call), FAILED
    state = r.choice(ORDER_STATES).replace("{x}", lex.word())
    roll = r.random()
    if roll < 0.65:
        return json.dumps({"status": state}), f"Your order is {state}."
    if roll < 0.8:
        data = {
            "status": state,
            lex.pick("eta", "carrier", "arrival", lex.word()): lex.fill("{day}"),
        }
        return json.dumps(data), f"Your order is {state}.{extras(data, ('status',))}"
    sentence = lex.fill(
        lex.pick("Your package arrives on {day}.", "The order is at the {word} depot.",
                 "It was sent on {day}.", "We sent it to {street}.")
    )  # fmt: skip
    return (json.dumps({"result": sentence}) if roll < 0.9 else sentence), sentence


def order(call: Call) -> None:
    """The caller asks after an order."""
    r, tool = call.rng, call.tool("order")
    spoken, digits = spoken_digits(call)
    if tool is None:
        call.user(r.choice(ORDER_ASKS + ORDER_BARE), n=spoken)
        call.say(CANNOT, "no tool")
        return
    if r.random() < 0.3:
        call.user(r.choice(ORDER_BARE))
        call.say(questions_for([("code", tool.params[0])]), "ask")
        call.user(
            r.choice(("{n}.", "It is {n}.", "The number is {n}.", "My number is {n}.")),
            False,
            n=spoken,
        )
    else:
        call.user(r.choice(ORDER_ASKS), n=spoken)
    call.call_tools([(tool, {tool.params[0]: digits})], "", "tool")
    result, reply = order_result(call)
    call.add("tool", result)
    call.say(reply, "result")


def transfer(call: Call) -> None:
    """The caller wants to speak to somebody."""
    r, tool = call.rng, call.tool("transfer")
    where = (
        r.choice(DESTINATIONS)
        if r.random() < 0.6
        else call.lex.pick(
            call.lex.person(),
            f"the {call.lex.word()} department",
            call.lex.first(),
            f"{call.lex.word()}",
        )
    )
    if tool is None:
        call.user(r.choice(TRANSFER_ASKS), d=where)
        call.say(CANNOT, "no tool")
        return
    if r.random() < 0.15:
        call.user(r.choice(TRANSFER_BARE))
        call.say(questions_for([("destination", tool.params[0])]), "ask")
        where = where[0].upper() + where[1:]
        call.user("{d}.", False, d=where)
    else:
        call.user(r.choice(TRANSFER_ASKS), d=where)
    call.call_tools([(tool, {tool.params[0]: call.heard(where)})], "", "tool")
    if r.random() < 0.4:
        call.over = True
    elif r.random() < 0.6:
        call.add("tool", json.dumps({"status": call.lex.pick("ok", "transferring", "success")}))
        call.say("One moment please, I am connecting you.", "result")
    else:
        call.add("tool", error(call))
        call.say(FAILED, "result")


def other(call: Call) -> None:
    """The caller wants something that only a tool named in the prompt can do, or none can."""
    r, lex = call.rng, call.lex
    listed = [tool for tool in call.tools if tool.family == "other"]
    tool = r.choice(listed) if listed and r.random() < 0.75 else None
    if tool is None:
        verb = r.choice(
            ("check", "cancel", "reset", "update", "find", "renew", "print", lex.word())
        )
        noun = r.choice(("appointment", "account", "password", lex.word(), lex.word()))
        if any(verb == t.verb or noun == t.noun for t in call.tools):
            return
        call.user(other_words(call, verb, noun) + ".")
        call.say(CANNOT, "no tool")
        return
    spoken, value = (
        spoken_digits(call) if "code" in tool.roles else ((lex.pick(lex.word(), lex.proper()),) * 2)
    )
    text = other_words(call, tool.verb, tool.noun)
    param = tool.params[0].replace("_", " ") if tool.params else ""
    if not tool.params:
        call.user(text + ".")
    elif r.random() < 0.55:
        call.user(
            text
            + r.choice(
                (", the {p} is {v}.", ". The {p} is {v}.", ", {p} {v}.", ". My {p} is {v}.")
            ),
            p=param,
            v=spoken,
        )
    else:
        call.user(text + ".")
        call.say(
            questions_for([(tool.roles[0], tool.params[0] if tool.roles[0] != "name" else "name")]),
            "ask",
        )
        call.user(
            r.choice(("{v}.", "It is {v}.", "The {p} is {v}.", "{v}, please.")),
            False,
            p=param,
            v=spoken,
        )
    if "word" in tool.roles:
        value = call.heard(spoken)
    call.call_tools([(tool, dict.fromkeys(tool.params, value))], "", "tool")
    result, reply = other_result(call)
    call.add("tool", result)
    call.say(reply, "result")


def other_words(call: Call, verb: str, noun: str) -> str:
    """How a caller asks for any action."""
    text = call.rng.choice(OTHER_ASKS).replace("{verb}", verb).replace("{noun}", noun)
    return text[0].upper() + text[1:]


def other_result(call: Call) -> tuple[str, str]:
    """Any tool's result and what the agent says about it."""
    r, lex = call.rng, call.lex
    roll = r.random()
    if roll < 0.18:
        return error(call), FAILED
    if roll < 0.36:
        done = lex.pick(
            '{"status": "ok"}', '{"result": "ok"}', '{"status": "success"}', '{"result": "done"}'
        )
        return done, "It is done."
    if roll < 0.6:
        key = lex.pick("balance", "total", "date", lex.word(), lex.word(), "next_" + lex.word())
        value = lex.fill(lex.pick("{price}", "{word}", "{day}", "{duration}", "{proper} {proper}"))
        data = {key: value}
        return json.dumps(data, ensure_ascii=False), extras(data, ()).strip()
    sentence = lex.fill(
        lex.pick("The {word} is ready.", "Your {word} was changed to {word}.",
                 "There are {count} left.",
                 "It costs {price}.", "{person} will call you back.", "The {word} is on {day}.")
    )  # fmt: skip
    text = json.dumps({"result": sentence}, ensure_ascii=False) if roll < 0.8 else sentence
    return text, sentence


def two_tools(call: Call) -> None:
    """Two requests in one sentence, two calls in one turn."""
    booking, second = call.tool("book"), call.tool("order") or call.tool("transfer")
    if booking is None or second is None or set(booking.roles) != {"day", "time"}:
        return
    values = booking_values(call)
    spoken, digits = spoken_digits(call)
    where = call.rng.choice(DESTINATIONS)
    tail = "check order {n}" if second.family == "order" else "transfer me to {d}"
    start = call.rng.choice(
        ("Please book an appointment", "Book an appointment", "I want an appointment")
    )
    call.user(f"{start} for {{day}} at {{time}} and {tail}.", True, n=spoken, d=where, **values)
    first = {
        p: call.heard(values[role]) for role, p in zip(booking.roles, booking.params, strict=True)
    }
    value = digits if second.family == "order" else call.heard(where)
    call.call_tools([(booking, first), (second, {second.params[0]: value})], "", "tool")
    call.add("tool", json.dumps({"status": "confirmed"}))
    if second.family == "order":
        result, reply = order_result(call)
    else:
        result, reply = json.dumps({"status": "ok"}), "One moment please, I am connecting you."
    call.add("tool", result)
    call.say(f"{confirmed(call, booking, values, '{}')} {reply}", "result")
