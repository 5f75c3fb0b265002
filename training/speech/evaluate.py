"""Measure the recogniser as the box uses it: faster-whisper, CTranslate2, int8, 2 threads.

    python training/speech/evaluate.py [--model DIR] [--json]

Needs faster-whisper, numpy and the espeak-ng binary only. All draws are seeded. Sentences are
checked against the rebuilt training set, voices are those training never used. Exit status 1 when
a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import ctranslate2
import noise
import numpy as np
import phrases
from faster_whisper import WhisperModel
from sentences import Sentence, normalise, training_sentences, unseen_sentences
from voices import Voice, default_voice, held_out_voice, training_voice

RATE = 16_000
WINDOW_SECONDS = 8
SEED = 4271
WER_GOAL = 0.08
CLIPS_GOAL = 2
BEAM = 5
ESPEAK_RATE = 22_050
MODEL = Path(__file__).resolve().parents[2] / "thunderbox" / "voice" / "starter" / "asr"


def resample(samples: np.ndarray, before: int, after: int) -> np.ndarray:
    """Change the rate by Fourier transform: what lies above the new half rate is lost."""
    size = round(len(samples) * after / before)
    spectrum = np.fft.rfft(samples)
    bins = size // 2 + 1
    spectrum = (
        spectrum[:bins] if len(spectrum) > bins else np.pad(spectrum, (0, bins - len(spectrum)))
    )
    return np.fft.irfft(spectrum, size) * (size / len(samples))


def mu_law(samples: np.ndarray) -> np.ndarray:
    """Pass samples in [-1, 1] through the 256 steps of G.711 mu-law."""
    coded = np.clip(samples, -1, 1)
    coded = np.sign(coded) * np.log1p(255 * np.abs(coded)) / np.log(256)
    coded = np.round(coded * 127) / 127
    return np.sign(coded) * (256 ** np.abs(coded) - 1) / 255


def telephone(samples: np.ndarray) -> np.ndarray:
    """Narrow 16 kHz samples to 8 kHz mu-law and widen them again."""
    return resample(mu_law(resample(samples, RATE, RATE // 2)), RATE // 2, RATE).astype(np.float32)


def speak(text: str, voice: Voice) -> np.ndarray:
    """Return espeak-ng's speech at 16 kHz with its peak at 1."""
    command = ["espeak-ng", "-v", voice.name, "-s", str(voice.rate), "-p", str(voice.pitch)]
    done = subprocess.run([*command, "--stdout", text], capture_output=True, check=True)
    samples = resample(np.frombuffer(done.stdout[44:], np.int16) / 32768, ESPEAK_RATE, RATE)
    return samples / (np.abs(samples).max() + 1e-9)


def on_the_line(speech: np.ndarray, pick: random.Random, narrow: bool = True) -> np.ndarray:
    """Clip the start, pad with silence, set the level, add 10 to 30 dB noise, narrow."""
    speech = speech[pick.randint(0, int(0.06 * RATE)) if pick.random() < 0.3 else 0 :]
    before, after = (int(pick.uniform(0, 0.7) * RATE) for _ in range(2))
    speech = np.pad(speech, (before, after)) * 10 ** (-pick.uniform(1, 24) / 20)
    rng = np.random.default_rng(pick.randrange(2**32))
    hiss = noise.any_noise(rng, len(speech))
    power = np.sqrt(np.mean(speech[before : len(speech) - after] ** 2))
    noisy = speech + hiss * power * 10 ** (-pick.uniform(10, 30) / 20)
    return telephone(noisy) if narrow else mu_law(noisy).astype(np.float32)


