import time

from tests.voice.engines.sounds import collect, floats, noise, telephone
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.silero import SileroModel
from thunderbox.voice.leg import FRAME_BYTES


def probabilities(model: SileroModel, pcm: bytes) -> list[float]:
    stream = model.stream()
    ends = range(FRAME_BYTES, len(pcm) + 1, FRAME_BYTES)
    return [stream.probability(pcm[end - FRAME_BYTES : end]) for end in ends]


async def test_speech_is_speech(silero: SileroModel, espeak: Espeak) -> None:
    pcm = telephone(await collect(espeak.speak("What are your opening hours?", "en-US-James1")))
    found = probabilities(silero, pcm)
    middle = found[len(found) // 4 : len(found) * 3 // 4]
    assert sum(p > 0.5 for p in middle) > 0.8 * len(middle)


def test_noise_and_silence_are_not(silero: SileroModel) -> None:
    assert max(probabilities(silero, noise(2.0, -30))) < 0.4
    assert max(probabilities(silero, bytes(64000))) < 0.2


async def test_streams_do_not_touch_each_other(silero: SileroModel, espeak: Espeak) -> None:
    pcm = await collect(espeak.speak("Hello.", "en-US-James1"))
    alone = probabilities(silero, pcm)
    speech, other = silero.stream(), silero.stream()
    mixed = []
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        mixed.append(speech.probability(pcm[start : start + FRAME_BYTES]))
        other.probability(bytes(FRAME_BYTES))
    assert mixed == alone


async def test_the_whole_utterance_at_once_says_the_same(
    silero: SileroModel, espeak: Espeak
) -> None:
    pcm = await collect(espeak.speak("Where can I park?", "en-US-James1"))
    at_once = silero.probabilities(floats(pcm))
    streamed = probabilities(silero, pcm)
    assert abs(max(streamed) - float(at_once.max())) < 0.02


def test_a_frame_costs_little(silero: SileroModel) -> None:
    pcm = noise(4.0, -30)
    probabilities(silero, pcm[:64000])
    started = time.process_time()
    frames = len(probabilities(silero, pcm))
    assert (time.process_time() - started) / frames < 0.001
