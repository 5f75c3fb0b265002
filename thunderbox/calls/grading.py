"""Grading: how a call went, judged by the language model once it is over, one call at a time.

The jobs are rows, so none is lost in a restart. While a call runs nothing is graded, and what is
being graded when one begins is put back: a caller never waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress

from thunderbox.calls import rubric
from thunderbox.calls.rubric import Verdict
from thunderbox.errors import EngineError, StoreError, TooManyError
from thunderbox.events import outbox
from thunderbox.settings import Settings
from thunderbox.store import calls, grades, issue_reports, simulations, turns
from thunderbox.store.calls import Call
from thunderbox.store.database import Database
from thunderbox.store.grades import Grade, Result
from thunderbox.store.issue_reports import NewIssueReport
from thunderbox.store.rows import now_ms
from thunderbox.store.simulations import Judgement
from thunderbox.store.turns import NewTurn
from thunderbox.voice.engine import LanguageModel, Sampling
from thunderbox.voice.tasks import Tasks

log = logging.getLogger(__name__)

EVERY_S = 1.0
"""How often is looked for a job."""
YIELD_S = 0.1
"""A call that begins is noticed so soon."""
GRADE_S = 180.0
"""A model has so long for one call."""
MAX_TRIES = 3
"""A grading that the box did not survive so often is given up."""
AGAIN_MS = 900_000
"""A call is graded anew at most so often."""
RETRY_MS = 90_000
"""The same after a grading that failed."""
SEVERITIES = ("info", "warning", "critical")

_ASKED = "You are the receptionist of a practice. A cleaning costs 80 dollars."
_PROBES = (
    ("success", ("What does a cleaning cost?", "A cleaning costs 80 dollars.", "Great, thanks!")),
    ("failure", ("What does a cleaning cost?", "I do not know. Goodbye.", "That is no help!")),
)
"""Calls whose outcome anybody can tell. A model that cannot grades nothing, whatever it says."""


class Grader:
    """Grades calls with one language model."""

    def __init__(
        self, db: Database, model: LanguageModel, settings: Settings, busy: Callable[[], bool]
    ) -> None:
        """`busy` says whether a call is running."""
        self._db = db
        self._model = model
        self._context_tokens = settings.voice.context_tokens
        self._least = SEVERITIES.index(settings.grading.report_severity)
        self._busy = busy
        self._able: bool | None = None
        self._tasks = Tasks("grading")
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()

    def start(self) -> None:
        """Begin to grade what waits, and what comes."""
        self._tasks.spawn(self._work())

    async def close(self) -> None:
        """Stop; what is being graded is graded after the next start."""
        await self._tasks.close()

    async def grade(self, call: Call, *, force: bool, wait_s: float) -> tuple[Grade, bool]:
        """A call's grade, and whether it is a new one; pending when it is not there in time.

        A grade that is there or under way is not made again, one that failed is, after a while;
        `force` makes a new one of a grade that is there, and raises TooManyError when it is too
        new.
        """
        async with self._db.transaction() as tx:
            found = await grades.latest(tx, call.id)
            new = found is None or _may_be_made_again(found, force)
            grade = await grades.request(tx, call.org_id, call.id) if new or not found else found
        self._wanted.set()
        try:
            async with asyncio.timeout(wait_s):
                while grade.status == "pending":
                    self._changed.clear()
                    latest = await grades.latest(self._db, call.id)
                    grade = latest or grade
                    if grade.status == "pending":
                        await self._changed.wait()
        except TimeoutError:
            pass
        return grade, new

    async def work_once(self) -> bool:
        """Grade the call that waits longest, if there is one and no call runs."""
        if self._busy():
            return False
        job = await grades.next_pending(self._db)
        if job is None:
            return False
        call = await calls.get(self._db, job.org_id, job.call_id)
        said = await turns.of_call(self._db, job.call_id)
        async with self._db.transaction() as tx:
            tries = await grades.count_try(tx, job.id, 1)
        if call is None:
            return False
        if tries > MAX_TRIES:
            result = self._failed(f"The box stopped {MAX_TRIES} times while it graded this call.")
        else:
            found = await self._unless_busy(call, said)
            if found is None:
                async with self._db.transaction() as tx:
                    await grades.count_try(tx, job.id, -1)
                return False
            result = found
        await self._keep(job, call, result)
        return True

    async def _work(self) -> None:
        while True:
            try:
                if await self.work_once():
                    continue
            except StoreError:
                log.exception("A grade could not be read or written")
            self._wanted.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._wanted.wait()

    async def _unless_busy(self, call: Call, said: Sequence[NewTurn]) -> Result | None:
        """The result, or None when a call began meanwhile."""
        judging = asyncio.create_task(self._result(call, said))
        try:
            while not judging.done():
                await asyncio.wait({judging}, timeout=YIELD_S)
                if self._busy() and not judging.done():
                    return None
            return judging.result()
        finally:
            judging.cancel()
            await asyncio.gather(judging, return_exceptions=True)

    async def _result(self, call: Call, said: Sequence[NewTurn]) -> Result:
        spoke = {turn.role for turn in said}
        if "user" not in spoke:
            summary = "The caller said nothing." if "assistant" in spoke else "Nobody spoke."
            return Result(call_outcome="no_conversation", summary=summary)
        try:
            async with asyncio.timeout(GRADE_S):
                if not await self._can_grade():
                    return self._failed(
                        f"The language model {self._model.name} cannot grade: it did not tell a "
                        "call that went well from one that went wrong. Install a larger one with "
                        "`thunderbox models pull`."
                    )
                scenario = ""
                if call.is_test_call:
                    scenario = await simulations.scenario_of(self._db, call.id)
                verdict = await self._verdict(call.prompt, said, scenario)
        except TimeoutError:
            return self._failed(f"The language model took more than {GRADE_S:.0f} s.")
        except (EngineError, ValueError) as error:
            return self._failed(str(error))
        return rubric.result_of(verdict, said, self._model.name)

    async def _can_grade(self) -> bool:
        """Whether the model knows how to; it is asked once. Raises EngineError."""
        if self._able is None:
            able = True
            for outcome, words in _PROBES:
                said = [NewTurn(role="user", content=text, start_ms=0, end_ms=0) for text in words]
                said[1].role = "assistant"
                try:
                    verdict = await self._verdict(_ASKED, said)
                except ValueError:
                    able = False
                    break
                if verdict.call_outcome != outcome:
                    able = False
                    break
            self._able = able
            if not able:
                log.info("the language model %s cannot grade calls", self._model.name)
        return self._able

    async def _verdict(
        self, instructions: str, said: Sequence[NewTurn], scenario: str = ""
    ) -> Verdict:
        """What the model says. Raises EngineError, and ValueError for no verdict."""
        messages = rubric.question(instructions, said, self._context_tokens, scenario)
        sampling = Sampling(max_tokens=rubric.ANSWER_TOKENS, json_schema=rubric.SCHEMA)
        stream = self._model.generate("", messages, (), sampling)
        async with aclosing(stream) as pieces:
            return rubric.verdict_of("".join([piece async for piece in pieces]))

    def _failed(self, why: str) -> Result:
        return Result(grader_model=self._model.name, error_message=why)

    async def _keep(self, job: Grade, call: Call, result: Result) -> None:
        """Write the grade and the reports of its issues, all or none."""
        async with self._db.transaction() as tx:
            grade = await grades.finish(tx, job.id, result)
            if grade is not None and call.is_test_call:
                await simulations.judge(tx, call.id, *_judged(grade))
            if grade is not None and grade.status == "completed":
                await issue_reports.dismiss_open_of_grading(tx, call.id)
                for issue in grade.detected_issues:
                    if SEVERITIES.index(issue["severity"]) >= self._least:
                        report = await issue_reports.insert(tx, call, _report(issue, grade))
                        await outbox.reported(tx, report)
                await outbox.graded(tx, grade)
        why = f" ({result.error_message})" if result.error_message else ""
        log.info("Call %s is graded: %s%s", call.id, result.call_outcome, why)
        self._changed.set()


def _may_be_made_again(grade: Grade, force: bool) -> bool:
    """Raises TooManyError where that is forced too early."""
    if grade.status == "pending" or (grade.status == "completed" and not force):
        return False
    wait_ms = RETRY_MS if grade.status == "failed" else AGAIN_MS
    left_ms = grade.created_at + wait_ms - now_ms()
    if left_ms > 0 and force:
        seconds = -(-left_ms // 1000)
        raise TooManyError(
            f"Call {grade.call_id} was graded a short while ago; it may be graded again in "
            f"{seconds} s. GET /v1/calls/{grade.call_id}/grade reads the grade that is there.",
            seconds,
        )
    return left_ms <= 0


def _judged(grade: Grade) -> tuple[Judgement, str]:
    """What a grade says of a test call: whether the agent passed, and why."""
    if grade.error_message is not None:
        return "unknown", grade.error_message
    critical = [one["title"] for one in grade.detected_issues if one["severity"] == "critical"]
    if critical:
        return "fail", f"Critical: {'; '.join(critical)}"
    verdicts: dict[str, Judgement] = {"success": "pass", "failure": "fail"}
    return verdicts.get(grade.call_outcome, "unknown"), grade.outcome_reasoning or grade.summary


def _report(issue: dict[str, object], grade: Grade) -> NewIssueReport:
    turn, start = issue["turn_index"], issue["start_ms"]
    return NewIssueReport(
        title=str(issue["title"]),
        description=str(issue["description"]),
        severity=issue["severity"],  # type: ignore[arg-type]
        source="system",
        evidence=str(issue["evidence"]),
        failing_turn_index=turn if isinstance(turn, int) else None,
        timestamp_seconds=start // 1000 if isinstance(start, int) else None,
        detected_issue_ref=str(issue["id"]),
        metadata={"grade_id": grade.id, "grader_model": grade.grader_model},
    )
