"""Whisper of real size with random weights: CTranslate2, int8, as faster-whisper loads it.

Every matrix is full of random numbers and costs what a trained one costs. What comes out is
fixed all the same: the decoder's table of positions holds, for each place, the token to be said
there, far louder than anything that the layers add.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from numpy.typing import NDArray
from wordlist import HEARD, WordList, word_list

MELS, FRAMES, POSITIONS = 80, 1500, 448
PLAIN = 50_257
MOST_LANGUAGES = (
    "zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur "
    "hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa "
    "si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw "
    "ln ha ba jw su"
)
LANGUAGES = ["en", *MOST_LANGUAGES.split(" ")]
LOUD = 4.0
"""How far the table of positions is above the tokens' own vectors."""
QUIET = 0.002
"""Deviation of the matrices that add to the main stream; the others have 0.02."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of one Whisper."""

    width: int
    layers: int
    heads: int


BASE = Shape(512, 6, 8)


def write(directory: Path, shape: Shape = BASE) -> None:
    """Write the model's directory."""
    markers = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{language}|>" for language in LANGUAGES),
        *(f"<|{name}|>" for name in ("translate", "transcribe", "startoflm", "startofprev")),
        "<|nospeech|>",
        "<|notimestamps|>",
        *(f"<|{number * 0.02:.2f}|>" for number in range(1501)),
    ]
    words = word_list(PLAIN, markers)
    spec = _spec(shape, words)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [[shape.layers - 1, 0]]
    spec.config.lang_ids = [words.id(f"<|{language}|>") for language in LANGUAGES]
    spec.register_vocabulary(words.tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    directory.mkdir(parents=True, exist_ok=True)
    spec.save(str(directory))
    words.tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "preprocessor_config.json").write_text(
        json.dumps({"feature_size": MELS, "sampling_rate": 16000, "hop_length": 160, "n_fft": 400})
    )


def _spec(shape: Shape, words: WordList) -> WhisperSpec:
    random = np.random.default_rng(1)
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    width = shape.width

    def matrix(*size: int, deviation: float = 0.02) -> NDArray[np.float32]:
        return random.standard_normal(size, np.float32) * np.float32(deviation)

    def norm(layer: object) -> None:
        layer.gamma = np.ones(width, np.float32)  # type: ignore[attr-defined]
        layer.beta = np.zeros(width, np.float32)  # type: ignore[attr-defined]

    def linear(layer: object, outputs: int, inputs: int, deviation: float = 0.02) -> None:
        layer.weight = matrix(outputs, inputs, deviation=deviation)  # type: ignore[attr-defined]
        layer.bias = np.zeros(outputs, np.float32)  # type: ignore[attr-defined]

    def block(layer: object) -> None:
        attention, ffn = layer.self_attention, layer.ffn  # type: ignore[attr-defined]
        norm(attention.layer_norm)
        linear(attention.linear[0], 3 * width, width)
        linear(attention.linear[1], width, width, QUIET)
        norm(ffn.layer_norm)
        linear(ffn.linear_0, 4 * width, width)
        linear(ffn.linear_1, width, 4 * width, QUIET)

    encoder, decoder = spec.encoder, spec.decoder
    for conv, inputs in ((encoder.conv1, MELS), (encoder.conv2, width)):
        conv.weight = matrix(width, inputs, 3)
        conv.bias = np.zeros(width, np.float32)
    encoder.position_encodings.encodings = matrix(FRAMES, width)
    for layer in (*encoder.layer, *decoder.layer):
        block(layer)
    for layer in decoder.layer:
        norm(layer.attention.layer_norm)
        linear(layer.attention.linear[0], width, width)
        linear(layer.attention.linear[1], 2 * width, width)
        linear(layer.attention.linear[2], width, width, QUIET)
    norm(encoder.layer_norm)
    norm(decoder.layer_norm)
    vectors = matrix(len(words.tokens), width, deviation=1.0)
    decoder.embeddings.weight = vectors
    decoder.projection.weight = vectors
    decoder.scale_embeddings = False
    places = matrix(POSITIONS, width, deviation=0.01)
    for place, token in enumerate(_spoken(words)):
        places[place] = LOUD * vectors[token]
    decoder.position_encodings.encodings = places
    return spec


def _spoken(words: WordList) -> list[int]:
    """The token that each place says: language, task, beginning, the sentence, and ends."""
    end = words.id("<|endoftext|>")
    start = [words.id(name) for name in ("<|en|>", "<|transcribe|>", "<|0.00|>")]
    said = [*start, *words.ids(" " + HEARD)]
    return [*said, *([end] * (POSITIONS - len(said)))]
