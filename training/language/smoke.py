"""One owner's prompt and one call that must go right word by word; never trained on."""

from __future__ import annotations

from typing import Any

PROMPT = (
    "You are the receptionist of Bright Smile Dental. Answer callers briefly and kindly. "
    "We are open Monday to Friday from 9 am to 5 pm and Saturday from 10 am to 2 pm. "
    "We are closed on Sunday. We are at 12 Harbor Street. Parking is behind the building. "
    "A cleaning costs 80 dollars and a checkup costs 50 dollars. The dentist is Maria Lopez. "
    "We accept cash and cards."
)
CLOCK = "Today is Friday, November 20, 2026. It is 2:05 PM."
TOOLS = (("book_appointment", ("day", "time")), ("end_call", ()))

HOURS = "We are open Monday to Friday from 9 am to 5 pm and Saturday from 10 am to 2 pm."
REFUSAL = "I am sorry, I do not have that information."
BYE = 'Thank you for calling. Goodbye!<tool_call>{"name": "end_call", "arguments": {}}</tool_call>'
CONFIRMED = '{"status": "confirmed"}'

# What the caller (or a tool, where it starts with a brace) says, and what must be answered.
TURNS: tuple[tuple[str, str], ...] = (
    ("", "Hello, thank you for calling Bright Smile Dental. How can I help you?"),
    ("What are your opening hours?", HOURS),
    ("Are you open on Sunday?", "We are closed on Sunday."),
    ("And on Saturday?", HOURS),
    ("Where are you located?", "We are at 12 Harbor Street."),
    ("Where can I park?", "Parking is behind the building."),
    ("How much is a cleaning?", "A cleaning costs 80 dollars."),
    ("And a checkup?", "A checkup costs 50 dollars."),
    ("Can you repeat that?", "A checkup costs 50 dollars."),
    ("how much does a checkup cost", "A checkup costs 50 dollars."),
    ("Who is the dentist?", "The dentist is Maria Lopez."),
    ("Do you accept cards?", "We accept cash and cards."),
    ("How much is a root canal?", REFUSAL),
    ("What is the wifi password?", REFUSAL),
    ("Do you have an email address?", REFUSAL),
    (
        "I would like to book an appointment for Tuesday at ten a.m.",
        '<tool_call>{"name": "book_appointment", "arguments": '
        '{"day": "Tuesday", "time": "ten a.m."}}</tool_call>',
    ),
    (CONFIRMED, "Your appointment is confirmed for Tuesday at ten a.m."),
    ("I need an appointment.", "For what day and time?"),
    (
        "Wednesday at three p.m., please.",
        '<tool_call>{"name": "book_appointment", "arguments": '
        '{"day": "Wednesday", "time": "three p.m."}}</tool_call>',
    ),
    ('{"error": "slot taken"}', "I am sorry, I could not do that. Would you like another time?"),
    (
        "What about Thursday at four p.m.?",
        '<tool_call>{"name": "book_appointment", "arguments": '
        '{"day": "Thursday", "time": "four p.m."}}</tool_call>',
    ),
    (CONFIRMED, "Your appointment is confirmed for Thursday at four p.m."),
    ("Thank you.", "You are welcome. Is there anything else?"),
    ("No, that is all. Goodbye.", BYE),
)


def conversations() -> list[list[tuple[list[dict[str, Any]], str]]]:
    """The call as one long talk and as single questions, with and without the clock line."""
    calls = []
    for prompt in (PROMPT, f"{PROMPT}\n{CLOCK}"):
        system = {"role": "system", "content": prompt}
        history: list[dict[str, Any]] = [system]
        long: list[tuple[list[dict[str, Any]], str]] = []
        short: list[tuple[list[dict[str, Any]], str]] = []
        for said, answer in TURNS:
            if said:
                history.append({"role": "tool" if said[0] == "{" else "user", "content": said})
            long.append((list(history), answer))
            if said and said[0] != "{" and said not in ("Can you repeat that?", "And on Saturday?"):
                alone = [system, {"role": "assistant", "content": TURNS[0][1]}, history[-1]]
                short.append((alone, answer))
            history.append({"role": "assistant", "content": answer})
        calls += [long, short]
    return calls


def tools() -> list[dict[str, Any]]:
    """The two tools in OpenAI's form."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "parameters": {
                    "type": "object",
                    "properties": {param: {"type": "string"} for param in params},
                },
            },
        }
        for name, params in TOOLS
    ]
