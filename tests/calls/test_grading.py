"""Grading: in the background, one call at a time, behind every call, and honest."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from tests.calls.conftest import Box
from tests.calls.test_billing import begun, called, end
from tests.calls.test_simulations import queue
from tests.fakes.engines import FakeModel
from tests.fakes.judge import judge, verdict
from thunderbox.calls import grading, rubric
from thunderbox.calls.grading import MAX_TRIES, Grader
from thunderbox.errors import EngineError
from thunderbox.settings import Settings
from thunderbox.store import grades, issue_reports, simulations, turns
from thunderbox.store.simulations import Simulation, SimulationFilter
from thunderbox.store.turns import NewTurn
from thunderbox.voice.engine import Message
from thunderbox.voice.engines.llama_cpp import LlamaCpp
from thunderbox.voice.models import STARTER

SAID = (
    NewTurn(role="assistant", content="Hello.", start_ms=0, end_ms=900),
    NewTurn(role="user", content="What does a cleaning cost?", start_ms=1_000, end_ms=2_000),
    NewTurn(role="assistant", content="90 dollars.", start_ms=3_500, end_ms=4_000),
)
ISSUE = {
    "title": "Wrong price",
    "description": "It is 80 dollars.",
    "severity": "warning",
    "turn": 2,
}


class Desk:
    """A grader with a model that judges as told."""

    def __init__(self, box: Box) -> None:
        self.busy = False
        self.answer: str | Exception = verdict()
        self.model = FakeModel(self.judged)
        self.grader = Grader(box.db, self.model, Settings(), lambda: self.busy)

    def judged(self, messages: Sequence[Message]) -> str | Exception:
        """The probes are judged right, everything else as told."""
        return judge(messages) if "a practice" in messages[-1]["content"] else self.answer


@pytest.fixture
def desk(box: Box) -> Desk:
    return Desk(box)


async def over(box: Box, said: Sequence[NewTurn] = SAID) -> int:
    """A call that has ended, with these words."""
    call_id = await begun(box)
    async with box.db.transaction() as tx:
        for turn in said:
            await turns.append(tx, call_id, turn)
    await end(box, call_id, 5_000)
    return call_id


async def grade_of(box: Box, call_id: int) -> grades.Grade:
    found = await grades.latest(box.db, call_id)
    assert found is not None
    return found


async def test_a_call_that_ends_waits_to_be_graded(box: Box, desk: Desk) -> None:
    call_id = await over(box)
    assert (await called(box, call_id)).grade_status == "pending"
    assert await desk.grader.work_once()
    grade = await grade_of(box, call_id)
    assert (grade.status, grade.score, grade.call_outcome) == ("completed", 0.94, "success")
    assert grade.grader_model == "fake"
    assert grade.rubric_breakdown["conduct"]["points"] == 8
    call = await called(box, call_id)
    assert (call.grade_status, call.grade_score, call.call_outcome) == (
        "completed",
        0.94,
        "success",
    )
    assert not await desk.grader.work_once()


async def test_a_call_that_nobody_answered_is_not_graded(box: Box, desk: Desk) -> None:
    call_id = await begun(box)
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE calls SET answered_at = NULL WHERE id = ?", (call_id,))
    await end(box, call_id, 5_000)
    assert (await called(box, call_id)).grade_status is None


async def test_issues_name_their_turn_and_become_reports(box: Box, desk: Desk) -> None:
    small, beyond = ISSUE | {"severity": "info"}, ISSUE | {"severity": "critical", "turn": 9}
    desk.answer = verdict(issues=[ISSUE, small, beyond])
    call_id = await over(box)
    await desk.grader.work_once()
    found = (await grade_of(box, call_id)).detected_issues
    assert [issue["turn_index"] for issue in found] == [2, 2, None]
    assert (found[0]["evidence"], found[0]["start_ms"]) == ("90 dollars.", 3_500)
    last, first = await issue_reports.of_call(box.db, call_id)
    assert (first.source, first.severity, first.title) == ("system", "warning", "Wrong price")
    assert (first.failing_turn_index, first.timestamp_seconds) == (2, 3)
    assert (first.detected_issue_ref, first.reported_by_id) == ("issue-1", None)
    assert (last.severity, last.failing_turn_index) == ("critical", None)
    call = await called(box, call_id)
    assert (call.issue_count, call.critical_issue_count) == (2, 1)


async def test_another_grade_voids_the_open_reports_of_the_one_before(box: Box, desk: Desk) -> None:
    desk.answer = verdict(issues=[ISSUE, ISSUE])
    call_id = await over(box)
    await desk.grader.work_once()
    kept = (await issue_reports.of_call(box.db, call_id))[0]
    async with box.db.transaction() as tx:
        await issue_reports.set_status(tx, 1, [kept.trace_id], "acknowledged")
        await grades.request(tx, 1, call_id)
    desk.answer = verdict()
    await desk.grader.work_once()
    statuses = [report.status for report in await issue_reports.of_call(box.db, call_id)]
    assert sorted(statuses) == ["acknowledged", "dismissed"]
    assert (await called(box, call_id)).issue_count == 1


@pytest.mark.parametrize(
    ("said", "summary"),
    [((), "Nobody spoke."), (SAID[:1], "The caller said nothing.")],
)
async def test_a_call_without_a_caller_needs_no_model(
    box: Box, desk: Desk, said: Sequence[NewTurn], summary: str
) -> None:
    call_id = await over(box, said)
    await desk.grader.work_once()
    grade = await grade_of(box, call_id)
    assert (grade.status, grade.call_outcome) == ("completed", "no_conversation")
    assert (grade.score, grade.summary) == (None, summary)
    assert desk.model.asked == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("Well, it was fine.", "gave no whole verdict"),
        (verdict()[:-20], "gave no whole verdict"),
        (verdict(goal=11), "gave no whole verdict"),
        (EngineError("The model is gone."), "The model is gone."),
    ],
)
async def test_a_model_that_fails_is_named_with_a_reason(
    box: Box, desk: Desk, answer: str | Exception, why: str
) -> None:
    desk.answer = answer
    call_id = await over(box)
    await desk.grader.work_once()
    grade = await grade_of(box, call_id)
    assert (grade.status, grade.score) == ("failed", None)
    assert why in (grade.error_message or "")
    call = await called(box, call_id)
    assert (call.grade_status, call.call_outcome) == ("failed", None)


@pytest.mark.parametrize("answer", [verdict(), verdict(call_outcome="failure"), "{}"])
async def test_a_model_that_cannot_tell_good_from_bad_grades_nothing(box: Box, answer: str) -> None:
    model = FakeModel(lambda _: answer)
    grader = Grader(box.db, model, Settings(), lambda: False)
    first, second = await over(box), await over(box)
    assert await grader.work_once()
    asked = len(model.asked)
    assert await grader.work_once()
    assert len(model.asked) == asked
    for call_id in (first, second):
        grade = await grade_of(box, call_id)
        assert grade.status == "failed"
        assert "fake cannot grade" in (grade.error_message or "")


async def test_nothing_is_graded_while_a_call_runs(box: Box, desk: Desk) -> None:
    call_id = await over(box)
    desk.busy = True
    assert not await desk.grader.work_once()
    assert desk.model.asked == []
    assert (await grade_of(box, call_id)).status == "pending"


async def test_a_call_that_begins_comes_first(
    box: Box, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "YIELD_S", 0.001)
    call_id = await over(box)
    desk.model.stuck = True
    working = asyncio.create_task(desk.grader.work_once())
    async with asyncio.timeout(10):
        while not desk.model.asked:
            await asyncio.sleep(0.001)
    desk.busy = True
    assert not await asyncio.wait_for(working, 10)
    grade = await grade_of(box, call_id)
    assert (grade.status, grade.tries) == ("pending", 0)
    desk.busy = desk.model.stuck = False
    assert await desk.grader.work_once()
    assert (await grade_of(box, call_id)).status == "completed"


async def test_what_was_being_graded_when_the_box_stopped_is_graded_later(
    box: Box, desk: Desk
) -> None:
    call_id = await over(box)
    desk.model.stuck = True
    desk.grader.start()
    async with asyncio.timeout(10):
        while not desk.model.asked:
            await asyncio.sleep(0.001)
    await desk.grader.close()
    assert (await grade_of(box, call_id)).status == "pending"
    again = Desk(box)
    assert await again.grader.work_once()
    assert (await grade_of(box, call_id)).status == "completed"


async def test_a_call_that_ends_the_box_again_and_again_is_given_up(box: Box, desk: Desk) -> None:
    call_id = await over(box)
    async with box.db.transaction() as tx:
        await grades.count_try(tx, (await grade_of(box, call_id)).id, MAX_TRIES)
    await desk.grader.work_once()
    grade = await grade_of(box, call_id)
    assert grade.status == "failed"
    assert "stopped 3 times" in (grade.error_message or "")


def test_the_schema_has_no_references_and_every_field() -> None:
    schema = json.loads(rubric.SCHEMA)
    assert "$ref" not in rubric.SCHEMA
    assert set(schema["required"]) == {
        "summary",
        "outcome_reasoning",
        "call_outcome",
        *rubric.CRITERIA,
        "issues",
    }
    assert sum(weight for weight, _ in rubric.CRITERIA.values()) == pytest.approx(1)


def test_a_long_call_is_cut_in_the_middle() -> None:
    said = [
        NewTurn(role="user", content=f"Sentence {n}. " * 5, start_ms=0, end_ms=0)
        for n in range(300)
    ]
    text = rubric.question("Be brief. " * 900, said, 2_048)[-1]["content"]
    assert len(text) < (2_048 - rubric.ANSWER_TOKENS) * rubric.CHARACTERS_A_TOKEN
    assert "[0] Caller: Sentence 0." in text
    assert "[299] Caller: Sentence 299." in text
    assert "[…]" in text
    assert "Sentence 150." not in text


@pytest.mark.e2e
async def test_the_starter_model_says_that_it_cannot(box: Box) -> None:
    model = LlamaCpp(STARTER / "lm" / "starter.gguf", threads=1)
    try:
        grader = Grader(box.db, model, Settings(), lambda: False)
        call_id = await over(box)
        await grader.work_once()
    finally:
        model.close()
    grade = await grade_of(box, call_id)
    assert grade.status == "failed"
    assert "cannot grade" in (grade.error_message or "")


def test_texts_with_broken_lines_and_beyond_measure_are_read() -> None:
    answer = verdict(summary="x" * 900, issues=[ISSUE] * 9).replace("asked for", "asked\\nfor")
    found = rubric.verdict_of(f"<think>hm</think>{answer}")
    result = rubric.result_of(found, SAID, "m")
    assert (len(result.summary), len(result.detected_issues)) == (rubric.MAX_TEXT, 5)


async def run_of(box: Box, call_id: int) -> Simulation:
    """The run of a test call."""
    [found] = await simulations.page(box.db, 1, SimulationFilter(), 1, 0)
    assert found.call_id == call_id
    return found


async def simulated(box: Box) -> int:
    """A test call that is over, with its run."""
    run_id = await queue(box, scenario_prompt="Ask for the price of a cleaning.")
    call_id = await over(box)
    async with box.db.transaction() as tx:
        await tx.execute("UPDATE calls SET is_test_call = 1 WHERE id = ?", (call_id,))
        await simulations.set_call(tx, run_id, call_id)
    return call_id


@pytest.mark.parametrize(
    ("answer", "verdict_of_run", "reason"),
    [
        (verdict(), "pass", "They were told it."),
        (verdict(call_outcome="failure"), "fail", "They were told it."),
        (verdict(call_outcome="unknown"), "unknown", "They were told it."),
        (verdict(issues=[ISSUE | {"severity": "critical"}]), "fail", "Critical: Wrong price"),
        (EngineError("The model is gone."), "unknown", "The model is gone."),
    ],
)
async def test_a_test_call_gets_a_verdict(
    box: Box, desk: Desk, answer, verdict_of_run, reason
) -> None:
    desk.answer = answer
    call_id = await simulated(box)
    assert (await run_of(box, call_id)).verdict is None
    await desk.grader.work_once()
    run = await run_of(box, call_id)
    assert (run.verdict, run.verdict_reason) == (verdict_of_run, reason)
    assert "The caller is to:\nAsk for the price" in desk.model.asked[-1][-1]["content"]
