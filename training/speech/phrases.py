"""Templates of what is said on a small business's telephone, by either side, and general talk.

One line is one template. ``[a|b|]`` picks one alternative, ``{slot}`` is filled by `sentences.py`.
A line that begins with ``*`` is held out: training never sees it, evaluation reports it apart.
"""

# ruff: noqa: E501 (one line is one template, however long)

from __future__ import annotations

CALLER_HOURS = """
[What are|Could you tell me|Can you tell me|I want to know|Please tell me] your [opening|business|office|store|working|regular] hours{on_day_q}?
What are the [opening|business|office] hours{on_day_q}?
Are you open {on_day}?
Are you open on [weekends|holidays|weekdays|{holiday}]?
Are you [still |]open [now|right now|today|tonight|late|this weekend|this evening]?
[When|What time|At what time] do you [open|close]{on_day_q}?
[When|What time] [are you open|do you open|do you close] [today|tomorrow|tonight|on {weekday}|on {weekday}s]?
How late are you open [today|tonight|tomorrow|on {weekday}|]?
Until [what time|when] are you open{on_day_q}?
What time does the [office|store|shop|clinic|restaurant] [open|close]{on_day_q}?
Do you [open|close] [early|late|at {time}|before {time}|after {time}] {on_day}?
Are you open [from {time} to {time}|until {time}|at {time}|after {time}] {on_day}?
Is the [office|store|shop|clinic] open {on_day}?
And [on {weekday}|on {weekday}s|tomorrow|on the weekend|on Sunday]?
What about [{weekday}|{weekday}s|tomorrow|the weekend|next week|{holiday}]?
I [would like|wanted|want|need] to [know|ask about|ask] your [opening |business |]hours.
Do you have [evening|weekend|Saturday|Sunday|holiday] hours?
* When can I come [in|by] {on_day}?
* Which days are you [open|closed]?
* Can I come by at {time} {on_day}?
* Is anybody there on {weekday} [morning|afternoon|evening]?
"""

CALLER_FACTS = """
How much [is|does|would be|for] {a_service}[| cost]?
How much does {a_service} cost?
How much is {a_service}?
How much do you charge for {a_service}?
What is the price of {a_service}?
What does {a_service} cost?
[What's|What is] the [price|cost] [of|for] {a_service}?
[Can|Could] you tell me the price of {a_service}?
How much would {a_service} be?
Do you offer {service}[| appointments|s]?
Do you do {service}s?
Is {a_service} [expensive|available|possible today|included]?
I want to know the price of {a_service}.
[Where are you|Where are you located|Where is your office|Where is your store|Where exactly are you]?
[What is|What's] your [address|street address|location|phone number|email address|website]?
[Can|Could] [you give me|I have|I get] [your|the] [address|phone number|email address|location][, please|]?
How do I [get there|find you|get to your office|get to you from {place}]?
Are you [near|close to] [the station|downtown|the park|the river|{street}|{place}]?
[Where can I park|Where do I park|Is there parking|Do you have parking|Is parking free|Do you have a parking lot]?
Is there [any |free |]parking [nearby|near your office|behind the building|on the street|]?
Where should I park [my car|when I come|]?
[Who is|Who's|What is the name of] the {staff}?
[What is|What's] the [manager's|owner's|doctor's|dentist's] name?
Can you tell me the name of the {staff}?
Who is in charge [there|of billing|today|]?
Do you [take|accept] {payment}?
Can I pay [by card|with {payment}|in cash|online|by phone|later|in installments]?
How can I pay?
What [kinds of payment|payment methods|forms of payment|cards] do you [accept|take]?
Do you [take|accept] [insurance|my insurance|new patients|walk-ins|credit cards]?
Do I need [an appointment|a reservation|a referral|to bring anything|to pay now]?
How long does {a_service} take?
Do you [deliver|ship] to {place}?
Is [Wi-Fi|delivery|the first visit] free?
Do you have [a discount|any discounts|any offers|gift cards|a waiting room|a restroom|an elevator]?
* What would I have to pay for {a_service}?
* Is there somewhere to leave my car?
* Who runs the [place|office|store|clinic]?
* Which street are you on?
* Would {payment} be okay?
"""

