"""The config of a single call: an agent that POST /v1/call or a webhook's answer brings along.

Unknown keys are refused, because a misspelt one would be a setting that nobody notices to be
missing; only those of newer clients that mean nothing to this box are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from thunderbox.api import agent_fields
from thunderbox.api.agent_fields import ruled_config
from thunderbox.api.fields import parse, refusal
from thunderbox.calls.ports import CallConfig
from thunderbox.errors import InvalidError
from thunderbox.store.agents import NewAgent
from thunderbox.voice.engine import Voice

IGNORED_KEYS = frozenset(
    """additional_audio_context agent_name audio_context_mode bolt_pipeline
    call_id connect_tone_enabled consent_announcement_enabled consent_announcement_text
    has_additional_languages native_voice_switching org_name
    play_sound_asset send_email_enabled send_email_recipient speak_uninterruptible_enabled
    storm_feedback_mode typing_sounds_enabled watchdog_enabled""".split()  # noqa: SIM905 - readable as words
)
"""Keys that newer clients send and that mean nothing to this box."""

ALIASES = (("voice_name", "voice"), ("language", "primary_language"))


def read(raw: dict[str, Any], voices: Sequence[Voice]) -> dict[str, Any]:
    """The config, complete; messages name `config.<field>`. Raises InvalidError."""
    given = {key: value for key, value in raw.items() if key not in IGNORED_KEYS}
    given.pop("variables", None)
    for alias, field in ALIASES:
        if alias in given:
            given.setdefault(field, given[alias])
            del given[alias]
    known = agent_fields.CallConfig.__struct_fields__
    unknown = {
        f"config.{key}": [f"config has no field {key}; it has {', '.join(known)}."]
        for key in given
        if key not in known
    }
    if unknown:
        raise InvalidError(unknown)
    try:
        config = parse(agent_fields.CallConfig, given)
        values = {name: getattr(config, name) for name in known}
        return ruled_config(values, values, voices)
    except InvalidError as error:
        raise InvalidError(
            {
                f"config.{field}": [f"config.{message}" for message in messages]
                for field, messages in error.fields.items()
            }
        ) from error


def of_answer(raw: dict[str, Any], voices: Sequence[Voice]) -> CallConfig:
    """What a webhook answers for a call, with the same rules. Raises InvalidError."""
    agent = msgspec.convert({"name": "(call)", **read(raw, voices)}, NewAgent)
    return CallConfig(agent, variables(raw))


def variables(raw: dict[str, Any]) -> dict[str, Any]:
    """The variables that a config brings along. Raises InvalidError."""
    given = raw.get("variables") or {}
    if not isinstance(given, dict):
        raise InvalidError(
            {"config.variables": [refusal("config.variables", given, dict[str, Any])]}
        )
    return given
