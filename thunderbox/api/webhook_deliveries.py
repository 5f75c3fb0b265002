"""/v1/developer/webhook-deliveries: what was sent to whom, how it went, and sending it again."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from litestar import Controller, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from thunderbox.api.auth import require_admin, require_key
from thunderbox.api.bodies import Body
from thunderbox.api.call_filters import QueryMoment, bound, check_choice
from thunderbox.api.fields import MAX_ID, refusal
from thunderbox.api.pagination import DEFAULT_LIMIT, Limit
from thunderbox.api.parameters import PathId, QueryId, QueryText
from thunderbox.api.request import ApiRequest
from thunderbox.api.times import Timestamp, iso, iso_optional
from thunderbox.api.webhook_endpoints import find, uuid_of
from thunderbox.errors import ConflictError, InvalidError, NotFoundError
from thunderbox.store import webhook_deliveries
from thunderbox.store.database import Source
from thunderbox.store.rows import now_ms
from thunderbox.store.webhook_deliveries import Attempt, Delivery, DeliveryFilter
from thunderbox.store.webhook_events import KEY, NUMBER

STATUSES = ("retrying", "delivered", "failed")
LEGACY_LABEL = "Single webhook"
NUMBER_LABEL = "Webhook of a number"
KEY_LABEL = "Webhook of a publishable key"
Cursor = Annotated[str, Meta(description="the next_cursor of the page before")]
QueryCursor = Annotated[str | None, QueryParameter()]


class DeliveryView(Struct, kw_only=True):
    """A delivery; `endpoint_id` is empty for what is no endpoint."""

    id: int
    event_id: str
    event_type: str
    endpoint_id: str
    endpoint_label: str
    source: str
    url: str | None
    call_id: int | None
    agent_id: int | None
    status: str
    attempt_count: int
    http_status: int | None
    failure_category: str | None
    error: str
    last_attempt_at: Timestamp | None
    next_retry_at: Timestamp | None
    created_at: Timestamp


class AttemptView(Struct, kw_only=True):
    """One try."""

    number: int
    attempted_at: Timestamp
    duration_ms: int
    http_status: int | None
    failure_category: str | None
    error: str


class WholeDeliveryView(DeliveryView, kw_only=True):
    """A delivery with every try, and the `data` of its event."""

    attempts: list[AttemptView]
    data: dict[str, Any]


class DeliveryPage(Struct, kw_only=True):
    """Some deliveries, and where the next ones begin."""

    results: list[DeliveryView]
    limit: int
    has_more: bool
    next_cursor: str | None


class ReplayWrite(Struct, kw_only=True):
    """Which failed deliveries to make again: those of events since a time, of one endpoint."""

    since: Annotated[str, Meta(description="a day or a time such as 2026-04-20T18:24:10.113Z")]
    endpoint_id: str | None = None


class Replayed(Struct, kw_only=True):
    """How many deliveries are made again."""

    replayed: int


class WebhookDeliveriesController(Controller):
    """Look at deliveries and repeat them; for owners and admins."""

    path = "/v1/developer/webhook-deliveries"
    guards = (require_key, require_admin)
    tags = ("Webhooks",)

    @get(summary="List webhook deliveries, newest first")
    async def list_webhook_deliveries(
        self,
        request: ApiRequest,
        endpoint_id: QueryText = None,
        event_type: QueryText = None,
        status: QueryText = None,
        agent_id: QueryId = None,
        since: QueryMoment = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: QueryCursor = None,
    ) -> DeliveryPage:
        """One page of the deliveries that match every filter; `since` is that of the event."""
        check_choice("status", status, STATUSES)
        wanted = DeliveryFilter(
            endpoint_id=uuid_of(endpoint_id) if endpoint_id else None,
            event_type=event_type or None,
            status=status or None,
            agent_id=agent_id,
            since=bound("since", since),
        )
        after = _place(cursor) if cursor else None
        found = await webhook_deliveries.page(request.db, request.org_id, wanted, limit + 1, after)
        more, found = len(found) > limit, found[:limit]
        return DeliveryPage(
            results=[_view(delivery) for delivery in found],
            limit=limit,
            has_more=more,
            next_cursor=f"{found[-1].created_at}-{found[-1].id}" if more else None,
        )

    @post(
        "/replay",
        status_code=200,
        dto=Body[ReplayWrite],
        return_dto=None,
        summary="Make failed webhook deliveries again",
        errors=(404,),
    )
    async def replay_failed_deliveries(
        self, request: ApiRequest, data: JSONBody[ReplayWrite]
    ) -> Replayed:
        """All that failed of events since a time; each has a day again."""
        since = bound("since", data.since) or 0
        async with request.db.transaction() as tx:
            endpoint_id = None
            if data.endpoint_id is not None:
                endpoint_id = (await find(tx, request.org_id, data.endpoint_id)).id
            count = await webhook_deliveries.replay_failed(
                tx, request.org_id, since, endpoint_id, now_ms()
            )
        return Replayed(replayed=count)

    @get("/{delivery_id:int}", summary="Read a webhook delivery with every try")
    async def read_webhook_delivery(
        self, request: ApiRequest, delivery_id: PathId
    ) -> WholeDeliveryView:
        """One delivery, its tries, and what the event said."""
        delivery = await _find(request.db, request.org_id, delivery_id)
        tries = await webhook_deliveries.attempts(request.db, delivery_id)
        data = await webhook_deliveries.data_of(request.db, delivery.event_id)
        return WholeDeliveryView(
            **msgspec.structs.asdict(_view(delivery)),
            attempts=[_attempt(one) for one in tries],
            data=msgspec.json.decode(data),
        )

    @post(
        "/{delivery_id:int}/replay",
        status_code=200,
        summary="Make a webhook delivery again",
        errors=(409,),
    )
    async def replay_delivery(self, request: ApiRequest, delivery_id: PathId) -> DeliveryView:
        """Send the same event again, whatever became of it; it has a day again."""
        async with request.db.transaction() as tx:
            old = await _find(tx, request.org_id, delivery_id)
            if old.is_question:
                raise ConflictError(
                    "This was a question before a call; the call went on without it, so it is "
                    "not asked again."
                )
            await webhook_deliveries.replay(tx, delivery_id, now_ms())
            return _view(await _find(tx, request.org_id, delivery_id))


async def _find(db: Source, org_id: int, delivery_id: int) -> Delivery:
    delivery = await webhook_deliveries.get(db, org_id, delivery_id)
    if delivery is None:
        raise NotFoundError(
            f"There is no webhook delivery {delivery_id}; GET /v1/developer/webhook-deliveries "
            "lists those there are."
        )
    return delivery


def _place(cursor: str) -> tuple[int, int]:
    """The time and the id that a cursor stands for. Raises InvalidError."""
    found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", cursor, re.ASCII)
    if found is None or int(found[1]) > MAX_ID:
        raise InvalidError({"cursor": [refusal("cursor", cursor, Cursor)]})
    return int(found[1]), int(found[2])


def _view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        endpoint_id=delivery.endpoint_id or "",
        endpoint_label=delivery.endpoint_label or _label(delivery.receiver),
        source="legacy" if delivery.endpoint_id is None else "endpoint",
        url=delivery.url,
        call_id=delivery.call_id,
        agent_id=delivery.agent_id,
        status=delivery.status,
        attempt_count=delivery.attempt_count,
        http_status=delivery.http_status,
        failure_category=delivery.failure_category,
        error=delivery.error,
        last_attempt_at=iso_optional(delivery.last_attempt_at),
        next_retry_at=iso_optional(delivery.next_attempt_at),
        created_at=iso(delivery.created_at),
    )


def _label(receiver: str) -> str:
    """What a receiver without a label of its own is called."""
    if receiver.startswith(KEY):
        return KEY_LABEL
    return NUMBER_LABEL if receiver.startswith(NUMBER) else LEGACY_LABEL


def _attempt(attempt: Attempt) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        attempted_at=iso(attempt.at),
        duration_ms=attempt.duration_ms,
        http_status=attempt.http_status,
        failure_category=attempt.failure_category,
        error=attempt.error,
    )