CALLER_BOOKING = """
[I would like|I'd like|I want|I need|I am calling] to [book|make|schedule] an appointment{when}[, please|].
[Can|Could|May] I [book|make|schedule|get|have] an appointment{when}[, please|]?
I [would like|'d like] to book {a_service}{when}[, please|].
[I would like|I'd like|I want|I need] to [book|schedule|come in for] {a_service}{when}.
I [would like to|want to|need to|have to] [change|cancel|move|confirm|reschedule] my [appointment|booking|reservation]{when}.
[Can|Could] [I|you] [change|cancel|move|confirm|reschedule] my [appointment|booking|reservation]{to_when}[, please|]?
Please [cancel|confirm|change|move] my [appointment|booking|reservation]{to_when}.
I have an appointment {on_day}[ at {time}|].
I need an appointment {on_day}[ at {time}|][, please|].
Do you have [anything|any openings|any appointments|something|a free slot|any availability|time] {on_day}[ at {time}| in the morning| in the afternoon|]?
Is {time} [available|free|okay|possible|still open]?
Is {weekday} at {time} [available|free|okay|possible|still open]?
[Can|Could] I come {on_day} at {time}?
{Weekday} at {time}[ works for me| is fine| would be great| please|].
{Day} at {time}[, please|].
At {time}[, please|].
[On|For|This|Next] {weekday}[ at {time}|][, please|].
[The morning|The afternoon|The evening|{Weekday} morning|{Weekday} afternoon] [would be better|is better|works|is fine].
{Time} [works|is fine|is good|is too early|is too late|is perfect|would be great|please].
[It|The appointment] is for [me|my son|my daughter|my wife|my husband|my mother|{name}|two people|{n} people].
I would like a table for {n} [{on_day}|at {time}|tonight at {time}|tomorrow at {time}].
What is the [next|first|earliest] available appointment?
[Can|Could] you [make it|do it] [{on_day}|at {time}|a little later|a little earlier|another day]?
I can't make it [{on_day}|at {time}|today|tomorrow].
I will be [late|a little late|{n} minutes late|there at {time}|there soon].
My appointment [is|was] [{on_day}|at {time}|{on_day} at {time}].
When is my [next |]appointment?
Book me [{on_day} at {time}|for {day} at {time}|for {a_service} {on_day}][, please|].
How about {weekday}[ at {time}|]?
The name is {name}.
It's under {name}.
It is under the name {name}.
* I was hoping to come in {on_day} around {time}.
* Could we do {weekday} at {time} instead?
* Put me down for {time} on {weekday}[, please|].
* Any chance of {a_service} {on_day}?
* I have to call off my appointment {on_day}.
"""

