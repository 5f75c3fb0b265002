"""Samples: a sentence in each voice, spoken by its engine once and kept on disk as WAV."""

from __future__ import annotations

import asyncio
import hashlib
import io
import wave
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

from thunderbox.voice.engine import Voice
from thunderbox.voice.languages import language_of
from thunderbox.voice.leg import SAMPLE_RATE

SPEAK_S = 30.0
"""How long an engine may take for a sample."""

SENTENCES = {
    "de": "Guten Tag, schön, dass Sie anrufen. Wie kann ich Ihnen helfen?",
    "en": "Hello, thank you for calling. How can I help you today?",
    "es": "Hola, gracias por llamar. ¿En qué puedo ayudarle?",
    "fr": "Bonjour, merci de votre appel. Comment puis-je vous aider ?",
    "it": "Buongiorno, grazie per aver chiamato. Come posso aiutarla?",
    "nl": "Goedendag, bedankt voor het bellen. Waarmee kan ik u helpen?",
    "pl": "Dzień dobry, dziękujemy za telefon. W czym mogę pomóc?",
    "pt": "Olá, obrigado por ligar. Como posso ajudar?",
}

Speak = Callable[[str, str], AsyncGenerator[bytes, None]]
"""Sound of a text in a voice as 16 kHz mono s16le PCM."""


class Samples:
    """The samples of every voice, in one directory."""

    def __init__(self, directory: Path, speak: Speak) -> None:
        self._directory = directory
        self._speak = speak
        self._making = asyncio.Lock()

    async def path(self, voice: Voice) -> Path:
        """The file of a voice's sample, made now unless it is there. Raises EngineError."""
        text = SENTENCES.get(language_of(voice.locale), SENTENCES["en"])
        facts = "\n".join((voice.id, voice.locale, voice.tier, text))
        path = self._directory / f"{hashlib.sha256(facts.encode()).hexdigest()[:32]}.wav"
        # One at a time: samples wait for each other, so that calls need not.
        async with self._making:
            if not await asyncio.to_thread(path.exists):
                async with asyncio.timeout(SPEAK_S), aclosing(self._speak(text, voice.id)) as made:
                    pcm = b"".join([piece async for piece in made])
                await asyncio.to_thread(_write, path, pcm)
        return path


def _write(path: Path, pcm: bytes) -> None:
    """Write a whole file or none."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(sound.getvalue())
    unfinished.replace(path)
