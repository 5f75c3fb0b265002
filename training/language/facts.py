"""Writes one owner's prompt: who the agent is, what is true, how it should speak."""

from __future__ import annotations

import topics
from hours import HOURS_ASKS, day_question, write_hours
from owners import Ask, FactLexicon, Owner, missing, upper_first
from prices import absent_prices, write_prices


class Writer:
    """Writes one owner's prompt from a lexicon."""

    def __init__(self, lexicon: FactLexicon) -> None:
        self.lexicon = lexicon
        self.rng = lexicon.rng

    def owner(self, easy: bool = False) -> Owner:
        """A whole prompt with its questions; an easy one has only a few facts."""
        lex, r = self.lexicon, self.rng
        business = None if r.random() < 0.05 else lex.business()
        role = r.choice(topics.ROLES_UNNAMED if business is None else topics.ROLES)
        role = lex.fill(role.replace("{b}", business or ""))
        who = f"Hello, thank you for calling {business}. How can I help you?"
        owner = Owner("", who if business else "Hello. How can I help you?", business)
        listed = r.random() < 0.18
        parts: list[str] = []
        count = r.choice((0, 1, 1, 2, 3) if easy else (1, 2, 3, 3, 4, 4, 5, 5, 6, 8))
        names = r.sample(list(topics.TOPICS), len(topics.TOPICS))
        common = [n for n in ("address", "parking", "payment", "manager") if r.random() < 0.45]
        chosen = list(dict.fromkeys(common + names))[:count]
        parts += [self.topic(owner, name, listed) for name in chosen]
        for name in names:
            if name not in chosen:
                self.absent(owner, name)
        parts += [
            self.generic(owner, listed)
            for _ in range(r.choice((0, 1) if easy else (0, 0, 0, 1, 1, 2)))
        ]
        if r.random() < (0.5 if easy else 0.72):
            parts.append(write_prices(lex, owner, listed))
        else:
            absent_prices(lex, owner)
        if r.random() < (0.5 if easy else 0.78):
            parts.append(write_hours(lex, owner, listed))
        else:
            owner.missing.append(lambda: missing(r.choice(HOURS_ASKS)))
            owner.missing.append(lambda: missing(day_question(lex, lex.day())))
        parts += [
            lex.fill(s)
            for s in r.sample(topics.STYLES, r.choice((0, 0, 1) if easy else (0, 0, 1, 1, 2, 2, 3)))
        ]
        if r.random() < 0.3:
            greeting = r.choice(topics.GREETINGS)
            if business:
                greeting = greeting.replace("{business}", business)
            owner.greeting = lex.fill(greeting)
            parts.append(r.choice(topics.GREETING_ORDERS).replace("{g}", owner.greeting))
        r.shuffle(parts)
        glue = r.choice((" ", "\n", "\n- ")) if listed else r.choice((" ", " ", " ", "\n"))
        if glue == " ":
            parts = [part if part[-1] in '.!?"' else part + "." for part in parts]
        owner.prompt = glue.join([role, *parts])
        if r.random() < (0.15 if easy else 0.4):
            self.today(owner)
        generic = lex.fill(f"{lex.word()} {r.choice(topics.KINDS_OF_THING)}")
        owner.missing.append(lambda: missing(r.choice(topics.GENERIC_ASKS).replace("{t}", generic)))
        return owner

    def topic(self, owner: Owner, name: str, listed: bool) -> str:
        """One fact of a fixed topic: its text, with its question added to the owner."""
        lex, r, topic = self.lexicon, self.rng, topics.TOPICS[name]
        asks = topic.asks
        if listed and topic.keys and r.random() < 0.8:
            key, form = r.choice(list(topic.keys.items()))
            value = lex.fill(topic.value)
            text, answer = f"{key}: {value}{lex.pick('', '.')}", form.replace("{v}", value)
        else:
            template = r.choice(topic.prose)
            if name == "staff":
                job = lex.job()
                template = template.replace("{job}", job)
                asks = tuple(a.replace("{t}", job) for a in topics.STAFF_ASKS)
                unknown = lex.job()
                if unknown != job:
                    question = r.choice(topics.STAFF_ASKS).replace("{t}", unknown)
                    owner.missing.append(lambda: missing(question))
            text = answer = upper_first(lex.fill(template))
            if r.random() < 0.05:
                text = lex.pick(
                    f'If callers ask about {name}, say: "{answer}"',
                    f'When someone asks about {name}, answer "{answer}"',
                )
        owner.asks.append(lambda: Ask(lex.fill(r.choice(asks)), answer, "fact"))
        return text

    def absent(self, owner: Owner, name: str) -> None:
        """Make the topic's questions unanswerable ones."""
        lex, r, asks = self.lexicon, self.rng, topics.TOPICS[name].asks
        if name == "services":
            return
        if name == "staff":
            job = lex.job()
            asks = tuple(a.replace("{t}", job) for a in topics.STAFF_ASKS)
        owner.missing.append(lambda: missing(lex.fill(r.choice(asks))))

    def generic(self, owner: Owner, listed: bool) -> str:
        """A fact about something invented, as `X: Y` or in prose."""
        lex, r = self.lexicon, self.rng
        topic = lex.fill(f"{lex.word()} {r.choice(topics.KINDS_OF_THING)}")
        if r.random() < 0.25:
            topic = f"{r.choice(topics.KINDS_OF_THING)} of the {lex.word()}"
        value = lex.fill(
            r.choice(
                ("{word}", "{price}", "{proper} {proper}", "{digits}", "{duration}", "{place}")
            )
        )
        answer = f"The {topic} is {value}."
        text = answer
        if listed or r.random() < 0.2:
            text = f"{upper_first(topic)}: {value}."
        asks = topics.GENERIC_ASKS
        owner.asks.append(lambda: Ask(r.choice(asks).replace("{t}", topic), answer, "fact"))
        return text

    def today(self, owner: Owner) -> None:
        """Append the line that says what day and time it is."""
        lex, r = self.lexicon, self.rng
        date = f"Today is {lex.day()}, {lex.month()} {r.randint(1, 28)}, {r.randint(2024, 2032)}."
        clock = f"It is {r.randint(1, 12)}:{r.randint(0, 59):02} {lex.pick('AM', 'PM')}."
        owner.prompt += f"{lex.pick(chr(10), chr(10) * 2, ' ')}{date} {clock}"
        owner.today = (date, clock)
        owner.asks.append(
            lambda: Ask(lex.pick("What day is it today?", "What is the date today?"), date, "fact")
        )
        owner.asks.append(
            lambda: Ask(lex.pick("What time is it?", "What time is it now?"), clock, "fact")
        )
