"""Train the recogniser: Whisper's architecture, small, from random weights, on one core.

    python train.py --corpus build/training/speech/corpus --out build/training/speech/run

The learning rate follows the clock, so ``--minutes`` decides how long it takes. Every few minutes
``checkpoint.pt`` is replaced; `export.py` can turn it into a usable model at any time.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import noise
import numpy as np
import torch
import torch.nn.functional as F
from features import HOP, RATE, LogMel, mu_law, other_throats, telephone_line
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import AttentionInterface, WhisperConfig, WhisperForConditionalGeneration

SEED = 20261120
WINDOW_SECONDS = 8
WINDOW_FRAMES = WINDOW_SECONDS * 100
LONG_FRAMES = 3000
BPE_SIZE = 800
WIDTH = 160
MUON_RATE = 3e-3
ADAM_RATE = 1e-3
WARM_UP = 100
EMPTY_SHARE = 0.13
TIMED_SHARE = 0.08
WRONG_SHARE = 0.15
FRAME_BUDGET = 12_000
STRESS = set("ˈˌː_ -:|'ˑ.,;?!()0123456789\u0303\u0329\u032a\u200d")


def build_tokenizer(texts: list[str]) -> Tokenizer:
    """Learn a byte-level BPE and add Whisper's marks and the timestamps of the window."""
    pre = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learner.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=BPE_SIZE, initial_alphabet=alphabet)
    )
    learnt = json.loads(learner.to_str())["model"]
    vocabulary: dict[str, int] = learnt["vocab"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in learnt["merges"]]
    # faster-whisper suppresses the first token of " -", " '" and " ♪"; were that the bare space,
    # no word outside the vocabulary could begin. So these become tokens of their own.
    for second in ("-", "'", "â"):
        if ("Ġ" + second) not in vocabulary:
            vocabulary["Ġ" + second] = len(vocabulary)
            merges.append(("Ġ", second))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    marks = "endoftext startoftranscript translate transcribe startoflm startofprev nospeech"
    special = [f"<|{mark}|>" for mark in [*marks.split(), "notimestamps"]]
    special += [f"<|{i * 0.02:.2f}|>" for i in range(WINDOW_SECONDS * 50 + 1)]
    tokenizer.add_special_tokens(special)
    return tokenizer


class Guide:
    """Tells the decoder where to look: near the place that a token's share of the letters suggests.

    Speech runs evenly enough for that, and a decoder that looks at the right place from the start
    need not find it by chance.
    """

    def __init__(self, spans: list[tuple[float, float, list[float]]], width: int, frames: int):
        centres = torch.zeros(len(spans), width)
        widths = torch.ones(len(spans), 1)
        self.known = torch.zeros(len(spans), width, dtype=torch.bool)
        for i, (begin, end, shares) in enumerate(spans):
            known = slice(1, 1 + len(shares))
            centres[i, known] = begin + (end - begin) * torch.tensor(shares)
            self.known[i, known] = True
            widths[i] = 3 + 0.08 * (end - begin)
        away = (torch.arange(frames) - centres[..., None]) / widths[..., None]
        self.nearness = torch.exp(-0.5 * away.square())
        self.losses: list[torch.Tensor] = []

    def watch(self, weights: torch.Tensor) -> None:
        """Note how much of half the heads' attention falls near the right place."""
        half = weights[:, : weights.shape[1] // 2].float()
        near = (half * self.nearness[:, None]).sum(-1).mean(1)
        self.losses.append(-(near[self.known] + 1e-3).log().mean())


def lean_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attend with plain matrix products: on a CPU their gradient is thrice as fast as SDPA's."""
    with torch.autocast("cpu", enabled=False):
        scores = torch.matmul(query * scaling, key.transpose(-1, -2))
        if module.is_causal and scores.shape[-2] > 1:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(future, -1e4)
        weights = scores.softmax(-1)
        mixed = torch.matmul(weights, value)
        guide: Guide | None = getattr(module, "guide", None)
        if guide is not None:
            guide.watch(weights)
    return mixed.transpose(1, 2).contiguous(), None


AttentionInterface.register("lean", lean_attention)


def build_model(vocabulary: int, marks: dict[str, int]) -> WhisperForConditionalGeneration:
    """Return the network with random weights; positions are fixed sinusoids on both sides."""
    config = WhisperConfig(
        vocab_size=vocabulary,
        d_model=WIDTH,
        encoder_layers=4,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        max_source_positions=LONG_FRAMES // 2,
        max_target_positions=448,
        num_mel_bins=80,
        pad_token_id=marks["end"],
        bos_token_id=marks["end"],
        eos_token_id=marks["end"],
        decoder_start_token_id=marks["start"],
        suppress_tokens=None,
        begin_suppress_tokens=None,
        dropout=0.0,
        attn_implementation="lean",
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config.suppress_tokens = []
    model.generation_config.begin_suppress_tokens = []
    decoder = model.model.decoder
    positions = decoder.embed_positions.weight
    with torch.no_grad():
        # Learned positions beyond the longest training text would stay random.
        source = model.model.encoder.embed_positions.weight
        positions.copy_(0.2 * source[: len(positions)])
        decoder.embed_tokens.weight.normal_(0, 0.05)
    positions.requires_grad_(False)
    return model


def encode(model: WhisperForConditionalGeneration, features: torch.Tensor) -> torch.Tensor:
    """Run the encoder on any even number of frames (its own forward insists on the full window)."""
    encoder = model.model.encoder
    hidden = F.gelu(encoder.conv1(features))
    hidden = F.gelu(encoder.conv2(hidden)).transpose(1, 2)
    hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]]
    for layer in encoder.layers:
        output = layer(hidden, None)
        hidden = output[0] if isinstance(output, tuple) else output
    return encoder.layer_norm(hidden)