CALLER_ORDER = """
My [order|account|reference|confirmation|invoice|ticket|tracking|customer|booking] number is {digits}.
The [order|account|reference|confirmation|invoice|tracking] number is {digits}.
[Where is|What is the status of|Can you check|I have a question about|I am calling about] [my|the] [order|{item}|package|delivery].
[Where is|Can you check|I want to check|I would like to check] [my|the] order[ number|] {digits}.
[Where is|Where's] [my|the] [order|{item}|package|delivery]?
[What is|What's] the status of [my order|order {digits}|my {item}|order number {digits}]?
[Can|Could] you [check|find|look up|track] [my order|order {digits}|order number {digits}|my {item}][, please|]?
Has my [order|package|{item}|delivery] [shipped|arrived|been sent|left|gone out][ yet|]?
When will my [order|package|{item}|delivery] [arrive|come|be ready|be delivered|be here]?
Is my {item} ready[ yet|]?
Order [number |]{digits}[, please|].
It's {digits}.
It is {digits}.
{Digits}.
{Digits}[, please|].
I would like to order {n} {item}s[, please|].
My {item} [is broken|does not work|doesn't work|arrived late|never arrived|was damaged|is missing|is late].
The {item} [is broken|does not work|doesn't work|arrived late|never arrived|was damaged|is missing|is wrong].
I [forgot|lost|need to reset|want to change|can't find] my [password|card|keys|pin|account number|address|order number].
I want to [return|exchange|cancel|change|track|pay for] my [order|{item}].
My [phone|telephone|cell phone|mobile] number is {phone}.
You can [reach|call] me at {phone}.
My number is {phone}.
My zip code is {zip}.
My [birthday|date of birth] is {date}.
My address is {number} {street}.
I live [at {number} {street}|on {street}|in {place}].
That's {digits}.
The last [three|four] digits are {short_digits}.
I [ordered|bought] {a_item} [last week|yesterday|on {weekday}|{n} days ago|online].
[I want|I'd like|I would like] a refund[ for my {item}|][, please|].
* The confirmation I got says {digits}.
* I've been waiting for my {item} since {weekday}.
* Do you see anything under {digits}?
* They told me it would ship on {weekday}.
"""

CALLER_PERSON = """
[Can I|Could I|May I|I want to|I need to|I would like to|I'd like to|Let me] [speak to|speak with|talk to] {dept}[, please|].
[Can|Could|May] I [speak to|speak with|talk to] {dept}[, please|]?
[Can|Could|May] I [speak to|speak with|talk to] {name}[, please|]?
[Can|Could] you [transfer me to|connect me to|put me through to|get me] {dept}[, please|]?
[Transfer me to|Connect me to|Put me through to|Give me] {dept}[, please|].
Is {first} [there|available|in today|working today|in the office]?
I am [calling|looking] for [{dept}|{name}|{first}].
I have a question for {dept}.
{Dept}, please.
My name is {name}.
This is {name}[| calling| speaking| from {business}].
I'm {name}.
I am {name}.
It's {name}.
{name}.
My name is {odd_name}.
This is {odd_name}.
My [first|last] name is {first_or_last}.
It's spelled {spelled}.
That is spelled {spelled}.
My last name is {last}, {spelled}.
{spelled}.
[Can|Could] I leave a message for [{first}|{name}|{dept}|the {staff}]?
Please [tell|ask] [{first}|the {staff}] to call me back[ at {phone}|].
[Can|Could] someone call me back[ at {phone}| tomorrow| today|]?
Are you a [robot|machine|real person|computer]?
I want a [human|real person].
* Get me someone from {dept_noun}.
* I'd rather deal with {dept}.
* Would {first} be around {on_day}?
"""

