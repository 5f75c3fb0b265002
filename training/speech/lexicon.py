"""Words the training sentences are filled with: names, places, trades, things.

Every list is spelled the way a transcript should read. Lists are long on purpose: a recogniser
that knows few names answers with one of them whatever it hears.
"""

from __future__ import annotations


def words(text: str) -> list[str]:
    """Split a block of comma or line separated entries."""
    return [w.strip() for w in text.replace("\n", ",").split(",") if w.strip()]


FIRST_NAMES = words("""
James, Mary, John, Linda, Robert, Susan, Michael, Karen, David, Nancy, Maria, Carlos, Anna, Peter
Laura, Kevin, Emily, Daniel, Sarah, Thomas, Jessica, Mark, Julia, Paul, Helen, George, Diane, Frank
Rachel, Henry, Alice, Oliver, Emma, Lucas, Sophia, Noah, Olivia, Liam, Ava, Ethan, Mia, Benjamin
Charlotte, William, Amelia, Alexander, Evelyn, Samuel, Grace, Jack, Chloe, Ryan, Victoria, Nathan
Hannah, Aaron, Natalie, Adam, Zoe, Brian, Leah, Jason, Claire, Eric, Lucy, Steven, Ruby, Patrick
Ella, Simon, Sandra, Victor, Monica, Oscar, Teresa, Hugo, Nina, Leo, Irene, Martin, Elena, Tony
Rosa, Diego, Carmen, Pablo, Lucia, Miguel, Angela, Antonio, Gloria, Marco, Sofia, Ivan, Olga
Dennis, Brenda, Walter, Judy, Arthur, Betty, Ralph, Donna, Roy, Carol, Louis, Ruth, Philip, Sharon
Bobby, Cheryl, Johnny, Martha, Albert, Joan, Howard, Rose, Eugene, Janet, Carl, Kathy, Wayne, Amy
Tara, Omar, Layla, Ahmed, Fatima, Raj, Priya, Kenji, Yuki, Chen, Mei, Ingrid, Lars, Astrid, Gavin
""")

LAST_NAMES = words("""
Smith, Johnson, Brown, Taylor, Miller, Davis, Wilson, Moore, Anderson, Jackson, White, Harris
Martin, Thompson, Garcia, Clark, Lewis, Walker, Hall, Young, King, Wright, Lopez, Hill, Green
Adams, Baker, Nelson, Carter, Mitchell, Roberts, Turner, Phillips, Campbell, Parker, Evans, Edwards
Collins, Stewart, Morris, Rogers, Reed, Cook, Morgan, Bell, Murphy, Bailey, Cooper, Richardson
Howard, Ward, Peterson, Gray, Ramirez, Watson, Brooks, Kelly, Sanders, Price, Bennett, Wood, Barnes
Ross, Henderson, Coleman, Jenkins, Perry, Powell, Long, Patterson, Hughes, Flores, Washington
Butler, Simmons, Foster, Gonzales, Bryant, Russell, Griffin, Hayes, Myers, Ford, Hamilton, Graham
Sullivan, Wallace, Woods, Cole, West, Jordan, Owens, Reynolds, Fisher, Ellis, Harrison, Gibson
Rivera, Wells, Webb, Simpson, Stevens, Tucker, Porter, Hunter, Hicks, Crawford, Henry, Boyd, Mason
Morales, Kennedy, Warren, Dixon, Ramos, Burns, Gordon, Shaw, Holmes, Rice, Robertson, Hunt, Black
Daniels, Palmer, Mills, Grant, Knight, Ferguson, Stone, Hawkins, Dunn, Perkins, Hudson, Spencer
Gardner, Stephens, Payne, Pierce, Berry, Matthews, Arnold, Wagner, Willis, Ray, Watkins, Olson
Carroll, Duncan, Snyder, Hart, Cunningham, Bradley, Lane, Andrews, Ruiz, Harper, Fox, Riley, Patel
Singh, Kim, Nguyen, Chan, Novak, Schmidt, Fischer, Weber, Rossi, Romano, Costa, Silva, Santos
""")

