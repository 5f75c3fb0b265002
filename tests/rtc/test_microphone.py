"""What a browser sends, as frames."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from aiortc.rtp import RtpPacket

from tests.rtc.sound import frames, loudness, pitch_of, samples, tone, vowel
from thunderbox.rtc.microphone import (
    DROP_MS,
    FADE,
    LONGEST_PITCH,
    SHORTEN_MS,
    SHORTEST_PITCH,
    Microphone,
    shortened,
)
from thunderbox.rtc.opus import RTP_FRAME, OpusEncoder
from thunderbox.voice.leg import FRAME_BYTES, SILENCE


class Browser:
    """Speaks into a microphone of the box; its time stands until it moves on."""

    def __init__(self) -> None:
        self.now = 50.0
        self.firsts = 0
        self.microphone = Microphone(self._on_first, lambda: self.now)
        self.encoder = OpusEncoder()
        self.ssrc = 1234
        self.number = 0

    def _on_first(self) -> None:
        self.firsts += 1

    def send(self, frame: bytes) -> None:
        """Send 20 ms."""
        packet = RtpPacket(
            payload_type=96,
            sequence_number=self.number & 0xFFFF,
            timestamp=self.number * RTP_FRAME,
            ssrc=self.ssrc,
            payload=self.encoder.encode(frame),
        )
        self.number += 1
        self.microphone.take(packet)

    def speak(self, pcm: bytes) -> bytes:
        """Send a sound in real time; what the box heard meanwhile."""
        heard = b""
        for frame in frames(pcm):
            self.send(frame)
            heard += self.microphone.pull()
            self.now += 0.02
        return heard


def test_a_voice_is_heard_as_frames_after_the_first_delay() -> None:
    browser = Browser()
    heard = browser.speak(tone(440, 2))
    assert len(heard) == 100 * FRAME_BYTES
    assert heard[:FRAME_BYTES] == SILENCE
    assert pitch_of(heard[10 * FRAME_BYTES :]) == pytest.approx(440, rel=0.01)
    assert browser.firsts == 1


def test_it_never_waits_for_anything() -> None:
    browser = Browser()
    assert browser.microphone.pull() == SILENCE
    assert browser.microphone.summary == "no sound came"
    browser.speak(tone(440, 0.5))
    for _ in range(100):
        browser.now += 0.02
        assert len(browser.microphone.pull()) == FRAME_BYTES
    assert browser.microphone.pull() == SILENCE


@pytest.mark.parametrize("share", [0.05, 0.10])
def test_lost_packets_are_made_up(share: float) -> None:
    chance = random.Random(2)
    browser = Browser()
    take = browser.microphone.take
    browser.microphone.take = (  # type: ignore[method-assign]
        lambda packet: None if chance.random() < share else take(packet)
    )
    heard = browser.speak(tone(440, 4))
    assert browser.microphone.buffer.lost > 200 * share / 2
    assert min(loudness(frame) for frame in frames(heard)[5:]) > 500
    assert pitch_of(heard) == pytest.approx(440, rel=0.01)
    assert re.search(r"packets of sound came, \d+\.\d % were made up", browser.microphone.summary)


def test_after_a_stall_nothing_is_missing_and_nothing_is_late() -> None:
    browser = Browser()
    heard = browser.speak(tone(440, 1))
    for frame in frames(tone(440, 0.2)):  # all of it lay in the socket when the loop came back
        browser.send(frame)
        browser.now += 0.02
    heard += b"".join(browser.microphone.pull() for _ in range(10))
    heard += browser.speak(tone(440, 1))
    assert browser.microphone.buffer.late == 0
    assert all(loudness(frame) > 3000 for frame in frames(heard)[5:])


def test_a_long_delay_is_shortened_within_a_second_and_without_a_gap() -> None:
    browser = Browser()
    voice = vowel(6)
    browser.speak(voice[: 100 * FRAME_BYTES])
    held = frames(voice)[100:115]
    for _ in held:  # the network stalls for 300 ms
        browser.microphone.pull()
        browser.now += 0.02
    for frame in held:
        browser.send(frame)
    heard = browser.speak(voice[115 * FRAME_BYTES :])
    assert browser.microphone.buffer.excess_ms <= SHORTEN_MS
    assert browser.microphone.buffer.lost == 0
    quietest = min(loudness(frame) for frame in frames(heard)[2:70])
    assert quietest > 100
    browser.speak(SILENCE * 20)
    assert browser.microphone.buffer.excess_ms < DROP_MS


def test_a_shortened_frame_misses_a_period_of_its_voice_and_has_no_click() -> None:
    pitch = 200
    voice = samples(tone(pitch, 0.02)).astype(np.float32)
    short = samples(shortened(voice))
    missing = voice.size - short.size
    assert SHORTEST_PITCH <= missing <= LONGEST_PITCH
    assert missing % (16_000 // pitch) == 0
    steepest = np.abs(np.diff(voice)).max()
    assert np.abs(np.diff(short)).max() < steepest * 1.1
    assert voice.size == FADE + LONGEST_PITCH


def test_another_voice_begins_anew() -> None:
    browser = Browser()
    browser.speak(tone(440, 1))
    browser.ssrc, browser.number, browser.encoder = 99, 7000, OpusEncoder()
    heard = browser.speak(tone(1000, 1))
    assert pitch_of(heard[-20 * FRAME_BYTES :]) == pytest.approx(1000, rel=0.01)
    assert browser.firsts == 1


def test_packets_that_are_no_sound_are_left_out() -> None:
    browser = Browser()
    browser.speak(tone(440, 0.5))
    for payload in (b"", b"\xff\xff\xff", b"\x03"):
        browser.microphone.take(
            RtpPacket(sequence_number=browser.number, timestamp=0, ssrc=1234, payload=payload)
        )
    heard = browser.speak(tone(440, 0.5))
    assert pitch_of(heard[-10 * FRAME_BYTES :]) == pytest.approx(440, rel=0.02)


def test_rubbish_is_survived() -> None:
    chance = random.Random(5)
    browser = Browser()
    voice = frames(vowel(1))
    for turn in range(2000):
        if chance.random() < 0.5:
            browser.send(voice[turn % len(voice)])
        else:
            browser.microphone.take(
                RtpPacket(
                    sequence_number=chance.randrange(65536),
                    timestamp=chance.randrange(2**32),
                    ssrc=chance.choice((1234, 1234, 77)),
                    payload=chance.randbytes(chance.randrange(60)),
                )
            )
        browser.now += chance.choice((0.0, 0.02, 0.02, 0.3))
        assert len(browser.microphone.pull()) == FRAME_BYTES
