"""/v1/phone-number-labels: names for the numbers that agents talk with."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.parameters import PathId
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso
from thunderbox.errors import NotFoundError
from thunderbox.settings import E164
from thunderbox.store import phone_number_labels
from thunderbox.store.phone_number_labels import PhoneNumberLabel


class LabelWrite(Struct, kw_only=True):
    """The body of a write: a number and what it is called."""

    phone_number: Annotated[
        str, Meta(pattern=f"^{E164}$", description="a number such as +15550100 (E.164)")
    ]
    label: Annotated[
        str, Meta(min_length=1, max_length=100, description="a text of 1 to 100 characters")
    ]


class LabelView(Struct, kw_only=True):
    """A label."""

    id: int
    phone_number: str
    label: str
    created_at: Timestamp
    updated_at: Timestamp


class PhoneNumberLabelsController(Controller):
    """List, write and delete labels."""

    path = "/v1/phone-number-labels"
    guards = (require_key,)
    tags = ("Phone number labels",)

    @get(summary="List labels, by number")
    async def list_labels(self, request: ApiRequest) -> list[LabelView]:
        """Every label of the organization."""
        return [_view(one) for one in await phone_number_labels.page(request.db, request.org_id)]

    @post(dto=Body[LabelWrite], return_dto=None, status_code=200, summary="Label a number")
    async def put_label(self, request: ApiRequest, data: JSONBody[LabelWrite]) -> LabelView:
        """Label a number; one that has a label gets this one instead."""
        async with request.db.transaction() as tx:
            put = await phone_number_labels.put(tx, request.org_id, data.phone_number, data.label)
        return _view(put)

    @delete("/{label_id:int}", summary="Delete a label")
    async def delete_label(self, request: ApiRequest, label_id: PathId) -> None:
        """Take a label away."""
        async with request.db.transaction() as tx:
            if not await phone_number_labels.delete(tx, request.org_id, label_id):
                raise NotFoundError(
                    f"There is no label {label_id}; GET /v1/phone-number-labels lists those "
                    "there are."
                )


def _view(found: PhoneNumberLabel) -> LabelView:
    return LabelView(
        id=found.id,
        phone_number=found.phone_number,
        label=found.label,
        created_at=iso(found.created_at),
        updated_at=iso(found.updated_at),
    )
