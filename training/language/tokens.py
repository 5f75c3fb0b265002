"""The tokenizer, the chat template, and how a call becomes token ids with loss weights."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import jinja2
from calls import Dialogue, Message, body
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from toolbox import Tool

CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CALLS = ("<tool_call>", "</tool_call>")
SPECIAL = CONTROL + CALLS
LEARNED = 1400
SPACE = "Ġ"
"""How byte-level tokenizers write a space."""

# One digit per token, so that a number is copied or spelled digit by digit; while merges are
# learned, every digit stands alone.
LEARN = Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
# GPT-2's own splitter, as llama.cpp has it. With it a number's first digit takes in the space
# before it: a space of its own would come between the word that a number belongs to and its
# first digit, and which of two prices is meant would stand one token too far back.
SPLIT = Regex(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")

TEMPLATE = (
    "{%- set ns = namespace(tools='') -%}"
    "{%- if tools -%}{%- set ns.tools = '\\n# Tools' -%}{%- for tool in tools -%}"
    "{%- set f = tool['function'] if 'function' in tool else tool -%}"
    "{%- set p = f['parameters'] if 'parameters' in f and f['parameters'] else {} -%}"
    "{%- set names = p['properties'] if 'properties' in p and p['properties'] else {} -%}"
    "{%- set ns.tools = ns.tools ~ '\\n' ~ f['name'] ~ '(' ~ (names | list | join(', ')) ~ ')' -%}"
    "{%- endfor -%}{%- endif -%}"
    "{%- if ns.tools and (not messages or messages[0]['role'] != 'system') -%}"
    "{{- '<|im_start|>system' ~ ns.tools ~ '<|im_end|>\\n' -}}{%- endif -%}"
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' ~ message['role'] ~ '\\n' ~ (message['content'] or '') -}}"
    "{%- if loop.first and message['role'] == 'system' -%}{{- ns.tools -}}{%- endif -%}"
    "{%- if 'tool_calls' in message and message['tool_calls'] -%}"
    "{%- for call in message['tool_calls'] -%}"
    "{%- set f = call['function'] if 'function' in call else call -%}"
    "{%- set a = f['arguments'] if 'arguments' in f and f['arguments'] else '{}' -%}"
    "{{- '<tool_call>{\"name\": \"' ~ f['name'] ~ '\", \"arguments\": ' -}}"
    "{%- if a is string -%}{{- a -}}{%- else -%}{{- '{' -}}{%- for k, v in a.items() -%}"
    "{{- '\"' ~ k ~ '\": ' -}}"
    "{%- if v is string -%}"
    "{{- '\"' ~ (v | replace('\\\\', '\\\\\\\\') | replace('\"', '\\\\\"')) ~ '\"' -}}"
    "{%- else -%}{{- v | tojson -}}{%- endif -%}"
    "{{- '' if loop.last else ', ' -}}{%- endfor -%}{{- '}' -}}{%- endif -%}"
    "{{- '}</tool_call>' -}}{%- endfor -%}{%- endif -%}"
    "{{- '<|im_end|>\\n' -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)

_template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE)


def render(messages: list[Message], tools: list[Tool], generate: bool = False) -> str:
    """The call as text, through the very template that the GGUF carries."""
    return _template.render(
        messages=messages,
        tools=[tool.openai() for tool in tools],
        add_generation_prompt=generate,
    )


def splitter(pattern: Regex) -> pre_tokenizers.PreTokenizer:
    """Cut text at the pattern, then write it as bytes."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def train_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Learn byte-level merges from texts, then add digits after a space, and the markers."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = splitter(LEARN)

    def unmarked() -> Iterable[str]:
        for text in texts:
            for marker in SPECIAL:
                text = text.replace(marker, " ")
            yield text

    trainer = trainers.BpeTrainer(
        vocab_size=LEARNED,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[],
        show_progress=False,
    )
    learner.train_from_iterator(unmarked(), trainer)
    learnt = json.loads(learner.to_str())["model"]
    vocabulary: dict[str, int] = learnt["vocab"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in learnt["merges"]]
    for digit in "0123456789":
        vocabulary[f"{SPACE}{digit}"] = len(vocabulary)
        merges.append((SPACE, digit))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = splitter(SPLIT)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a saved tokenizer."""
    return Tokenizer.from_file(str(path))


def encode(tokenizer: Tokenizer, dialogue: Dialogue) -> tuple[list[int], list[int]]:
    """Token ids and a class for each.

    3 stands for a tool call, 2 for any other answer that proves something, 1 for other words and
    0 for markers and for what the box itself said.
    """
    ids: list[int] = []
    weights: list[int] = []
    for i, message in enumerate(dialogue.messages):
        role, kind = message["role"], dialogue.kinds[i]
        if i == 0:
            text = render([message], dialogue.tools)
            text = text.removeprefix("<|im_start|>system\n").removesuffix("<|im_end|>\n")
        else:
            text = body(message)
        head = tokenizer.encode(f"<|im_start|>{role}\n").ids
        words = tokenizer.encode(f"{text}<|im_end|>").ids
        tail = tokenizer.encode("\n").ids
        weight = 2 if kind else (0 if role == "assistant" else 1)
        if "tool_calls" in message:
            weight = 3
        ids += head + words + tail
        weights += [0] * len(head) + [weight] * len(words) + [0] * len(tail)
    return ids, weights
