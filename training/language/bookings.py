"""Booking a day and a time: what is missing is asked for, failures and changes of mind follow."""

from __future__ import annotations

import json

from calls import Call
from owners import upper_first
from sayings import BOOK_OPENINGS, CANNOT, ERRORS, FAILED_BOOKING, YES
from toolbox import Tool


def article(noun: str) -> str:
    """The noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def questions_for(missing: list[tuple[str, str]]) -> str:
    """What the agent asks when these (role, parameter) pairs are not known yet."""
    roles = [role for role, _ in missing]
    if "day" in roles and "time" in roles:
        return "For what day and time?"
    role, param = missing[0]
    fixed = {
        "day": "What day would you like?",
        "time": "What time would you like?",
        "name": "May I have your name?",
        "service": "Which service would you like?",
        "people": "For how many people?",
        "destination": "Who would you like to speak to?",
    }
    if role in fixed:
        return fixed[role]
    return f"What is the {param.replace('_', ' ')}?"


def booking_values(call: Call) -> dict[str, str]:
    """Random spoken values for every role a booking may need."""
    lex = call.lex
    return {
        "day": lex.spoken_day(),
        "time": lex.spoken_time(),
        "name": lex.person().replace("Dr. ", "").replace("Mrs. ", ""),
        "service": lex.service(),
        "people": lex.pick("two", "three", "four", "five", "six", "seven", "eight", "ten"),
    }


def when(call: Call, roles: list[str]) -> str:
    """The words that say the given roles, with slots for their values."""
    r, parts = call.rng, []
    if "service" in roles:
        parts.append("for {service}")
    if "people" in roles:
        parts.append("for {people} people")
    day_time = [role for role in ("day", "time") if role in roles]
    if day_time == ["day", "time"]:
        parts.append(
            r.choice(
                ("for {day} at {time}", "on {day} at {time}", "{day} at {time}", "{day}, {time}",
                 "at {time} on {day}", "for {day}, at {time}")
            )
        )  # fmt: skip
    elif day_time == ["day"]:
        parts.append(r.choice(("for {day}", "on {day}", "{day}")))
    elif day_time == ["time"]:
        parts.append(r.choice(("at {time}", "for {time}", "at {time}")))
    if "name" in roles:
        parts.append(r.choice(("under the name {name}", "for {name}", "my name is {name}")))
    return (", " if r.random() < 0.15 else " ").join(parts)


def book(call: Call) -> None:
    """The caller books; what is missing is asked for; then the tool is called."""
    r, tool = call.rng, call.tool("book")
    values = booking_values(call)
    noun = tool.noun if tool else r.choice(("appointment", "table", "visit", call.lex.word()))
    verb = tool.verb if tool and r.random() < 0.5 else r.choice(("book", "make", "schedule", "get"))
    roles = list(tool.roles) if tool else ["day", "time"]
    if r.random() < 0.12:
        noun = "appointment"
    given = roles if r.random() < 0.62 else [role for role in roles if r.random() < 0.4]
    opening = r.choice(BOOK_OPENINGS).replace("{verb}", verb).replace("{noun}", article(noun))
    text = f"{opening} {when(call, given)}".strip()
    if "day" in given and r.random() < 0.05:
        text = text.replace("{day}", call.heard(call.lex.day()) + ", no, {day}")
    text = text.replace(" , ", ", ")
    call.user(
        text + ("?" if opening.split(" ")[0] in ("Can", "Could", "Is", "Do") else "."), **values
    )
    if tool is None:
        call.say(CANNOT, "no tool")
        return
    known = {role: values[role] for role in given}
    while len(known) < len(roles):
        missing = [(a, b) for a, b in zip(tool.roles, tool.params, strict=True) if a not in known]
        asked = questions_for(missing)
        call.say(asked, "ask")
        if asked == "For what day and time?":
            now = ["day", "time"] if r.random() < 0.8 else [r.choice(("day", "time"))]
        else:
            now = [missing[0][0]]
        reply = when(call, now)
        if now == ["name"]:
            reply = r.choice(("My name is {name}", "{name}", "It is {name}", "I am {name}"))
        elif len(now) == 1 and r.random() < 0.5:
            reply = "{" + now[0] + "}"
        elif r.random() < 0.25:
            reply = (
                r.choice(("I would like ", "Can we do ", "Maybe ", "Let's say ", "How about "))
                + reply
            )
        reply += r.choice((".", ".", " please.", ", please."))
        if reply[0] == "{" and not call.ears.plain:
            slot = now[0]
            values[slot] = (
                values[slot][0].upper() + values[slot][1:] if r.random() < 0.7 else values[slot]
            )
        call.user(reply[0].upper() + reply[1:], r.random() < 0.2, **values)
        known.update({role: values[role] for role in now})
    run_booking(call, tool, known)


def run_booking(call: Call, tool: Tool, known: dict[str, str]) -> None:
    """Call the tool, speak its result, and follow a change of mind or a failure."""
    r = call.rng
    for attempt in range(3):
        arguments = {
            param: call.heard(known[role])
            for role, param in zip(tool.roles, tool.params, strict=True)
        }
        call.call_tools([(tool, arguments)], "", "tool")
        good = r.random() < 0.75
        call.add("tool", booking_result(call, known) if good else error(call))
        if good:
            call.say(confirmed(call, tool, known, call.messages[-1]["content"]), "result")
            again = r.random() < 0.12
        else:
            call.say(FAILED_BOOKING, "result")
            again = r.random() < 0.6
        if not again or attempt == 2:
            return
        fresh = booking_values(call)
        changed = r.choice([role for role in ("day", "time") if role in tool.roles])
        roles = [changed] if r.random() < 0.6 or "time" not in tool.roles else ["day", "time"]
        words = when(call, roles)
        if not good and "time" in tool.roles and r.random() < 0.2:
            call.user(r.choice(YES), False)
            call.say("For what day and time?", "ask")
            roles = ["day", "time"]
            call.user(upper_first(when(call, roles)) + ".", False, **fresh)
            known.update({role: fresh[role] for role in roles})
            continue
        if good:
            start = r.choice(
                ("No, I mean ", "Sorry, I meant ", "No, ", "Actually, ", "Wait, no, ", "I mean ")
            )
        else:
            start = r.choice(
                ("How about ", "What about ", "Then ", "Maybe ", "Yes, ", "Can we do ", "Okay, ")
            )
        call.user(
            start + words + r.choice((".", "?", " instead.", " please.", " then.")), False, **fresh
        )
        known.update({role: fresh[role] for role in roles})


def booking_result(call: Call, known: dict[str, str]) -> str:
    """A good answer of a booking tool."""
    r, lex = call.rng, call.lex
    roll = r.random()
    status = lex.pick("confirmed", "confirmed", "booked", "ok", "success")
    if roll < 0.45:
        return json.dumps({"status": status})
    if roll < 0.6:
        data: dict[str, object] = {"status": status, "id": r.randint(1, 99)}
        data |= {role: call.heard(known[role]) for role in ("day", "time") if role in known}
        return json.dumps(data, separators=(",", ":") if r.random() < 0.7 else None)
    if roll < 0.7:
        return json.dumps({"status": status, lex.pick("code", "number", lex.word()): lex.digits()})
    sentence = lex.fill(
        lex.pick(
            "Your {word} is booked for {day}.", "See you on {day}.", "The {word} is confirmed.",
            "Booked with {person}.", "We have reserved a {word} for you.", "Your code is {digits}.",
        )
    )  # fmt: skip
    return json.dumps({"result": sentence}) if roll < 0.85 else sentence


def booked_noun(tool: Tool) -> str:
    """What the agent calls the thing this tool books."""
    name = tool.name.lower()
    for part, noun in (
        ("appointment", "appointment"),
        ("table", "table"),
        ("reserv", "reservation"),
    ):
        if part in name:
            return noun
    return "booking"


def extras(result: dict[str, str], used: tuple[str, ...]) -> str:
    """The remaining keys of a result as short sentences."""
    return "".join(
        f" The {key.replace('_', ' ')} is {value}."
        for key, value in result.items()
        if key not in used
    )


def confirmed(call: Call, tool: Tool, known: dict[str, str], result: str) -> str:
    """The sentence that follows a good booking."""
    if not result.startswith("{"):
        return result
    data = json.loads(result)
    if "result" in data:
        return str(data["result"])
    day = call.heard(known["day"])
    at = f" at {call.heard(known['time'])}" if "time" in known else ""
    text = f"Your {booked_noun(tool)} is confirmed for {day}{at}".rstrip(".") + "."
    return text + extras(data, ("status", "id", "day", "time"))


def error(call: Call) -> str:
    """A tool's failure."""
    reason = call.rng.choice(ERRORS).replace("{x}", call.lex.word())
    return json.dumps({"error": reason})
