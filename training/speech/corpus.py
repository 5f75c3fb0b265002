"""The corpus: training sentences spoken by espeak-ng, stored as 16 kHz samples with phonemes.

    python corpus.py --out build/training/speech/corpus

Each process writes one shard: ``shard-N.pcm`` (16-bit mono at 16 kHz, utterances end to end) and
``shard-N.jsonl`` (offset, samples, transcript, phonemes). The phonemes are the targets of the
auxiliary CTC loss.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from multiprocessing import Process
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly
from sentences import TRAIN_SEED, TRAIN_SENTENCES, Sentence, training_sentences
from voices import Voice, training_voice

RATE = 16_000
MAX_SAMPLES = int(7.4 * RATE)
WAV_HEADER = 44
LOUD = 10 ** (-3 / 20) * 32767


def speak(text: str, voice: Voice) -> tuple[np.ndarray, str]:
    """Return (float samples at 22,050 Hz, IPA) of ``text``; needs the espeak-ng binary."""
    command = ["espeak-ng", "-v", voice.name, "-s", str(voice.rate), "-p", str(voice.pitch)]
    command += ["--stdout", "--ipa", "--phonout=/dev/stderr", text]
    done = subprocess.run(command, capture_output=True, check=True)
    samples = np.frombuffer(done.stdout[WAV_HEADER:], dtype=np.int16).astype(np.float32)
    return samples, " ".join(done.stderr.decode().split())


def write_shard(folder: Path, index: int, sentences: list[Sentence], seed: int) -> None:
    """Speak ``sentences`` and write them as shard ``index``."""
    pick = random.Random(seed)
    offset = 0
    with (
        (folder / f"shard-{index}.pcm").open("wb") as pcm,
        (folder / f"shard-{index}.jsonl").open("w") as rows,
    ):
        for sentence in sentences:
            voice = training_voice(pick)
            samples, phonemes = speak(sentence.spoken, voice)
            samples = resample_poly(samples, 320, 441)
            peak = float(np.abs(samples).max(initial=0.0))
            if peak < 100 or len(samples) > MAX_SAMPLES:
                continue
            data = (samples * (LOUD / peak)).astype(np.int16)
            pcm.write(data.tobytes())
            row = {"at": offset, "samples": len(data), "text": sentence.written, "ipa": phonemes}
            rows.write(json.dumps({**row, "voice": voice.name}) + "\n")
            offset += len(data)


def main() -> None:
    """Write the corpus with a few processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/training/speech/corpus"))
    parser.add_argument("--count", type=int, default=TRAIN_SENTENCES)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sentences = training_sentences(arguments.count)
    shards = arguments.processes
    workers = [
        Process(target=write_shard, args=(arguments.out, i, sentences[i::shards], TRAIN_SEED + i))
        for i in range(shards)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
