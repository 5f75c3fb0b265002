"""Tiers: which language model each product thinks with, of those that are here.

A product whose model is not installed, or does not survive its trial, gets the next smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from thunderbox.errors import StartError
from thunderbox.voice.catalogue import catalogue
from thunderbox.voice.engine import ModelCard
from thunderbox.voice.models import language_card
from thunderbox.voice.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Tier:
    """What a product thinks with."""

    card: ModelCard
    note: str = ""
    """Why it is another model than the one that the settings name; empty when it is that one."""


def choose_tiers(
    wanted: Mapping[str, str],
    base: ModelCard,
    models_dir: Path | None,
    check: Callable[[ModelCard], object] = lambda _: None,
) -> dict[str, Tier]:
    """The tier of each product; `wanted` names their models, smallest product first.

    A product without a name gets `base`, the model of voice.language_model. `check` raises
    StartError for a model that cannot run here.
    """
    tiers: dict[str, Tier] = {}
    for product, name in wanted.items():
        setting = f"product_{product.replace('-', '_')}.language_model"
        if not name:
            tiers[product] = Tier(base)
            continue
        try:
            card = language_card(name, models_dir, setting)
            check(card)
        except StartError as error:
            known = [base, *(tier.card for tier in tiers.values())]
            spare = _next_smaller(name, known, models_dir, check)
            tiers[product] = Tier(spare, f"{error} Until then {product} uses {spare.name}.")
        else:
            tiers[product] = Tier(card)
    return tiers


def who_uses_what(tiers: Mapping[str, Tier]) -> str:
    """The products of each model, in a line: `spark, bolt: starter`."""
    users: dict[str, list[str]] = {}
    for product, tier in tiers.items():
        users.setdefault(tier.card.name, []).append(product)
    return "; ".join(f"{', '.join(products)}: {model}" for model, products in users.items())


def _next_smaller(
    name: str,
    known: list[ModelCard],
    models_dir: Path | None,
    check: Callable[[ModelCard], object],
) -> ModelCard:
    """The largest model below the one of this name; `known` ones have passed their check."""
    recommended = catalogue().get(name)
    if recommended is not None and models_dir is not None:
        installed = sorted(
            (model for model in Shelf(models_dir).installed() if model.kind == "language"),
            key=lambda model: -model.size,
        )
        for model in installed:
            if model.size >= recommended.size or model.name == name:
                continue
            try:
                card = language_card(model.name, models_dir)
                check(card)
            except StartError:
                continue
            known = [*known, card]
            break
    return max(known, key=lambda card: Path(card.path).stat().st_size)
