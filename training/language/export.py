"""Write a checkpoint as an F16 GGUF that llama.cpp loads as a Llama.

python export.py --out build/training/language/starter.gguf
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from model import Shape
from tokens import CALLS, CONTROL, TEMPLATE

FOLLOWED = 768
"""Tokens of the longest conversation whose answers can be trusted: few calls of the corpus are
longer, none has more than 1,024, and a call that goes on to 2,048 ends in gibberish."""


def vocabulary(tokenizer: dict[str, Any]) -> tuple[list[str], list[int], list[str]]:
    """Tokens, their GGUF types and the merges of a saved tokenizer."""
    ids: dict[str, int] = dict(tokenizer["model"]["vocab"])
    ids |= {added["content"]: added["id"] for added in tokenizer["added_tokens"]}
    tokens = sorted(ids, key=ids.__getitem__)
    types = [int(gguf.TokenType.NORMAL)] * len(tokens)
    for marker in CONTROL:
        types[ids[marker]] = int(gguf.TokenType.CONTROL)
    for marker in CALLS:
        # User-defined, not control: a call must be printed when its text is put together.
        types[ids[marker]] = int(gguf.TokenType.USER_DEFINED)
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    return tokens, types, merges


def write(checkpoint: dict[str, Any], tokenizer: dict[str, Any], out: Path) -> None:
    """Write metadata and tensors."""
    shape = Shape(**checkpoint["shape"])
    tokens, types, merges = vocabulary(tokenizer)
    writer = gguf.GGUFWriter(str(out), "llama")
    writer.add_name("ThunderBox starter")
    writer.add_license("GPL-3.0-or-later")
    writer.add_context_length(shape.positions)
    writer.add_uint32("thunderbox.conversation_length", FOLLOWED)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_F16))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    weights = checkpoint["model"]

    def matrix(name: str, tensor: torch.Tensor) -> None:
        writer.add_tensor(name, tensor.numpy().astype(np.float16))

    # No output.weight: llama.cpp then uses the embedding, as the model does.
    matrix("token_embd.weight", weights["embedding.weight"])
    writer.add_tensor("output_norm.weight", weights["norm.gain"].numpy())
    for i in range(shape.layers):
        ours, theirs = f"layers.{i}.", f"blk.{i}."
        q, k, v = weights[ours + "qkv.weight"].chunk(3)
        gate, up = weights[ours + "gate_up.weight"].chunk(2)
        for name, tensor in (
            ("attn_q", q),
            ("attn_k", k),
            ("attn_v", v),
            ("attn_output", weights[ours + "out.weight"]),
            ("ffn_gate", gate),
            ("ffn_up", up),
            ("ffn_down", weights[ours + "down.weight"]),
        ):
            matrix(f"{theirs}{name}.weight", tensor.contiguous())
        writer.add_tensor(
            f"{theirs}attn_norm.weight", weights[ours + "norm_attention.gain"].numpy()
        )
        writer.add_tensor(f"{theirs}ffn_norm.weight", weights[ours + "norm_forward.gain"].numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("build/training/language"))
    parser.add_argument("--out", type=Path, default=Path("build/training/language/starter.gguf"))
    options = parser.parse_args()
    checkpoint = torch.load(options.data / "checkpoint.pt", map_location="cpu")
    tokenizer = json.loads((options.data / "tokenizer.json").read_text())
    part = options.out.with_suffix(".part")
    write(checkpoint, tokenizer, part)
    part.rename(options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
