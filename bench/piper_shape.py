"""A Piper voice of medium size with random weights: VITS, exported as Piper's own training does.

The sound is noise, but as long as speech: each symbol lasts as long as it does in a real voice.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP
from piper.train.vits.models import SynthesizerTrn

RATE = 22_050
SYMBOLS = 256
FRAMES_A_SYMBOL = 2.5
"""11.6 ms each: with the blank that stands between two sounds, 14 letters take a second."""
LEVEL = 0.1
SHARP = 4.0
"""The predictor's noise is made e to this power smaller."""
NAME = "en_US-random-medium"


def write(directory: Path) -> Path:
    """Write the voice's two files; returns the .onnx."""
    torch.manual_seed(3)
    network = _network()
    network.eval()
    with torch.no_grad():
        network.dec.remove_weight_norm()
        _set_length(network)
        _set_level(network)

    def infer(text: Any, lengths: Any, scales: Any) -> Any:
        return network.infer(
            text,
            lengths,
            noise_scale=scales[0],
            length_scale=scales[1],
            noise_scale_w=scales[2],
        )[0].unsqueeze(1)

    network.forward = infer
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{NAME}.onnx"
    torch.onnx.export(
        network,
        _example(),
        str(path),
        opset_version=15,
        input_names=["input", "input_lengths", "scales"],
        output_names=["output"],
        dynamic_axes={
            "input": {0: "batch_size", 1: "phonemes"},
            "input_lengths": {0: "batch_size"},
            "output": {0: "batch_size", 2: "time"},
        },
        dynamo=False,
    )
    settings = {
        "audio": {"sample_rate": RATE, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": SYMBOLS,
        "num_speakers": 1,
        "speaker_id_map": {},
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(settings), encoding="utf-8")
    return path


def _network() -> Any:
    """The sizes of Piper's "medium"."""
    return SynthesizerTrn(
        n_vocab=SYMBOLS,
        spec_channels=513,
        segment_size=32,
        inter_channels=192,
        hidden_channels=192,
        filter_channels=768,
        n_heads=2,
        n_layers=6,
        kernel_size=3,
        p_dropout=0.1,
        resblock="2",
        resblock_kernel_sizes=(3, 5, 7),
        resblock_dilation_sizes=((1, 2), (2, 6), (3, 12)),
        upsample_rates=(8, 8, 4),
        upsample_initial_channel=256,
        upsample_kernel_sizes=(16, 16, 8),
    )


def _example() -> tuple[Any, Any, Any]:
    symbols = torch.randint(0, SYMBOLS, (1, 50), dtype=torch.long)
    return symbols, torch.LongTensor([50]), torch.FloatTensor([0.667, 1.0, 0.8])


def _set_length(network: Any) -> None:
    """Let the duration predictor say, for each symbol, a little more or less than 2 frames: of
    these it takes 3 or 2."""
    affine = network.dp.flows[0]
    affine.logs.fill_(SHARP)
    affine.m.fill_(-math.log(FRAMES_A_SYMBOL - 0.5) * math.exp(SHARP))


def _set_level(network: Any) -> None:
    """Bring the noise to the level of speech."""
    symbols, lengths, _ = _example()
    for _ in range(3):
        sound = network.infer(symbols, lengths, noise_scale=0.667, noise_scale_w=0.8)[0]
        network.dec.conv_post.weight.mul_(LEVEL / float(sound.std()))