CALLER_FLOW = """
[Hello|Hi|Hey|Hi there|Hello there|Good morning|Good afternoon|Good evening].
[Hello|Hi|Hey]?
Hello, [is anyone there|can you hear me|is this {business}|are you there|who is this]?
[Hi|Hello], [I have a question|I need some help|I need help with my {item}|how are you].
[Yes|No|Yeah|Yep|Nope|Sure|Okay|Right|Exactly|Correct|Great|Perfect|Fine|Thanks|Absolutely|Of course|Maybe|Nothing|Alright|Really|Never|Wait|Stop|Please|Sorry|Cancel|Help|Repeat|Continue|Cool|Nice|Good|Bye|Goodbye].
[Mm-hmm|Uh-huh|Hmm|Oh|Ah|Um|Huh].
[Yes|Yeah|Yep], [please|thank you|that's right|that is right|that is correct|that's correct|that works|I am|I do|it is|sure|I would|exactly|that would be great|go ahead|of course].
[No|Nope], [thank you|thanks|that's all|that is all|that's wrong|that is wrong|not really|I don't|I do not|it isn't|I don't think so|that's not right|that's it|nothing else].
[Okay|Alright|Great|Right|Perfect|Good], [thank you|thanks|thanks a lot|bye|that works|got it|see you then|sounds good|I understand|no problem|let's do that].
[That works|That's fine|That's great|That sounds good|Sounds good|Got it|I see|I understand|Makes sense|No problem|Not yet|Not now|Of course|Why not|Me too|All right|Oh, okay|I know|I guess so|I think so|I hope so|Very good].
Thank you[ very much| so much| for your help|].
Thanks[ a lot| so much| for your help| for the information|].
[Thank you|Thanks|Okay, thanks|Thanks a lot|Great, thank you], [goodbye|bye|bye-bye|have a nice day|have a good day|have a great day].
[Goodbye|Bye-bye|Bye|Have a nice day|Have a good one|See you|See you tomorrow|See you on {weekday}|Talk to you later|Take care].
[That's all|That is all|That's it|That was all|Nothing else|That will be all][, thank you|, thanks|].
[Hold on|Hang on|One moment|One second|Just a moment|Just a second|Wait a minute|Wait a second|Give me a second|Let me check][, please|].
[Hold on|Hang on|Wait] a [second|minute|moment][, please|].
[Sorry|I'm sorry], [can you repeat that|could you repeat that|what did you say|can you say that again|I didn't catch that|I didn't hear that|what was that]?
[Sorry|I'm sorry], I [didn't|did not] [catch|hear|understand|get] that.
[Can|Could] you [repeat that|say that again|speak up|speak slower|speak more slowly|speak louder|hear me][, please|]?
[Pardon|Excuse me|What|Sorry|What was that|Come again|What did you say|Say that again]?
I [can't|cannot|can hardly|can barely] hear you.
I don't understand.
[Wait|No|Stop], [stop|wait|no|hold on|that's not what I meant|that's wrong|listen|let me finish|not that one].
No, I [mean|meant] [{weekday}|{time}|{day} at {time}|{a_service}|{digits}|{name}].
I mean [{weekday}|{time}|{day} at {time}|{a_service}].
Actually, [make it {time}|make it {weekday}|I changed my mind|never mind|can we do {weekday}|no|I need something else|that's not right].
[Sorry|Oh|No], not {weekday}, {weekday}.
[Yes|Yeah], I'm [still here|here|still there|on the line].
[I'm still here|I am still here|I'm here|Still here|I'm listening|I was thinking|Let me think].
[Never mind|Forget it|It doesn't matter|Don't worry|Not at all|I'm not sure|I don't know|I am not sure|Maybe later|I'll think about it|It depends].
I will [call back later|call you back|think about it|be there|come by tomorrow|wait].
I'll [call back later|call you back|think about it|be there|come by tomorrow|wait|take it|have that].
[One more thing|One more question|I have another question|Just one more thing].
[Can|Could] you help me[ with my {item}| with something|][, please|]?
[I need help|I need some help|I have a problem|I have a question][ with my {item}| about my {item}|].
[Can|Could] you [send me an email|text me the address|send me the details|give me directions|read that back|check that for me|spell that|explain that|do that for me][, please|]?
[How are you|How is it going|How are you today|How are you doing|What's up|What's going on]?
I'm [fine|good|well|okay|great|doing well|calling about my {item}|in a hurry|driving|at work|just looking], thanks.
I am calling about [my {item}|the {item}|an appointment|a bill|your services|{a_service}].
[Is that okay|Is that right|Are you sure|Is that all|Is that possible|Does that work|Anything else|Can you do that]?
{N}.
{N}[, please|].
{Weekday}.
{Day}[, please|].
{First}.
* Let me write that down.
* You've got the wrong [day|name|number|time].
* Are you still on the line?
* Okay, I'll do that then.
* Could you go over that one more time?
* I'm afraid I have to go.
"""

