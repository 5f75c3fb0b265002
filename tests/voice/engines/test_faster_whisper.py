import asyncio
import re
import threading

import ctranslate2
import numpy as np
import pytest
from faster_whisper.audio import pad_or_trim
from tokenizers import Tokenizer
from tokenizers.models import BPE

from tests.voice.engines.sounds import collect, floats, noise, pcm, telephone
from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engines.espeak import Espeak
from thunderbox.voice.engines.faster_whisper import FasterWhisper, likeliest
from thunderbox.voice.engines.speech_guards import is_loop, loudest_dbfs
from thunderbox.voice.engines.whisper_input import (
    Prompts,
    cut,
    max_length,
    most_tokens,
    padded_features,
)
from thunderbox.voice.models import STARTER


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


async def question(espeak: Espeak, text: str, voice: str = "en-US-James1") -> bytes:
    return telephone(await collect(espeak.speak(text, voice)))


@pytest.mark.parametrize("voice", ["en-US-James1", "en-US-Emma1"])
async def test_a_question_over_the_telephone_is_understood(
    recognizer: FasterWhisper, espeak: Espeak, voice: str
) -> None:
    sound = await question(espeak, "What are your opening hours?", voice)
    found = await recognizer.transcribe(sound)
    assert words(found.text) == ["what", "are", "your", "opening", "hours"]
    assert 0 < found.seconds < 5


@pytest.mark.parametrize("level", [-60, -45, -30, -15])
async def test_noise_has_no_words(recognizer: FasterWhisper, level: float) -> None:
    assert (await recognizer.transcribe(noise(2.0, level))).text == ""


def tone(*hertz: float) -> bytes:
    at = np.arange(32000) / 16000
    return pcm((0.1 * sum(np.sin(2 * np.pi * h * at) for h in hertz)).astype(np.float32))


@pytest.mark.parametrize(
    "sound",
    [b"", b"\0", bytes(64000), bytes(2000), noise(0.08, -10), tone(440), tone(350, 440)],
    ids=["nothing", "half a sample", "silence", "short", "click", "tone", "dial tone"],
)
async def test_what_is_no_speech_has_no_words(recognizer: FasterWhisper, sound: bytes) -> None:
    assert (await recognizer.transcribe(sound)).text == ""


async def test_a_long_utterance_is_read_window_by_window(
    recognizer: FasterWhisper, espeak: Espeak
) -> None:
    part = await question(espeak, "What are your opening hours?")
    sound = bytes(16000).join([part] * 6)
    assert len(sound) > 12 * 32000
    found = words((await recognizer.transcribe(sound)).text)
    assert found.count("hours") >= 2


async def test_a_model_without_a_window_of_its_own_gets_a_short_one(espeak: Espeak) -> None:
    engine = FasterWhisper(STARTER / "asr")
    sound = await question(espeak, "What are your opening hours?")
    for seconds in (0.5, 10.013, 31.0):
        padded = (bytes(int(seconds * 16000) * 2) + sound)[-int(seconds * 16000) * 2 :]
        assert (await engine.transcribe(padded)).seconds > 0
    engine.close()


async def test_four_callers_at_once_get_their_own_words(
    recognizer: FasterWhisper, espeak: Espeak
) -> None:
    texts = ["What are your opening hours?", "Thank you, goodbye."] * 2
    sounds = [await question(espeak, text) for text in texts]
    alone = [(await recognizer.transcribe(sound)).text for sound in sounds]
    together = await asyncio.gather(*map(recognizer.transcribe, sounds))
    assert [found.text for found in together] == alone


