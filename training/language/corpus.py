"""Write the tokenizer and the training calls, tokenised and packed into shards.

python corpus.py --shards 24 --seed 1
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from calls import Dialogue
from dialogues import dialogue, drill, practice
from tokens import encode, load_tokenizer, render, train_tokenizer

PER_SHARD = 4096
LONGEST = 1024


# Until which shard, and the shares of drills, of practice and of easy calls; the rest are whole
# calls. Bare copying comes first, then single skills in the open, then the same in long prompts.
STAGES = (
    (1, 0.5, 0.3, 0.2),
    (4, 0.05, 0.6, 0.2),
    (8, 0.0, 0.25, 0.25),
    (10**6, 0.0, 0.1, 0.15),
)


def lesson(rng: random.Random, index: int) -> Dialogue:
    """One call of the difficulty that fits the shard's number."""
    drills, practices, easy = next(stage[1:] for stage in STAGES if index < stage[0])
    roll = rng.random()
    if roll < drills:
        return drill(rng)
    if roll < drills + practices:
        return practice(rng)
    return dialogue(rng, easy=roll < drills + practices + easy)


def write_tokenizer(path: Path, seed: int) -> None:
    """Learn the tokenizer from a few thousand calls."""
    rng = random.Random(f"tokenizer {seed}")
    calls = [dialogue(rng) for _ in range(6000)]
    train_tokenizer(render(c.messages, c.tools) for c in calls).save(str(path))


def write_shard(folder: Path, index: int, seed: int) -> None:
    """Generate, tokenise and save one shard, seeded by its number."""
    rng = random.Random(f"shard {seed} {index}")
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    ids: list[int] = []
    weights: list[int] = []
    ends: list[int] = []
    while len(ends) < PER_SHARD:
        one, weight = encode(tokenizer, lesson(rng, index))
        if len(one) <= LONGEST:
            ids += one
            weights += weight
            ends.append(len(ids))
    part = folder / f"shard-{index:03}.part.npz"
    np.savez(
        part,
        ids=np.array(ids, np.uint16),
        weights=np.array(weights, np.uint8),
        ends=np.array(ends, np.int64),
    )
    part.rename(folder / f"shard-{index:03}.npz")


def main() -> None:
    """Write what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/training/language"))
    parser.add_argument("--shards", type=int, default=24)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if not (options.out / "tokenizer.json").exists():
        write_tokenizer(options.out / "tokenizer.json", options.seed)
    for index in range(options.first, options.shards):
        if not (options.out / f"shard-{index:03}.npz").exists():
            write_shard(options.out, index, options.seed)
            print(f"shard {index} written", flush=True)


if __name__ == "__main__":
    main()