AGENT_TALK = """
[Hello|Hi|Good morning|Good afternoon], [thank you for calling|thanks for calling|you have reached|welcome to] {business}. How can I help you[ today|]?
[Thank you|Thanks] for calling {business}. [How can I help you|How may I help you|What can I do for you][ today|]?
[Hello|Hi], this is {business}. How can I help[ you|]?
[Hello|Hi], this is {first} [from|at|with] {business}.
How [can|may] I help you[ today|]?
Is there anything else I can [help you with|do for you][ today|]?
Anything else I can help you with?
We are open [{weekday} to {weekday}|Monday to Friday|every day|on weekdays|on {weekday}] from {time} to {time}.
We are open from {time} to {time}[ on {weekday}| on {weekday}s| today| tomorrow| every day|].
We're open [from {time} to {time}|until {time}|at {time}|on {weekday}s|today until {time}|every day].
On {weekday}[|s] we are [open from {time} to {time}|closed|open until {time}].
We [open|close] at {time}[ on {weekday}| today| tomorrow|].
We are [closed|not open] [on {weekday}|on {weekday}s|today|tomorrow|on weekends|on {holiday}].
[Yes|Yes, we are|No|Sorry], we are [open|closed] [on {weekday}|today|tomorrow|from {time} to {time}].
{A_service} [costs|is] {money}.
The price of {a_service} is {money}.
{A_service} costs {money}[ and takes {n} minutes|].
It [costs|is] {money}.
That [will be|would be|is|comes to] {money}.
Your [total|bill|balance] is {money}.
We are at {number} {street}.
We are located at {number} {street}[ in {place}|].
Our [address|office] is [at |]{number} {street}.
The address is {number} {street}.
Parking is {parking}.
[There is|We have|You can find] [free |]parking {parking}.
You can park {parking}.
The {staff} is {name}.
Our {staff} is {name}.
The [manager's|owner's|doctor's] name is {name}.
{name} is our {staff}.
We [accept|take] {payment}[| and {payment}].
You can pay [with|by] {payment}.
[Yes, we|Sorry, we do not|No, we do not|We do not|Yes, we do] [accept|take|offer] [{payment}|insurance|walk-ins|new patients].
Your [appointment|booking|reservation] is [confirmed|booked|scheduled|set] for {day} at {time}.
Your [appointment|booking|reservation] [for|on] {day} [at {time} |]is [cancelled|confirmed].
Your appointment has been [cancelled|changed|moved to {day} at {time}|booked|confirmed].
I [have|'ve] [booked|scheduled|moved] [you|your appointment|{a_service}] for {day} at {time}.
You are [booked|all set|confirmed] for {day} at {time}.
We have [an opening|a free slot|time] {on_day} at {time}.
{Day} at {time} is [available|not available|taken|free|already booked].
[What|Which] day [works for you|would you like|works best for you|is best]?
What [day and time|time|day] would you like[ to come|]?
What time [works for you|would you prefer|works best]?
Would you like [to book an appointment|the morning or the afternoon|{time} or {time}|{weekday} or {weekday}|me to book it|to leave a message]?
Does {day}[ at {time}|] work for you?
[May|Can|Could] I have your [name|phone number|order number|full name|last name|date of birth|email address][, please|]?
What is your [name|phone number|order number|last name|email address]?
Please [tell|give] me your [name|order number|phone number|date of birth].
[So|Okay|Great|Alright], [that is|that's] {day} at {time}[, correct|, right|]?
I am sorry, I [do not have|don't have] that information.
I'm sorry, I don't have that information.
I am sorry, I [cannot|can't] do that[ on this line|].
I am sorry, I do not know[ that|].
I am sorry, [we are closed|we do not offer that|that time is not available|we have no openings {on_day}|I could not find that order|she is not here|he is not here].
I [am sorry|'m sorry], I did not [understand|catch|hear] that. [Can|Could] you [repeat that|say that again]?
[Sorry|I am sorry|I'm sorry], [could|can] you repeat that[, please|]?
I am sorry, I have a technical problem. Please call again later.
Your order [{digits} |]is [on the way|ready|being prepared|delayed|not ready yet|out for delivery|in the warehouse|processing].
Your order [number |]{digits} [has shipped|was delivered {on_day}|will arrive {on_day}|is on the way|is delayed].
Your {item} [is ready|is on the way|will arrive {on_day}|has shipped|was delivered {on_day}].
It will arrive {on_day}[ before {time}|].
I [found|see|checked] your order. It [is on the way|will arrive {on_day}|has shipped|is ready].
[I could not find|I cannot find|I can't find] [that order|order {digits}|an order with that number|your appointment].
Are you still there?
Hello, are you still there?
[One moment|One moment, please|Just a moment, please|Let me check|Let me check that for you|Let me see|Please hold|Please wait|Please hold on|Let me look that up].
One moment please.
I will [transfer|connect] you [to {dept}|now|to {name}].
I'll [transfer|connect] you [to {dept}|now|to {name}].
Transferring you [now|to {dept}].
[Thank you|Thanks] for calling[ {business}|]. [Goodbye|Have a nice day|Have a great day|Bye]!
Thank you for calling. Goodbye!
Goodbye!
[You are welcome|You're welcome|My pleasure|Happy to help|No problem|Of course|Certainly|Sure|Got it|Great|Understood|Absolutely].
[You are welcome|You're welcome]. [Goodbye|Have a nice day|Have a great day]!
[Thank you|Thanks|Great|Okay], {first}. [What day would you like|How can I help you|See you {on_day}|I will check that|Your appointment is confirmed|What time works for you]?
[Okay|Alright|Sure|Great|Certainly], [I can help you with that|let me check|I will do that|I can do that|one moment|see you then|see you {on_day}].
I can [help you with that|book that for you|check that for you|take a message|transfer you to {dept}|tell you our hours].
You said {day} at {time}, [is that right|correct]?
You can [call|reach] us at {phone}.
Our phone number is {phone}.
Please [bring your card|arrive {n} minutes early|call us at {phone}|come at {time}|try again later|leave a message|stay on the line|call back during business hours].
This call [may be|is being|will be] recorded[ for quality|].
I am [a virtual assistant|an automated assistant|the assistant of {business}|not sure|a computer, but I can help].
We offer {service}, {service} and {service}.
We look forward to seeing you[ {on_day}|].
{staff_name} is [busy|not available|in a meeting|with a patient|out today] [at the moment|right now|today].
* Our doors open at {time} and close at {time}.
* You will find us at {number} {street}.
* For {a_service} we charge {money}.
* I've put you down for {time} {on_day}.
* Let me pass you on to {dept}.
* Your parcel should be with you by {day}.
* We would be glad to see you {on_day} at {time}.
"""

