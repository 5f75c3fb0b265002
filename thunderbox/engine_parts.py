"""What the box says of its engines and of its database."""

from __future__ import annotations

from thunderbox.calls.requests import PartState
from thunderbox.errors import StoreError
from thunderbox.store.database import Database
from thunderbox.voice.engine_room import Engines


async def database_part(db: Database) -> PartState:
    """Whether the database answers."""
    try:
        await db.fetch_one("SELECT 1")
    except StoreError as error:
        return PartState(ok=False, detail=str(error))
    return PartState(ok=True)


def engine_parts(engines: Engines) -> dict[str, PartState]:
    """The models, what each product thinks with, and the engines on other machines."""
    parts: dict[str, PartState] = {}
    engines_ready = engines.ready
    for card in engines.cards:
        starter = "A small starter model; bring a real one for real callers."
        if card.engine in parts:  # models of products are named below
            continue
        parts[card.engine] = PartState(
            ok=engines_ready,
            detail=(starter if card.starter else "")
            if engines_ready
            else "An engine has failed; restart the box and look at the log.",
            facts={"model": card.name},
        )
    tiers = engines.tiers
    parts["products"] = PartState(
        # A box that lacks a model can take calls all the same, with a smaller one.
        ok=True,
        detail=" ".join(tier.note for tier in tiers.values() if tier.note),
        facts={product: tier.card.name for product, tier in tiers.items()},
    )
    for standing in engines.remotes:
        server = standing.server
        # A box whose remote engine fails can take calls all the same: the local one answers.
        parts[server.section] = PartState(
            ok=True,
            detail=standing.note,
            facts={"url": server.base_url, "model": server.model, "asked": standing.asked},
        )
    return parts
