"""Products: the tiers that an agent can be, each a section of the settings.

They are in order of reasoning, least first; a tier whose model is not installed thinks with that
of a smaller one.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

PRODUCTS = (
    "spark",
    "bolt",
    "storm-base",
    "storm-base-with-ack",
    "storm-extra",
    "storm-extra-with-ack",
)

ModelName = Annotated[
    str,
    Meta(description='"starter", an installed model, the path of a GGUF file, or empty'),
]
Tokens = Annotated[int, Meta(ge=0, le=4096, description="a number of tokens from 0 to 4096")]
Cents = Annotated[int, Meta(ge=0, le=10_000, description="a number of cents from 0 to 10000")]


class ProductSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a tier thinks with, how long it may think, and what a minute of it costs."""

    language_model: ModelName = ""
    thinking_tokens: Tokens = 0
    cents_per_minute: Cents = 0

    def thinking(self, level: str) -> int:
        """How many tokens an agent of this thinking_level may think before it answers."""
        return self.thinking_tokens


class QuickSettings(ProductSettings, frozen=True, forbid_unknown_fields=True):
    """A tier whose agents choose their thinking_level themselves."""

    extra_thinking_tokens: Tokens = 128

    def thinking(self, level: str) -> int:
        """How many tokens an agent of this thinking_level may think before it answers."""
        return self.extra_thinking_tokens if level == "extra" else self.thinking_tokens


class SparkSettings(QuickSettings, frozen=True, forbid_unknown_fields=True):
    """[product_spark]: the quickest tier."""

    cents_per_minute: Cents = 8


class BoltSettings(QuickSettings, frozen=True, forbid_unknown_fields=True):
    """[product_bolt]: quick, with more reason."""

    cents_per_minute: Cents = 10


class StormBaseSettings(ProductSettings, frozen=True, forbid_unknown_fields=True):
    """[product_storm_base] and [product_storm_base_with_ack]: strong reasoning."""

    thinking_tokens: Tokens = 128
    cents_per_minute: Cents = 14


class StormExtraSettings(ProductSettings, frozen=True, forbid_unknown_fields=True):
    """[product_storm_extra] and [product_storm_extra_with_ack]: deep reasoning, later answers."""

    thinking_tokens: Tokens = 384
    cents_per_minute: Cents = 20


def section_of(product: str) -> str:
    """The section of the settings that holds a product."""
    return f"product_{product.replace('-', '_')}"


def acknowledges(product: str) -> bool:
    """Whether agents of this product say a word while they think."""
    return product.endswith("-with-ack")