@dataclass
class Utterance:
    """One row of the corpus: its tokens, how far into the text each is, its phonemes."""

    samples: np.ndarray
    tokens: list[int]
    places: list[float]
    phonemes: list[int]


@dataclass
class Batch:
    """What one step sees. Lengths are in encoder frames (20 ms)."""

    features: torch.Tensor
    inputs: torch.Tensor
    labels: torch.Tensor
    phonemes: torch.Tensor
    phoneme_counts: torch.Tensor
    lengths: torch.Tensor
    guide: Guide


class Corpus:
    """Reads the shards and draws batches with fresh noise, levels, padding and lines."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.random = random.Random(SEED)
        self.rng = np.random.default_rng(SEED)
        self.log_mel = LogMel()
        rows: list[tuple[np.ndarray, dict]] = []
        for index in sorted(folder.glob("shard-*.jsonl")):
            pcm = np.memmap(index.with_suffix(".pcm"), dtype=np.int16, mode="r")
            for line in index.read_text().splitlines():
                row = json.loads(line)
                rows.append((pcm[row["at"] : row["at"] + row["samples"]], row))
        self.tokenizer = build_tokenizer([row["text"] for _, row in rows])
        self.tokenizer.save(str(out / "tokenizer.json"))
        mark = self.tokenizer.token_to_id
        self.marks = {
            "end": mark("<|endoftext|>"),
            "start": mark("<|startoftranscript|>"),
            "plain": mark("<|notimestamps|>"),
            "empty": mark("<|nospeech|>"),
            "zero": mark("<|0.00|>"),
        }
        symbols = sorted({s for _, row in rows for s in row["ipa"]} - STRESS)
        self.symbols = {symbol: i + 1 for i, symbol in enumerate(symbols)}
        self.utterances: list[Utterance] = []
        for samples, row in rows:
            encoding = self.tokenizer.encode(row["text"])
            places = [(a + b) / 2 / len(row["text"]) for a, b in encoding.offsets]
            phonemes = [self.symbols[s] for s in row["ipa"] if s in self.symbols]
            self.utterances.append(Utterance(samples, encoding.ids, places, phonemes))
        self.utterances.sort(key=lambda u: len(u.samples))
        self.noises = self._noise_bank(out / "noises.npy", 12 * RATE, 160)
        self.clips = self._clip_bank(out / "clips.npy", WINDOW_SECONDS * RATE, 2600)

    def _noise_bank(self, path: Path, samples: int, count: int) -> np.ndarray:
        """Return background noises of unit power as float16, made once."""
        if not path.exists():
            rng = np.random.default_rng(SEED + 1)
            kinds = [noise.any_noise] * 6 + [noise.moving_noise, noise.hum, noise.motor]
            bank = [kinds[rng.integers(len(kinds))](rng, samples) for _ in range(count)]
            np.save(path, np.stack(bank).astype(np.float16))
        return np.load(path)

    def _clip_bank(self, path: Path, samples: int, count: int) -> np.ndarray:
        """Return wordless clips as 16-bit samples, made once."""
        if not path.exists():
            rng = np.random.default_rng(SEED + 2)
            bank = np.empty((count, samples), np.int16)
            for row in bank:
                row[:] = np.clip(noise.clip(rng, samples), -1, 1) * 32767
            np.save(path, bank)
        return np.load(path, mmap_mode="r")

    def batches(self) -> Iterator[Batch]:
        """Yield one epoch of batches of similar length, in random order."""
        groups: list[tuple[int, list[Utterance]]] = []
        position = 0
        while position < len(self.utterances):
            draw = self.random.random()
            if draw < 0.02:
                frames = LONG_FRAMES
            elif draw < 0.10:
                frames = WINDOW_FRAMES
            else:
                longest = self.utterances[min(position + 40, len(self.utterances) - 1)]
                frames = len(longest.samples) // HOP + 70
            size = FRAME_BUDGET // frames
            groups.append((frames, self.utterances[position : position + size]))
            position += size
        self.random.shuffle(groups)
        for frames, group in groups:
            yield self._batch(frames, group)

    def _batch(self, window: int, group: list[Utterance]) -> Batch:
        pick, rng = self.random, self.rng
        longest = max(len(u.samples) for u in group)
        total = min(WINDOW_SECONDS * RATE, longest + int(pick.uniform(0.1, 1.0) * RATE))
        if window == WINDOW_FRAMES:
            total = WINDOW_SECONDS * RATE
        total -= total % (2 * HOP)
        empties = sum(pick.random() < EMPTY_SHARE for _ in group)
        rows = len(group) + empties
        wave = np.zeros((rows, total), np.float32)
        ends = np.full(rows, total)
        spans: list[tuple[float, float]] = []
        for i, utterance in enumerate(group):
            samples = utterance.samples[
                pick.randint(0, RATE // 16) if pick.random() < 0.35 else 0 :
            ]
            room = max(0, total - len(samples))
            lead = int(min(room, pick.uniform(0, 0.7) * RATE))
            samples = samples[: total - lead]
            level = 10 ** (-pick.uniform(-2, 21) / 20) / 32768
            wave[i, lead : lead + len(samples)] = samples * np.float32(level)
            spans.append((lead / HOP / 2, (lead + len(samples)) / HOP / 2))
            tail = int(pick.uniform(0.02, 0.7) * RATE)
            ends[i] = min(total, lead + len(samples) + tail)
            if pick.random() < 0.75:
                power = float(np.sqrt(np.mean(wave[i, lead : lead + len(samples)] ** 2)))
                ratio = 10 ** (-pick.uniform(8, 40) / 20)
                start = pick.randint(0, self.noises.shape[1] - total)
                hiss = self.noises[pick.randrange(len(self.noises)), start : start + total]
                wave[i] += hiss.astype(np.float32) * np.float32(power * ratio)
            elif pick.random() < 0.5:
                floor = 10 ** (-pick.uniform(50, 85) / 20)
                wave[i] += rng.standard_normal(total, np.float32) * np.float32(floor)
        for i in range(len(group), rows):
            clip = self.clips[pick.randrange(len(self.clips))]
            start = pick.randint(0, len(clip) - total)
            gain = 10 ** (-pick.uniform(0, 25 if pick.random() < 0.5 else 3) / 20) / 32768
            wave[i] = clip[start : start + total] * np.float32(gain)
            ends[i] = pick.randint(total // 3, total)
        samples = torch.from_numpy(wave)
        if pick.random() < 0.8:
            samples = mu_law(samples)
        features = self.log_mel(samples, telephone_line(rows), other_throats(rows))
        features = features[..., : total // HOP]
        frames = (ends + HOP - 1) // HOP
        if pick.random() < 0.65 or window == LONG_FRAMES:
            # The runtime pads features, not samples, with zeros.
            past = torch.arange(features.shape[-1])[None] >= torch.from_numpy(frames)[:, None]
            features = features.masked_fill(past[:, None], 0.0)
        if window == LONG_FRAMES:
            features = F.pad(features, (0, LONG_FRAMES - features.shape[-1]))
        if pick.random() < 0.3:
            low, high = pick.randint(0, 70), pick.randint(2, 9)
            features[:, low : low + high] = features.mean()
        return self._with_targets(features, group, rows, frames, spans)

    def _with_targets(
        self,
        features: torch.Tensor,
        group: list[Utterance],
        rows: int,
        frames: np.ndarray,
        spans: list[tuple[float, float]],
    ) -> Batch:
        mark, pick = self.marks, self.random
        sequences: list[list[int]] = []
        for i in range(rows):
            timed = pick.random() < TIMED_SHARE
            second = mark["zero"] if timed else mark["plain"]
            if i >= len(group):
                sequences.append([mark["start"], second, mark["end"]])
                continue
            tokens = group[i].tokens
            if timed:
                tokens = [*tokens, mark["zero"] + min(int(frames[i]) // 2, WINDOW_SECONDS * 50)]
            sequences.append([mark["start"], second, *tokens, mark["end"]])
        width = max(map(len, sequences))
        inputs = torch.full((rows, width), mark["end"])
        labels = torch.full((rows, width), -100)
        for i, sequence in enumerate(sequences):
            inputs[i, : len(sequence)] = torch.tensor(sequence)
            labels[i, : len(sequence)] = torch.tensor(sequence)
            if i >= len(group):
                labels[i, 1] = mark["empty"]
        # Some wrong tokens in what came before: who cannot trust his own words listens harder.
        wrong = torch.rand(inputs.shape) < WRONG_SHARE
        wrong &= (torch.rand(rows, 1) < 0.5) & (inputs < mark["end"])
        inputs = torch.where(wrong, torch.randint(0, mark["end"], inputs.shape), inputs)
        phonemes = [u.phonemes for u in group] + [[]] * (rows - len(group))
        places = [(*span, u.places) for span, u in zip(spans, group, strict=True)]
        places += [(0.0, 1.0, [])] * (rows - len(group))
        return Batch(
            features=features,
            inputs=inputs[:, :-1],
            labels=labels[:, 1:],
            phonemes=torch.tensor([p for row in phonemes for p in row]),
            phoneme_counts=torch.tensor([len(row) for row in phonemes]),
            lengths=torch.from_numpy(np.minimum((frames + 1) // 2, features.shape[-1] // 2)),
            guide=Guide(places, width - 1, features.shape[-1] // 2),
        )


def loss_of(
    model: WhisperForConditionalGeneration, head: nn.Linear, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (next-token loss, phoneme CTC loss, guide loss)."""
    for layer in model.model.decoder.layers:
        layer.encoder_attn.guide = batch.guide
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = encode(model, batch.features)
        decoded = model.model.decoder(
            input_ids=batch.inputs, encoder_hidden_states=hidden, use_cache=False
        ).last_hidden_state
        wanted = batch.labels != -100
        logits = model.proj_out(decoded[wanted])
        phonemes = head(hidden)
    text = F.cross_entropy(logits.float(), batch.labels[wanted], label_smoothing=0.05)
    sound = F.ctc_loss(
        phonemes.float().log_softmax(-1).transpose(0, 1),
        batch.phonemes,
        batch.lengths,
        batch.phoneme_counts,
        zero_infinity=True,
    )
    return text, sound, torch.stack(batch.guide.losses).mean()