PLACES = words("""
London, Paris, Boston, Chicago, Denver, Austin, Seattle, Dallas, Miami, Toronto, Berlin, Madrid
Dublin, Portland, Phoenix, Houston, Atlanta, Detroit, Orlando, Memphis, Nashville, Oakland, Tampa
Cleveland, San Diego, New York, Los Angeles, Philadelphia, Vancouver, Montreal, Manchester, Leeds
Glasgow, Oxford, Cambridge, Bristol, Rome, Lisbon, Vienna, Oslo, Sydney, Melbourne, California
Texas, Florida, Canada, Mexico, Spain, France, Germany, Italy, England, Ireland, Scotland
""")

STREET_NAMES = words("""
Harbor, Main, Oak, Maple, Cedar, Pine, Elm, Park, Lake, Hill, River, Church, Market, Mill, Spring
Washington, Lincoln, Franklin, Jefferson, Madison, Jackson, Adams, Monroe, Walnut, Chestnut, Willow
Birch, Cherry, Magnolia, Sunset, Highland, Meadow, Forest, Valley, Garden, Orchard, Prospect, Union
Liberty, Center, Central, North, South, East, West, Bridge, Water, Canal, Station, Railroad, School
College, Court, Queen, King, Victoria, Albert, Grove, Summit, Pleasant, Broad, Front, Bay, Ocean
Beach, Shore, Cliff, Canyon, Desert, Prairie, Ridge, Silver, Golden, Copper, Diamond, Crystal, Rose
Lily, Dogwood, Hickory, Juniper, Laurel, Poplar, Sycamore, Fountain, Castle, Tower, Temple, Abbey
""")
STREET_KINDS = words("Street, Avenue, Road, Lane, Drive, Boulevard, Court, Place, Square, Way")

BUSINESS_FIRST = words("""
Bright, Happy, Green, Blue, Golden, Silver, Red, White, Royal, Grand, Sunny, Lucky, Quick, Fresh
Clear, Modern, Classic, Perfect, Prime, Urban, City, Downtown, Riverside, Lakeside, Oakwood, Maple
Cedar, Pine Hill, Harbor, Ocean, Mountain, Valley, Garden, Rose, Lily, Star, Sunrise, Sunset, Moon
Diamond, Crystal, Pearl, Eagle, Falcon, Lion, Bear, Fox, Swan, Phoenix, Summit, Central, Metro
North Star, Evergreen, Family, Friendly, Gentle, Healthy, Pure, Smart, Swift, True, United, Village
""")
BUSINESS_SECOND = words("""
Smile, Paws, Leaf, Tooth, Care, Touch, Look, Style, Wheel, Road, Home, Roof, Light, Water, Table
Kitchen, Oven, Crust, Cup, Bean, Petal, Page, Print, Key, Clean, Shine, Cut, Comb, Hand, Heart
Life, Mind, Step, Path, View, Vision, Stone, Wood, Field, Farm, Barn, Nest, Wing, Spark, Bridge
""")
BUSINESS_KINDS = words("""
Dental, Dental Clinic, Clinic, Medical Center, Pharmacy, Animal Hospital, Vet Clinic, Salon
Hair Salon, Barber Shop, Spa, Auto Repair, Garage, Motors, Tires, Plumbing, Electric, Roofing
Heating, Cleaning, Laundry, Bakery, Cafe, Coffee, Pizza, Restaurant, Grill, Diner, Hotel, Inn
Books, Flowers, Toys, Shoes, Furniture, Hardware, Law Office, Insurance, Travel, Realty, Bank
Fitness, Gym, Yoga, Dance Studio, Music School, Daycare, Academy, Computers, Repairs, Optics
Chiropractic, Massage, Physical Therapy, Catering, Photography, Tailors, Jewelers, Storage, Movers
""")

