"""Persona: who speaks in a conversation, with which engines, and how long each of them may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from thunderbox.voice.engine import (
    GREEDY,
    LanguageModel,
    Recognizer,
    Sampling,
    Synthesizer,
    TurnEnd,
    VoiceActivity,
)
from thunderbox.voice.thinker import CHECKING_S


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each engine may keep a caller waiting, in seconds."""

    transcribe: float = 6.0
    first_token: float = 8.0
    speak: float = 5.0
    checking: float = CHECKING_S
    """After so long the caller is told that a tool takes a moment."""


KeepSound = Callable[[str, str, bytes], None]
"""Takes a text, a voice and their sound."""


@dataclass(frozen=True, slots=True)
class CallEngines:
    """The engines that a conversation uses."""

    recognizer: Recognizer
    synthesizer: Synthesizer
    language_model: LanguageModel
    voice_activity: VoiceActivity
    turn_end: TurnEnd | None = None
    """Tells whether the caller has finished; None where no such model is installed."""
    keep_sound: KeepSound | None = None
    """Has the sound of a fixed sentence or of the greeting ready for the next time."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Who speaks: the agent as this call has it."""

    prompt: str
    voice: str
    sampling: Sampling = GREEDY
    language: str = "en"
    destinations: Mapping[str, str] = field(default_factory=dict)
    """Numbers or SIP URIs that callers may be handed on to, by name."""
    presses_keys: bool = False
    voicemail_message: str = ""
    """What is left on an answering machine, where pace.voicemail says so."""
    acknowledgement: str = ""
    """What bridges the wait for an answer, where pace.acknowledge_ms says that something does."""
