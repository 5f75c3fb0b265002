"""What owners write about their business, and how callers ask about it.

A prose sentence is answered by itself, word for word. A `Key: value` line is answered by the
sentence beside its key, so that every answer is a function of the prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lists import lines, phrases, words


@dataclass(frozen=True)
class Topic:
    """One kind of fact: its sentences, its `key -> answer` lines and its questions."""

    prose: tuple[str, ...]
    keys: dict[str, str] = field(default_factory=dict)
    value: str = ""
    asks: tuple[str, ...] = ()


TOPICS: dict[str, Topic] = {
    "address": Topic(
        lines("""
        We are at {street}.
        We are located at {street}.
        Our address is {street}.
        Our office is at {street}.
        The address is {street}.
        You find us at {street}.
        You can find us at {street} in {city}.
        We are at {street}, {place}.
        Our shop is on {street}.
        The business is located at {street}."""),
        {"Address": "We are at {v}.", "Location": "We are at {v}.", "Where": "We are at {v}."},
        "{street}",
        lines("""
        Where are you located?
        Where are you?
        What is your address?
        What's the address?
        Where is your office?
        Can you give me your address?
        Where can I find you?
        How do I get there?
        What street are you on?
        Where is the shop?
        Could you tell me where you are located?
        What is your location?"""),
    ),
    "parking": Topic(
        lines("""
        Parking is {place}.
        You can park {place}.
        There is free parking {place}.
        Free parking is available {place}.
        Customers can park {place}.
        We have parking {place}.
        Parking costs {price}.
        There is no parking on site.
        The parking lot is {place}."""),
        {"Parking": "Parking is {v}."},
        "{place}",
        lines("""
        Where can I park?
        Do you have parking?
        Is there parking?
        Is there a parking lot?
        Where do I park my car?
        What about parking?
        Can I park there?
        Is parking available?
        Where should I park?
        How is the parking?"""),
    ),
    "manager": Topic(
        lines("""
        The manager is {person}.
        Our manager is {person}.
        The name of the manager is {person}.
        {person} is the manager.
        Our manager's name is {person}."""),
        {"Manager": "The manager is {v}."},
        "{person}",
        lines("""
        Who is the manager?
        What is the name of the manager?
        Who's in charge?
        What is the manager's name?
        Can you tell me who the manager is?
        Who manages the place?"""),
    ),
    "owner": Topic(
        lines("""
        The owner is {person}.
        Our owner is {person}.
        {person} is the owner.
        The business is owned by {person}.
        The company belongs to {person}."""),
        {"Owner": "The owner is {v}."},
        "{person}",
        lines("""
        Who is the owner?
        Who owns the business?
        What is the owner's name?
        What is the name of the owner?
        Who does the company belong to?"""),
    ),
    "staff": Topic(
        lines("""
        The {job} is {person}.
        Our {job} is {person}.
        {person} is our {job}.
        The {job} on duty is {person}.
        Our {job} is called {person}."""),
        {},
        "",
        (),
    ),
    "payment": Topic(
        lines("""
        We accept {payment}.
        We take {payment}.
        You can pay with {payment}.
        Payment is by {payment}.
        Customers can pay by {payment}.
        We accept {payment}, but no checks."""),
        {"Payment": "We accept {v}.", "Payment methods": "We accept {v}."},
        "{payment}",
        lines("""
        How can I pay?
        Do you accept cards?
        What payment do you accept?
        Can I pay with card?
        Do you take credit cards?
        Can I pay cash?
        What forms of payment do you take?
        Which payment methods do you accept?
        Do you take cash?
        Do you accept {payword}?"""),
    ),
    "phone": Topic(
        lines("""
        Our phone number is {phone}.
        The phone number is {phone}.
        You can call us at {phone}.
        Our number is {phone}."""),
        {"Phone": "Our phone number is {v}.", "Phone number": "Our phone number is {v}."},
        "{phone}",
        lines("""
        What is your phone number?
        Can I have your phone number?
        What number can I call?
        What's your telephone number?
        Could you give me your phone number?"""),
    ),
    "website": Topic(
        lines("""
        Our website is {site}.
        Visit our website at {site}.
        The website is {site}.
        You can find more on {site}.
        Our web page is {site}."""),
        {"Website": "Our website is {v}.", "Web": "Our website is {v}."},
        "{site}",
        lines("""
        What is your website?
        Do you have a website?
        What's your web address?
        Can I find you online?
        Are you on the internet?"""),
    ),
    "email": Topic(
        lines("""
        Our email is {mail}.
        Our email address is {mail}.
        You can write to {mail}.
        Send us an email at {mail}."""),
        {"Email": "Our email is {v}.", "E-mail": "Our email is {v}."},
        "{mail}",
        lines("""
        What is your email?
        Do you have an email address?
        Can I write you an email?
        Where can I send an email?
        What's your email address?"""),
    ),
    "services": Topic(
        lines("""
        We offer {list}.
        Our services are {list}.
        We do {list}.
        We specialize in {list}.
        Our services include {list}.
        We sell {list}."""),
        {"Services": "We offer {v}."},
        "{list}",
        lines("""
        What services do you offer?
        What do you offer?
        What do you do?
        Which services do you have?
        What kind of services do you provide?
        What can I get there?
        Can you tell me what services you have?"""),
    ),
    "languages": Topic(
        lines("""
        We speak {language} and {language}.
        Our staff speaks {language}, {language} and {language}.
        We also speak {language}.
        Our team speaks {language}."""),
        {"Languages": "We speak {v}."},
        "{language} and {language}",
        lines("""
        What languages do you speak?
        Do you speak {language}?
        Does anyone speak {language}?
        Which languages do you speak?
        Is there someone who speaks {language}?"""),
    ),
    "wifi": Topic(
        lines("""
        The wifi password is {word}.
        We have free wifi.
        Wifi is free for guests.
        The wifi is called {word}."""),
        {"Wifi password": "The wifi password is {v}.", "Wifi": "The wifi is {v}."},
        "{word}",
        lines("""
        Do you have wifi?
        What is the wifi password?
        Is there wifi?
        Can I use the wifi?"""),
    ),
    "pets": Topic(
        lines("""
        Pets are welcome.
        Pets are not allowed.
        Dogs are allowed on a leash.
        Small dogs are welcome.
        Pets cost {price}."""),
        {"Pets": "Pets are {v}."},
        "welcome",
        lines("""
        Can I bring my dog?
        Are pets allowed?
        Do you allow pets?
        Can I come with my dog?
        Are dogs welcome?"""),
    ),
    "delivery": Topic(
        lines("""
        We deliver within {count} miles.
        Delivery is free above {price}.
        Delivery costs {price}.
        Delivery takes {duration}.
        We do not deliver.
        We deliver to {city}."""),
        {"Delivery": "Delivery is {v}."},
        "{price}",
        lines("""
        Do you deliver?
        How much is delivery?
        Is there delivery?
        Can you deliver to my house?
        What about delivery?
        How long does delivery take?"""),
    ),
    "refund": Topic(
        lines("""
        Refunds are given within {duration}.
        We give refunds within {duration}.
        Refunds take {duration}.
        Returns are accepted within {duration}.
        We do not give refunds."""),
        {"Refunds": "Refunds are {v}."},
        "within {duration}",
        lines("""
        Can I get a refund?
        What is your refund policy?
        Do you give refunds?
        Can I get my money back?
        How do refunds work?
        Can I return it?"""),
    ),
    "emergency": Topic(
        lines("""
        For emergencies call {phone}.
        In an emergency, call {phone}.
        The emergency number is {phone}.
        Emergencies are seen the same day."""),
        {"Emergency number": "The emergency number is {v}."},
        "{phone}",
        lines("""
        What do I do in an emergency?
        What is the emergency number?
        Do you have an emergency number?
        It is an emergency. What should I do?
        Who do I call in an emergency?"""),
    ),
    "walkins": Topic(
        lines("""
        Walk-ins are welcome.
        Walk-ins are welcome {day} only.
        No appointment is needed.
        We only see people with an appointment.
        Appointments are required."""),
        {},
        "",
        lines("""
        Do I need an appointment?
        Can I just walk in?
        Do you take walk-ins?
        Can I come without an appointment?
        Do I have to make an appointment?"""),
    ),
    "discount": Topic(
        lines("""
        Students get {count} percent off.
        There is a discount of {count} percent for seniors.
        New customers get {count} percent off.
        Members get a discount of {price}."""),
        {"Discount": "The discount is {v}."},
        "{count} percent",
        lines("""
        Do you have a discount?
        Are there any discounts?
        Is there a student discount?
        Can I get a discount?
        Do you have any special offers?"""),
    ),
    "holidays": Topic(
        lines("""
        We are closed on public holidays.
        We are open on public holidays.
        We are closed in {month}.
        On holidays we are closed."""),
        {},
        "",
        lines("""
        Are you open on holidays?
        Are you closed on public holidays?
        What about public holidays?
        Are you open on Christmas?"""),
    ),
}

