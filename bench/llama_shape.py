"""Llama of real size with random weights: a GGUF in Q4_0, as llama.cpp loads it.

Every matrix is full of random numbers and costs what a trained one costs. What comes out is
fixed all the same: the row of a token in the output matrix is the input vector of the token
before it in the answer, far louder than anything that the layers add. So an answer has the same
number of tokens each time, and ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray
from wordlist import ANSWER, WordList, word_list

PLAIN = 151_643
MARKERS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TOKENS = 151_936
CONTEXT = 8192
BLOCK = 32
_PAIRS = np.array([low + 16 * high for low in range(1, 16) for high in range(1, 16)], np.uint8)
"""Two numbers of four bits each, as often above their middle (8) as below: a lean of all of them
in one direction would grow from layer to layer and drown the answer."""
TEMPLATE = r"""
{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\n' + (message['content'] or '') }}
{%- if loop.first and tools %}{{- '\n# Tools' }}
{%- for tool in tools %}{{- '\n' + (tool['function'] | tojson) }}{%- endfor %}
{%- endif %}
{%- for call in message['tool_calls'] or [] %}
{{- '<tool_call>' + (call['function'] | tojson) + '</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of one model."""

    width: int
    layers: int
    heads: int
    key_heads: int
    inner: int


HALF = Shape(896, 24, 14, 2, 4864)
"""0.5 billion parameters, the sizes of Qwen2.5-0.5B."""
ONE_AND_A_HALF = Shape(1536, 28, 12, 2, 8960)
"""1.5 billion parameters, the sizes of Qwen2.5-1.5B."""


def write(path: Path, shape: Shape) -> int:
    """Write the model's file; returns the tokens of an answer, its end included."""
    words = word_list(PLAIN, MARKERS)
    spare = [f"<|spare-{number}|>" for number in range(TOKENS - len(words.tokens))]
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer, shape, words, spare)
    chain = _chain(words)
    _tensors(writer, shape, chain)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return len(chain) - 1


def _describe(writer: gguf.GGUFWriter, shape: Shape, words: WordList, spare: list[str]) -> None:
    writer.add_name("Random weights of a real size")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_vocab_size(TOKENS)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    kinds = gguf.TokenType
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*words.tokens, *spare])
    writer.add_token_types(
        [
            *([int(kinds.NORMAL)] * PLAIN),
            *([int(kinds.CONTROL)] * len(MARKERS)),
            *([int(kinds.UNUSED)] * len(spare)),
        ]
    )
    writer.add_token_merges(words.merges)
    writer.add_eos_token_id(words.id("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def _tensors(writer: gguf.GGUFWriter, shape: Shape, chain: list[int]) -> None:
    random = np.random.default_rng(2)
    width, keys = shape.width, shape.width // shape.heads * shape.key_heads

    def add(name: str, rows: int, columns: int, deviation: float = 0.02) -> None:
        data = _q4_0(random, rows, columns, deviation)
        writer.add_tensor(f"{name}.weight", data, raw_dtype=gguf.GGMLQuantizationType.Q4_0)

    def ones(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))

    vectors = _q8_0(random, TOKENS, width)
    answers = _q8_0(random, TOKENS, width)
    for token, following in pairwise(chain):
        answers[following] = vectors[token]
    for name, table in (("token_embd", vectors), ("output", answers)):
        writer.add_tensor(f"{name}.weight", table, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    ones("output_norm")
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        ones(f"{block}.attn_norm")
        add(f"{block}.attn_q", width, width)
        add(f"{block}.attn_k", keys, width)
        add(f"{block}.attn_v", keys, width)
        add(f"{block}.attn_output", width, width, 0.002)
        ones(f"{block}.ffn_norm")
        add(f"{block}.ffn_gate", shape.inner, width)
        add(f"{block}.ffn_up", shape.inner, width)
        add(f"{block}.ffn_down", width, shape.inner, 0.002)


def _chain(words: WordList) -> list[int]:
    """The template's last token, the answer's, and the end: each says which one follows."""
    chain = [*words.ids("\n"), *words.ids(ANSWER), words.id("<|im_end|>")]
    if len(set(chain)) != len(chain):
        raise SystemExit("A token comes twice in the answer, so it would never end.")
    return chain


def _q4_0(
    random: np.random.Generator, rows: int, columns: int, deviation: float
) -> NDArray[np.uint8]:
    """Blocks of 32 numbers: a scale in half precision, then their four bits each."""
    data = _PAIRS[random.integers(0, len(_PAIRS), (rows, columns // BLOCK, 2 + BLOCK // 2))]
    data[:, :, :2] = _half(deviation / 4.32)
    return data.reshape(rows, -1)


def _q8_0(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.uint8]:
    """Blocks of 32 numbers of deviation 1: a scale in half precision, then a byte each."""
    size = (rows, columns // BLOCK, 2 + BLOCK)
    data = random.integers(-127, 128, size, np.int8).view(np.uint8)
    data[:, :, :2] = _half(1 / 74)
    return data.reshape(rows, -1)


def _half(value: float) -> NDArray[np.uint8]:
    return np.frombuffer(np.float16(value).tobytes(), np.uint8)
