"""The tools a prompt lists: their names, their parameters and how callers ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from lexicon import Lexicon
from lists import words

BOOK_VERBS = words("book schedule make create reserve add set request arrange plan new")
BOOK_NOUNS = words("""
    appointment appointment appointment booking reservation visit table session meeting slot
""")
DAY_NAMES = words("day day day day date appointment_day preferred_day")
TIME_NAMES = words("time time time time hour start_time preferred_time")
NAME_NAMES = words("name name name customer_name caller_name")
SERVICE_NAMES = ["service", "service", "treatment", "service_name"]
PEOPLE_NAMES = ["people", "guests", "party_size", "number_of_people"]
ORDER_TOOLS = words("""
    order_status lookup_order track_order check_order get_order_status track_package find_shipment
""")
ORDER_PARAMS = ["order_number", "order_number", "order_id", "tracking_number"]
TRANSFER_TOOLS = words("""
    transfer_call transfer_call transfer forward_call connect_caller route_call transfer_to
""")
TRANSFER_PARAMS = ["destination", "destination", "department", "to", "target"]
END_TOOLS = words("end_call end_call end_call end_call hang_up hangup end_conversation")
VERBS = words("""
    check cancel reset update find get send confirm open close start stop renew block report
    request search print change activate
""")
NOUNS = words("""
    balance account password subscription invoice card ticket delivery address membership policy
    claim contract bill device lesson message receipt refund prescription result
""")
CODE_PARAMS = words("""
    account_number code pin reference member_id ticket_number customer_number id
""")
WORD_PARAMS = words("name city color reason product department_name month last_name brand")


@dataclass(frozen=True)
class Tool:
    """A listed tool; `roles` says what each parameter means, in the order of `params`."""

    family: str
    name: str
    params: tuple[str, ...]
    roles: tuple[str, ...]
    noun: str = ""
    verb: str = ""

    def openai(self) -> dict[str, object]:
        """The tool in the form of OpenAI's API."""
        properties = {param: {"type": "string"} for param in self.params}
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": "",
                "parameters": {
                    "type": "object",
                    "properties": properties,
                    "required": list(self.params),
                },
            },
        }


def styled(lex: Lexicon, name: str) -> str:
    """Now and then camelCase or a prefix instead of plain snake_case."""
    roll = lex.rng.random()
    if roll < 0.03:
        head, *rest = name.split("_")
        return head + "".join(part.capitalize() for part in rest)
    return f"{lex.word()}_{name}" if roll < 0.06 else name


def book_tool(lex: Lexicon) -> Tool:
    """A tool that books a day, a time and perhaps more."""
    r = lex.rng
    verb = r.choice(BOOK_VERBS)
    noun = r.choice(BOOK_NOUNS) if r.random() < 0.85 else lex.word()
    pairs = [("day", r.choice(DAY_NAMES)), ("time", r.choice(TIME_NAMES))]
    for role, names, chance in (
        ("name", NAME_NAMES, 0.18),
        ("service", SERVICE_NAMES, 0.08),
        ("people", PEOPLE_NAMES, 0.04),
    ):
        if r.random() < chance:
            pairs.append((role, r.choice(names)))
    if r.random() < 0.2:
        r.shuffle(pairs)
    if r.random() < 0.06:
        pairs = [pair for pair in pairs if pair[0] != "time"]
    name = lex.draw(lambda: styled(lex, f"{r.choice((verb, r.choice(BOOK_VERBS)))}_{noun}"))
    roles, params = zip(*pairs, strict=True)
    return Tool("book", name, params, roles, noun, verb)


def order_tool(lex: Lexicon) -> Tool:
    """A tool that looks up an order by its number."""
    name = lex.draw(lambda: styled(lex, lex.pick(*ORDER_TOOLS)))
    return Tool("order", name, (lex.pick(*ORDER_PARAMS),), ("code",))


def transfer_tool(lex: Lexicon) -> Tool:
    """A tool that passes the call on."""
    name = lex.draw(lambda: styled(lex, lex.pick(*TRANSFER_TOOLS)))
    return Tool("transfer", name, (lex.pick(*TRANSFER_PARAMS),), ("destination",))


def end_tool(lex: Lexicon) -> Tool:
    """A tool that ends the call; its usual name is in both shares."""
    return Tool("end", lex.pick(*END_TOOLS), (), ())


def other_tool(lex: Lexicon) -> Tool:
    """Any other tool: a verb, a noun and up to one parameter."""
    r = lex.rng

    def make() -> tuple[str, str]:
        noun = r.choice(NOUNS) if r.random() < 0.4 else lex.word()
        return r.choice(VERBS) if r.random() < 0.7 else lex.word(), noun

    verb, noun = make()
    for _ in range(200):
        if lex.keeps(f"{verb}_{noun}"):
            break
        verb, noun = make()
    name = f"{verb}_{noun}"
    if r.random() < 0.08:
        name = verb + noun.capitalize()
    roll = r.random()
    if roll < 0.2:
        return Tool("other", name, (), (), noun, verb)
    if roll < 0.6:
        return Tool("other", name, (r.choice(CODE_PARAMS),), ("code",), noun, verb)
    param = r.choice(WORD_PARAMS) if r.random() < 0.6 else lex.word()
    return Tool("other", name, (param,), ("word",), noun, verb)


def toolbox(lex: Lexicon) -> list[Tool]:
    """Zero to eight tools in any order, at most one of each known family."""
    r = lex.rng
    if r.random() < 0.12:
        return []
    tools: list[Tool] = []
    for make, chance in (
        (book_tool, 0.66),
        (order_tool, 0.4),
        (transfer_tool, 0.5),
        (end_tool, 0.66),
    ):
        if r.random() < chance:
            tools.append(make(lex))
    nouns: set[str] = set()
    for _ in range(r.choice((0, 0, 0, 0, 1, 1, 1, 2, 4))):
        tool = other_tool(lex)
        if tool.noun not in nouns and tool.name not in {t.name for t in tools}:
            tools.append(tool)
            nouns.add(tool.noun)
    r.shuffle(tools)
    return tools[:8]
