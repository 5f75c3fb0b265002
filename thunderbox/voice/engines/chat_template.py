"""ChatTemplate: writes a conversation down the way a language model was trained to read it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from thunderbox.errors import EngineError, StartError
from thunderbox.voice.engine import Message, Tool

CHATML = """\
{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\\n' }}
{%- if loop.first and tools and message['role'] == 'system' %}
{{- message['content'] + '\\n# Tools\\n' }}
{%- for tool in tools %}{{- tool['function'] | tojson + '\\n' }}{%- endfor %}
{{- 'To call one, write <tool_call>{"name": ..., "arguments": {...}}</tool_call>.' }}
{%- else %}{{- message['content'] or '' }}{%- endif %}
{%- for call in message['tool_calls'] or [] %}
{{- '<tool_call>' + (call['function'] | tojson) + '</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""
"""For models that bring no template: what most small chat models understand."""


THOUGHT, THOUGHT_END = "<think>", "</think>"


class ChatTemplate:
    """A model's own template, run in a sandbox because it comes with a downloaded file."""

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise_exception
        try:
            self._template = environment.from_string(source or CHATML)
        except TemplateError as error:
            raise StartError(f"The model's chat template is broken: {error}.") from error
        self._constants = {"bos_token": bos, "eos_token": eos}
        markers = re.findall(r"<\|[a-z0-9_]+\|>|</?s>|<(?:start|end)_of_turn>", source or CHATML)
        self._markers = re.compile("|".join(map(re.escape, sorted({*markers, "<|im_end|>"}))))

    def render(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        reply: bool = True,
        thinking: bool = False,
    ) -> str:
        """The text to read; `reply` adds the start of the assistant's next message.

        `thinking` lets a model that can think do so first; where its template has it think in
        any case, the thought is over before it begins.
        """
        try:
            text: str = self._template.render(
                messages=[self._plain(message) for message in messages],
                tools=list(tools) or None,
                add_generation_prompt=reply,
                enable_thinking=thinking,
                **self._constants,
            )
        except Exception as error:  # a template is a program: it may fail in any way
            raise EngineError(f"The model's chat template refuses this: {error}.") from error
        if reply and not thinking and opens_thought(text):
            text += f"\n{THOUGHT_END}\n\n"
        return text

    def _plain(self, message: Message) -> dict[str, Any]:
        """A message whose words cannot be taken for the template's own markers.

        Arguments of tool calls are objects for templates, while OpenAI's form has them as text.
        """
        plain = dict(message)
        content = plain.get("content")
        plain["content"] = self._markers.sub(" ", content) if isinstance(content, str) else ""
        if plain.get("tool_calls"):
            plain["tool_calls"] = [_plain_call(call) for call in plain["tool_calls"]]
        return plain


def opens_thought(text: str) -> bool:
    """Whether a text to read ends in a thought that the model goes on with."""
    return text.rstrip().endswith(THOUGHT)


def _plain_call(call: Any) -> dict[str, Any]:
    function = dict(call["function"])
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            function["arguments"] = json.loads(arguments or "{}")
        except ValueError:
            function["arguments"] = {}
    return {**call, "function": function}


def _to_json(value: object, indent: int | None = None, **_options: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise_exception(message: str) -> None:
    raise TemplateError(message)
