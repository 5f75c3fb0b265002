"""Answering machine detection: who, or what, has picked up a call that the box placed.

A person says a few words and waits; a mailbox talks on, and then beeps; a fax machine whistles.
The verdict comes within 3 s of the answer, or of the first voice on a line that began silent. A
voice without a pause is then taken for a machine, but only a beep, the words of a mailbox or more
than anybody says at a time make it sure; who stops to listen is a person after all. What a mailbox
says later can still give it away. Pure: time is the number of frames it was fed.
"""

from __future__ import annotations

from thunderbox.voice import greetings
from thunderbox.voice.leg import FRAME_MS
from thunderbox.voice.tones import Tone, Tones
from thunderbox.voice.turn_events import BeepHeard, Party, PartyKnown

VERDICT_MS = 3_000
WORDS_MS = 2_300
"""A party that still talks then is judged by its words, too."""
GREETING_MS = 1_600
"""A person's first words are no longer than this."""
WAITING_MS = 700
"""A person who has said hello is silent for so long: it is the other one's turn."""
MONOLOGUE_MS = 1_600
"""So much voice within VERDICT_MS is a recording, unless its words are known and it waits."""
RECITES_MS = 8_000
"""Nobody says so much without waiting for an answer."""
PAUSE_MS = 300
SYLLABLE_MS = 100
WATCH_MS = 20_000
"""How long after its first verdict the words of a mailbox still change it."""
BEEP_MS = 160
FAX_MS = 400
FAX_HZ = ((2_100.0, 20.0), (2_225.0, 15.0))
"""Answer tones of fax machines (CED, ANSam) and modems, each with what it may be off."""
CALLING_HZ = (1_100.0, 20.0)
"""A fax machine's own call (CNG): a mailbox may beep so, but not before it has spoken."""

_MAILBOX, _ABSENT, _PERSON = map(
    greetings.pattern, (greetings.MAILBOX, greetings.ABSENT, greetings.PERSON)
)


class AnsweringMachine:
    """The detector of one call."""

    def __init__(self) -> None:
        self._tones = Tones()
        self._now = 0
        self._since = 0
        self._voiced = 0
        self._quiet = 0
        self._text = ""
        self._asked = False
        self._sound = bytearray()
        self._party: Party | None = None
        self._sure = False
        self._first_verdict: int | None = None

    def hear(self, frame: bytes, voiced: bool) -> list[PartyKnown | BeepHeard]:
        """Take 20 ms of the far end, with or without voice; what is known now, if it is new."""
        self._now += FRAME_MS
        ended = self._tones.hear(frame)
        sounding = self._tones.sounding
        speaks = voiced and sounding is None
        whistles = sounding is not None and sounding.ms >= BEEP_MS
        if self._party is Party.SILENCE and (speaks or whistles):
            self._begin_again()
        if speaks:
            self._voiced += FRAME_MS
            self._quiet = 0
        else:
            self._quiet += FRAME_MS
        if self._party is None:
            self._sound += frame
        found: list[PartyKnown | BeepHeard] = []
        beeped = ended is not None and ended.ms >= BEEP_MS and not self._is_fax(ended)
        if self._party is None and (party := self._verdict(beeped)) is not None:
            found.append(self._know(party, sure=beeped or party is not Party.MACHINE))
        elif self._party is Party.MACHINE and not self._sure:
            found += self._reconsider(beeped)
        if beeped:
            found.append(BeepHeard(self._now))
        return found

    def take_sound(self) -> bytes | None:
        """What was said so far, once, when its words would decide: 16 kHz mono s16le PCM."""
        talking = self._voiced >= SYLLABLE_MS and not self._text
        if self._party is not None or self._asked or not talking or self._elapsed < WORDS_MS:
            return None
        self._asked = True
        return bytes(self._sound)

    def words(self, text: str) -> PartyKnown | None:
        """Words of the party were recognised; what is known now, if it is new."""
        watching = self._first_verdict is None or self._now - self._first_verdict <= WATCH_MS
        if (self._party is Party.MACHINE and self._sure) or not watching:
            return None
        self._text = f"{self._text} {text}".strip()
        early = self._party in (None, Party.MACHINE)
        if _MAILBOX.search(self._text) or (early and _ABSENT.search(self._text)):
            return self._know(Party.MACHINE)
        if early and _PERSON.search(self._text):
            return self._know(Party.HUMAN)
        return None

    @property
    def _elapsed(self) -> int:
        return self._now - self._since

    def _verdict(self, beeped: bool) -> Party | None:
        tone = self._tones.sounding
        if tone is not None and tone.ms >= FAX_MS and self._is_fax(tone):
            return Party.FAX
        if beeped:
            return Party.MACHINE
        spoke = self._voiced >= SYLLABLE_MS
        if spoke and self._quiet >= WAITING_MS and (self._text or self._voiced <= GREETING_MS):
            return Party.HUMAN
        if self._elapsed < VERDICT_MS:
            return None
        if not spoke:
            return Party.SILENCE
        waits = self._quiet >= PAUSE_MS and self._text
        return Party.MACHINE if self._voiced >= MONOLOGUE_MS and not waits else Party.HUMAN

    def _reconsider(self, beeped: bool) -> list[PartyKnown | BeepHeard]:
        """A voice that did not pause: it goes on, or it waits as a person does."""
        if beeped or self._voiced >= RECITES_MS:
            return [self._know(Party.MACHINE)]
        return [self._know(Party.HUMAN)] if self._quiet >= WAITING_MS else []

    def _is_fax(self, tone: Tone) -> bool:
        if any(abs(tone.hz - hz) <= off for hz, off in FAX_HZ):
            return True
        hz, off = CALLING_HZ
        return abs(tone.hz - hz) <= off and self._voiced < SYLLABLE_MS

    def _know(self, party: Party, *, sure: bool = True) -> PartyKnown:
        self._party, self._sure = party, sure
        self._sound.clear()
        if self._first_verdict is None:
            self._first_verdict = self._now
        return PartyKnown(self._now, party, sure)

    def _begin_again(self) -> None:
        """The first sound on a line that was silent: judge what it says."""
        self._party, self._asked, self._text = None, False, ""
        self._since, self._voiced = self._now, 0
