"""Voices: every installed voice behind one name, whichever engine speaks it.

A voice that is not installed is spoken by the default one, so that a call goes on. Sound of
fixed sentences (greeting, "one moment, please") is kept and costs nothing the second time.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from thunderbox.errors import StartError
from thunderbox.voice.catalogue import how_to_get
from thunderbox.voice.engine import Synthesizer, Voice
from thunderbox.voice.spoken import spoken

log = logging.getLogger(__name__)

_KEPT_BYTES = 16_000_000
"""About eight minutes of sound."""


class Voices:
    """Several synthesizers as one; an earlier one wins where two know the same name."""

    name = "voices"

    def __init__(
        self, engines: Sequence[Synthesizer], default: str, *, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        self._engines = list(engines)
        self._by_name: dict[str, tuple[Synthesizer, str]] = {}
        # All ids come before any alias: an alias must not hide a voice that is really there.
        for engine in self._engines:
            for voice in engine.voices():
                self._by_name.setdefault(voice.id.lower(), (engine, voice.id))
        for engine in self._engines:
            for voice in engine.voices():
                for alias in voice.aliases:
                    self._by_name.setdefault(alias.lower(), (engine, voice.id))
        self._locales = {voice.id: voice.locale for voice in self.voices()}
        found = self._by_name.get(default.lower())
        if found is None:
            known = ", ".join(voice.id for voice in self.voices())
            raise StartError(
                f'voice.default_voice is "{default}", which is not installed. '
                f"{how_to_get(default)}. Installed: {known}."
            )
        self._default = found
        self._missed: set[str] = set()
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._kept_bytes = kept_bytes

    def voices(self) -> Sequence[Voice]:
        """Every voice of every engine."""
        return [voice for engine in self._engines for voice in engine.voices()]

    def resolve(self, voice: str) -> str:
        """The id of the voice that speaks when this id or alias is asked for."""
        return self._find(voice)[1]

    async def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Sound of one clause as 16 kHz mono s16le PCM, in pieces as they are made."""
        engine, found = self._find(voice)
        if (ready := self._kept.get((found, text))) is not None:
            self._kept.move_to_end((found, text))
            yield ready
            return
        async with aclosing(engine.speak(self._words(text, found), found)) as pieces:
            async for piece in pieces:
                yield piece

    async def prepare(self, text: str, voice: str) -> bytes:
        """Sound of a fixed sentence, made now unless it is there; later `speak` has it ready."""
        engine, found = self._find(voice)
        key = (found, text)
        if (ready := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return ready
        pcm = b"".join([piece async for piece in engine.speak(self._words(text, found), found)])
        self._kept[key] = pcm
        while sum(map(len, self._kept.values())) > self._kept_bytes:
            self._kept.popitem(last=False)
        return pcm

    @property
    def ready(self) -> bool:
        """Whether every engine can be expected to speak."""
        return all(getattr(engine, "ready", True) for engine in self._engines)

    def close(self) -> None:
        """Close every engine."""
        for engine in self._engines:
            engine.close()

    def _words(self, text: str, voice: str) -> str:
        return spoken(text, self._locales[voice])

    def _find(self, voice: str) -> tuple[Synthesizer, str]:
        found = self._by_name.get(voice.lower())
        if found is not None:
            return found
        if voice not in self._missed and len(self._missed) < 100:
            self._missed.add(voice)
            log.warning('voice "%s" is not installed; %s speaks instead', voice, self._default[1])
        return self._default
