"""Path and query parameters that several resources share."""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from thunderbox.api.fields import MAX_ID

PathId = Annotated[int, PathParameter(ge=1, le=MAX_ID)]
PathText = Annotated[str, PathParameter()]
QueryId = Annotated[
    int | None, QueryParameter(ge=1, le=MAX_ID), Meta(description="a whole number from 1")
]
QueryText = Annotated[str | None, QueryParameter()]
VersionLimit = Annotated[
    int, QueryParameter(ge=1, le=100), Meta(description="a whole number from 1 to 100")
]
QueryFlag = Annotated[bool, QueryParameter(), Meta(description="true or false")]