def word_errors(reference: list[str], heard: list[str]) -> int:
    """Return the fewest words to add, drop or replace to turn one into the other."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(reference, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            cost = min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
            previous, row[j] = row[j], cost
    return row[-1]


class Recogniser:
    """The short path: features padded to the 8 s window, one encode, one generate."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.whisper = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads
        )
        mark = self.whisper.hf_tokenizer.token_to_id
        self.prompt = [mark("<|startoftranscript|>"), mark("<|notimestamps|>")]
        self.seconds: list[float] = []

    def hear(self, samples: np.ndarray) -> tuple[str, float]:
        """Return (text, probability that nobody spoke) of up to 8 s."""
        began = time.perf_counter()
        samples = samples[: WINDOW_SECONDS * RATE].astype(np.float32)
        frames = self.whisper.feature_extractor(samples)[:, : WINDOW_SECONDS * 100]
        frames = np.pad(frames, ((0, 0), (0, WINDOW_SECONDS * 100 - frames.shape[1])))
        storage = ctranslate2.StorageView.from_array(np.ascontiguousarray(frames[None]))
        result = self.whisper.model.generate(
            self.whisper.model.encode(storage),
            [self.prompt],
            beam_size=BEAM,
            length_penalty=0.0,
            max_length=100,
            return_no_speech_prob=True,
        )[0]
        text = self.whisper.hf_tokenizer.decode(result.sequences_ids[0]).strip()
        self.seconds.append(time.perf_counter() - began)
        return text, result.no_speech_prob


@dataclass
class Score:
    """Errors of one kind of utterance."""

    utterances: int = 0
    words: int = 0
    errors: int = 0
    exact: int = 0
    no_speech: int = 0
    misses: list[tuple[str, str]] = field(default_factory=list)

    def add(self, written: str, heard: str, no_speech: float) -> None:
        """Count one utterance."""
        reference = normalise(written).split()
        wrong = word_errors(reference, normalise(heard).split())
        self.utterances += 1
        self.words += len(reference)
        self.errors += wrong
        self.exact += written == heard
        self.no_speech += no_speech > 0.6
        if written != heard:
            self.misses.append((written, heard))

    def record(self) -> dict[str, float]:
        """Return the figures for the report."""
        return {
            "utterances": self.utterances,
            "words": self.words,
            "word_error_rate": round(self.errors / max(1, self.words), 4),
            "exact_with_punctuation": round(self.exact / max(1, self.utterances), 4),
            "taken_for_silence": self.no_speech,
        }


def measure(
    ears: Recogniser,
    sentences: Iterator[Sentence],
    count: int,
    voice: Callable[[random.Random], Voice],
    narrow: bool = True,
) -> dict[str, Score]:
    """Speak and recognise ``count`` sentences; return a score for "all" and for every topic."""
    pick, scores = random.Random(SEED), {"all": Score()}
    while scores["all"].utterances < count:
        sentence = next(sentences)
        speech = speak(sentence.spoken, voice(pick))
        if len(speech) > 6.5 * RATE:
            continue
        heard, no_speech = ears.hear(on_the_line(speech, pick, narrow))
        for key in ("all", sentence.topic):
            scores.setdefault(key, Score()).add(sentence.written, heard, no_speech)
    return scores


def invented(
    ears: Recogniser, count: int, kinds: list[noise.Kind] | None
) -> tuple[int, list[tuple[str, str]]]:
    """Return how many of ``count`` wordless clips gave words, and which."""
    rng, made_up = np.random.default_rng(SEED), []
    every = kinds or noise.TRAINING_KINDS
    for number in range(count):
        kind = every[number % len(every)]
        samples = int(rng.uniform(0.5, WINDOW_SECONDS) * RATE)
        heard, _ = ears.hear(telephone(noise.clip(rng, samples, [kind])))
        if normalise(heard):
            made_up.append((kind.__name__, heard))
    return len(made_up), made_up


def drawn(
    seed: int, known: set[str], held_out: bool = False, invented: bool = False
) -> Iterator[Sentence]:
    """Yield unseen sentences, either without invented names or each with one."""
    return (s for s in unseen_sentences(seed, held_out, known) if s.invented == invented)


def reception() -> Iterator[Sentence]:
    """Yield the receptionist's own lines, over and over."""
    lines = phrases.RECEPTION.strip().splitlines()
    while True:
        yield from (Sentence(line, line, "reception", False) for line in lines)


def transcribed(folder: Path, threads: int) -> list[tuple[str, str]]:
    """Return (reference, text) of a few lines through faster-whisper's own transcribe()."""
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
    pick, pairs = random.Random(SEED), []
    for sentence in islice(reception(), 10):
        line = on_the_line(speak(sentence.spoken, default_voice(pick)), pick)
        segments, _ = whisper.transcribe(line, language="en", beam_size=BEAM)
        pairs.append((sentence.written, " ".join(s.text.strip() for s in segments)))
    return pairs