GENERAL = """
The {adj} {noun} {past} the {noun}.
The {noun} {past} {a_noun} {prep} the {noun}.
[He|She|They|We|I] {past} the {adj} {noun} {adverb}.
[I|We|They|You] [want|need|like|have|hope|plan|try] to {base} [{adverb}|the {noun}|with {first}|in {place}].
[My|Your|His|Her|Our|Their] {noun} is [very |so |not |too |]{adj}.
[Do|Did|Can|Will|Could|Should|Would] [you|they|we|I|he|she] {base} [{adverb}|the {noun}|with my {noun}|it]?
[Why|When|Where|How] [did|do|can|will|should] [you|they|we|I] {base} the {noun}?
There [is|was] {a_noun} {prep} the {adj} {noun}.
There are [two|three|four|many|some|no] {noun}s {prep} the {noun}.
[I think|I know|I hope|I believe|Maybe|She said|He said|They say] the {noun} is {adj}.
If you {base} the {noun}, I will {base} the {noun}.
{first} and {first} {past} the {noun} {adverb}.
{first} lives in {place}[ with {first}|].
I am [going|flying|driving|moving] [to {place}|from {place} to {place}][ {on_day}|].
What [a {adj} {noun}|kind of {noun} do you like|color is the {noun}]?
What [kind of|color|size of] {noun} [do you like|do you want|was it]?
It [was|is|will be] a {adj}, {adj} {noun}.
This {noun} is [more|less] {adj} than that {noun}.
We [can|could|should|must|will] {base} and {base} {adverb}.
Please {base} the {noun} {prep} the {noun}.
Don't {base} the {noun}.
[He|She] is [my|our|your] [brother|sister|friend|neighbor|teacher|doctor|uncle|cousin|boss].
I [don't|can't|won't|didn't|couldn't] {base} the {noun}[ {adverb}|].
[The weather|It] is [nice|terrible|warm|cold|sunny|rainy|windy] [today|outside|in {place}|this week].
It costs [{money}|nothing|too much].
My {noun} is {n} years old.
{salad}.
{salad}.
{salad}.
{salad}.
{salad}.
{salad}.
{odd_name} {past} {odd_name}.
The {noun} near {odd_name} Street.
{odd_name} {business_kind}.
{n} {noun}s and {n} {noun}s.
[How old|How big|How far|How tall|How far away] is [the {noun}|your {noun}|{place}]?
I [was born|got married|moved here|started work] in {month}.
{First} is coming on {date}.
The meeting is on {date}[ at {time}|].
[Yesterday|Last week|Last night|This morning|Last summer], [I|we|they|she|he] {past} {a_noun}.
I have [lived|worked|studied|waited] [here|there|in {place}] for {n} [years|months|weeks|days|minutes|hours].
[Have you ever|Have you] [been to {place}|seen {a_noun}|met {first}|heard that story]?
That [sounds|looks|seems|is] [great|terrible|interesting|strange|wonderful|like a good idea|right|wrong].
[I love|I like|I hate|I prefer|I enjoy] [the {noun}|music|cooking|reading|walking in the {noun}|long trips].
[Congratulations|Happy birthday|Good luck|Good night|Well done|Welcome back|Nice to meet you|Good to see you], {first}.
[Who|What] {past} the {adj} {noun}?
[Let's|Let us] {base} {adverb}.
We {past} the {noun} because it was {adj}.
When the {noun} is {adj}, we {base} the {noun}.
* Nobody {past} the {adj} {noun}.
* Which {noun} did {first} {base}?
* Both {noun}s were {adj}.
* After {weekday}, everything was {adj} again.
* I would never {base} {a_noun} in {place}.
"""

