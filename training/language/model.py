"""The network: a small Llama with tied embeddings, in plain PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; `export.py` writes the same ones into the GGUF."""

    vocabulary: int
    width: int = 192
    layers: int = 5
    heads: int = 6
    hidden: int = 640
    positions: int = 2048
    rope_base: float = 1e6
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


class Norm(nn.Module):
    """Root-mean-square normalisation with a learned gain."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.width, self.epsilon = width, epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension."""
        return F.rms_norm(x, (self.width,), self.gain.to(x.dtype), self.epsilon)


class Layer(nn.Module):
    """Causal attention and a gated feed-forward, each with a residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.norm_attention = Norm(shape.width, shape.norm_epsilon)
        self.norm_forward = Norm(shape.width, shape.norm_epsilon)
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)
        self.gate_up = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Map (batch, time, width) to the same shape."""
        batch, time, width = x.shape
        qkv = self.qkv(self.norm_attention(x))
        qkv = qkv.view(batch, time, 3, self.shape.heads, self.shape.head_width)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(
            rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True
        )
        x = x + self.out(y.transpose(1, 2).reshape(batch, time, width))
        gate, up = self.gate_up(self.norm_forward(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn neighbouring pairs, the order GGUF's llama architecture expects unpermuted."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2)


class Model(nn.Module):
    """Token ids to hidden states; `logits` turns chosen states into scores."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.norm_epsilon)
        frequency = shape.rope_base ** -(torch.arange(0, shape.head_width, 2) / shape.head_width)
        angle = torch.outer(torch.arange(shape.positions).float(), frequency)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                spread = 0.02
                if name.endswith(("out.weight", "down.weight")):
                    spread /= (2 * shape.layers) ** 0.5
                nn.init.normal_(parameter, 0.0, spread)
        seed_copying(self)

    def forward(self, ids: Tensor) -> Tensor:
        """Hidden states (batch, time, width) of ids (batch, time), in bfloat16."""
        time = ids.shape[1]
        x = self.embedding(ids).to(torch.bfloat16)
        cos, sin = self.cos[:time].to(x.dtype), self.sin[:time].to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)

    def logits(self, states: Tensor) -> Tensor:
        """Scores over the vocabulary, through the embedding itself."""
        return F.linear(states, self.embedding.weight)


@torch.no_grad()
def seed_copying(model: Model, match: int = 18) -> None:
    """Start with a circuit that copies: what followed these two tokens before, follows again.

    Training finds this circuit by itself, but only after most of a small machine's hour. The
    embedding gets a constant channel and two free strips. Two heads of the first layer, aimed by
    rotation at the token before and the one before that, write a `match`-wide sketch of it into
    the strips. Heads of the second layer look for the place whose sketches fit the current token
    and its predecessor, and bring the token found there. Everything else starts random, and
    nothing is frozen.
    """
    shape, width = model.shape, model.shape.width
    head, words = shape.head_width, shape.width - 2 * shape.head_width
    first, second = slice(words, words + match), slice(words + match, words + 2 * match)
    embedding = model.embedding.weight
    # Words of size one, so that the first steps of training do not drown them; the last gain
    # brings the scores, taken through the same embedding, back to a sensible size.
    nn.init.normal_(embedding)
    embedding[:, words:] = 0.0
    embedding[:, -1] = 3.0
    model.norm.gain.fill_(0.05)
    sketch = torch.linalg.qr(torch.randn(words, match))[0].T
    turn = torch.linalg.qr(torch.randn(match, match))[0]
    frequency = shape.rope_base ** -(torch.arange(0, head, 2) / head)

    qkv, out = model.layers[0].qkv.weight, model.layers[0].out.weight
    for which, strip in enumerate((first, second)):
        rows = slice(which * head, (which + 1) * head)
        q, k, v = (qkv[part * width : (part + 1) * width][rows] for part in range(3))
        for part in (q, k, v):
            part.zero_()
        out[:, rows] = 0.0
        for pair in range(5):
            angle = (which + 1) * frequency[pair]
            q[2 * pair, -1] = 2.5
            k[2 * pair, -1] = 2.5 * torch.cos(angle)
            k[2 * pair + 1, -1] = 2.5 * torch.sin(angle)
        v[:match, :words] = sketch * 0.85
        out[strip, which * head : which * head + match] = torch.eye(match)

    qkv, out = model.layers[1].qkv.weight, model.layers[1].out.weight
    for which in range(words // head):
        rows = slice(which * head, (which + 1) * head)
        q, k, v = (qkv[part * width : (part + 1) * width][rows] for part in range(3))
        for part in (q, k, v):
            part.zero_()
        out[:, rows] = 0.0
        # Only the slowly turning pairs: a match must count at any distance.
        q[-match:, :words] = 1.7 * sketch
        q[-match:, first] = 1.7 * turn
        k[-match:, first] = 1.7 * torch.eye(match)
        k[-match:, second] = 1.7 * turn
        v[:, rows] = torch.eye(head)
        out[rows, rows] = 3 * torch.eye(head)
