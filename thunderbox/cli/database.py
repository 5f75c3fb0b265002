"""The database of a box, as the commands use it, whether the box runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from thunderbox.cli.options import DATABASE
from thunderbox.errors import StartError
from thunderbox.store import organizations
from thunderbox.store.database import Database, Source

Result = TypeVar("Result")


def with_database(data: Path, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Run `work` on the box's database; never makes a new one. Raises StartError."""
    path = data / DATABASE
    if not path.is_file():
        raise StartError(
            f"There is no box in {data}. Name its data directory with --data, or start it once "
            "with `thunderbox serve`."
        )

    async def run() -> Result:
        db = await Database.open(path)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


async def first_organization(db: Source) -> int:
    """The organization that the box's first start made. Raises StartError."""
    first = await organizations.first(db)
    if first is None:
        raise StartError("This box has no organization yet: start it once with `thunderbox serve`.")
    return first.id
