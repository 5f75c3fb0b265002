"""Sounds without words: noises, tones, music, breaths, clicks, rings, silence; numpy only.

Training learns to answer them with nothing; evaluation counts how often words are invented.
`TRAINING_KINDS` and `UNSEEN_KINDS` part what training may hear from what only evaluation hears.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RATE = 16_000
Rng = np.random.Generator
DTMF_LOW, DTMF_HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
CHORDS = [(0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7), (0, 4, 8), (0,), (0, 12)]
SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


def _unit(samples: np.ndarray) -> np.ndarray:
    """Scale to a root mean square of 1 (silence stays silence)."""
    rms = float(np.sqrt(np.mean(samples**2)))
    return (samples / rms if rms > 1e-9 else samples).astype(np.float32)


def coloured(rng: Rng, samples: int, slope: float) -> np.ndarray:
    """Return noise whose power falls with frequency**slope: 0 white, 1 pink, 2 brown, -1 blue."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 20.0)
    return _unit(np.fft.irfft(spectrum * frequency ** (-slope / 2), samples))


def band(rng: Rng, samples: int, low: float, high: float) -> np.ndarray:
    """Return noise between two frequencies (Hz)."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum[(frequency < low) | (frequency > high)] = 0
    return _unit(np.fft.irfft(spectrum, samples))


def _envelope(rng: Rng, samples: int, per_second: float) -> np.ndarray:
    """Return a slowly wandering gain between 0 and 1."""
    points = max(2, int(samples / RATE * per_second) + 2)
    knots = rng.uniform(0, 1, points)
    return np.interp(np.linspace(0, points - 1, samples), np.arange(points), knots)


def _partials(rng: Rng, samples: int, pitch: float, count: int) -> np.ndarray:
    """Return a note of ``count`` harmonics with random strengths."""
    time = np.arange(samples) / RATE
    wave = np.zeros(samples)
    for k in range(1, count + 1):
        if pitch * k < RATE / 2:
            wave += rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * (pitch * k * time + rng.random()))
    return wave


def _decay(samples: int, seconds: float) -> np.ndarray:
    return np.exp(-np.arange(samples) / (RATE * seconds))


def _place(track: np.ndarray, sound: np.ndarray, at: int) -> None:
    end = min(len(track), at + len(sound))
    if end > at:
        track[at:end] += sound[: end - at]


def any_noise(rng: Rng, samples: int) -> np.ndarray:
    """Steady noise of a random colour or band."""
    if rng.random() < 0.7:
        return coloured(rng, samples, rng.choice([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0]))
    low = rng.uniform(50, 2500)
    return band(rng, samples, low, low + rng.uniform(200, 3000))


def moving_noise(rng: Rng, samples: int) -> np.ndarray:
    """Noise that swells and fades, like traffic or wind."""
    return _unit(any_noise(rng, samples) * _envelope(rng, samples, rng.uniform(0.5, 6)) ** 2)


def silence(rng: Rng, samples: int) -> np.ndarray:
    """Digital silence, or the last bit flickering."""
    if rng.random() < 0.5:
        return np.zeros(samples, np.float32)
    return (rng.integers(-1, 2, samples) / 32768).astype(np.float32)


def hum(rng: Rng, samples: int) -> np.ndarray:
    """Mains hum with harmonics and a little hiss."""
    wave = _partials(rng, samples, rng.choice([50.0, 60.0, 100.0, 120.0]), rng.integers(3, 20))
    return _unit(wave + rng.uniform(0, 0.3) * rng.standard_normal(samples))


def tone(rng: Rng, samples: int) -> np.ndarray:
    """One or two steady sine tones."""
    time = np.arange(samples) / RATE
    return _unit(
        sum(np.sin(2 * np.pi * rng.uniform(100, 3500) * time) for _ in range(rng.integers(1, 3)))
    )


def dtmf(rng: Rng, samples: int) -> np.ndarray:
    """Keypad tones."""
    track = np.zeros(samples)
    at = int(rng.uniform(0, 0.3) * RATE)
    while at < samples:
        length = int(rng.uniform(0.06, 0.4) * RATE)
        time = np.arange(length) / RATE
        pair = rng.choice(DTMF_LOW), rng.choice(DTMF_HIGH)
        _place(track, sum(np.sin(2 * np.pi * f * time) for f in pair), at)
        at += length + int(rng.uniform(0.05, 0.8) * RATE)
    return _unit(track)


def ring(rng: Rng, samples: int) -> np.ndarray:
    """Ringing, busy and dial tones of several countries."""
    time = np.arange(samples) / RATE
    low, high, on, off = [
        (440, 480, 2.0, 4.0), (480, 620, 0.5, 0.5), (350, 440, 9.0, 0.0), (400, 450, 0.4, 0.2),
        (425, 425, 1.0, 4.0), (425, 425, 0.5, 0.5), (480, 620, 0.25, 0.25),
    ][rng.integers(7)]  # fmt: skip
    wave = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
    return _unit(wave * (((time + rng.uniform(0, 3)) % (on + off)) < on) + 1e-4)


def chords(rng: Rng, samples: int) -> np.ndarray:
    """Held chords changing now and then: hold music."""
    track = np.zeros(samples)
    root, at = rng.uniform(90, 350), 0
    while at < samples:
        length = int(rng.uniform(0.3, 2.0) * RATE)
        base = root * 2 ** (rng.choice(SCALE) / 12)
        for step in CHORDS[rng.integers(len(CHORDS))]:
            note = _partials(rng, length, base * 2 ** (step / 12), rng.integers(1, 9))
            _place(track, note * _decay(length, rng.uniform(0.3, 3)), at)
        at += length
    return _unit(track)


def arpeggio(rng: Rng, samples: int) -> np.ndarray:
    """Quick single notes: a melody, a ringtone."""
    track = np.zeros(samples)
    root, at, beat = rng.uniform(130, 900), 0, rng.uniform(0.08, 0.5)
    while at < samples:
        length = int(beat * rng.choice([1, 1, 2]) * RATE)
        pitch = root * 2 ** (rng.choice(SCALE) / 12)
        note = _partials(rng, 2 * length, pitch, rng.integers(1, 10))
        _place(track, note * _decay(2 * length, rng.uniform(0.05, 0.6)), at)
        at += length
    return _unit(track)


def breath(rng: Rng, samples: int) -> np.ndarray:
    """Breaths: band noise swelling for half a second to a second."""
    track = 0.01 * rng.standard_normal(samples)
    at = int(rng.uniform(0, 0.8) * RATE)
    while at < samples:
        length = int(rng.uniform(0.25, 1.2) * RATE)
        low = rng.uniform(150, 900)
        puff = band(rng, length, low, low + rng.uniform(800, 4000))
        _place(track, puff * np.hanning(length) * rng.uniform(0.2, 1), at)
        at += length + int(rng.uniform(0.2, 2) * RATE)
    return _unit(track)


def clicks(rng: Rng, samples: int) -> np.ndarray:
    """Clicks, taps and bumps over a faint floor."""
    track = rng.uniform(0.001, 0.02) * rng.standard_normal(samples)
    for _ in range(rng.integers(1, 25)):
        length = int(rng.uniform(0.001, 0.12) * RATE)
        burst = any_noise(rng, max(length, 64)) * _decay(max(length, 64), rng.uniform(0.0005, 0.03))
        _place(track, burst * rng.uniform(0.1, 1), int(rng.integers(samples)))
    return _unit(track)


def cough(rng: Rng, samples: int) -> np.ndarray:
    """Bursts like coughs, knocks and rustling."""
    track = 0.01 * rng.standard_normal(samples)
    for _ in range(rng.integers(1, 5)):
        length = int(rng.uniform(0.08, 0.4) * RATE)
        low = rng.uniform(100, 600)
        burst = band(rng, length, low, low + rng.uniform(500, 3000)) * _decay(length, 0.08)
        _place(track, burst, int(rng.integers(samples)))
    return _unit(track)


def motor(rng: Rng, samples: int) -> np.ndarray:
    """An engine or fan: a slowly drifting buzz with noise."""
    drift = 1 + 0.1 * (_envelope(rng, samples, 1.5) - 0.5)
    phase = np.cumsum(rng.uniform(20, 140) * drift) / RATE
    wave = sum(np.sin(2 * np.pi * k * phase + rng.random() * 6) / k for k in range(1, 15))
    return _unit(wave + rng.uniform(0.1, 1) * coloured(rng, samples, 1.0))


def moan(rng: Rng, samples: int) -> np.ndarray:
    """A gliding buzz with one resonance: near to a voice, yet no word."""
    glide = np.interp(np.linspace(0, 4, samples), np.arange(5), rng.uniform(80, 300, 5))
    phase = np.cumsum(glide) / RATE
    buzz = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 25))
    spectrum = np.fft.rfft(buzz)
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum *= 1 / (1 + ((frequency - rng.uniform(300, 2000)) / rng.uniform(80, 400)) ** 2)
    gate = _envelope(rng, samples, rng.uniform(0.3, 1.5)) ** 2
    return _unit(np.fft.irfft(spectrum, samples) * gate)


def beeps(rng: Rng, samples: int) -> np.ndarray:
    """Machine beeps at a steady beat."""
    time = np.arange(samples) / RATE
    period, share = rng.uniform(0.2, 1.5), rng.uniform(0.1, 0.6)
    wave = np.sin(2 * np.pi * rng.uniform(300, 3000) * time)
    return _unit(wave * ((time % period) < period * share) + 1e-4)


def sweep(rng: Rng, samples: int) -> np.ndarray:
    """A siren: a tone that glides up and down."""
    time = np.arange(samples) / RATE
    middle, width = rng.uniform(500, 1500), rng.uniform(100, 450)
    pitch = middle + width * np.sin(2 * np.pi * rng.uniform(0.15, 3) * time)
    return _unit(np.sin(2 * np.pi * np.cumsum(pitch) / RATE))


def drums(rng: Rng, samples: int) -> np.ndarray:
    """A drum machine: thumps and hisses on a beat."""
    track, beat = np.zeros(samples), rng.uniform(0.15, 0.4)
    for number, at in enumerate(np.arange(0, samples, int(beat * RATE))):
        length = int(0.2 * RATE)
        time = np.arange(length) / RATE
        thump = np.sin(2 * np.pi * 60 * time + 8 * np.exp(-time * 30)) * _decay(length, 0.06)
        hiss = band(rng, length, 2000, 7500) * _decay(length, 0.02)
        _place(track, thump if number % 2 == 0 else 0.5 * hiss, int(at))
    return _unit(track)


Kind = Callable[[Rng, int], np.ndarray]
TRAINING_KINDS: list[Kind] = [
    any_noise, moving_noise, silence, hum, tone, dtmf, ring, chords, arpeggio, breath, clicks,
    cough, motor, moan, beeps,
]  # fmt: skip
UNSEEN_KINDS: list[Kind] = [sweep, drums]


def clip(rng: Rng, samples: int, kinds: list[Kind] | None = None) -> np.ndarray:
    """Return one wordless clip at a random level from -60 to -1 dB of full scale."""
    kinds = kinds or TRAINING_KINDS
    kind = kinds[rng.integers(len(kinds))]
    sound = kind(rng, samples)
    if kind is silence:
        return sound
    if rng.random() < 0.35:
        sound = sound + rng.uniform(0.03, 1) * any_noise(rng, samples)
    level = 10 ** (-rng.uniform(1, 60 if rng.random() < 0.4 else 25) / 20)
    peak = float(np.abs(sound).max()) + 1e-9
    return (sound / peak * level).astype(np.float32)
