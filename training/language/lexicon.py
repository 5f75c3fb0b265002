"""Names, places, times and amounts, each drawn from a training or a held-out share.

Half of every draw is made of random syllables: a model that has seen a word a thousand
times says it from memory, and only words it has never seen teach it to copy.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Sequence

from lists import phrases, words

DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("""
    January February March April May June July August September October November December
""")
DIGITS = words("zero one two three four five six seven eight nine")
SMALL = (*DIGITS, "ten", "eleven", "twelve")
TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
ORDINALS = words("""
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth twentieth
""")

FIRST_NAMES = words("""
    James Mary John Linda Robert Susan Michael Karen David Nancy Maria Carlos Anna Peter Laura
    Kevin Emily Daniel Sarah Thomas Olivia Liam Noah Emma Ava Sophia Lucas Mia Ethan Chloe Jack
    Grace Henry Ella Oscar Lily George Ruby Arthur Alice Omar Fatima Yusuf Aisha Wei Ling Hiro
    Yuki Ivan Olga Pavel Irina Jan Eva Lars Ingrid Sven Astrid Pierre Claire Luis Elena Marco
    Giulia Raj Priya Arjun Meera Kofi Ama Diego Lucia Tom Ben Sam Joe Max Leo Amy Kate Jane Rose
""")
LAST_NAMES = words("""
    Smith Johnson Brown Taylor Miller Davis Wilson Moore Anderson Jackson White Harris Martin
    Thompson Garcia Clark Lopez Lee Walker Hall Young King Wright Scott Green Baker Adams Nelson
    Hill Campbell Mitchell Roberts Carter Phillips Evans Turner Parker Collins Edwards Stewart
    Morris Murphy Cook Rogers Reed Bailey Cooper Kim Chen Wang Singh Patel Khan Ali Novak Kowalski
    Schmidt Weber Fischer Rossi Ferrari Silva Santos Costa Ivanov Petrov Tanaka Sato Nguyen Tran
""")
STREETS = words("""
    Baker Main Oak Maple Church Park Station Mill Green High King Queen Bridge Victoria London
    Cedar Elm Pine Walnut Chestnut Lincoln Washington Jefferson Market Water Spring Lake River
    Hill Valley School College Garden Forest Meadow Ocean Beach Bay Sunset Willow Birch Cherry
    Franklin Madison Union Liberty Center Front Broad State Court Canal Castle Abbey Temple Rose
""")
STREET_KINDS = words("Street Street Road Avenue Lane Drive Square Way Boulevard")
BUSINESS_WORDS = words("""
    Sunrise Bluebird Maple Silver Oakwood Lakeside Corner Golden River Summit Pine Cedar Northside
    Garden Village Royal Happy Family City Green Blue Red White Black Star Moon Sun Ocean Mountain
    Valley Forest Stone Iron Copper Crystal Diamond Pearl Lucky Swift Smart Fresh Pure Prime First
    Grand Central Metro Urban Coastal Western Eastern Union Liberty Eagle Falcon Lion Tiger Fox
    Bear Wolf Rose Lily Daisy Orchid Amber Ruby Jade Smile Comfort Care Bright Clear