def build_optimisers(
    model: WhisperForConditionalGeneration, head: nn.Linear
) -> list[torch.optim.Optimizer]:
    """Return Muon for the layers' matrices (it needs fewer steps) and AdamW for the rest."""
    layers = [*model.model.encoder.layers.parameters(), *model.model.decoder.layers.parameters()]
    matrices = [w for w in layers if w.ndim == 2]
    known = set(map(id, matrices))
    every = [*model.parameters(), *head.parameters()]
    others = [w for w in every if w.requires_grad and id(w) not in known]
    muon = torch.optim.Muon(
        [{"params": matrices, "peak": MUON_RATE}],
        weight_decay=0.01,
        momentum=0.95,
        adjust_lr_fn="match_rms_adamw",
    )
    adam = torch.optim.AdamW(
        [{"params": others, "peak": ADAM_RATE}], weight_decay=0.0, betas=(0.9, 0.98), fused=True
    )
    return [muon, adam]


def rate_at(step: int, progress: float) -> float:
    """Return the share of the peak rate: warm-up by steps, then a cosine by the time spent."""
    return min(1.0, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * progress) + 0.01)


def save(path: Path, **state: object) -> None:
    """Replace a checkpoint atomically."""
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def train(
    corpus_folder: Path, out: Path, minutes: float, threads: int, resume: Path | None, begin: float
) -> None:
    """Train until the minutes are spent, checkpointing the running average of the weights."""
    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    corpus = Corpus(corpus_folder, out)
    model = build_model(corpus.tokenizer.get_vocab_size(), corpus.marks)
    head = nn.Linear(WIDTH, len(corpus.symbols) + 1)
    if resume is not None:
        state = torch.load(resume, weights_only=True)
        model.load_state_dict(state["model"])
        if "head" in state:
            head.load_state_dict(state["head"])
    weights = [p for p in [*model.parameters(), *head.parameters()] if p.requires_grad]
    size = sum(p.numel() for p in model.parameters())
    print(f"{len(corpus.utterances)} utterances, {size / 1e6:.2f} M parameters", flush=True)
    average = [w.detach().clone() for w in weights]
    optimisers = build_optimisers(model, head)
    began = saved = shown = time.monotonic()
    step, heard, recent, epoch = 0, 0, [], 0
    names = [n for n, p in model.named_parameters() if p.requires_grad]
    while True:
        epoch += 1
        for batch in corpus.batches():
            passed = (time.monotonic() - began) / (minutes * 60)
            progress = min(1.0, begin + (1 - begin) * passed)
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = group["peak"] * rate_at(step, progress)
            text, sound, guide = loss_of(model, head, batch)
            guide_share = 0.4 * max(0.0, 1 - 2 * progress)
            (text + (0.5 - 0.3 * progress) * sound + guide_share * guide).backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            for optimiser in optimisers:
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            step, heard = step + 1, heard + len(batch.inputs)
            pull = max(0.002, 1 / (step + 1)) if step < 2000 else 0.002
            torch._foreach_lerp_(average, [w.detach() for w in weights], pull)
            recent.append((text.item(), sound.item(), guide.item()))
            now = time.monotonic()
            if step % 50 == 0:
                text_mean, sound_mean, guide_mean = np.mean(recent, 0)
                speed = heard / (now - shown)
                print(
                    f"{step} epoch {epoch} {now - began:.0f}s text {text_mean:.3f} "
                    f"sound {sound_mean:.3f} guide {guide_mean:.3f} {speed:.0f} utterances/s",
                    flush=True,
                )
                recent, heard, shown = [], 0, now
            done = progress >= 1.0
            if done or now - saved > 180:
                named = dict(zip(names, average, strict=False))
                save(
                    out / "checkpoint.pt",
                    model={
                        **model.state_dict(),
                        **named,
                        "proj_out.weight": average[
                            names.index("model.decoder.embed_tokens.weight")
                        ],
                    },
                    head=head.state_dict(),
                    config=model.config.to_dict(),
                    step=step,
                    seconds=now - began,
                )
                saved = now
            if done:
                return


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=Path("build/training/speech/corpus"))
    parser.add_argument("--out", type=Path, default=Path("build/training/speech/run"))
    parser.add_argument("--minutes", type=float, default=85)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="begin with a checkpoint's weights")
    parser.add_argument("--begin", type=float, default=0.0, help="share of the schedule to skip")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    train(given.corpus, given.out, given.minutes, given.threads, given.resume, given.begin)


if __name__ == "__main__":
    main()
