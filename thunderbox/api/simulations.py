"""/v1/test-calls and /v1/test-call-batches, which are /v1/simulations too: test calls."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Controller, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from thunderbox.api import dialect
from thunderbox.api.agent_fields import Language
from thunderbox.api.auth import require_key
from thunderbox.api.bodies import Body
from thunderbox.api.fields import Id, refusal
from thunderbox.api.pagination import DEFAULT_LIMIT, Limit, Offset
from thunderbox.api.parameters import PathId, QueryId
from thunderbox.api.request import ApiRequest
from thunderbox.api.simulation_views import BatchView, SimulationView, batch_view, view
from thunderbox.calls.simulations import target_of
from thunderbox.errors import InvalidError, NotFoundError
from thunderbox.store import simulations, turns
from thunderbox.store.rows import now_ms
from thunderbox.store.simulations import NewBatch, NewSimulation, Simulation, SimulationFilter

TargetType = Literal["agent", "phone_number"]
Direction = Literal["inbound", "outbound"]
QueryTarget = Annotated[TargetType | None, QueryParameter()]
QueryStatus = Annotated[
    Literal["queued", "in_progress", "completed", "failed"] | None, QueryParameter()
]
Mode = Literal["bot", "sip"]
Scenario = Annotated[str, Meta(max_length=4000, description="a text of at most 4000 characters")]
Number = Annotated[str, Meta(max_length=64, description="a text of at most 64 characters")]
Consent = Annotated[bool, Meta(description="true, for a test call costs what two calls cost")]


class SimulationWrite(Struct, kw_only=True):
    """The body of a test call."""

    target_type: TargetType
    target_id: Id
    consent_to_charge: Consent
    direction: Direction = "outbound"
    scenario_prompt: Scenario = ""
    mode: Mode = "bot"
    target_number: Number = ""
    language: Language | None = None
    primary_language: Language | None = None


class BatchWrite(Struct, kw_only=True):
    """The body of a batch; scenarios are taken in turn."""

    target_type: TargetType
    target_id: Id
    consent_to_charge: Consent
    direction: Direction = "outbound"
    run_count: Annotated[int, Meta(ge=1, le=20, description="a whole number from 1 to 20")] = 3
    stagger_seconds: Annotated[
        int, Meta(ge=0, le=60, description="a whole number of seconds from 0 to 60")
    ] = 5
    scenario_prompts: Annotated[
        list[Scenario], Meta(max_length=20, description="a list of at most 20 texts")
    ] = []
    mode: Mode = "bot"
    name: Annotated[str, Meta(max_length=255, description="a text of at most 255 characters")] = ""
    target_number: Number = ""
    language: Language | None = None
    primary_language: Language | None = None


class SimulationsController(Controller):
    """Order test calls and look at them."""

    guards = (require_key,)
    tags = ("Test calls",)

    @get(["/v1/test-calls", "/v1/simulations"], summary="List test calls, newest first")
    async def list_simulations(
        self,
        request: ApiRequest,
        target_type: QueryTarget = None,
        status: QueryStatus = None,
        agent_id: QueryId = None,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
    ) -> list[SimulationView]:
        """One page of runs, each with the transcript of its call."""
        wanted = SimulationFilter(target_type=target_type, status=status, agent_id=agent_id)
        return await _views(
            request,
            await simulations.page(request.db, request.org_id, wanted, limit, offset),
        )

    @post(
        ["/v1/test-calls", "/v1/simulations"],
        dto=Body[SimulationWrite],
        return_dto=None,
        summary="Order a test call",
        errors=(402,),
        also=(200,),
    )
    async def create_simulation(
        self, request: ApiRequest, data: JSONBody[SimulationWrite]
    ) -> Response[SimulationView]:
        """A simulated caller talks with the agent in the background; costs twice a call."""
        new = await _checked(request, data)
        new.scenario_prompt = data.scenario_prompt
        async with request.db.transaction() as tx:
            run_id = await simulations.insert(tx, request.org_id, new)
            run = await simulations.get(tx, request.org_id, run_id)
        assert run is not None
        request.parts.wake_simulations()
        sdk = dialect.is_sdk(request)
        return Response(view(run, (), sdk=sdk), status_code=dialect.ordered(sdk))

    @get(
        ["/v1/test-calls/{run_id:int}", "/v1/simulations/{run_id:int}"],
        summary="Read a test call",
    )
    async def read_simulation(self, request: ApiRequest, run_id: PathId) -> SimulationView:
        """One run with the transcript of its call."""
        run = await simulations.get(request.db, request.org_id, run_id)
        if run is None:
            raise NotFoundError(f"There is no test call {run_id}; GET /v1/test-calls lists all.")
        return (await _views(request, [run]))[0]

    @get(
        ["/v1/test-call-batches", "/v1/simulations/batches"],
        summary="List batches of test calls, newest first",
    )
    async def list_batches(self, request: ApiRequest) -> list[BatchView]:
        """Every batch of the organization."""
        found = await simulations.batches(request.db, request.org_id)
        return [batch_view(batch) for batch in found]

    @post(
        ["/v1/test-call-batches", "/v1/simulations/batches"],
        dto=Body[BatchWrite],
        return_dto=None,
        summary="Order a batch of test calls",
        errors=(402,),
    )
    async def create_batch(self, request: ApiRequest, data: JSONBody[BatchWrite]) -> BatchView:
        """Several test calls of one target, each `stagger_seconds` after the one before."""
        new = await _checked(request, data)
        async with request.db.transaction() as tx:
            batch_id = await simulations.insert_batch(
                tx,
                request.org_id,
                NewBatch(
                    name=data.name,
                    target_type=data.target_type,
                    target_id=data.target_id,
                    direction=data.direction,
                    target_number=data.target_number,
                    stagger_seconds=data.stagger_seconds,
                    scenario_prompts=data.scenario_prompts,
                    requested_by_id=request.caller.user_id,
                ),
            )
            new.batch_id = batch_id
            first = new.due_at
            for number in range(data.run_count):
                prompts = data.scenario_prompts or [""]
                new.scenario_prompt = prompts[number % len(prompts)]
                new.due_at = first + number * data.stagger_seconds * 1000
                await simulations.insert(tx, request.org_id, new)
            batch = await simulations.get_batch(tx, request.org_id, batch_id)
        assert batch is not None
        request.parts.wake_simulations()
        return batch_view(batch)

    @get(
        ["/v1/test-call-batches/{batch_id:int}", "/v1/simulations/batches/{batch_id:int}"],
        summary="Read a batch of test calls",
    )
    async def read_batch(self, request: ApiRequest, batch_id: PathId) -> BatchView:
        """One batch, with how its runs stand."""
        batch = await simulations.get_batch(request.db, request.org_id, batch_id)
        if batch is None:
            raise NotFoundError(
                f"There is no batch {batch_id}; GET /v1/test-call-batches lists all."
            )
        return batch_view(batch)


async def _checked(request: ApiRequest, data: SimulationWrite | BatchWrite) -> NewSimulation:
    """A run of what was asked for. Raises InvalidError, NotFoundError, PaymentError."""
    if not data.consent_to_charge:
        raise InvalidError({"consent_to_charge": [refusal("consent_to_charge", False, Consent)]})
    found = await target_of(
        request.db, request.org_id, data.target_type, data.target_id, data.direction
    )
    if found is None:
        raise NotFoundError(
            f"There is no agent {data.target_id}; GET /v1/agents lists those there are."
            if data.target_type == "agent"
            else f"There is no phone number {data.target_id} that has an agent for the calls which "
            f"the test makes; PATCH /v1/phone-numbers/{data.target_id} assigns one."
        )
    await request.parts.billing.require_credit(request.org_id)
    name, agent = found
    return NewSimulation(
        target_type=data.target_type,
        target_id=data.target_id,
        target_name=name,
        agent_name=agent.name,
        direction=data.direction,
        target_number=data.target_number,
        scenario_prompt="",
        language=data.primary_language or data.language,
        estimated_cost_cents=request.parts.billing.cents_per_minute(
            agent.product, is_test_call=True
        ),
        requested_by_id=request.caller.user_id,
        due_at=now_ms(),
        mode=data.mode,
    )


async def _views(request: ApiRequest, runs: list[Simulation]) -> list[SimulationView]:
    sdk = dialect.is_sdk(request)
    spoken = await turns.of_calls(request.db, [run.call_id for run in runs if run.call_id])
    return [view(run, spoken.get(run.call_id or 0, ()), sdk=sdk) for run in runs]