""")
BUSINESS_KINDS = phrases("""
Dental|Dental Clinic|Clinic|Salon|Hair Studio|Bakery|Garage|Auto Repair|Hotel|Inn|Pharmacy|
Library|Restaurant|Bistro|Cafe|Gym|Fitness|Bookstore|Law Office|Legal|Vet Clinic|Pet Care|
Flower Shop|Bank|Credit Union|School|Spa|Pizzeria|Travel|Travel Agency|Repair Shop|Plumbing|
Electric|Roofing|Cleaning|Movers|Storage|Insurance|Realty|Properties|Optics|Eye Care|
Physiotherapy|Medical Center|Chiropractic|Yoga|Dance Studio|Music School|Photography|Catering|
Deli|Grill|Sushi|Barbers|Nails|Tattoo|Laundry|Tailors|Jewelers|Hardware|Computers|Software|Taxi|
Car Rental|Bikes|Tires|Carpets|Windows|Heating|Gardens|Daycare|Kindergarten|Tutoring
""")
SERVICES = phrases("""
a cleaning|a checkup|a haircut|an oil change|a massage|a consultation|an eye exam|a delivery|
a room|a repair|a lesson|a filling|a crown|a root canal|a manicure|a pedicure|a facial|
a beard trim|a shave|a color treatment|a car wash|a tire change|a brake check|a tune up|
an inspection|a blood test|a vaccination|a vet visit|a grooming session|a nail trim|a day pass|
a monthly membership|a yoga class|a guitar lesson|a piano lesson|a dance class|a guided tour|
a boat trip|a double room|a single room|a suite|a large pizza|a small pizza|a birthday cake|
a bouquet|a wedding cake|a passport photo|a portrait session|a key copy|a phone repair|
a screen repair|a battery replacement|a house cleaning|a window cleaning|a carpet cleaning|
a legal consultation|a tax return|a will|a translation|a home visit|an hour of parking|an x-ray|
a whitening|a hearing test|a fitting|a hot stone massage|teeth whitening|dry cleaning|
gift wrapping|express shipping|home delivery|airport pickup|breakfast|lunch|dinner
""")
PLACES = phrases("""
behind the building|in front of the building|on the street|in the garage next door|
across the street|in the underground garage|at the back entrance|next to the church|
on the left side of the building|in the yard|on the roof deck|opposite the bank|
in the lot on {street}|next to the {word} tower|behind the {word} store
""")
LANGUAGES = words("""
    English Spanish French German Italian Polish Russian Arabic Hindi Korean Greek
""")
ONSETS = words("""
    b c d f g h j k l m n p r s t v w z br ch cr dr fl gl gr kl pl pr sh sl st th tr qu
