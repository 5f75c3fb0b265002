"""What callers and the agent say outside of facts: fixed replies and many ways to ask."""

from __future__ import annotations

from lists import phrases

UNCLEAR = "I am sorry, could you say that again?"
CANNOT = "I am sorry, I cannot do that on this line."
FAILED = "I am sorry, I could not do that."
FAILED_BOOKING = "I am sorry, I could not do that. Would you like another time?"
GOODBYE = "Thank you for calling. Goodbye!"
WELCOME = "You are welcome. Is there anything else?"
ELSE = "Is there anything else?"
HELP = "How can I help you?"
BOX_LINES = (
    "Are you still there?",
    "I am sorry, I have a technical problem.",
    "One moment please.",
    "Hello, are you still there?",
)

TALK: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("Are you a robot?", "Am I talking to a machine?", "Are you a real person?",
         "Are you human?", "Is this a computer?", "Are you an AI?", "Is this a recording?"),
        "I am an automated assistant.",
    ),
    (
        ("How are you?", "How are you doing?", "How are you today?", "How is it going?"),
        "I am fine, thank you. How can I help you?",
    ),
    (
        ("Hello?", "Hello.", "Hi.", "Hi there.", "Good morning.", "Good afternoon.", "Hey."),
        "Hello. How can I help you?",
    ),
    (
        ("Can you hear me?", "Do you hear me?", "Hello, can you hear me?", "Is this working?"),
        "Yes, I can hear you.",
    ),
    (
        ("I have a question.", "Can I ask you something?", "I need some help.", "Can you help me?",
         "I would like some information.", "I need information.", "May I ask a question?"),
        "Of course. How can I help you?",
    ),
    (
        ("Wait a moment.", "Hold on, please.", "One second.", "Just a moment, please.",
         "Give me a second.", "Let me think.", "Hang on."),
        "Of course, take your time.",
    ),
    (
        ("You are very nice.", "You are great.", "That is very kind.", "You sound nice."),
        "Thank you. How can I help you?",
    ),
    (
        ("I am sorry.", "Sorry about that.", "My mistake.", "I made a mistake."),
        "No problem. How can I help you?",
    ),
)  # fmt: skip
THANKS = phrases("""
Thank you.|Thanks.|Thank you very much.|Thanks a lot.|Great, thank you.|Okay, thanks.|
Perfect, thank you.|Oh, thank you so much.|Thanks for your help.
""")
OKAYS = phrases("""
Okay.|Great.|Perfect.|All right.|Good.|Okay, good.|I see.|Got it.|Wonderful.|
That is good to know.|Sounds good.|Very good.|Cool.
""")
YES = phrases("Yes.|Yes, please.|Yeah.|Yes, I do.|Yes, there is.|Sure.|Yep.")
GOODBYES = phrases("""
Goodbye.|Bye.|Bye bye.|Thank you, goodbye.|Thanks, bye.|That is all, thank you.|No, that is all.|
No, thank you.|That's all.|No.|No thanks.|Have a nice day.|Okay, bye.|No, that is everything.|
That would be all.|I have to go now. Goodbye.|Great, thanks, goodbye.|See you.|
Nothing else, thank you.|No, I am good, thank you.|Have a good day, bye.|You can hang up now.|
Talk to you later, bye.|Alright, goodbye.|Thank you, that's all I needed.|No, that's it, thanks.|
Okay, thank you, bye.
""")
REPEATS = phrases("""
Can you repeat that?|Could you repeat that, please?|Sorry, what did you say?|Pardon?|
What did you say?|I did not hear you.|Say that again, please.|Can you say that again?|
I didn't get that.|Sorry?|What was that?|Once more, please.|Repeat that, please.
""")
GO_ON = phrases("""
Sorry, go on.|Go on.|Please go on.|Continue.|Yes, go on.|Sorry, continue.|You were saying?|
Sorry, I interrupted you. Go on.
""")
HERE = ("Yes, I am here.", "Yes, I'm still here.", "I am here.", "Yes, still here.", "I'm here.")
WHO = phrases("""
Who is this?|Who am I talking to?|Who are you?|What company is this?|Is this {x}?|
Where did I call?|What business is this?|Who am I speaking with?
""")
OFF_TOPIC = phrases("""
What is the capital of {x}?|Who is the president of {x}?|What's the weather like?|Tell me a joke.|
How far is the moon?|What is two plus two?|Who won the game?|
Can you recommend a restaurant in {x}?|Do you know {x}?|What do you think about {x}?|
How old are you?|What is your favorite color?|Who is {x}?|What is {x}?|Do you sell {x}?|
Do you have {x}?|Where is {x}?|How tall is {x}?
""")
NOISE = phrases("""
Mm.|Hmm.|The the of.|And then the.|I was.|Uh.|So the.|It is the.|{x} {y}.|The {x} of {y} and.|
But if I.|You know.|Well, um.|What the {x}.|{x}.|I want.|I would like to.|Can I.|How much.|
What is.|And.|Is the.
""")
BOOK_OPENINGS = phrases("""
I would like to {verb} {noun}|I want to {verb} {noun}|Can I {verb} {noun}|
I'd like to {verb} {noun}|I need {noun}|Could I {verb} {noun}|Can I get {noun}|
I would like {noun}|Please {verb} {noun}|Can you {verb} {noun} for me|I'd like {noun}|
Is it possible to {verb} {noun}|Do you have {noun}|Let's {verb} {noun}
""")
ORDER_ASKS = phrases("""
My order number is {n}.|Where is my order {n}?|What is the status of order {n}?|
Can you check order {n}?|I am calling about my order, the number is {n}.|
Could you look up order number {n}?|Has order {n} been shipped?|Order number {n}.|
Where is my package? The number is {n}.|I want to track my order, it is {n}.
""")
ORDER_BARE = (
    "Where is my order?", "Can you check my order?", "I am calling about my order.",
    "I want to know where my package is.", "What is the status of my order?", "Track my order.",
)  # fmt: skip
TRANSFER_ASKS = phrases("""
Can I speak to {d}?|Transfer me to {d}.|I want to talk to {d}.|Let me speak to {d}.|
Please put me through to {d}.|Could you connect me with {d}?|I need to speak with {d}.|
Can you transfer me to {d}?|Connect me to {d}, please.|I would like to talk to {d}.
""")
TRANSFER_BARE = (
    "Can you transfer me?", "Please transfer my call.", "I want to be transferred.",
    "Can you put me through?", "Please connect me.",
)  # fmt: skip
DESTINATIONS = phrases("""
sales|support|billing|the manager|a human|reception|customer service|an agent|a person|accounting|
the front desk|the office|a real person|the owner|technical support|the kitchen
""")
OTHER_ASKS = phrases("""
Please {verb} my {noun}|I want to {verb} my {noun}|Can you {verb} my {noun}|
I would like to {verb} my {noun}|I need to {verb} my {noun}|Could you {verb} the {noun}|
Can you {verb} a {noun} for me|{verb} my {noun}
""")
ORDER_STATES = phrases("""
shipped|delivered|delayed|being packed|cancelled|on the way|ready|at the {x} depot|in transit|
waiting for payment|{x}
""")
ERRORS = phrases("""
slot taken|not available|timeout|not found|invalid|internal error|{x}|no connection
""")