SERVICES = words("""
cleaning, dental cleaning, teeth cleaning, checkup, annual checkup, eye exam, haircut, oil change
massage, consultation, follow-up, tire rotation, filling, root canal, crown, whitening, x-ray
extraction, manicure, pedicure, facial, shave, beard trim, color treatment, blood test, flu shot
vaccination, physical exam, hearing test, inspection, brake check, car wash, tune-up, repair
battery replacement, screen repair, grooming, nail trim, bath, deep cleaning, carpet cleaning
window cleaning, delivery, installation, furnace check, piano lesson, yoga class, dance class
swimming lesson, tax return, passport photo, dress fitting, hot stone massage, wheel alignment
""")

ITEMS = words("""
pizza, salad, coffee, table, room, ticket, car, bike, laptop, phone, printer, router, package
order, invoice, refund, prescription, delivery, subscription, account, password, keyboard, monitor
bill, receipt, key, card, contract, form, document, letter, email, message, application, deposit
payment, reservation, booking, appointment, parcel, box, shipment, coat, dress, shirt, jacket, ring
watch, camera, tablet, charger, battery, screen, cake, sandwich, burger, bouquet, sofa, chair, lamp
mattress, fridge, washing machine, dishwasher, oven, heater, faucet, glasses, contact lenses, pills
""")

DEPARTMENTS = words("""
sales, support, billing, shipping, reception, accounting, the manager, a human, an agent, a person
the front desk, customer service, a real person, somebody, someone, the owner, the doctor
the dentist, the nurse, the office, technical support, the service department, the sales team
the kitchen, human resources, the pharmacy, a supervisor, a representative, an operator
your boss, the person in charge, the billing department, the warehouse, scheduling, returns
""")

STAFF = words("""
manager, owner, dentist, doctor, receptionist, director, supervisor, hygienist, technician
mechanic, stylist, assistant, nurse, boss, head chef, office manager, store manager, accountant
""")

PARKING = words("""
behind the building, in front of the building, across the street, next to the building
in the garage, on the street, under the building, around the corner, on the left side
on the right side, beside the entrance, in the parking lot, at the back, near the main entrance
""")

PAYMENTS = words("""
cash, cards, credit cards, debit cards, checks, cash and cards, all major credit cards
mobile payments, bank transfers, gift cards, insurance, cash only, cards only, cash or card
Visa, Mastercard, American Express, contactless payments, installments, online payments
""")