""")
VOWELS = words("a e i o u a e i o ai ea oo ou ie")
CODAS = phrases("|||n|r|l|s|t|m|x|ck|nd|rt|sh|ll")
SLOT = re.compile(r"\{(\w+)\}")


class Lexicon:
    """Draws values; `held_out` chooses between two shares that never overlap."""

    def __init__(self, rng: random.Random, held_out: bool = False) -> None:
        self.rng = rng
        self.held_out = held_out

    def keeps(self, value: str) -> bool:
        """Whether this value belongs to this lexicon's share (one in eight is held out)."""
        return (zlib.crc32(value.lower().encode()) % 8 == 0) == self.held_out

    def draw(self, make: Callable[[], str]) -> str:
        """Draw until the value belongs to this share; give up where a short list has none."""
        value = make()
        for _ in range(200):
            if self.keeps(value):
                break
            value = make()
        return value

    def pick(self, *options: str) -> str:
        """One of some equal options, shares not considered."""
        return self.rng.choice(options)

    def pick_kept(self, options: Sequence[str]) -> str:
        """One of a list, from this share."""
        return self.draw(lambda: self.rng.choice(options))

    def fill(self, template: str) -> str:
        """Replace every `{slot}` by a fresh value of the method of that name."""
        while SLOT.search(template):
            template = SLOT.sub(lambda match: getattr(self, match[1])(), template)
        return template

    def syllables(self) -> str:
        """A word of two or three random syllables."""
        r = self.rng
        count = r.choice((1, 2, 2, 2, 3))
        word = "".join(r.choice(ONSETS) + r.choice(VOWELS) for _ in range(count))
        return word + r.choice(CODAS)

    def word(self) -> str:
        """A lower-case word that means nothing."""
        return self.draw(self.syllables)

    def proper(self) -> str:
        """A capitalised word that means nothing."""
        return self.word().capitalize()

    def first(self) -> str:
        """A first name."""
        return self.pick_kept(FIRST_NAMES) if self.rng.random() < 0.5 else self.proper()

    def last(self) -> str:
        """A family name."""
        return self.pick_kept(LAST_NAMES) if self.rng.random() < 0.5 else self.proper()

    def person(self) -> str:
        """A full name, sometimes with a title."""
        name = f"{self.first()} {self.last()}"
        roll = self.rng.random()
        if roll < 0.1:
            return f"Dr. {self.last()}"
        return f"{self.pick('Mr.', 'Mrs.', 'Ms.')} {self.last()}" if roll < 0.15 else name

    def street(self) -> str:
        """A street with its house number, or a corner."""
        name = self.pick_kept(STREETS) if self.rng.random() < 0.5 else self.proper()
        road = f"{name} {self.rng.choice(STREET_KINDS)}"
        number = self.rng.randint(1, self.rng.choice((20, 99, 999, 4999)))
        roll = self.rng.random()
        if roll < 0.06:
            return f"the corner of {road} and {self.proper()} {self.rng.choice(STREET_KINDS)}"
        if roll < 0.2:
            return f"{number} {road}, {self.proper()}"
        return self.draw(lambda: f"{number} {road}") if self.held_out else f"{number} {road}"

    def city(self) -> str:
        """A town."""
        return self.proper() + self.pick("", "", " City", "ton", "ville", " Falls")

    def business(self) -> str:
        """The name of a business."""
        r = self.rng
        kind = r.choice(BUSINESS_KINDS)
        one = r.choice(BUSINESS_WORDS) if r.random() < 0.5 else self.proper()
        two = r.choice(BUSINESS_WORDS) if r.random() < 0.5 else self.proper()
        shape = r.choice(
            (
                f"{one} {kind}",
                f"{one} {kind}",
                f"{one} {two} {kind}",
                f"{one} {two} {kind}",
                f"{one} {two}",
                f"The {one} {two}",
                f"{one} and {two} {kind}",
                f"{self.last()} {kind}",
                f"{self.first()}'s {kind}",
            )
        )
        return shape if self.keeps(shape) else self.business()

    def service(self) -> str:
        """Something sold, with its article where it has one."""
        if self.rng.random() < 0.55:
            return self.pick_kept(SERVICES)
        word = self.word()
        article = "an" if word[0] in "aeiou" else "a"
        noun = self.pick(
            "treatment", "session", "package", "repair", "class", "tour", "check", "kit", "cut"
        )
        return self.pick(f"{article} {word}", f"{article} {word} {noun}", f"{word} {noun}")

    def amount(self) -> str:
        """A number of dollars as digits."""
        r = self.rng
        top = r.choice((20, 100, 100, 300, 1000, 5000))
        return self.draw(lambda: str(r.randint(2, top)))

    def price(self) -> str:
        """An amount of money as an owner writes it."""
        n, r = self.amount(), self.rng.random()
        if r < 0.36:
            return f"${n}"
        if r < 0.72:
            return f"{n} dollars"
        if r < 0.78:
            return f"${n}.{self.rng.choice(('50', '99', '95', '00', '25'))}"
        if r < 0.84:
            return f"{n} euros"
        if r < 0.88:
            return f"{n} dollars {self.pick('per hour', 'per person', 'per night', 'each')}"
        return self.pick(f"${n} per hour", f"{self.number_words()} dollars", f"£{n}", f"{n} USD")

    def number_words(self) -> str:
        """A number below a hundred in words."""
        r = self.rng
        if r.random() < 0.4:
            return r.choice(SMALL[2:])
        return r.choice(TENS) + ("" if r.random() < 0.5 else " " + r.choice(DIGITS[1:]))

    def count(self) -> str:
        """A small number, written with digits or as a word."""
        return self.pick(str(self.rng.randint(2, 90)), self.number_words())

    def digits(self) -> str:
        """Three to five digits."""
        return "".join(str(self.rng.randint(0, 9)) for _ in range(self.rng.randint(3, 5)))

    def phone(self) -> str:
        """A telephone number."""
        d = [str(self.rng.randint(0, 9)) for _ in range(10)]
        s = "".join(d)
        return self.pick(
            f"{s[:3]}-{s[3:6]}-{s[6:]}", f"{s[:3]}-{s[3:7]}", f"{s[:3]} {s[3:6]} {s[6:]}", f"+1 {s}"
        )

    def site(self) -> str:
        """A web address."""
        return (
            self.word()
            + self.pick("", self.word(), "-" + self.word())
            + self.pick(".com", ".com", ".org", ".net", ".co")
        )

    def mail(self) -> str:
        """An e-mail address."""
        return f"{self.pick('info', 'hello', 'office', self.word())}@{self.site()}"

    def place(self) -> str:
        """Where something is."""
        return self.fill(self.rng.choice(PLACES))

    def duration(self) -> str:
        """A length of time."""
        return f"{self.count()} {self.pick('minutes', 'hours', 'days', 'weeks', 'months', 'years')}"

    def language(self) -> str:
        """A language."""
        return self.pick_kept(LANGUAGES) if not self.held_out else self.rng.choice(LANGUAGES)

    def year(self) -> str:
        """A year."""
        return str(self.rng.randint(1890, 2024))

    def month(self) -> str:
        """A month."""
        return self.rng.choice(MONTHS)

    def day(self) -> str:
        """A day of the week."""
        return self.rng.choice(DAYS)

    def spoken_day(self) -> str:
        """A day as a caller says it."""
        r = self.rng
        roll = r.random()
        if roll < 0.76:
            return r.choice(DAYS)
        if roll < 0.82:
            return f"next {r.choice(DAYS)}"
        if roll < 0.94:
            return self.pick("tomorrow", "today", "tomorrow", "the day after tomorrow")
        return self.pick(
            f"{r.choice(MONTHS)} {r.choice(ORDINALS)}",
            f"the {r.choice(ORDINALS)} of {r.choice(MONTHS)}",
        )

    def spoken_time(self) -> str:
        """A time of day as a recogniser writes it."""
        r = self.rng
        hour = r.choice(SMALL[1:])
        half = self.pick("a.m.", "p.m.")
        minutes = self.pick("fifteen", "thirty", "forty five", "twenty", "ten")
        roll = r.random()
        if roll < 0.52:
            return f"{hour} {half}"
        if roll < 0.64:
            return hour
        if roll < 0.7:
            return f"{hour} {minutes}"
        if roll < 0.8:
            return f"{hour} {minutes} {half}"
        if roll < 0.85:
            return f"{hour} o'clock"
        if roll < 0.88:
            return self.pick(
                "noon", f"half past {hour}", f"quarter past {hour}", f"quarter to {hour}"
            )
        n = r.randint(1, 12)
        return self.pick(
            f"{n} {half}", f"{n}:{r.choice(('00', '15', '30', '45'))} {half}", f"{n}:30"
        )

    def spoken_number(self) -> str:
        """Digits said one by one."""
        return " ".join(DIGITS[int(d)] for d in self.digits())

    def hours_span(self) -> str:
        """From when to when, in one of an owner's ways to write it."""
        r = self.rng
        start, end = r.randint(6, 11), r.randint(1, 10)
        left = r.choice(("", "", "", ":30", ":15", ":45"))
        right = r.choice(("", "", "", ":30", ":15", ":45"))
        style = r.randint(0, 9)
        if style < 4:
            span = f"{start}{left} am to {end}{right} pm"
        elif style == 4:
            span = f"{start}{left or ':00'} to {end + 12}{right or ':00'}"
        elif style == 5:
            span = f"{start}{left}am-{end}{right}pm"
        elif style == 6:
            link = self.pick("to", "until", "-")
            span = f"{start}{left or ':00'} am {link} {end}{right or ':00'} pm"
        elif style == 7:
            span = f"{start:02}{left or ':00'} - {end + 12}{right or ':00'}"
        elif style == 8:
            span = f"{SMALL[start]} to {SMALL[end]}"
        else:
            span = f"{start}{left} a.m. to {end}{right} p.m."
        return span if self.keeps(span) else self.hours_span()
