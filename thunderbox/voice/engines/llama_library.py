"""LlamaLibrary: the few calls of llama.cpp that the engine needs, with Python's types.

Only the engine's thread may use it, once it is loaded.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp.llama_grammar import json_schema_to_gbnf

from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engine import Sampling, Tool
from thunderbox.voice.engines.tool_grammar import OPENED, tool_grammar

log = logging.getLogger(__name__)

_CONTROL = 8
_SMALL = 50_000_000
_LIGHT = 1_000_000_000
_WARNING = 3
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama.cpp's `llama_token_data`."""


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _on_log(level: int, text: bytes, _data: object) -> None:
    if level >= _WARNING and text.strip() not in (b"", b"."):
        log.debug("llama.cpp: %s", text.decode("utf-8", "replace").strip())


@dataclass(frozen=True, slots=True)
class Entry:
    """One token of a batch: evaluate it at a position of a sequence; `wanted` keeps its result."""

    token: int
    position: int
    sequence: int
    wanted: bool


@dataclass(frozen=True, slots=True)
class Sampler:
    """Chooses the tokens of one reply: a chain of llama.cpp's, and what it may choose from."""

    chain: Any
    grammar: Any


class LlamaLibrary:
    """One model and one context for all conversations."""

    def __init__(
        self,
        path: Path,
        *,
        sequences: int,
        context_tokens: int,
        threads: int,
        batch: int,
        gpu_layers: int = 0,
    ) -> None:
        llama_cpp.llama_log_set(_on_log, None)
        llama_cpp.llama_backend_init()
        if gpu_layers and not llama_cpp.llama_supports_gpu_offload():
            log.warning(
                "voice.gpu_layers is %d, but this build of llama.cpp knows no graphics card: the "
                "processor does all the work. Build llama-cpp-python for the card, or set 0.",
                gpu_layers,
            )
        form = llama_cpp.llama_model_default_params()
        form.n_gpu_layers = gpu_layers
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), form)
        if not self._model:
            raise StartError(
                f"The language model {path} cannot be loaded: llama.cpp does not know its form "
                "or the file is damaged."
            )
        self.parameters = int(llama_cpp.llama_model_n_params(self._model))
        self.trained_context = int(llama_cpp.llama_model_n_ctx_train(self._model))
        self.context_tokens = min(context_tokens, self.trained_context)
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = self.context_tokens * sequences
        options.n_seq_max = sequences
        options.n_outputs_max = sequences
        options.n_batch = options.n_ubatch = self.batch = batch
        # Two threads on a small model wait for each other longer than they calculate.
        threads = 1 if self.parameters < _SMALL else threads
        options.n_threads_batch = threads
        # One token at a time is bound by memory: a second core is worth more to the voice, which
        # begins while the rest of the answer is made. A prompt is read by all threads.
        options.n_threads = 1 if self.parameters < _LIGHT else threads
        # One pool of cells: a prompt that several calls share is kept and copied for nothing.
        options.kv_unified = True
        self._context = llama_cpp.llama_init_from_model(self._model, options)
        if not self._context:
            llama_cpp.llama_model_free(self._model)
            raise StartError(
                f"There is not enough memory for the language model {path} with "
                f"{sequences} x {self.context_tokens} tokens of context. Lower "
                "voice.context_tokens."
            )
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._batch = llama_cpp.llama_batch_init(batch, 0, 1)
        self._piece = ctypes.create_string_buffer(512)

    def close(self) -> None:
        """Free everything; nothing may be called afterwards."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def template(self) -> str | None:
        """The chat template in the model's file."""
        found = llama_cpp.llama_model_chat_template(self._model, None)
        return found.decode("utf-8") if found else None

    def number(self, key: str) -> int | None:
        """A number in the metadata of the model's file."""
        text = ctypes.create_string_buffer(32)
        found = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), text, len(text))
        return int(text.value) if found >= 0 and text.value.isdigit() else None

    def special(self, which: str) -> str:
        """Text of the vocabulary's `bos` or `eos` token; empty when there is none."""
        token = getattr(llama_cpp, f"llama_vocab_{which}")(self._vocabulary)
        if token < 0:
            return ""
        found: bytes = llama_cpp.llama_vocab_get_text(self._vocabulary, token)
        return found.decode("utf-8", "replace")

    def tokenize(self, text: str, *, start: bool = True) -> list[int]:
        """Tokens of a rendered prompt, special ones read as such; `start` False: of a part."""
        data = text.encode("utf-8", "replace")
        # Templates write the first token themselves; a second one would only confuse the model.
        bos = self.special("bos")
        start = start and bool(bos) and not text.startswith(bos)
        room = len(data) + 8
        for _ in range(2):
            tokens = (llama_cpp.llama_token * room)()
            count = llama_cpp.llama_tokenize(
                self._vocabulary, data, len(data), tokens, room, start, True
            )
            if count >= 0:
                return list(tokens[:count])
            room = -count
        raise EngineError("The language model cannot read this text.")

    def piece(self, token: int) -> bytes:
        """What a token adds to the text, special ones included."""
        size = llama_cpp.llama_token_to_piece(
            self._vocabulary, token, self._piece, len(self._piece), 0, True
        )
        return self._piece.raw[:size] if size > 0 else b""

    def ends(self, token: int) -> bool:
        """Whether a token ends the message."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def is_control(self, token: int) -> bool:
        """Whether a token is one of the template's markers rather than text."""
        return bool(llama_cpp.llama_vocab_get_attr(self._vocabulary, token) & _CONTROL)

    def decode(self, entries: Sequence[Entry]) -> None:
        """Evaluate up to `batch` tokens at once. Raises EngineError; then the cache is unsure."""
        batch = self._batch
        batch.n_tokens = len(entries)
        for index, entry in enumerate(entries):
            batch.token[index] = entry.token
            batch.pos[index] = entry.position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = entry.sequence
            batch.logits[index] = entry.wanted
        code = llama_cpp.llama_decode(self._context, batch)
        if code != 0:
            raise EngineError(f"The language model could not evaluate tokens (llama.cpp: {code}).")

    def sample(self, sampler: Sampler, index: int, *, bound: bool = True) -> int:
        """The next token after the batch's entry `index`; if not `bound`, without the grammar."""
        token = int(llama_cpp.llama_sampler_sample(sampler.chain, self._context, index))
        if sampler.grammar is None or not bound:
            return token
        # A grammar reads every word of the vocabulary; mostly the chosen one needs no other look.
        if not self._allowed(sampler.grammar, token):
            token = self._choose(sampler, index)
        llama_cpp.llama_sampler_accept(sampler.grammar, token)
        return token

    def _allowed(self, grammar: Any, token: int) -> bool:
        one = (llama_cpp.llama_token_data * 1)(llama_cpp.llama_token_data(token, 0.0, 0.0))
        found = llama_cpp.llama_token_data_array(one, 1, -1, False)
        llama_cpp.llama_sampler_apply(grammar, ctypes.byref(found))
        return bool(one[0].logit > float("-inf"))

    def _choose(self, sampler: Sampler, index: int) -> int:
        """The next token among those that the grammar allows."""
        size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        logits = np.ctypeslib.as_array(
            llama_cpp.llama_get_logits_ith(self._context, index), shape=(size,)
        )
        table = np.zeros(size, _CANDIDATE)
        table["id"] = np.arange(size)
        table["logit"] = logits
        data = table.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
        found = llama_cpp.llama_token_data_array(data, size, -1, False)
        for step in (sampler.grammar, sampler.chain):
            llama_cpp.llama_sampler_apply(step, ctypes.byref(found))
        return int(found.data[found.selected].id)

    def make_sampler(self, sampling: Sampling, seed: int, tools: Sequence[Tool] = ()) -> Sampler:
        """The most likely token at temperature 0, else one drawn from the best; among those that
        the schema or the tools allow. Raises EngineError for a schema that cannot be followed."""
        chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        add = llama_cpp.llama_sampler_chain_add
        if sampling.temperature <= 0.0:
            add(chain, llama_cpp.llama_sampler_init_greedy())
        else:
            add(chain, llama_cpp.llama_sampler_init_top_k(40))
            add(chain, llama_cpp.llama_sampler_init_top_p(0.95, 1))
            add(chain, llama_cpp.llama_sampler_init_temp(sampling.temperature))
            add(chain, llama_cpp.llama_sampler_init_dist(seed))
        try:
            if sampling.json_schema:
                return Sampler(chain, self._json_grammar(sampling.json_schema))
            return Sampler(chain, self._tool_grammar(tools))
        except EngineError:
            llama_cpp.llama_sampler_free(chain)
            raise

    def _json_grammar(self, schema: str) -> Any:
        """A grammar that allows only what a JSON Schema does."""
        try:
            rules = json_schema_to_gbnf(schema)
        except Exception as error:  # the converter raises whatever it stumbles over
            raise EngineError(
                f"The JSON schema cannot be followed ({type(error).__name__}); use objects, "
                "arrays, strings, numbers, booleans and enums."
            ) from error
        grammar = llama_cpp.llama_sampler_init_grammar(self._vocabulary, rules.encode(), b"root")
        if not grammar:
            raise EngineError("The JSON schema makes no grammar that llama.cpp can follow.")
        return grammar

    def _tool_grammar(self, tools: Sequence[Tool]) -> Any:
        """A grammar that begins with a tool call's marker; None when the model has none."""
        marker = self.tokenize(OPENED, start=False)
        if not tools or len(marker) != 1:
            return None
        grammar = llama_cpp.llama_sampler_init_grammar_lazy_patterns(
            self._vocabulary,
            tool_grammar(tools).encode(),
            b"root",
            None,
            0,
            (llama_cpp.llama_token * 1)(marker[0]),
            1,
        )
        if not grammar:
            log.warning("These tools make no grammar; the model's calls are not held to them.")
        return grammar or None

    def truncate(self, sequence: int, length: int) -> bool:
        """Keep only the first `length` tokens of a sequence; False when it had to be emptied."""
        if llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1):
            return True
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return length == 0

    def copy(self, source: int, target: int, length: int) -> None:
        """Give a sequence the first `length` tokens of another one instead of its own."""
        llama_cpp.llama_memory_seq_rm(self._memory, target, -1, -1)
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def clear(self) -> None:
        """Empty the cache."""
        llama_cpp.llama_memory_clear(self._memory, True)


def free_sampler(sampler: Sampler) -> None:
    """Free a sampler."""
    llama_cpp.llama_sampler_free(sampler.chain)
    if sampler.grammar is not None:
        llama_cpp.llama_sampler_free(sampler.grammar)