async def test_a_cancelled_transcription_leaves_the_engine_ready(
    recognizer: FasterWhisper, espeak: Espeak
) -> None:
    sound = await question(espeak, "What are your opening hours?")
    tasks = [asyncio.create_task(recognizer.transcribe(sound)) for _ in range(8)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    assert "hours" in (await recognizer.transcribe(sound)).text.lower()


async def test_too_much_work_is_refused_and_close_fails_what_waits() -> None:
    engine = FasterWhisper(STARTER / "asr", window_seconds=8.0)
    go_on = threading.Event()
    for _ in range(2):
        engine._worker.submit(lambda: go_on.wait(20) and None)
    waiting = [asyncio.create_task(engine.transcribe(bytes(64000))) for _ in range(70)]
    await asyncio.sleep(0.05)
    refused = [task.exception() for task in waiting if task.done()]
    assert refused
    assert all(isinstance(error, EngineError) for error in refused)
    assert "too much" in str(refused[0])
    go_on.set()
    engine.close()
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert any("closed" in str(result) for result in results)
    with pytest.raises(EngineError, match="closed"):
        await engine.transcribe(bytes(64000))


@pytest.mark.parametrize(
    ("marks", "language", "prompt"),
    [
        (["<|notimestamps|>"], "en", ["<|startoftranscript|>", "<|notimestamps|>"]),
        (
            ["<|en|>", "<|de|>", "<|transcribe|>", "<|notimestamps|>"],
            "de-AT",
            ["<|startoftranscript|>", "<|de|>", "<|transcribe|>", "<|notimestamps|>"],
        ),
        (
            ["<|en|>", "<|transcribe|>", "<|notimestamps|>"],
            "xx",
            ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"],
        ),
    ],
    ids=["english only", "multilingual", "unknown language"],
)
def test_a_prompt_has_the_marks_that_the_vocabulary_knows(
    marks: list[str], language: str, prompt: list[str]
) -> None:
    tokenizer = Tokenizer(BPE())
    tokenizer.add_special_tokens(["<|startoftranscript|>", "<|endoftext|>", *marks])
    found = Prompts(tokenizer).for_language(language)
    assert [tokenizer.id_to_token(token) for token in found] == prompt


def test_a_tokenizer_of_another_kind_is_a_sentence() -> None:
    with pytest.raises(StartError, match="no Whisper model"):
        Prompts(Tokenizer(BPE()))


def test_features_are_padded_as_faster_whisper_pads_them(recognizer: FasterWhisper) -> None:
    samples = floats(noise(1.3, -30))
    model = recognizer._model
    wanted = pad_or_trim(model.feature_extractor(samples), 800)
    np.testing.assert_array_equal(padded_features(model, samples, 800)[0], wanted)


@pytest.mark.parametrize(("seconds", "tokens"), [(0.6, 16), (1.1, 20), (5.0, 52)])
def test_a_short_utterance_may_have_the_words_of_quick_speech(
    recognizer: FasterWhisper, seconds: float, tokens: int
) -> None:
    prompt = recognizer._prompts.for_language("en")
    features = padded_features(recognizer._model, floats(noise(seconds, -30)), 800)
    written = recognizer._model.model.generate(
        ctranslate2.StorageView.from_array(features),
        [prompt],
        beam_size=1,
        max_length=max_length(len(prompt), most_tokens(seconds)),
        suppress_tokens=[recognizer._prompts.end],  # so that it writes as long as it may
    )
    assert len(written[0].sequences_ids[0]) == tokens


def test_windows_are_cut_where_it_is_quiet() -> None:
    samples = floats(noise(10.0, -20))
    samples[16000 * 6 : 16000 * 6 + 3200] = 0
    parts = cut(samples, 16000 * 8)
    assert len(parts) == 2
    assert 6.0 <= len(parts[0]) / 16000 <= 6.2
    np.testing.assert_array_equal(np.concatenate(parts), samples)


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("no no no", False),
        ("five five five oh one two three", False),
        ("yes yes yes yes yes yes yes", True),
        ("thank you thank you thank you thank you", True),
        ("0 0 0 0 0 0 0 0", False),
        ("what are your opening hours", False),
    ],
)
def test_loops_are_recognised(text: str, loop: bool) -> None:
    assert is_loop(text) is loop


def test_loudness_is_that_of_the_loudest_part() -> None:
    samples = np.concatenate([np.zeros(32000, np.float32), floats(noise(0.3, -20))])
    assert abs(loudest_dbfs(samples) + 20) < 0.5


def test_a_directory_without_a_model_is_a_sentence(tmp_path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nonsense")
    with pytest.raises(StartError, match="cannot be loaded"):
        FasterWhisper(tmp_path)


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [(["en", "es"], "es"), (["en", "fr"], "en"), (["th", "vi"], "th"), (["de"], "de")],
)
def test_only_the_agents_languages_are_chosen_from(languages: list[str], spoken: str) -> None:
    found = [("<|pt|>", 0.5), ("<|es|>", 0.3), ("<|en|>", 0.1), ("<|fr|>", 0.05)]
    assert likeliest(found, languages) == spoken


async def test_a_model_of_one_language_tells_none(
    recognizer: FasterWhisper, espeak: Espeak
) -> None:
    sound = await question(espeak, "What are your opening hours?")
    assert await recognizer.detect(sound, ["es", "en"]) == "es"