TOPICS: dict[str, tuple[str, float]] = {
    "caller_hours": (CALLER_HOURS, 0.10),
    "caller_facts": (CALLER_FACTS, 0.13),
    "caller_booking": (CALLER_BOOKING, 0.15),
    "caller_order": (CALLER_ORDER, 0.12),
    "caller_person": (CALLER_PERSON, 0.09),
    "caller_flow": (CALLER_FLOW, 0.14),
    "agent": (AGENT_TALK, 0.27),
    "general": (GENERAL, 0.14),
}

RECEPTION = """
Hello, thank you for calling Bright Smile Dental. How can I help you?
We are open Monday to Friday from nine a.m. to five p.m.
We are open Monday to Friday from nine a.m. to five p.m. and Saturday from ten a.m. to two p.m.
On Saturday we are open from ten a.m. to two p.m.
We are closed on Sunday.
A cleaning costs eighty dollars.
We are at twelve Harbor Street.
Parking is behind the building.
The manager is Maria Lopez.
We accept cash and cards.
Your appointment is confirmed for Tuesday at ten a.m.
What day and time would you like?
I am sorry, I do not have that information.
I am sorry, I cannot do that on this line.
Your order is on the way.
Are you still there?
One moment please.
Thank you for calling. Goodbye!
I am sorry, I have a technical problem. Please call again later.
What are your opening hours?
How much is a cleaning?
Where are you located?
Is there parking?
What is the name of the manager?
Do you accept cards?
I would like to book an appointment for Tuesday at ten a.m.
I would like to cancel my appointment.
My order number is four two seven one.
Where is my order?
Can I speak to a person, please?
Yes, I'm still here.
Sorry, can you repeat that?
No, thank you.
Thank you, goodbye.
Are you open on Saturday?
"""