KINDS_OF_THING = words("""
    code fee deposit password color name size limit number room floor team menu plan rate guide
""")
GENERIC_ASKS = lines("""
    What is the {t}?
    What's the {t}?
    Can you tell me the {t}?
    Could you tell me the {t}?
    I would like to know the {t}.
    Tell me the {t}.
    Do you know the {t}?
    I need the {t}.
    What about the {t}?""")
STAFF_ASKS = lines("""
    Who is the {t}?
    What is the name of the {t}?
    What is the {t} called?
    Can you tell me the name of the {t}?
    Who is your {t}?""")
JOBS = phrases("""
dentist|doctor|chef|nurse|teacher|trainer|mechanic|lawyer|accountant|stylist|coach|vet|pharmacist|
technician|director|assistant|head {word}|senior {word}|{word} expert
""")
PAYMENTS = phrases("""
cash and cards|cards only|cash only|cash, cards and checks|all major credit cards|
cash or bank transfer|Visa and Mastercard|credit cards and cash|cash and mobile payments|
debit cards only|{proper} cards and cash
""")
PAY_WORDS = phrases("cards|checks|credit cards|cash|American Express|Visa|mobile payments")
THINGS = phrases("""
your ID|your passport|a towel|your insurance card|a photo|your {word} card|comfortable shoes|
proof of address|your old {word}|a water bottle
""")
GREETINGS = lines("""
    Hello, this is {business}. How may I help you?
    Thanks for calling {business}, what can I do for you?
    Good day! You have reached {business}.
    Hi there, {proper} speaking, how can I help?
    Welcome to {business}, my name is {first}.
    Hello and welcome. Please tell me how I can help you.
    You are speaking with the {word} assistant of {business}.
    {business}, good morning. What can I do for you today?
    Hi! {first} from {business} here.
    {proper} {word} and {word}, hello!""")
