"""espeak as if it had never spoken: every text in a process of its own.

The breath in its voices is noise that goes on from one text to the next, so within one process the
sound of a text depends on the tests before.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from thunderbox.voice.engines.espeak import Espeak

SECONDS = 60.0

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@cache
def spoken(text: str, voice: str) -> bytes:
    """The text in this voice: 16-bit samples at the telephone's rate."""
    with ProcessPoolExecutor(1, _PROCESSES) as process:
        return process.submit(_speak, text, voice).result(SECONDS)


def _speak(text: str, voice: str) -> bytes:
    async def all_of_it() -> bytes:
        engine = Espeak()
        try:
            return b"".join([piece async for piece in engine.speak(text, voice)])
        finally:
            engine.close()

    return asyncio.run(all_of_it())
