"""Prices as owners write them and callers ask for them."""

from __future__ import annotations

from owners import Ask, FactLexicon, Owner, bare, missing, upper_first

PRICE_ASKS = (
    "How much is {s}?",
    "How much does {s} cost?",
    "What is the price of {s}?",
    "What does {s} cost?",
    "What do you charge for {s}?",
    "How much do you charge for {s}?",
    "What's the price for {s}?",
    "Can you tell me how much {s} is?",
    "And {s}?",
    "I would like to know the price of {s}.",
    "How expensive is {s}?",
    "What would {s} cost me?",
    "How much for {s}?",
    "What about {s}, how much is that?",
)
ALL_PRICES_ASKS = (
    "What are your prices?",
    "How much do you charge?",
    "Can you tell me your prices?",
    "What does it cost?",
    "How much is it?",
)


def write_prices(lexicon: FactLexicon, owner: Owner, listed: bool) -> str:
    """One to five priced services in one of many written forms."""
    lex, r = lexicon, lexicon.rng
    names: list[str] = []
    for _ in range(r.choice((1, 1, 2, 2, 2, 3, 3, 4))):
        name = lex.service()
        if all(bare(name) != bare(other) for other in names):
            names.append(name)
    pairs = [(name, lex.price()) for name in names]
    style = r.randint(0, 7) if not listed else r.randint(4, 8)
    together = True
    if style <= 2:
        verb = lex.pick("costs", "costs", "is")
        clauses = [f"{n} {verb} {p}" for n, p in pairs]
        comma = lex.pick(" and ", ", and ")
        text = clauses[0]
        if len(clauses) > 1:
            text = ", ".join(clauses[:-1]) + comma + clauses[-1]
        text = upper_first(text) + "."
    elif style == 3:
        together = len(pairs) == 1
        forms = (
            "{n} costs {p}.",
            "{n} is {p}.",
            "The price of {n} is {p}.",
            "We charge {p} for {n}.",
        )
        text = " ".join(
            upper_first(r.choice(forms).replace("{n}", n).replace("{p}", p)) for n, p in pairs
        )
    elif style == 4:
        clauses = [f"{p} for {n}" for n, p in pairs]
        text = "We charge " + (
            ", ".join(clauses[:-1]) + " and " + clauses[-1] if len(clauses) > 1 else clauses[0]
        )
        text += "."
    elif style <= 6:
        pairs = [(bare(n), p) for n, p in pairs]
        joint = lex.pick(": ", " ", " - ", " for ") if style == 5 else " "
        if joint == " for ":
            clauses = [f"{n} for {p}" for n, p in pairs]
        else:
            clauses = [f"{n}{joint}{p}" for n, p in pairs]
        text = f"{lex.pick('Prices', 'Our prices', 'Price list', 'Services and prices')}: "
        text += lex.pick(", ", "; ").join(clauses) + "."
    else:
        together = False
        pairs = [(bare(n), p) for n, p in pairs]
        joint = lex.pick(": ", " - ", " costs ")
        glue = "\n" if style == 7 else lex.pick("\n", "\n- ", ". ")
        text = glue.join(f"{upper_first(n)}{joint}{p}" for n, p in pairs)
        text += "." if glue == ". " else ""
    owner.prices = pairs
    for pair in pairs:
        owner.asks.append(lambda pair=pair: price_ask(lexicon, *pair))  # type: ignore[misc]
    if together and style <= 4:
        owner.asks.append(lambda: Ask(r.choice(ALL_PRICES_ASKS), text, "fact"))
    absent_prices(lexicon, owner)
    return text


def price_ask(lexicon: FactLexicon, name: str, price: str) -> Ask:
    """A question about a listed price."""
    spoken = lexicon.pick(name, name, f"the {bare(name)}", bare(name))
    if name == bare(name) and lexicon.rng.random() < 0.5:
        spoken = ("an " if name[0] in "aeiou" else "a ") + name
    question = lexicon.rng.choice(PRICE_ASKS).replace("{s}", spoken)
    return Ask(question, f"{upper_first(name)} costs {price}.", "price")


def absent_prices(lexicon: FactLexicon, owner: Owner) -> None:
    """Ask for the price of something that is not listed."""

    def ask() -> Ask:
        name = lexicon.service()
        while any(bare(name) == bare(other) for other, _ in owner.prices):
            name = lexicon.service()
        return missing(price_ask(lexicon, name, "").question)

    owner.missing += [ask, ask, ask]
