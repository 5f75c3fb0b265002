"""Train the model on the shards; saves a checkpoint every few minutes and resumes from it.

python train.py --minutes 80
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from model import Model, Shape
from tokens import load_tokenizer
from torch import Tensor

BUCKETS = (128, 192, 256, 384, 512, 768, 1024)
TOKENS_PER_STEP = 3072
MUON_RATE, EMBEDDING_RATE, GAIN_RATE = 0.005, 0.004, 1e-3
# By class of token; a call's few argument words decide whether it is right.
WEIGHTS = torch.tensor([0.0, 0.3, 1.0, 2.0])
NS = (3.4445, -4.7750, 2.0315)


def orthogonal(batch: Tensor) -> Tensor:
    """The nearest orthogonal matrix of each (rows, columns) in a batch, by Newton-Schulz."""
    a, b, c = NS
    x = batch.to(torch.bfloat16)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Muon:
    """Momentum whose steps are orthogonalised: learns copying in fewer tokens than AdamW."""

    def __init__(self, groups: list[tuple[list[Tensor], int]], momentum: float = 0.95) -> None:
        # Each group holds equal matrices that are `pieces` matrices stacked by rows.
        self.groups = groups
        self.momentum = momentum
        self.buffers = [torch.zeros_like(torch.stack(group)) for group, _ in groups]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Apply one update to every matrix."""
        for (matrices, pieces), buffer in zip(self.groups, self.buffers, strict=True):
            gradient = torch.stack([m.grad for m in matrices])
            buffer.lerp_(gradient, 1 - self.momentum)
            update = gradient.lerp(buffer, self.momentum)
            count, rows, columns = update.shape
            update = orthogonal(update.view(count * pieces, rows // pieces, columns))
            update *= max(1.0, rows / pieces / columns) ** 0.5
            for matrix, change in zip(matrices, update.view(count, rows, columns), strict=True):
                matrix.add_(change, alpha=-rate)


def batches(path: Path, rng: random.Random) -> Iterator[tuple[Tensor, Tensor]]:
    """The calls of one shard, padded to their bucket, in random order of batches."""
    shard = np.load(path)
    ids, weights, ends = shard["ids"], shard["weights"], shard["ends"]
    starts = np.concatenate([[0], ends[:-1]])
    waiting: dict[int, list[int]] = {size: [] for size in BUCKETS}
    ready: list[tuple[int, list[int]]] = []
    for i in rng.sample(range(len(ends)), len(ends)):
        size = next(s for s in BUCKETS if ends[i] - starts[i] <= s)
        waiting[size].append(i)
        if len(waiting[size]) == max(1, TOKENS_PER_STEP // size):
            ready.append((size, waiting[size]))
            waiting[size] = []
    rng.shuffle(ready)
    for size, members in ready:
        x = torch.zeros(len(members), size, dtype=torch.long)
        w = torch.zeros(len(members), size, dtype=torch.long)
        for row, i in enumerate(members):
            part = slice(starts[i], ends[i])
            x[row, : ends[i] - starts[i]] = torch.from_numpy(ids[part].astype(np.int64))
            w[row, : ends[i] - starts[i]] = torch.from_numpy(weights[part].astype(np.int64))
        yield x, w


def rate_at(done: float) -> float:
    """Warm up, stay, then fall to nothing over the last 70 %."""
    return min(1.0, done / 0.01 + 0.02) * min(1.0, max(0.0, 1 - done) / 0.7)


def main() -> None:
    """Train until the minutes are used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/training/language"))
    parser.add_argument("--minutes", type=float, default=80)
    parser.add_argument("--save-every", type=float, default=4, help="minutes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget an earlier checkpoint")
    parser.add_argument("--weights", type=Path, help="begin with another run's checkpoint.pt")
    parser.add_argument("--rate", type=float, default=1.0, help="share of the full rates")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    vocabulary = load_tokenizer(options.data / "tokenizer.json").get_vocab_size()
    shape = Shape(vocabulary)
    model = Model(shape)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    matrices: dict[str, list[Tensor]] = {"qkv": [], "out": [], "gate_up": [], "down": []}
    for layer in model.layers:
        for name, members in matrices.items():
            members.append(getattr(layer, name).weight)
    pieces = {"qkv": 3, "out": 1, "gate_up": 2, "down": 1}
    muon = Muon([(members, pieces[name]) for name, members in matrices.items()])
    rest = [p for n, p in model.named_parameters() if p.dim() == 1 or n.startswith("embedding")]
    rates = [EMBEDDING_RATE if p.dim() > 1 else GAIN_RATE for p in rest]
    adam = torch.optim.AdamW(
        [{"params": [p], "lr": rate} for p, rate in zip(rest, rates, strict=True)],
        betas=(0.9, 0.95),
        weight_decay=0.0,
        fused=True,
    )
    if options.weights:
        model.load_state_dict(torch.load(options.weights)["model"])
    used, step, shard = 0.0, 0, 0
    checkpoint = options.data / "checkpoint.pt"
    if checkpoint.exists() and not options.fresh:
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        adam.load_state_dict(saved["adam"])
        muon.buffers = saved["muon"]
        used, step, shard = saved["used"], saved["step"], saved["shard"]
    forward = torch.compile(model)
    total = options.minutes * 60
    losses: list[float] = []
    tokens = 0
    last = saved_at = time.monotonic()

    def save() -> None:
        part = checkpoint.with_suffix(".part")
        torch.save(
            {
                "model": model.state_dict(), "adam": adam.state_dict(), "muon": muon.buffers,
                "used": used, "step": step, "shard": shard, "shape": shape.__dict__,
            },
            part,
        )  # fmt: skip
        part.rename(checkpoint)

    while used < total:
        paths = sorted(options.data.glob("shard-*.npz"))
        for ids, weights in batches(paths[shard % len(paths)], rng):
            began = time.monotonic()
            targets, kinds = ids[:, 1:].reshape(-1), weights[:, 1:].reshape(-1)
            # Other words teach the language a little: a fifth of them is enough.
            chosen = (kinds >= 2) | ((kinds == 1) & (torch.rand(kinds.shape) < 0.2))
            places = chosen.nonzero().squeeze(1)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                states = forward(ids)[:, :-1].reshape(-1, shape.width)[places]
                scores = model.logits(states)
            loss = F.cross_entropy(scores.float(), targets[places], reduction="none")
            answers = kinds[places] >= 2
            losses.append(loss.detach()[answers].mean().item())
            weight = WEIGHTS[kinds[places]]
            loss = (loss * weight).sum() / weight.sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(rest, 1.0)
            rate = options.rate * rate_at(used / total)
            for group, full in zip(adam.param_groups, rates, strict=True):
                group["lr"] = full * rate
            muon.step(MUON_RATE * rate)
            adam.step()
            model.zero_grad(set_to_none=True)
            tokens += ids.numel()
            step += 1
            used += time.monotonic() - began
            if step % 100 == 0:
                pace = tokens / (time.monotonic() - last)
                print(
                    f"step {step} shard {shard} {used / 60:.1f} min loss {np.mean(losses):.4f} "
                    f"rate {rate:.2f} {pace:.0f} tokens/s",
                    flush=True,
                )
                losses, tokens, last = [], 0, time.monotonic()
            if time.monotonic() - saved_at > options.save_every * 60:
                save()
                saved_at = time.monotonic()
            if used >= total:
                break
        shard += 1
    save()


if __name__ == "__main__":
    main()
