"""Who has picked up: greetings, beeps and whistles as they come over a telephone line."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from tests.peers.speaker import spoken
from tests.peers.waves import silence, tone
from thunderbox.voice.answering_machine import VERDICT_MS, AnsweringMachine
from thunderbox.voice.engines.silero import SileroModel
from thunderbox.voice.leg import FRAME_BYTES, SAMPLE_RATE
from thunderbox.voice.listener import Listener
from thunderbox.voice.turn_events import BeepHeard, Party, PartyKnown, SpeechStopped

Part = str | float | tuple[float, float]
"""Words, seconds of silence, or a tone: Hz and seconds."""
VOICES = ("en-US-James1", "en-US-Michael1")
HELLO = "Hello, Miller?"
OFFICE = "Bright Smile Dental, good morning."
LONG_OFFICE = (
    "Good morning and welcome to Bright Smile Dental, this is Anna speaking. How can I help you?"
)
MAILBOX = (
    "Hello, you have reached Anna Miller. I cannot come to the telephone at the moment, so please "
    "leave a message after the tone and I will call you back as soon as I can."
)
BREATHLESS = (
    "You have reached the mailbox of Anna Miller who cannot come to the telephone at the moment so "
    "please leave a message after the tone."
)
"""Without words, only a recording's long voice tells it: a pause makes it too short to be sure."""
CURT = "Anna Miller."
REST = "Please leave a message after the beep."


@pytest.fixture(scope="module")
def silero() -> SileroModel:
    """The voice detector's weights."""
    return SileroModel()


def line(voice: str, *parts: Part) -> bytes:
    """What comes over a telephone line: narrow, in mu-law, never quite silent."""
    found = []
    for part in parts:
        if isinstance(part, str):
            found.append(np.frombuffer(spoken(part, voice), "<i2"))
        elif isinstance(part, tuple):
            found.append(tone(*part, SAMPLE_RATE, 0.2))
        else:
            found.append(silence(part, SAMPLE_RATE))
    sound = np.concatenate(found).astype(np.float64)
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    spectrum[(hz < 250) | (hz > 3500)] = 0
    sound = np.fft.irfft(spectrum, len(sound)) / 32768
    sound += np.random.default_rng(3).normal(0, 0.0003, len(sound))
    curve = np.round(np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256) * 127) / 127
    back = np.sign(curve) * (np.power(256, np.abs(curve)) - 1) / 255
    return (np.clip(back, -1, 1) * 32767).astype("<i2").tobytes()


def judge(silero: SileroModel, pcm: bytes, words: list[str]) -> list[PartyKnown | BeepHeard]:
    """What is found out; at each pause of the voice the next words are recognised."""
    detector, listener = AnsweringMachine(), Listener(silero.stream())
    found: list[PartyKnown | BeepHeard] = []
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        frame = pcm[at : at + FRAME_BYTES]
        paused = isinstance(listener.hear(frame), SpeechStopped)
        found += detector.hear(frame, listener.speaking)
        if (paused or detector.take_sound() is not None) and words:
            known = detector.words(words.pop(0))
            found += [known] if known is not None else []
    return found


def parties(found: list[PartyKnown | BeepHeard]) -> list[Party]:
    """Who it was taken for, one after the other."""
    known = [event.party for event in found if isinstance(event, PartyKnown)]
    return [party for party, _ in groupby(known)]


def certain(found: list[PartyKnown | BeepHeard]) -> list[Party]:
    """Who it certainly was."""
    return [event.party for event in found if isinstance(event, PartyKnown) and event.sure]


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("parts", "words", "expected"),
    [
        ([0.3, HELLO, 4.0], [HELLO], Party.HUMAN),
        ([0.3, HELLO, 4.0], [], Party.HUMAN),
        ([1.5, HELLO, 4.0], [], Party.HUMAN),
        ([0.3, OFFICE, 4.0], [OFFICE], Party.HUMAN),
        ([0.3, LONG_OFFICE, 4.0], [LONG_OFFICE], Party.HUMAN),
        ([0.3, BREATHLESS, 0.5, (1000.0, 0.5), 2.0], [], Party.MACHINE),
        ([0.3, MAILBOX, 0.5, (1000.0, 0.5), 2.0], [MAILBOX], Party.MACHINE),
        ([0.5, (850.0, 0.4), 3.0], [], Party.MACHINE),
        ([0.5, (2100.0, 2.6), 2.0], [], Party.FAX),
        ([0.3, (2225.0, 2.6), 2.0], [], Party.FAX),
        ([0.3, (1100.0, 0.5), 3.0, (1100.0, 0.5), 1.0], [], Party.FAX),
        ([4.0], [], Party.SILENCE),
    ],
)
def test_the_verdict_comes_within_three_seconds(
    silero: SileroModel,
    voice: str,
    parts: list[Part],
    words: list[str],
    expected: Party,
) -> None:
    found = judge(silero, line(voice, *parts), list(words))
    assert parties(found)[:1] == [expected]
    assert next(event for event in found if isinstance(event, PartyKnown)).at <= VERDICT_MS


TALKATIVE = (
    "Good morning and a very warm welcome to Bright Smile Dental on Harbor Street this is Anna "
    "Miller speaking at the front desk."
)


@pytest.mark.parametrize("words", [[], [TALKATIVE]])
@pytest.mark.parametrize("voice", VOICES)
def test_a_person_who_does_not_pause_is_never_surely_a_machine(
    silero: SileroModel, voice: str, words: list[str]
) -> None:
    found = judge(silero, line(voice, 0.3, TALKATIVE, 2.0), words)
    assert certain(found) == [Party.HUMAN]