GREETING_ORDERS = lines("""
    Greet callers with: "{g}"
    Start every call with "{g}"
    Start the call by saying: "{g}"
    Greeting: "{g}"
    When the call starts, say: "{g}"
    Your first sentence is: "{g}"
    Always begin with "{g}"
    Answer the phone with "{g}\"""")
ROLES = lines("""
    You are the receptionist of {b}.
    You are a friendly receptionist for {b}.
    You are a helpful phone agent for {b}.
    You answer calls for {b}.
    You are the phone assistant of {b}.
    You work at the front desk of {b}.
    You are {first}, the receptionist at {b}.
    You are {first}, a polite assistant for {b}.
    {b} is a small business in {city}. You answer its phone.
    This is the phone line of {b}.
    You are an AI receptionist for {b}, a family business.
    You take calls for {b} in {city}.
    Business: {b}.
    You are the voice of {b}.
    Act as the receptionist of {b}.
    You are the virtual assistant of {b}. Callers are customers.""")
ROLES_UNNAMED = lines("""
    You are a receptionist.
    You are a helpful phone agent.
    You answer the phone for a small business.
    You are a friendly assistant on the phone.""")
STYLES = lines("""
    Answer callers briefly and kindly.
    Be brief.
    Be polite.
    Keep answers short.
    Speak slowly and clearly.
    Use one or two sentences.
    Always be friendly and patient.
    Never give medical advice.
    Do not make up facts.
    Never talk about politics.
    If you do not know something, say so.
    Do not discuss other companies.
    Be professional at all times.
    Help callers with their questions.
    Only answer questions about the business.
    Callers are often in a hurry.
    Our customers love us.
    We are a small team with a big heart.
    Quality matters to us.
    Use the tools when you need them.
    Book appointments with the tool.
    Ask for the day and the time before you book.
    Use simple words.
    Do not use lists or symbols, because you speak on the phone.
    Here is what you need to know.
    The following facts are true.
    Stay calm when a caller is upset.
    If a caller wants to end the call, say goodbye.
    {proper} is proud of its {word} tradition.
    The team loves {word} music.
    Many callers come from {city}.
    Keep the tone {word} and warm.""")
