"""Opus, at 16 kHz on our side."""

from __future__ import annotations

import numpy as np
import pytest

from tests.rtc.sound import frames, loudness, pitch_of, samples, tone, vowel
from thunderbox.errors import LegError
from thunderbox.rtc import libopus
from thunderbox.rtc.opus import RTP_FRAME, OpusDecoder, OpusEncoder, duration
from thunderbox.voice.leg import FRAME_BYTES, SILENCE


def coded(pcm: bytes, **settings: int) -> list[bytes]:
    """The packets of a sound."""
    encoder = OpusEncoder(**settings)
    return [encoder.encode(frame) for frame in frames(pcm)]


def distance(one: bytes, other: bytes) -> float:
    """How far apart two sounds are in level over time and frequency, in dB."""

    def levels(pcm: bytes) -> np.ndarray:
        heard = samples(pcm)
        windows = np.lib.stride_tricks.sliding_window_view(heard, 512)[::160]
        power = np.abs(np.fft.rfft(windows * np.hanning(512))) ** 2
        bands = power[:, 4:132].reshape(len(power), 16, 8).sum(axis=2)
        return np.asarray(10 * np.log10(np.maximum(bands, 1e5)))

    first, second = levels(one), levels(other)
    length = min(len(first), len(second))
    return float(np.sqrt(np.mean((first[:length] - second[:length]) ** 2)))


def lossy(packets: list[bytes], every: int, *, redundancy: bool = True) -> bytes:
    """Decoded with every n-th packet lost, and made up."""
    decoder, pcm = OpusDecoder(), b""
    for number, packet in enumerate(packets):
        if number % every != every - 1:
            pcm += decoder.decode(packet)
        elif redundancy and number + 1 < len(packets):
            pcm += decoder.recover(packets[number + 1])
        else:
            pcm += decoder.conceal()
    return pcm


@pytest.mark.parametrize("hertz", [200, 440, 1000, 3000, 6000])
def test_a_tone_comes_through(hertz: int) -> None:
    decoder = OpusDecoder()
    heard = b"".join(decoder.decode(packet) for packet in coded(tone(hertz, 1)))
    assert len(heard) == 50 * FRAME_BYTES
    assert pitch_of(heard[FRAME_BYTES * 5 :]) == pytest.approx(hertz, rel=0.02)
    assert loudness(heard) == pytest.approx(loudness(tone(hertz, 1)), rel=0.15)


def test_a_voice_takes_no_more_than_32_kbit_per_second() -> None:
    assert 16_000 < sum(map(len, coded(vowel(4)))) * 8 / 4 < 36_000


def test_silence_takes_next_to_nothing() -> None:
    assert sum(map(len, coded(SILENCE * 100)[10:])) * 8 / 1.8 < 8_000


def test_a_long_silence_ends_with_the_sound_after_it() -> None:
    decoder = OpusDecoder()
    packets = coded(vowel(1) + SILENCE * 200 + tone(1000, 1))
    assert len(set(packets[80:250])) == 1
    heard = b"".join(decoder.decode(packet) for packet in packets)
    assert loudness(heard[80 * FRAME_BYTES : 250 * FRAME_BYTES]) < 10
    assert pitch_of(heard[255 * FRAME_BYTES :]) == pytest.approx(1000, rel=0.02)


def test_packets_carry_the_one_before_them_for_when_it_is_lost() -> None:
    pcm = vowel(4)
    decoder = OpusDecoder()
    packets = coded(pcm)
    whole = b"".join(decoder.decode(packet) for packet in packets)
    with_redundancy = distance(whole, lossy(packets, 20))
    without = distance(whole, lossy(packets, 20, redundancy=False))
    assert with_redundancy < 2.0
    assert with_redundancy < without


def test_what_is_lost_for_good_fades() -> None:
    decoder = OpusDecoder()
    for packet in coded(vowel(1)):
        decoder.decode(packet)
    made_up = [loudness(decoder.conceal()) for _ in range(10)]
    assert made_up[0] > 1000
    assert made_up[-1] < made_up[0] / 4


def test_a_decoder_that_begins_anew_has_nothing_of_the_voice_before() -> None:
    decoder = OpusDecoder()
    for packet in coded(vowel(1)):
        decoder.decode(packet)
    decoder.reset()
    assert loudness(decoder.conceal()) == 0


def test_frames_that_are_none_are_refused() -> None:
    with pytest.raises(LegError, match="640 bytes"):
        OpusEncoder().encode(b"\0" * 100)


@pytest.mark.parametrize("packet", [b"\xff\xff\xff", b"\x03"])
def test_packets_that_are_not_opus_are_refused(packet: bytes) -> None:
    assert duration(packet) == 0
    with pytest.raises(LegError, match="Opus"):
        OpusDecoder().decode(packet)


def test_the_length_of_packets() -> None:
    assert duration(coded(vowel(0.1))[0]) == RTP_FRAME
    assert duration(b"") == 0


def test_the_library_is_that_of_pyav() -> None:
    assert b"libopus" in libopus.library().opus_get_version_string()
    assert "av.libs" in libopus._path()
