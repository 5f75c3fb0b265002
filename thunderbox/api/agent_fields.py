"""What clients may write about an agent: types, defaults, and the rules between fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from thunderbox.api import destinations, tools
from thunderbox.api.fields import shown
from thunderbox.errors import InvalidError
from thunderbox.store.agents import Agent, NewAgent
from thunderbox.voice.engine import Voice

Name = Annotated[
    str,
    Meta(min_length=1, max_length=255, pattern=r"\S", description="a text of 1 to 255 characters"),
]
Prompt = Annotated[str, Meta(pattern=r"\S", description="a text that is not empty")]
VoiceId = Annotated[str, Meta(min_length=1, description="the id of a voice of GET /v1/voices")]
Product = Literal[
    "spark", "bolt", "storm-base", "storm-base-with-ack", "storm-extra", "storm-extra-with-ack"
]
ThinkingLevel = Literal["base", "extra"]
SpeakOrder = Literal["agent_first", "caller_first"]
BackgroundTrack = Annotated[
    Literal["CALL_CENTER", "OFFICE", "CAFE", ""] | None,
    Meta(description='"CALL_CENTER", "OFFICE", "CAFE" or null'),
]
HoldSeconds = Annotated[
    int, Meta(ge=1, le=86400, description="a whole number of seconds from 1 to 86400")
]
CallSeconds = HoldSeconds
RingSeconds = Annotated[
    int, Meta(ge=5, le=600, description="a whole number of seconds from 5 to 600")
]
SilenceSeconds = Annotated[
    int, Meta(ge=2, le=600, description="a whole number of seconds from 2 to 600")
]
CheckIns = Annotated[int, Meta(ge=0, le=10, description="a whole number from 0 to 10")]
Language = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length=35,
        description='a language such as "en-US"',
    ),
]
VoicemailAction = Literal["hangup", "message", "prompt"]
VoicemailMessage = Annotated[
    str, Meta(max_length=2000, description="a text of at most 2000 characters")
]
Destinations = Annotated[
    list[dict[str, Any]] | None, Meta(description="a list of objects with name and number")
]
ToolList = Annotated[list[dict[str, Any]] | None, Meta(description="a list of function tools")]


class AgentWrite(Struct, kw_only=True):
    """The body of a create and of a PUT; a PATCH takes any subset."""

    name: Name
    prompt: Prompt
    voice: VoiceId
    product: Product = "spark"
    thinking_level: ThinkingLevel = "base"
    background_track: BackgroundTrack = None
    acknowledgement_prompt_mode: Literal["auto", "manual"] = "auto"
    acknowledgement_prompt: str = ""
    inbound_speak_order: SpeakOrder = "agent_first"
    outbound_speak_order: SpeakOrder = "caller_first"
    max_hold_seconds: HoldSeconds | None = None
    tools: ToolList = None
    integration_ids: list[str] = []
    widget_enabled: bool = True
    primary_language: Language = "en-US"
    additional_languages: list[Language] = []
    transfer_destinations: Destinations = None
    voicemail_action: VoicemailAction = "prompt"
    voicemail_message: VoicemailMessage = ""
    max_call_duration_seconds: CallSeconds | None = None
    ring_duration_seconds: RingSeconds | None = None
    silence_checkins_enabled: bool = True
    silence_interval_seconds: SilenceSeconds | None = None
    silence_max_checkins: CheckIns | None = None
    silence_hangup_seconds: SilenceSeconds | None = None
    if_updated_at: str | None = None
    updated_at: str | None = None


WRITE_ONLY = ("max_hold_seconds", "tools")
"""Fields that no answer shows; a PUT of what was read keeps them."""


class CallConfig(Struct, kw_only=True):
    """The agent that a single call brings with it."""

    prompt: Prompt
    voice: VoiceId
    product: Product = "spark"
    thinking_level: ThinkingLevel = "base"
    background_track: BackgroundTrack = None
    acknowledgement_prompt_mode: Literal["auto", "manual"] = "auto"
    acknowledgement_prompt: str = ""
    tools: ToolList = None
    primary_language: Language = "en-US"
    additional_languages: list[Language] = []
    transfer_destinations: Destinations = None
    voicemail_action: VoicemailAction = "prompt"
    voicemail_message: VoicemailMessage = ""
    max_call_duration_seconds: CallSeconds | None = None
    ring_duration_seconds: RingSeconds | None = None
    silence_checkins_enabled: bool = True
    silence_interval_seconds: SilenceSeconds | None = None
    silence_max_checkins: CheckIns | None = None
    silence_hangup_seconds: SilenceSeconds | None = None


def created(given: dict[str, Any], voices: Sequence[Voice]) -> NewAgent:
    """A new agent of checked fields. Raises InvalidError."""
    return _ruled(given, given, voices)


def replaced(old: Agent, body: AgentWrite, voices: Sequence[Voice]) -> NewAgent:
    """The agent as a PUT leaves it. Raises InvalidError."""
    values = msgspec.structs.asdict(body)
    kept = {name: getattr(old, name) for name in WRITE_ONLY if values[name] is None}
    return _ruled(values | kept, values, voices)


def patched(old: Agent, given: dict[str, Any], voices: Sequence[Voice]) -> NewAgent:
    """The agent as a PATCH leaves it. Raises InvalidError."""
    values = {name: getattr(old, name) for name in NewAgent.__struct_fields__}
    return _ruled(values | given, given, voices)


def _ruled(values: dict[str, Any], given: dict[str, Any], voices: Sequence[Voice]) -> NewAgent:
    """Apply the rules between fields; the ones about the world only to what was sent."""
    checked = ruled_config(values, given, voices)
    return NewAgent(**{k: v for k, v in checked.items() if k in NewAgent.__struct_fields__})


def ruled_config(
    values: dict[str, Any], given: dict[str, Any], voices: Sequence[Voice]
) -> dict[str, Any]:
    """The rules that an agent and the config of a single call share. Raises InvalidError."""
    result = dict(values)
    if "voice" in given:
        check_voice(given["voice"], voices)
    if "tools" in given:
        result["tools"] = tools.check(values["tools"] or [])
    result["transfer_destinations"] = destinations.check(values.get("transfer_destinations") or [])
    result["background_track"] = values.get("background_track") or None
    product = str(values.get("product", "spark"))
    if product.startswith("storm-"):
        result["thinking_level"] = "extra" if product.startswith("storm-extra") else "base"
    manual = values.get("acknowledgement_prompt_mode") == "manual"
    if manual and not str(values.get("acknowledgement_prompt") or "").strip():
        raise InvalidError(
            {
                "acknowledgement_prompt": [
                    "acknowledgement_prompt is empty, but must be a text when "
                    'acknowledgement_prompt_mode is "manual".'
                ]
            }
        )
    leaves = values.get("voicemail_action") == "message"
    if leaves and not str(values.get("voicemail_message") or "").strip():
        raise InvalidError(
            {
                "voicemail_message": [
                    "voicemail_message is empty, but must be a text when voicemail_action is "
                    '"message".'
                ]
            }
        )
    return result


def check_voice(voice: str, voices: Sequence[Voice]) -> None:
    """Whether there is a voice of this name. Raises InvalidError."""
    known = [name for found in voices for name in (found.id, *found.aliases)]
    if voice not in known:
        raise InvalidError(
            {"voice": [f"voice is {shown(voice)}, but must be one of {', '.join(known)}."]}
        )