@pytest.mark.parametrize("words", [[], [MAILBOX]])
def test_a_machine_that_goes_on_is_one_for_sure(silero: SileroModel, words: list[str]) -> None:
    pcm = line(VOICES[0], 0.3, MAILBOX, 0.5, (1000.0, 0.5), 2.0)
    assert certain(judge(silero, pcm, list(words))) == [Party.MACHINE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bitte hinterlassen Sie eine Nachricht nach dem Signalton.", Party.MACHINE),
        ("Der Teilnehmer ist momentan nicht erreichbar.", Party.MACHINE),
        ("Praxis Müller, guten Tag, was kann ich für Sie tun?", Party.HUMAN),
        ("Laissez un message après le bip.", Party.MACHINE),
        ("Je ne suis pas disponible, je vous rappellerai.", Party.MACHINE),
        ("Cabinet Dupont, bonjour, en quoi puis-je vous aider ?", Party.HUMAN),
        ("Deje su mensaje después de la señal.", Party.MACHINE),
        ("En este momento no puedo atender su llamada.", Party.MACHINE),
        ("Buenos días, ¿en qué puedo ayudarle?", Party.HUMAN),
        ("Lasciate un messaggio dopo il segnale acustico.", Party.MACHINE),
        ("Il cliente non è raggiungibile.", Party.MACHINE),
        ("Buongiorno, come posso aiutarla?", Party.HUMAN),
        ("Deixe a sua mensagem após o sinal.", Party.MACHINE),
        ("Neste momento não posso atender.", Party.MACHINE),
        ("Bom dia, em que posso ajudar?", Party.HUMAN),
        ("Spreek een bericht in na de piep.", Party.MACHINE),
        ("Wij zijn op dit moment niet bereikbaar.", Party.MACHINE),
        ("Goedemorgen, waarmee kan ik u helpen?", Party.HUMAN),
        ("Müller.", None),
        ("Möchten Sie eine Nachricht hinterlassen?", None),
        ("Pronto?", None),
        ("Está?", None),
    ],
)
def test_mailboxes_and_people_are_known_in_other_languages(
    text: str, expected: Party | None
) -> None:
    found = AnsweringMachine().words(text)
    assert (found.party if found else None) is expected


def test_the_beep_is_reported_when_it_is_over(silero: SileroModel) -> None:
    pcm = line(VOICES[0], 0.3, MAILBOX, 0.5, (1000.0, 0.5), 2.0)
    [beep] = [event for event in judge(silero, pcm, []) if isinstance(event, BeepHeard)]
    assert beep.at == pytest.approx(len(pcm) / 32 - 2000, abs=60)


@pytest.mark.parametrize("text", [HELLO, OFFICE, LONG_OFFICE, MAILBOX])
@pytest.mark.parametrize("voice", VOICES)
def test_no_voice_is_a_beep(silero: SileroModel, voice: str, text: str) -> None:
    found = judge(silero, line(voice, 0.3, text, 1.0), [])
    assert [event for event in found if isinstance(event, BeepHeard)] == []


def test_a_mailbox_that_begins_like_a_person_gives_itself_away(silero: SileroModel) -> None:
    pcm = line(VOICES[0], 0.3, CURT, 1.2, REST, 1.0)
    assert parties(judge(silero, pcm, [CURT, REST])) == [Party.HUMAN, Party.MACHINE]


def test_a_line_that_begins_silent_is_judged_by_its_first_voice(silero: SileroModel) -> None:
    pcm = line(VOICES[0], 4.0, MAILBOX, 1.0)
    found = judge(silero, pcm, [])
    assert parties(found) == [Party.SILENCE, Party.MACHINE]
    assert found[1].at <= 4000 + VERDICT_MS + 400


@pytest.mark.parametrize(
    ("hz", "seconds", "expected"), [(2100.0, 2.6, Party.FAX), (1000.0, 0.4, Party.MACHINE)]
)
def test_a_line_that_begins_silent_may_whistle(
    silero: SileroModel, hz: float, seconds: float, expected: Party
) -> None:
    pcm = line(VOICES[0], 3.5, (hz, seconds), 1.0)
    assert parties(judge(silero, pcm, [])) == [Party.SILENCE, expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You have reached the voicemail of Anna.", Party.MACHINE),
        ("Please record your message at the tone.", Party.MACHINE),
        ("The person you are calling is not available.", Party.MACHINE),
        ("Please leave your name and number.", Party.MACHINE),
        ("Good morning, how can I help you?", Party.HUMAN),
        ("Would you like to leave a message?", None),
        ("Anna Miller.", None),
    ],
)
def test_words_decide_at_once(text: str, expected: Party | None) -> None:
    found = AnsweringMachine().words(text)
    assert (found.party if found else None) is expected


def test_a_person_may_say_later_that_somebody_is_not_available() -> None:
    detector = AnsweringMachine()
    assert detector.words("Good morning, how can I help you?") is not None
    assert detector.words("He is not available. Would you like to leave a message?") is None


def test_words_long_after_the_verdict_change_nothing() -> None:
    detector = AnsweringMachine()
    detector.words("How can I help?")
    for _ in range(1500):
        detector.hear(bytes(FRAME_BYTES), False)
    assert detector.words("Leave a message after the tone.") is None