WEEKDAYS = words("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
MONTHS = words("""
January, February, March, April, May, June, July, August, September, October, November, December
""")
HOLIDAYS = words("Christmas, Easter, Thanksgiving, New Year's Day, Labor Day, the holidays")
ORDINALS = words("""
first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth
thirteenth, fourteenth, fifteenth, sixteenth, seventeenth, eighteenth, nineteenth, twentieth
twenty-first, twenty-second, twenty-third, twenty-fourth, twenty-fifth, twenty-sixth
twenty-seventh, twenty-eighth, twenty-ninth, thirtieth, thirty-first
""")
ONES = words("zero, one, two, three, four, five, six, seven, eight, nine")
TEENS = words("""
ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen
""")
TENS = words("twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety")

NOUNS = words("""
dog, cat, bird, horse, fish, cow, tree, flower, garden, house, door, window, wall, roof, floor
kitchen, bathroom, bedroom, street, road, bridge, river, lake, sea, beach, mountain, forest, field
city, town, village, school, teacher, student, child, boy, girl, man, woman, baby, friend, brother
sister, mother, father, uncle, aunt, cousin, neighbor, doctor, nurse, driver, farmer, writer, artist
singer, lawyer, police officer, soldier, king, queen, book, page, story, song, movie, picture, game
ball, team, match, race, party, wedding, birthday, holiday, weekend, morning, evening, night, summer
winter, autumn, weather, rain, snow, wind, storm, cloud, sun, moon, star, sky, fire, water, ice
bread, butter, cheese, milk, egg, apple, orange, banana, potato, tomato, onion, rice, soup, meat
chicken, sugar, salt, tea, juice, wine, beer, glass, bottle, plate, knife, fork, spoon, bag, box
coat, hat, shoe, shirt, dress, clock, radio, computer, camera, paper, pen, pencil, letter, newspaper
map, plan, idea, question, answer, problem, reason, job, office, meeting, company, factory, machine
engine, wheel, train, plane, bus, boat, truck, airport, station, hotel, hospital, church, museum
library, market, store, bank, money, price, gift, world, country, island, language, history, music
science, nature, animal, body, head, face, hand, arm, leg, foot, heart, voice, dream, life, year
month, week, minute, number, color, line, circle, corner, key, lock, light, candle, chair, desk, bed
blanket, pillow, mirror, carpet, ladder, hammer, nail, rope, basket, bucket, farm, fence, gate, path
""")
ADJECTIVES = words("""
big, small, old, new, young, good, bad, long, short, tall, high, low, hot, cold, warm, cool, dry
wet, clean, dirty, fast, slow, quick, loud, quiet, soft, hard, heavy, light, dark, bright, red, blue
green, yellow, white, black, brown, gray, pink, purple, happy, sad, angry, tired, hungry, thirsty
sick, healthy, strong, weak, rich, poor, cheap, expensive, easy, difficult, simple, strange, famous
beautiful, ugly, friendly, lovely, nice, kind, funny, serious, careful, busy, free, empty, full
open, closed, broken, ready, late, early, important, different, special, common, public, private
modern
""")
VERBS_PAST = words("""
saw, found, lost, bought, sold, made, took, gave, brought, kept, left, opened, closed, cleaned
washed, painted, built, broke, fixed, moved, carried, pushed, pulled, watched, followed, passed
crossed, liked, loved, wanted, needed, remembered, forgot, described, visited, called, helped, met
heard, showed, drew, wrote about, talked about, thought about, looked at, waited for, asked for
paid for, cut, burned, caught, threw, hid, chose, counted, covered, crashed into, stood beside
""")
VERBS_BASE = words("""
see, find, lose, buy, sell, make, take, give, bring, keep, leave, open, close, clean, wash, paint
build, break, fix, move, carry, push, pull, watch, follow, pass, like, love, want, need, remember
forget, describe, visit, call, help, meet, hear, show, draw, write, read, eat, drink, cook, sleep
walk, run, swim, drive, fly, sing, dance, play, work, study, learn, teach, speak, listen, laugh, cry
wait, stay, travel, return, start, finish, stop, try, ask, answer, tell, think, know, hope, agree
""")
PREPOSITIONS = words("""
in, on, under, near, behind, beside, above, below, next to, in front of, across from, around, by
""")
ADVERBS = words("""
today, tomorrow, yesterday, now, later, soon, again, always, never, sometimes, often, usually
already, quickly, slowly, together, alone, at home, outside, every day, last night, this morning
last week, next year, in the evening, on the weekend, after lunch, before dinner, a long time ago
""")
SMALL_WORDS = words("""
the, a, and, or, but, if, because, when, where, while, about, after, before, between, during, from
with, without, into, over, through, until, than, then, there, here, this, that, these, those, my
your, his, her, our, their, some, any, many, much, more, most, other, another, each, every, both
few, less, only, just, also, too, very, really, quite, almost, enough, still, even, perhaps, maybe
who, what, which, why, how, he, she, it, we, they, you, him, them, us, me, is, are, was, were, be
been, have, has, had, do, does, did, will, would, can, could, should, must, may, might, not
""")

ONSETS = words("""
b, d, f, g, h, j, k, l, m, n, p, r, s, t, v, w, z, br, cr, dr, fl, gr, pl, pr, st, tr, sh, ch, th
""")
NUCLEI = words("a, e, i, o, u, ar, er, or, el, an, en, in, on, al, as, is, ee, oo, ay")
ENDINGS = words("""
son, ton, man, ley, ford, ski, ez, ini, berg, field, well, er, o, a, dale, wood, stein, kin, ard
""")
