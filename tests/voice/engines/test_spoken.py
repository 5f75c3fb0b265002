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
        ("It is $1,234.50 today.", "It is 1234 dollars and 50 cents today."),
        ("$5k, $1.5M and $2bn", "5 thousand dollars, 1.5 million dollars and 2 billion dollars"),
        ("10 €, USD 50 or 50 GBP", "10 euros, 50 dollars or 50 pounds"),
        ("€1.234,50 and €9,99", "1234 euros and 50 cents and 9 euros and 99 cents"),
        ("5¢", "5 cents"),
        ("-$5", "minus 5 dollars"),
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
        ("at 3:05 p.m.", "at three oh five PM."),
        ("9 a.m.-5 p.m. daily", "nine AM to five PM daily"),
        # days and dates
        ("Mon-Fri 9-5, Sat 10-2", "Monday to Friday nine to five, Saturday ten to two"),
        ("Monday-Friday", "Monday to Friday"),
        ("on Wed. at noon", "on Wednesday at noon"),
        ("closed Sat and Sun.", "closed Saturday and Sunday."),
        ("The Sun is up and Sat fell.", "The Sun is up and Sat fell."),
        ("on 2026-11-20", "on November 20, 2026"),
        ("Nov. 20", "November 20"),
        ("2026-13-40", "2026-13-40"),
        ("11/21/2026 or 3/4/26", "November 21, 2026 or March 4, 2026"),
        ("21/11/2026", "November 21, 2026"),
        ("by 3/15, 13/13/2026", "by March 15, 13/13/2026"),
        (
            "the 21st, in the 1990s and 2020s",
            "the 21st, in the nineteen nineties and twenty twenties",
        ),
        # telephone numbers
        ("Call 555-0100.", "Call five five five, zero one zero zero."),
        ("(555) 010-0123", "five five five, zero one zero, zero one two three"),
        ("+1 555 010 0123", "plus one, five five five, zero one zero, zero one two three"),
        ("+15550100123", "plus one, five five five, zero one zero, zero one two three"),
        ("1-800-555-0100", "one, eight zero zero, five five five, zero one zero zero"),
        ("020 7946 0958", "zero two zero, seven nine four six, zero nine five eight"),
        ("call 911", "call nine one one"),
        ("(555)555-0100", "five five five, five five five, zero one zero zero"),
        ("1800-555-0100", "one eight zero zero, five five five, zero one zero zero"),
        ("5550100123", "five five five, zero one zero, zero one two three"),
        ("555-0100 ext. 12", "five five five, zero one zero zero extension one two"),
        # numbers that are names
        ("Your order 48213 is ready.", "Your order four eight two one three is ready."),
        ("order number is 4821", "order number is four eight two one"),
        ("Order #123", "Order one two three"),
        ("confirmation code AB-1234", "confirmation code ay B, one two three four"),
        ("AB-1234 and BA2490", "ay B, one two three four and B ay two four nine zero"),
        ("No. 5, #5 and Order #12", "number 5, number 5 and Order number 12"),
        ("room A4, seat 12B, MP3", "room ay 4, seat 12 B, MP3"),
        ("COVID-19, I-95", "COVID-19, I-95"),
        ("12345678", "one two three four five six seven eight"),
        ("room 12 in 1999, 1.5 hours, pages 100-120", "room 12 in 1999, 1.5 hours, pages 100-120"),
        # addresses
        ("anna.smith@example.com", "anna dot smith at example dot com"),
        ("See https://www.example.com/menu.", "See www dot example dot com slash menu."),
        ("go to example.com, please", "go to example dot com, please"),
        ("Dr. Smith, 12 Baker St.", "Doctor Smith, 12 Baker Street."),
        ("12 Main St. St. Mary's, Mt. Hope", "12 Main Street. Saint Mary's, Mount Hope"),
        ("3 Oak Dr., Apt. 5B, Ste. 200", "3 Oak Drive, apartment 5 B, suite 200"),
        ("Mr. and Mrs. Lee, Prof. May", "Mister and Missus Lee, Professor May"),
        ("https://example.com/a?b=1#c", "example dot com slash a"),
        ("anna-b@example.co.uk.", "anna dash b at example dot co dot uk."),
        # signs and short forms
        ("50% off & more", "50 percent off and more"),
        ("24/7, e.g. at night, 20 mins", "twenty-four seven, for example at night, 20 minutes"),
        # measures
        ("5km, 5 km. It is 1 km.", "5 kilometers, 5 kilometers. It is 1 kilometer."),
        ("a 5-mile or 5-min walk", "a 5-mile or 5-minute walk"),
        ("1 hr, 20 mins. later", "1 hour, 20 minutes later"),
        ("at 60 mph, 2.5kg, 100 m²", "at 60 miles an hour, 2.5 kilograms, 100 square meters"),
        ("5 in the morning, 6in", "5 in the morning, 6 inches"),
        ("5 ft 10 in, 5'10\"", "5 foot 10, 5 foot 10"),
        (
            "1/2 cup, 2 1/2, 1 3/4, ½, 2¼",
            "one half cup, 2 and a half, 1 and three quarters, one half, 2 and a quarter",
        ),
        ("2/3 and 5/7", "two thirds and 5/7"),
        ("7 days/week, and/or", "7 days per week, or"),
        (
            "It is -3, -5°C or 70 °F.",
            "It is minus 3, minus 5 degrees Celsius or 70 degrees Fahrenheit.",
        ),
        ("~5, ±2, 10+ years", "about 5, plus or minus 2, 10 plus years"),
        ("< 5 or > 9", "less than 5 or more than 9"),
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


def test_dates_are_read_as_the_country_writes_them() -> None:
    assert spoken("3/4/2026", "en-US") == "March 4, 2026"
    assert spoken("3/4/2026", "en-GB") == "April 3, 2026"
    assert spoken("3/14/2026", "en-GB") == "March 14, 2026"


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
