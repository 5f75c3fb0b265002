"""Settling: what a box does once it serves and before there are calls.

Whatever holds the loop up holds up every call, so what takes long and is the same for ever is done
now: the OpenAPI document is made (0.3 s), and what has been made by now is taken out of the garbage
collector's sight, which would take 0.1 s to look through it.
"""

from __future__ import annotations

import asyncio
import gc

from litestar import Litestar

from thunderbox.api.document import document


class Settling:
    """Begins at once, beside everything else; `close` it before what it has seen is taken apart."""

    def __init__(self, app: Litestar) -> None:
        gc.collect()
        gc.freeze()
        self._task = asyncio.create_task(self._settle(app))

    async def close(self) -> None:
        """Let the collector see everything again."""
        await asyncio.wait({self._task})
        gc.unfreeze()

    async def _settle(self, app: Litestar) -> None:
        await asyncio.to_thread(document, app)
        gc.freeze()
