"""Pages of long lists: `limit` and `offset` in, an envelope with the total out."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from litestar.params import QueryParameter
from msgspec import Meta, Struct

Item = TypeVar("Item")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

# A larger limit is refused rather than cut: clients add their own limit to the offset, and would
# skip what a shorter page leaves out.
Limit = Annotated[
    int,
    QueryParameter(ge=1, le=MAX_LIMIT),
    Meta(description=f"a whole number from 1 to {MAX_LIMIT}"),
]
Offset = Annotated[
    int,
    QueryParameter(ge=0, le=2**62),
    Meta(description="a whole number from 0"),
]


class Page(Struct, Generic[Item]):
    """One page of a list, and how long the whole list is."""

    total: int
    limit: int
    offset: int
    results: list[Item]
