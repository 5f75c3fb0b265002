"""Voices: every installed voice behind one name, whichever engine speaks it.

A voice that is not installed is spoken by the default one, so that a call goes on. Sound of
fixed sentences (greeting, "one moment, please") is kept, on disk as well, and costs nothing the
second time.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from thunderbox.errors import EngineError, StartError
from thunderbox.voice.catalogue import how_to_get
from thunderbox.voice.engine import Synthesizer, Voice
from thunderbox.voice.engines.sound_store import SoundStore
from thunderbox.voice.engines.worker import Worker
from thunderbox.voice.spoken import spoken

log = logging.getLogger(__name__)

_KEPT_BYTES = 16_000_000
"""About eight minutes of sound."""


class Voices:
    """Several synthesizers as one; an earlier one wins where two know the same name."""

    name = "voices"

    def __init__(
        self,
        engines: Sequence[Synthesizer],
        default: str,
        *,
        store: SoundStore | None = None,
        kept_bytes: int = _KEPT_BYTES,
    ) -> None:
        """`store` keeps the sound of fixed sentences from one start to the next."""
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
        self._made_by = {voice.id: voice.made_by for voice in self.voices()}
        self._store = store
        self._disk = Worker("sounds") if store is not None else None

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
        words, made_by = self._words(text, found), self._made_by[found]
        if self._store is not None and self._disk is not None and made_by:
            stored = self._store.get
            pcm = await self._disk.run(lambda: stored(made_by, found, words))
            if pcm is not None:
                self._remember(key, pcm)
                return pcm
        pcm = b"".join([piece async for piece in engine.speak(words, found)])
        self.keep(text, voice, pcm)
        return pcm

    def keep(self, text: str, voice: str, pcm: bytes) -> None:
        """Have this sound, which `speak` gave, ready for the same words from now on."""
        found = self._find(voice)[1]
        if (found, text) in self._kept or not pcm:
            return
        self._remember((found, text), pcm)
        words, made_by = self._words(text, found), self._made_by[found]
        if self._store is not None and self._disk is not None and made_by:
            put = self._store.put
            # A disk that does not keep up loses a sound that can be made again.
            with suppress(EngineError):
                self._disk.submit(lambda: put(made_by, found, words, pcm))

    def _remember(self, key: tuple[str, str], pcm: bytes) -> None:
        self._kept[key] = pcm
        while sum(map(len, self._kept.values())) > self._kept_bytes:
            self._kept.popitem(last=False)

    @property
    def ready(self) -> bool:
        """Whether every engine can be expected to speak."""
        return all(getattr(engine, "ready", True) for engine in self._engines)

    def close(self) -> None:
        """Close every engine."""
        if self._disk is not None:
            self._disk.close()
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
