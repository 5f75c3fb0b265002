import pytest

from thunderbox.voice.spoken import digits, number, spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        # money
        ("A cleaning costs $80.", "A cleaning costs 80 dollars."),
        ("It is $1 or $19.99.", "It is 1 dollar or 19 dollars and 99 cents."),
        ("only $0.50", "only 50 cents"),
        ("$19.5", "19 dollars and 50 cents"),
        ("$1,200 in total", "1200 dollars in total"),
        ("$80-$120", "80 to 120 dollars"),
        ("$80-120", "80 to 120 dollars"),
        ("$2.5 million", "2.5 million dollars"),
        ("$60/hour", "60 dollars per hour"),
        ("€1 and £2.01", "1 euro and 2 pounds and 1 penny"),
        # times of day
        ("We open at 9 am.", "We open at nine AM."),
        ("9am-5pm", "nine AM to five PM"),
        ("10 a.m. to 4 p.m.", "ten AM to four PM."),
        ("at 5 p.m. Anything else?", "at five PM. Anything else?"),
        ("it's 7:30am tomorrow", "it's seven thirty AM tomorrow"),
        ("9:05 pm", "nine oh five PM"),
        ("9:00\u201317:00", "nine o'clock to seventeen hundred"),
        ("at 12:00", "at twelve o'clock"),
        ("we are open 9-5", "we are open nine to five"),
        ("10-15 minutes", "ten to fifteen minutes"),
        ("48:99 and 30:15", "48:99 and 30:15"),
        # days and dates
        ("Mon-Fri 9-5, Sat 10-2", "Monday to Friday nine to five, Saturday ten to two"),
        ("Monday-Friday", "Monday to Friday"),
        ("on Wed. at noon", "on Wednesday at noon"),
        ("closed Sat and Sun.", "closed Saturday and Sunday."),
        ("The Sun is up and Sat fell.", "The Sun is up and Sat fell."),
        ("on 2026-11-20", "on November 20, 2026"),
        ("Nov. 20", "November 20"),
        ("2026-13-40", "2026-13-40"),
        # telephone numbers
        ("Call 555-0100.", "Call five five five, zero one zero zero."),
        ("(555) 010-0123", "five five five, zero one zero, zero one two three"),
        ("+1 555 010 0123", "plus one, five five five, zero one zero, zero one two three"),
        ("+15550100123", "plus one, five five five, zero one zero, zero one two three"),
        ("1-800-555-0100", "one, eight zero zero, five five five, zero one zero zero"),
        ("020 7946 0958", "zero two zero, seven nine four six, zero nine five eight"),
        ("call 911", "call nine one one"),
        # numbers that are names
        ("Your order 48213 is ready.", "Your order four eight two one three is ready."),
        ("order number is 4821", "order number is four eight two one"),
        ("Order #123", "Order one two three"),
        ("confirmation code AB-1234", "confirmation code ay B, one two three four"),
        ("12345678", "one two three four five six seven eight"),
        ("room 12 in 1999, 1.5 hours, pages 100-120", "room 12 in 1999, 1.5 hours, pages 100-120"),
        # addresses
        ("anna.smith@example.com", "anna dot smith at example dot com"),
        ("See https://www.example.com/menu.", "See www dot example dot com slash menu."),
        ("go to example.com, please", "go to example dot com, please"),
        ("Dr. Smith, 12 Baker St.", "Doctor Smith, 12 Baker Street."),
        ("St. Mary's", "St. Mary's"),
        # signs and short forms
        ("50% off & more", "50 percent off and more"),
        ("24/7, e.g. at night, 20 mins", "twenty-four seven, for example at night, 20 minutes"),
        # decoration
        ("**Bold**, _soft_ and `code`", "Bold, soft and code"),
        ("- [our menu](http://x.example/y)", "our menu"),
        ("Great! 🎉", "Great!"),
        ("a_variable_name and 2 * 3 * 4", "a_variable_name and 2 * 3 * 4"),
        ("", ""),
    ],
)
def test_english(written: str, said: str) -> None:
    assert spoken(written) == said


def test_other_languages_only_lose_their_decoration() -> None:
    assert spoken("**Cuesta** $80 a las 9:30", "es-ES") == "Cuesta $80 a las 9:30"


@pytest.mark.parametrize("text", ["What are your opening hours?", "My name is Anna.", "No, 3."])
def test_plain_words_stay(text: str) -> None:
    assert spoken(text) == text


@pytest.mark.parametrize(
    ("value", "words"), [(0, "zero"), (13, "thirteen"), (20, "twenty"), (99, "ninety-nine")]
)
def test_numbers(value: int, words: str) -> None:
    assert number(value) == words


def test_digits_pause_between_groups() -> None:
    assert digits("12-A3") == "one two, ay three"
