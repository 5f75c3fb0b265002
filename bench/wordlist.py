"""Word list: a byte-level BPE of the size that a real model has, learnt from this project's pages.

Its first few thousand tokens are words of English; the rest only takes the room that the rest of
a real vocabulary takes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

ROOT = Path(__file__).parents[1]
LEARNT = 6000
HEARD = "Could you please tell me what your opening hours are on Fridays?"
"""What the speech model understands, whatever was said: twelve words."""
ANSWER = (
    "We are open Monday to Friday, from nine in the morning until five. "
    "Would you like an appointment?"
)
"""What the language model answers, whatever was asked; no token of it comes twice."""


@dataclass(frozen=True, slots=True)
class WordList:
    """A tokenizer and its tokens in order."""

    tokenizer: Tokenizer
    tokens: list[str]
    merges: list[str]

    def ids(self, text: str) -> list[int]:
        """Tokens of a text, as numbers."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def id(self, token: str) -> int:
        """The number of one token."""
        return int(self.tokenizer.token_to_id(token))


def word_list(plain: int, markers: list[str]) -> WordList:
    """A vocabulary of `plain` ordinary tokens, then the markers."""
    learnt = json.loads(_learn().to_str())["model"]
    vocabulary: dict[str, int] = learnt["vocab"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in learnt["merges"]]
    for number in range(len(vocabulary), plain):
        vocabulary[f"<unused-{number}>"] = number
    tokenizer = _bare(vocabulary, [tuple(merge.split(" ")) for merge in merges])
    tokenizer.add_special_tokens(markers)
    tokens = [*sorted(vocabulary, key=vocabulary.__getitem__), *markers]
    return WordList(tokenizer, tokens, merges)


def _learn() -> Tokenizer:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    texts = [page.read_text(encoding="utf-8") for page in pages]
    # Words of the calls stand for words that a real vocabulary holds whole.
    agent = ROOT / "thunderbox" / "calls" / "first_start.py"
    texts += [f" {HEARD} {ANSWER} {agent.read_text(encoding='utf-8')}"] * 50
    tokenizer = _bare({}, [])
    trainer = trainers.BpeTrainer(
        vocab_size=LEARNT,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _bare(vocabulary: dict[str, int], merges: list[tuple[str, ...]]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