def report(folder: Path, threads: int, scale: float) -> tuple[dict, dict[str, list]]:
    """Measure everything; return the figures, and the misses for a person to read."""
    ears = Recogniser(folder, threads)
    known = {normalise(s.written) for s in training_sentences()}
    known |= {normalise(line) for line in phrases.RECEPTION.splitlines()}
    size = lambda n: max(10, round(n * scale))  # noqa: E731
    sets = {
        "held-out sentences, held-out voices": measure(
            ears, drawn(SEED, known), size(420), held_out_voice
        ),
        "held-out templates, held-out voices": measure(
            ears, drawn(SEED + 1, known, held_out=True), size(160), held_out_voice
        ),
        "held-out sentences, training voices": measure(
            ears, drawn(SEED + 2, known), size(160), training_voice
        ),
        "held-out sentences, default voice": measure(
            ears, drawn(SEED + 3, known), size(160), default_voice
        ),
        "held-out templates, default voice": measure(
            ears, drawn(SEED + 1, known, held_out=True), size(160), default_voice
        ),
        "held-out sentences, default voice, not narrowed (16 kHz)": measure(
            ears, drawn(SEED + 3, known), size(160), default_voice, narrow=False
        ),
        "sentences with invented names, held-out voices": measure(
            ears, drawn(SEED + 4, known, invented=True), size(60), held_out_voice
        ),
        "reception lines (trained on), default voice": measure(
            ears, reception(), size(105), default_voice
        ),
    }
    times = sorted(ears.seconds)
    clips, made_up = invented(ears, 100, None)
    unseen_clips, unseen_made_up = invented(ears, 20, noise.UNSEEN_KINDS)
    pairs = transcribed(folder, threads)
    goal = sets["held-out sentences, held-out voices"]
    full = Score()
    for written, heard in pairs:
        full.add(written, heard, 0.0)
    figures = {
        "sets": {name: scores["all"].record() for name, scores in sets.items()},
        "topics": {name: score.record() for name, score in goal.items() if name != "all"},
        "wordless_clips": 100,
        "wordless_clips_with_words": clips,
        "unseen_kinds_clips": 20,
        "unseen_kinds_clips_with_words": unseen_clips,
        "transcribe_word_error_rate": full.record()["word_error_rate"],
        "window_ms_p50": round(times[len(times) // 2] * 1000, 1),
        "window_ms_p95": round(times[int(len(times) * 0.95)] * 1000, 1),
        "threads": threads,
        "megabytes": round(sum(f.stat().st_size for f in folder.iterdir()) / 1e6, 2),
    }
    misses: dict[str, list] = {name: scores["all"].misses for name, scores in sets.items()}
    misses["words in wordless clips"] = made_up + unseen_made_up
    misses["transcribe()"] = full.misses
    return figures, misses


def missed_goals(figures: dict) -> list[str]:
    """Return a sentence for every goal that is missed."""
    goals = []
    rate = figures["sets"]["held-out sentences, held-out voices"]["word_error_rate"]
    if rate > WER_GOAL:
        goals.append(f"word error rate {rate:.1%} is over {WER_GOAL:.0%}")
    if figures["wordless_clips_with_words"] > CLIPS_GOAL:
        goals.append(f"{figures['wordless_clips_with_words']} wordless clips gave words")
    return goals


def show(figures: dict) -> None:
    """Print the tables."""
    print("| set | utterances | word error rate | exact with punctuation |\n|---|---|---|---|")
    for part in ("sets", "topics"):
        for name, row in figures[part].items():
            label = name if part == "sets" else f"- topic {name}"
            print(
                f"| {label} | {row['utterances']} | {row['word_error_rate']:.1%} "
                f"| {row['exact_with_punctuation']:.0%} |"
            )
    for name, value in figures.items():
        if name not in ("sets", "topics"):
            print(f"{name}: {value}")


def main() -> int:
    """Read the command line, measure, print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the utterances to use")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--misses", type=int, default=0, help="print this many misses of each set")
    arguments = parser.parse_args()
    figures, misses = report(arguments.model, arguments.threads, arguments.scale)
    missed = missed_goals(figures)
    if arguments.json:
        print(json.dumps({**figures, "missed_goals": missed}, indent=2))
    else:
        show(figures)
    for name, pairs in misses.items():
        for written, heard in pairs[: arguments.misses]:
            print(f"[{name}] {written!r} -> {heard!r}", file=sys.stderr)
    for goal in missed:
        print(f"goal missed: {goal}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
