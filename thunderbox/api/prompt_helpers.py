"""/v1/agents/…: three helpers for people who write prompts; none of them changes anything."""

from __future__ import annotations

import asyncio
from typing import Annotated

from litestar import Controller, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.agent_fields import Language
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.fields import shown
from thunderbox.api.request import ApiRequest
from thunderbox.errors import InvalidError
from thunderbox.voice.languages import (
    DETECTOR,
    NAMES,
    UNKNOWN,
    Detected,
    detect,
    language_of,
    name_of,
)

LONGEST_PROMPT = 50_000

AnyPrompt = Annotated[
    str,
    Meta(max_length=LONGEST_PROMPT, description=f"a text of at most {LONGEST_PROMPT} characters"),
]
Prompt = Annotated[
    str,
    Meta(
        pattern=r"\S",
        max_length=LONGEST_PROMPT,
        description=f"a text of 1 to {LONGEST_PROMPT} characters",
    ),
]


class PromptText(Struct, kw_only=True):
    """A prompt, and the locale that its agent is meant for."""

    prompt: Prompt
    target_locale: Language = "en-US"


class AgentText(Struct, kw_only=True):
    """The same for an agent whose prompt may not be written yet."""

    prompt: AnyPrompt = ""
    target_locale: Language = "en-US"


class LanguageCheck(Struct, kw_only=True):
    """What language a prompt is written in; `confidence` is a probability."""

    detected_language_code: str
    detected_language_name: str
    mismatch: bool
    provider: str
    confidence: float
    explanation: str
    target_language_code: str
    target_language_name: str


class Translation(Struct, kw_only=True):
    """A prompt in another language; unchanged, with a `warning`, where that failed."""

    translated_prompt: str
    source_language_code: str
    source_language_name: str
    provider: str
    used_fallback: bool
    target_language_code: str
    target_language_name: str
    warning: str


class Phrase(Struct, kw_only=True):
    """What an agent may say while it thinks."""

    acknowledgement_prompt: str
    provider: str
    used_fallback: bool


class PromptHelpersController(Controller):
    """Tell a prompt's language, translate it, write an acknowledgement for it."""

    path = "/v1/agents"
    guards = (require_key,)
    tags = ("Agents",)

    @post(
        "/prompt-language-check",
        dto=Body[PromptText],
        return_dto=None,
        status_code=200,
        summary="Tell the language of a prompt",
    )
    async def check_language(self, data: JSONBody[PromptText]) -> LanguageCheck:
        """The language, and whether it is another one than that of `target_locale`."""
        target = _target(data.target_locale)
        found = await asyncio.to_thread(detect, data.prompt)
        return LanguageCheck(
            detected_language_code=found.code,
            detected_language_name=name_of(found.code),
            mismatch=found.code not in (target, UNKNOWN),
            provider=DETECTOR,
            confidence=found.confidence,
            explanation=_explanation(found, target),
            target_language_code=target,
            target_language_name=name_of(target),
        )

    @post(
        "/translate-prompt",
        dto=Body[PromptText],
        return_dto=None,
        status_code=200,
        summary="Translate a prompt",
    )
    async def translate(self, request: ApiRequest, data: JSONBody[PromptText]) -> Translation:
        """The prompt in the language of `target_locale`, by the box's best language model."""
        target = _target(data.target_locale)
        found = await asyncio.to_thread(detect, data.prompt)
        writer = request.parts.writer
        written = await writer.translate(data.prompt, found.code, target)
        return Translation(
            translated_prompt=written.text,
            source_language_code=found.code,
            source_language_name=name_of(found.code),
            provider=writer.name,
            used_fallback=written.used_fallback,
            target_language_code=target,
            target_language_name=name_of(target),
            warning=(
                f"The language model {writer.name} could not translate this prompt, so it is "
                "unchanged. Bring a larger model, or translate it by hand."
                if written.used_fallback
                else ""
            ),
        )

    @post(
        "/generate-acknowledgement-prompt",
        dto=Body[AgentText],
        return_dto=None,
        status_code=200,
        summary="Write what an agent says while it thinks",
    )
    async def write_acknowledgement(self, request: ApiRequest, data: JSONBody[AgentText]) -> Phrase:
        """A short phrase in the language of `target_locale`, by the box's best language model."""
        writer = request.parts.writer
        written = await writer.acknowledgement(data.prompt, _target(data.target_locale))
        return Phrase(
            acknowledgement_prompt=written.text,
            provider=writer.name,
            used_fallback=written.used_fallback,
        )


def _target(locale: str) -> str:
    """The language of a locale. Raises InvalidError for one that the box cannot name."""
    code = language_of(locale)
    if code not in NAMES:
        raise InvalidError(
            {
                "target_locale": [
                    f"target_locale is {shown(locale)}, but must be a locale of one of these "
                    f"languages: {', '.join(NAMES)}."
                ]
            }
        )
    return code


def _explanation(found: Detected, target: str) -> str:
    """A sentence for a person; empty when all is as it should be."""
    if found.code == UNKNOWN:
        return "The prompt has too few words to tell its language."
    if found.code != target:
        return f"The prompt is written in {name_of(found.code)}, not in {name_of(target)}."
    return ""
